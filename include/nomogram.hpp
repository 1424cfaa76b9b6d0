/// @file nomogram.hpp
/// The C++17 interface of Nomogram: nomogram.h with owners, views and two styles of errors.
///
///     nomogram::model model = nomogram::model::open_file("wdbc.nomo");
///     nomogram::session session = nomogram::session::create(model);
///     double patient[30] = {17.99, 10.38}, probabilities[2];
///     session.predict_row(patient, probabilities);
///
/// Errors.   Every operation has two forms. `try_x` returns a result: a value or a failure. `x`
///           returns the value or throws nomogram::error. Without exceptions (compiler flag, or
///           the macro NOMOGRAM_NO_EXCEPTIONS) there is only `try_x`.
/// Owners.   Copies of a model share it: each holds a reference. A session has one owner. All
///           other types are values, or views of memory that the caller or the model owns.
/// Copies.   No rows and no texts are copied: a view or a text must live until the call that
///           uses it returns. Texts of a model live as long as any reference to the model; their
///           data() ends with NUL.
/// Threads.  A model may be used by all threads at once, a session by one thread at a time.
/// Failure.  All checks are made by the library, which writes no output when it fails. A model
///           or session that is empty or was moved from fails with NOMO_EARGUMENT_NULL.
///
/// Statuses, flags and capabilities are the macros of nomogram.h, which is also the reference of
/// each operation.
#ifndef NOMOGRAM_HPP
#define NOMOGRAM_HPP

#include "nomogram.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#if (__cplusplus >= 202002L || (defined(_MSVC_LANG) && _MSVC_LANG >= 202002L)) && __has_include(<span>)
#include <span>
#endif

#if !defined(NOMOGRAM_NO_EXCEPTIONS) && !defined(__cpp_exceptions) && !defined(_CPPUNWIND)
/// No exceptions: operations have their `try_` form only. Must be the same in a whole program.
#define NOMOGRAM_NO_EXCEPTIONS
#endif
#ifndef NOMOGRAM_NO_EXCEPTIONS
#include <exception>
#include <stdexcept>
#endif

namespace nomogram {

// ---- Views -----------------------------------------------------------------------------------

#ifdef __cpp_lib_span
/// A view of contiguous elements that the caller owns.
template <class T>
using span = std::span<T>;
#else
/// A view of contiguous elements that the caller owns: the members of C++20's std::span that are
/// used here.
template <class T>
class span {
 public:
  /// An empty view.
  constexpr span() noexcept = default;
  /// A view of `size` elements, of which `data` is the first.
  constexpr span(T* data, std::size_t size) noexcept : data_(data), size_(size) {}
  /// A view of an array, a std::vector, or another container with data and size.
  template <class C, class E = std::remove_pointer_t<decltype(std::data(std::declval<C>()))>,
            class = std::enable_if_t<std::is_convertible_v<E (*)[], T (*)[]>>>
  constexpr span(C&& values) noexcept : data_(std::data(values)), size_(std::size(values)) {}

  constexpr T* data() const noexcept { return data_; }                          ///< First element.
  constexpr std::size_t size() const noexcept { return size_; }                 ///< Length.
  constexpr bool empty() const noexcept { return size_ == 0; }                  ///< Whether empty.
  constexpr T* begin() const noexcept { return data_; }                         ///< For loops.
  constexpr T* end() const noexcept { return data_ + size_; }                   ///< For loops.
  constexpr T& operator[](std::size_t at) const noexcept { return data_[at]; }  ///< Unchecked.

 private:
  T* data_ = nullptr;
  std::size_t size_ = 0;
};
#endif

/// A text for the library: UTF-8 that ends with NUL and lives until the call that uses it returns.
/// A std::string_view may not end with NUL; for a text of a model, pass its data().
class text {
 public:
  /// A C string. The library refuses nullptr where a text is required.
  text(const char* c_str) noexcept : c_str_(c_str) {}
  /// A std::string. One that contains a NUL is refused with NOMO_EARGUMENT_TEXT, not cut.
  text(const std::string& string) noexcept
      : c_str_(string.find('\0') == std::string::npos ? string.c_str() : "\xff") {}

  /// The C string.
  const char* c_str() const noexcept { return c_str_; }

 private:
  const char* c_str_;
};

// ---- The library -----------------------------------------------------------------------------

/// Version of the library in use; NOMO_VERSION is that of the header.
inline std::uint32_t version() noexcept { return nomo_version(); }
/// Version of the library in use as text, for example "0.1.0".
inline std::string_view version_text() noexcept { return nomo_version_text(); }
/// The newest format version of bundles that the library in use reads.
inline std::uint32_t bundle_format() noexcept { return nomo_bundle_format(); }
/// Capabilities of the library in use: NOMO_CAPABILITY_... combined.
inline std::uint64_t capabilities() noexcept { return nomo_capabilities(); }
/// One English sentence for a status.
inline std::string_view status_text(std::int32_t status) noexcept { return nomo_status_text(status); }
/// The name of a status in nomogram.h; "?" for an unknown number.
inline std::string_view status_name(std::int32_t status) noexcept { return nomo_status_name(status); }

// ---- Errors ----------------------------------------------------------------------------------

/// The class of a status, on which a program decides. Later versions add classes.
enum class error_class : std::int32_t {
  argument = NOMO_EARGUMENT,        ///< The call itself is wrong.
  format = NOMO_EFORMAT,            ///< The bytes are not a well-formed bundle.
  version = NOMO_EVERSION,          ///< The bundle needs a newer library.
  integrity = NOMO_EINTEGRITY,      ///< The bundle was changed, or does not satisfy the policy of trust.
  limit = NOMO_ELIMIT,              ///< A limit on size, memory or computation was exceeded.
  schema = NOMO_ESCHEMA,            ///< The rows do not have the shape that the model expects.
  value = NOMO_EVALUE,              ///< A value of a row cannot be used.
  buffer = NOMO_EBUFFER,            ///< An output does not have the right length.
  unsupported = NOMO_EUNSUPPORTED,  ///< The library or the bundle does not have it.
  self_test = NOMO_ESELFTEST,       ///< A golden case, or the floating-point mode, has other bits.
  io = NOMO_EIO,                    ///< A file could not be read.
  memory = NOMO_EMEMORY,            ///< There was not enough memory.
  busy = NOMO_EBUSY,                ///< The object is in use by another thread.
  defect = NOMO_EDEFECT,              ///< The library has a defect; please report it.
};

/// The reason why an operation failed, as a value. Copying it cannot fail.
class failure {
 public:
  /// Copies `detail`, written by a call that failed.
  explicit failure(const nomo_error& detail) noexcept : detail_(detail) {}

  /// The exact status, for example NOMO_EVALUE_RANGE; never NOMO_OK.
  std::int32_t status() const noexcept { return detail_.status; }
  /// Its class.
  error_class status_class() const noexcept { return error_class(NOMO_STATUS_CLASS(status())); }
  /// Index of the row, counted from 0, if the failure is about one.
  std::optional<std::size_t> row() const noexcept { return place(detail_.row); }
  /// Index of the feature, counted from 0, if the failure is about one.
  std::optional<std::size_t> feature() const noexcept { return place(detail_.feature); }
  /// Offset into the bundle in bytes, if the failure is about one.
  std::optional<std::uint64_t> byte_offset() const noexcept {
    if (detail_.byte_offset == NOMO_PLACE_NONE) return std::nullopt;
    return detail_.byte_offset;
  }
  /// What was found and what was expected, without row(), feature() and byte_offset(); never a value
  /// of a row. Lives as long as this object; data() ends with NUL.
  std::string_view message() const noexcept { return detail_.message; }

 private:
  static std::optional<std::size_t> place(std::uint64_t index) noexcept {
    if (index == NOMO_PLACE_NONE) return std::nullopt;
    return static_cast<std::size_t>(index);
  }

  nomo_error detail_;
};

#ifndef NOMOGRAM_NO_EXCEPTIONS
/// A failure, thrown; what() is its place and message.
class error : public std::runtime_error {
 public:
  /// Copies `why`.
  explicit error(const failure& why) : std::runtime_error(describe(why)), why_(why) {}

  /// The failure as a value.
  const failure& why() const noexcept { return why_; }
  /// As failure::status.
  std::int32_t status() const noexcept { return why_.status(); }
  /// As failure::status_class.
  error_class status_class() const noexcept { return why_.status_class(); }
  /// As failure::row.
  std::optional<std::size_t> row() const noexcept { return why_.row(); }
  /// As failure::feature.
  std::optional<std::size_t> feature() const noexcept { return why_.feature(); }
  /// As failure::byte_offset.
  std::optional<std::uint64_t> byte_offset() const noexcept { return why_.byte_offset(); }

 private:
  // Rows and features count from 1 in texts.
  static std::string describe(const failure& why) {
    std::string text;
    if (why.row()) text += "row " + std::to_string(*why.row() + 1) + ": ";
    if (why.feature()) text += "feature " + std::to_string(*why.feature() + 1) + ": ";
    if (why.byte_offset()) text += "byte offset " + std::to_string(*why.byte_offset()) + ": ";
    return text.append(why.message());
  }

  failure why_;
};
#endif

/// The result of a `try_` form: a value (none for `void`) or a failure. Like std::expected.
template <class T>
class [[nodiscard]] result {
  using stored = std::conditional_t<std::is_void_v<T>, std::monostate, T>;
  using reference = std::add_lvalue_reference_t<T>;
  using const_reference = std::add_lvalue_reference_t<std::conditional_t<std::is_void_v<T>, T, const T>>;

 public:
  /// Success.
  result(stored value) noexcept(std::is_nothrow_move_constructible_v<stored>)
      : either_(std::in_place_index<0>, std::move(value)) {}
  /// Failure.
  result(const failure& why) noexcept : either_(std::in_place_index<1>, why) {}

  /// Whether there is a value.
  bool has_value() const noexcept { return either_.index() == 0; }
  /// Whether there is a value.
  explicit operator bool() const noexcept { return has_value(); }

  /// The value; without one, the process ends.
  reference operator*() & noexcept { return static_cast<reference>(get<0>(either_)); }
  /// The value; without one, the process ends.
  const_reference operator*() const& noexcept { return static_cast<const_reference>(get<0>(either_)); }
  /// The value, moved away; without one, the process ends.
  T operator*() && noexcept { return static_cast<T>(std::move(get<0>(either_))); }
  /// A member of the value; without one, the process ends.
  auto* operator->() noexcept { return &get<0>(either_); }
  /// A member of the value; without one, the process ends.
  const auto* operator->() const noexcept { return &get<0>(either_); }
  /// The failure; without one, the process ends.
  const failure& error() const noexcept { return get<1>(either_); }

#ifndef NOMOGRAM_NO_EXCEPTIONS
  /// The value; throws nomogram::error without one.
  reference value() & {
    if (!has_value()) throw nomogram::error(error());
    return **this;
  }
  /// The value, moved away; throws nomogram::error without one.
  T value() && {
    if (!has_value()) throw nomogram::error(error());
    return *std::move(*this);
  }
#endif

 private:
  /// A missing alternative is a defect of the caller; the process must not continue with it.
  template <std::size_t I, class Either>
  static auto& get(Either& either) noexcept {
    auto* alternative = std::get_if<I>(&either);
    if (alternative == nullptr) std::abort();
    return *alternative;
  }

  std::variant<stored, failure> either_;
};

/// Not part of the interface.
namespace detail {

/// Calls a function of nomogram.h whose last parameter is a nomo_error.
template <class... Parameters, class... Arguments>
result<void> call(std::int32_t (*function)(Parameters...), Arguments... arguments) noexcept {
  nomo_error error;  // not cleared: a call that fails writes all of it
  error.struct_size = static_cast<std::uint32_t>(sizeof error);
  if (function(arguments..., &error) != NOMO_OK) return failure(error);
  return std::monostate();
}

template <class T>
T sized() noexcept {
  T value{};  // 0 is the default of every field
  value.struct_size = static_cast<std::uint32_t>(sizeof(T));
  return value;
}

inline std::optional<std::string_view> optional_text(const char* text) noexcept {
  if (text == nullptr) return std::nullopt;
  return std::string_view(text);
}

/// Types of whole numbers whose every value an int64_t holds.
template <class Int>
inline constexpr bool is_whole = std::is_integral_v<Int> && !std::is_same_v<Int, bool> &&
                                 (std::is_signed_v<Int> || sizeof(Int) < sizeof(std::int64_t));

}  // namespace detail

// ---- Descriptions ----------------------------------------------------------------------------

/// What a model predicts.
enum class task : std::uint32_t {
  classes = NOMO_TASK_CLASSES,  ///< One of two or more classes.
  number = NOMO_TASK_NUMBER,    ///< A number.
};

/// The kind of a feature.
enum class feature_kind : std::uint32_t {
  number = NOMO_KIND_NUMBER,      ///< Any finite number.
  integer = NOMO_KIND_INTEGER,    ///< A whole number of at most 2^53 in magnitude.
  boolean = NOMO_KIND_BOOLEAN,    ///< False (0) or true (1).
  category = NOMO_KIND_CATEGORY,  ///< One of several levels, by name, or by index from 0.
};

/// The action for a value that is not plausible, or for a row that breaks a rule.
enum class policy : std::uint32_t {
  refuse = NOMO_POLICY_REFUSE,  ///< The row is refused.
  impute = NOMO_POLICY_IMPUTE,  ///< The value counts as missing, and the model imputes it.
  clamp = NOMO_POLICY_CLAMP,    ///< The value is moved to the nearest end of the plausible range.
  take = NOMO_POLICY_TAKE,      ///< It is used as it is, and flagged.
};

/// A model as a whole. Texts live as long as the model.
struct model_info {
  nomogram::task task;                          ///< What the model predicts.
  std::uint32_t format;                         ///< Format version of the bundle.
  std::uint32_t n_golden_cases;                 ///< Number of golden cases.
  std::string_view name;                        ///< The name of the model.
  std::string_view version;                     ///< The version, chosen by those who trained it.
  std::string_view digest;                      ///< Identifies the bundle: log it with each prediction.
  std::string_view manifest;                    ///< Origin of the model: a JSON object.
  std::optional<std::string_view> card;         ///< The model card, in Markdown.
  std::string_view target;                      ///< Name of what is predicted.
  std::optional<std::string_view> target_unit;  ///< UCUM code of a predicted number's unit.
  std::size_t n_features;                       ///< Number of features.
  std::size_t n_classes;                        ///< Number of classes; 0 for task::number.
  std::size_t n_outputs;                        ///< Numbers per prediction.
  std::size_t n_members;                        ///< Number of members.
  std::size_t n_margins;                        ///< Number of margins of all members.
  std::size_t n_cutoffs;                        ///< Number of cutoffs.
  std::size_t n_rules;                          ///< Number of rules between features.
};

/// A feature of a model. Texts live as long as the model.
struct feature_info {
  feature_kind kind;                     ///< Its kind.
  std::string_view name;                 ///< Its name.
  std::optional<std::string_view> unit;  ///< UCUM code of its unit, if it has one.
  double low;                            ///< The lowest plausible value, or minus infinity.
  double high;                           ///< The highest plausible value, or infinity.
  std::size_t n_levels;                  ///< Number of levels of a category, else 0.
  std::size_t n_units;                   ///< Number of alternative units.
  policy on_unset;                       ///< When the feature was not set.
  policy on_missing;                     ///< For a missing value.
  policy on_nan;                         ///< For NaN as a value.
  policy on_infinite;                    ///< For an infinite value.
  policy on_out_of_range;                ///< For a value out of range.
  policy on_unseen_level;                ///< For an unknown level.
  policy on_wrong_type;                  ///< For a value of the wrong type.
};

/// An alternative unit: (value - offset) * multiplier / divisor is in the feature's unit.
struct unit_info {
  std::string_view code;  ///< Its UCUM code; lives as long as the model.
  double offset;          ///< Subtracted first.
  double multiplier;      ///< Multiplied second.
  double divisor;         ///< Divided by last.
};

/// A member of a model.
struct member_info {
  std::string_view name;  ///< Its name; lives as long as the model.
  std::size_t n_margins;  ///< Number of margins.
};

/// A named operating point.
struct cutoff_info {
  std::string_view name;      ///< Its name; lives as long as the model.
  std::uint32_t class_index;  ///< Index of the class whose probability is compared.
  double probability;         ///< Lowest probability that reaches it.
};

/// The uncertainty of a model; all is 0 or empty of a model without it.
struct uncertainty_info {
  std::uint32_t ambiguous_rule;    ///< NOMO_AMBIGUOUS_...: when a row is ambiguous.
  std::size_t ambiguous_level;     ///< Index of the level by which a row is ambiguous.
  double max_width;                ///< Widest interval that is not ambiguous, of NOMO_AMBIGUOUS_TOO_WIDE.
  double unlike_p_value;           ///< At most this p-value of the distance is unlike; 0 is never.
  span<const double> levels;       ///< Levels of sets and intervals; owned by the model.
  std::size_t n_verdicts;          ///< 1 of a model with uncertainty.
  std::size_t n_p_values;          ///< Number of p-values of a row.
  std::size_t n_intervals;         ///< Number of intervals of a row.
  std::size_t n_distances;         ///< 1 if the distance from the training rows is known.
  std::size_t n_furthest;          ///< 1 if the furthest feature is known.
  std::uint32_t n_scores;          ///< Number of held-out rows behind a p-value, of the rarest class.
  std::uint32_t n_distance_scores; ///< Number of held-out rows behind the p-value of the distance.
};

/// A rule between features.
struct rule_info {
  std::string_view name;               ///< Its name; lives as long as the model.
  policy action;                       ///< policy::refuse or policy::take.
  span<const std::uint32_t> features;  ///< Indices of the features it reads; owned by the model.
};

/// A feature of a model, by its index or by its name. A name is looked up in each call: for many
/// rows, call model::feature_index once.
class feature_key {
 public:
  /// The feature at `index`, counted from 0: a whole number, or a value of an unscoped enum.
  template <class Int, class = std::enable_if_t<std::is_integral_v<Int> || std::is_enum_v<Int>>,
            class = std::enable_if_t<std::is_convertible_v<Int, std::size_t>>>
  feature_key(Int index) noexcept : index_(static_cast<std::size_t>(index)), name_(nullptr) {}
  /// The feature called `name`, which must live until the call that uses it returns.
  feature_key(const char* name) noexcept : feature_key(text(name)) {}
  /// The feature called `name`, which must live until the call that uses it returns.
  feature_key(const std::string& name) noexcept : feature_key(text(name)) {}

  /// Makes a call about this feature of a model: function(handle, index, arguments, error).
  template <class Function, class Handle, class... Arguments>
  result<void> call(const nomo_model* model, Function function, Handle handle,
                    Arguments... arguments) const noexcept {
    std::size_t index = index_;
    if (is_name_) {
      auto looked_up = detail::call(nomo_model_feature_index, model, name_.c_str(), &index);
      if (!looked_up) return looked_up;
    }
    return detail::call(function, handle, index, arguments...);
  }

 private:
  explicit feature_key(text name) noexcept : index_(0), name_(name), is_name_(true) {}

  std::size_t index_;
  text name_;
  bool is_name_ = false;
};

// ---- Models ----------------------------------------------------------------------------------

/// The level of a message of opening.
enum class log_level : std::uint32_t {
  info = NOMO_LOG_INFO,        ///< Information, such as what was opened.
  warning = NOMO_LOG_WARNING,  ///< A warning, such as a section that was skipped.
  error = NOMO_LOG_ERROR,      ///< The reason why a bundle was refused.
};

/// Options of opening.
struct open_options {
  /// Size limit of the bundle in bytes (inclusive); 0 means 256 MiB.
  std::uint64_t max_bytes = 0;
  /// Limit of the memory that opening allocates at a time, in bytes; 0 means four times the size of the
  /// bundle, and 4 MiB.
  std::uint64_t max_memory = 0;
  /// Limit of the computation that opening takes, in steps of about a nanosecond; 0 means 64 for each byte
  /// of the bundle, and 2^26.
  std::uint64_t max_work = 0;
  /// A policy of trust, as nomo_open_options describes it, or null to open a bundle whoever signed it. Used
  /// during the call only.
  const char* trust = nullptr;
  /// Now, in seconds since 1970; needed with a policy.
  std::uint64_t time = 0;
  /// For tests only: nothing then proves that the model predicts what was sealed.
  bool skip_golden_cases = false;
};

namespace detail {

/// No log is wanted.
struct no_log {};

/// The options of an opening call and the log of the caller, whose exceptions must not reach the
/// library.
template <class Log>
struct listener {
  static constexpr bool is_wanted = !std::is_same_v<std::remove_cv_t<std::remove_reference_t<Log>>, no_log>;

  listener(const open_options& options, Log& to) noexcept : log(&to) {
    raw.flags = options.skip_golden_cases ? NOMO_OPEN_SKIP_GOLDEN_CASES : 0;
    raw.max_bytes = options.max_bytes;
    raw.max_memory = options.max_memory;
    raw.max_work = options.max_work;
    raw.trust = options.trust;
    raw.time = options.time;
    if constexpr (is_wanted) raw.log = &hear;
    raw.log_user = this;
  }
  listener(const listener&) = delete;
  listener& operator=(const listener&) = delete;

  static void hear(void* user, std::uint32_t level, const char* message) noexcept {
    auto& self = *static_cast<listener*>(user);
#ifndef NOMOGRAM_NO_EXCEPTIONS
    try {
      if (!self.thrown) (*self.log)(log_level(level), std::string_view(message));
    } catch (...) {
      self.thrown = std::current_exception();
    }
#else
    (*self.log)(log_level(level), std::string_view(message));
#endif
  }

  /// The result of the call.
  template <class Model>
  result<Model> end(const result<void>& done, Model opened) {
#ifndef NOMOGRAM_NO_EXCEPTIONS
    if (thrown) std::rethrow_exception(thrown);
#endif
    if (!done) return done.error();
    return opened;
  }

  nomo_open_options raw = sized<nomo_open_options>();
  std::remove_reference_t<Log>* log;
#ifndef NOMOGRAM_NO_EXCEPTIONS
  std::exception_ptr thrown;
#endif
};

}  // namespace detail

/// An opened and verified model, shared by all its copies: each copy holds a reference, and the last
/// one frees the model. It never changes, so all threads may use it and its copies at once. As with
/// std::shared_ptr, no thread may assign a model object while another thread uses that object.
class model {
 public:
  /// An empty model.
  model() noexcept = default;
  /// Adds a reference to the same model.
  model(const model& other) noexcept : handle_(other.handle_) {
    if (handle_ != nullptr) nomo_model_retain(handle_);
  }
  /// Takes over the reference; `other` is then empty.
  model(model&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  /// Drops the current reference and takes over that of `other`.
  model& operator=(model other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  /// Drops the reference.
  ~model() { nomo_model_release(handle_); }

  /// Takes over a reference that the C interface returned.
  static model adopt(nomo_model* handle) noexcept {
    model taken;
    taken.handle_ = handle;
    return taken;
  }
  /// The model for the C interface; this object keeps its reference.
  nomo_model* get() const noexcept { return handle_; }
  /// Whether it is not empty.
  explicit operator bool() const noexcept { return handle_ != nullptr; }

  /// Opens a bundle from a file and verifies it. `log`, if given, is called as
  /// log(log_level, std::string_view) in this thread before this call returns. An exception of `log`
  /// is thrown by this call, also by its `try_` form.
  template <class Log = detail::no_log>
  static result<model> try_open_file(text path, const open_options& options = {}, Log&& log = Log()) {
    detail::listener<Log> listener(options, log);
    model opened;
    auto done = detail::call(nomo_model_open_file, path.c_str(), &listener.raw, &opened.handle_);
    return listener.end(done, std::move(opened));
  }
  /// As try_open_file, from `bytes_len` bytes in memory, which are not used after the call.
  template <class Log = detail::no_log>
  static result<model> try_open_memory(const void* bytes, std::size_t bytes_len,
                                       const open_options& options = {}, Log&& log = Log()) {
    detail::listener<Log> listener(options, log);
    model opened;
    auto done = detail::call(nomo_model_open_memory, bytes, bytes_len, &listener.raw, &opened.handle_);
    return listener.end(done, std::move(opened));
  }

  /// Describes the model.
  result<model_info> try_describe() const noexcept {
    auto raw = detail::sized<nomo_model_info>();
    if (auto done = detail::call(nomo_model_describe, handle_, &raw); !done) return done.error();
    return model_info{nomogram::task(raw.task), raw.format, raw.n_golden_cases, raw.name, raw.version,
                      raw.digest, raw.manifest, detail::optional_text(raw.card), raw.target,
                      detail::optional_text(raw.target_unit), raw.n_features, raw.n_classes,
                      raw.n_outputs, raw.n_members, raw.n_margins, raw.n_cutoffs, raw.n_rules};
  }
  /// Replays the golden cases, as opening does.
  result<void> try_self_test() const noexcept { return detail::call(nomo_model_self_test, handle_); }
  /// The index of the feature called `name`.
  result<std::size_t> try_feature_index(text name) const noexcept {
    std::size_t index = 0;
    auto done = detail::call(nomo_model_feature_index, handle_, name.c_str(), &index);
    if (!done) return done.error();
    return index;
  }
  /// A feature.
  result<feature_info> try_feature(feature_key feature) const noexcept {
    auto raw = detail::sized<nomo_feature>();
    if (auto done = feature.call(handle_, nomo_model_feature, handle_, &raw); !done) return done.error();
    return feature_info{feature_kind(raw.kind), raw.name, detail::optional_text(raw.unit), raw.low,
                        raw.high, raw.n_levels, raw.n_units, policy(raw.on_unset),
                        policy(raw.on_missing), policy(raw.on_nan), policy(raw.on_infinite),
                        policy(raw.on_out_of_range), policy(raw.on_unseen_level),
                        policy(raw.on_wrong_type)};
  }
  /// The name of a level of a category, by its index.
  result<std::string_view> try_level(feature_key feature, std::size_t index) const noexcept {
    const char* name = nullptr;
    auto done = feature.call(handle_, nomo_model_level, handle_, index, &name);
    if (!done) return done.error();
    return std::string_view(name);
  }
  /// An alternative unit of a feature, by its index.
  result<unit_info> try_unit(feature_key feature, std::size_t index) const noexcept {
    auto raw = detail::sized<nomo_unit>();
    auto done = feature.call(handle_, nomo_model_unit, handle_, index, &raw);
    if (!done) return done.error();
    return unit_info{raw.code, raw.offset, raw.multiplier, raw.divisor};
  }
  /// The name of a class, by its index. With two classes, class 1 is the positive one.
  result<std::string_view> try_class_name(std::size_t index) const noexcept {
    const char* name = nullptr;
    if (auto done = detail::call(nomo_model_class, handle_, index, &name); !done) return done.error();
    return std::string_view(name);
  }
  /// A member, by its index.
  result<member_info> try_member(std::size_t index) const noexcept {
    auto raw = detail::sized<nomo_member>();
    if (auto done = detail::call(nomo_model_member, handle_, index, &raw); !done) return done.error();
    return member_info{raw.name, raw.n_margins};
  }
  /// A cutoff, by its index.
  result<cutoff_info> try_cutoff(std::size_t index) const noexcept {
    auto raw = detail::sized<nomo_cutoff>();
    if (auto done = detail::call(nomo_model_cutoff, handle_, index, &raw); !done) return done.error();
    return cutoff_info{raw.name, raw.class_index, raw.probability};
  }
  /// The uncertainty of the model.
  result<uncertainty_info> try_uncertainty() const noexcept {
    auto raw = detail::sized<nomo_uncertainty>();
    if (auto done = detail::call(nomo_model_uncertainty, handle_, &raw); !done) return done.error();
    return uncertainty_info{raw.ambiguous_rule, raw.ambiguous_level, raw.max_width,
                            raw.unlike_p_value, {raw.levels, raw.n_levels}, raw.n_verdicts,
                            raw.n_p_values,     raw.n_intervals, raw.n_distances,
                            raw.n_furthest,     raw.n_scores,    raw.n_distance_scores};
  }
  /// A rule, by its index.
  result<rule_info> try_rule(std::size_t index) const noexcept {
    auto raw = detail::sized<nomo_rule>();
    if (auto done = detail::call(nomo_model_rule, handle_, index, &raw); !done) return done.error();
    return rule_info{raw.name, policy(raw.action), {raw.features, raw.features_len}};
  }
  /// The number of bytes that session::create_in needs.
  result<std::size_t> try_session_size() const noexcept {
    std::size_t size = 0;
    if (auto done = detail::call(nomo_session_size, handle_, &size); !done) return done.error();
    return size;
  }

#ifndef NOMOGRAM_NO_EXCEPTIONS
  /// @name The forms that throw nomogram::error; otherwise the same as their `try_` forms.
  /// @{
  template <class Log = detail::no_log>
  static model open_file(text path, const open_options& options = {}, Log&& log = Log()) {
    return try_open_file(path, options, log).value();
  }
  template <class Log = detail::no_log>
  static model open_memory(const void* bytes, std::size_t bytes_len, const open_options& options = {},
                           Log&& log = Log()) {
    return try_open_memory(bytes, bytes_len, options, log).value();
  }
  model_info describe() const { return try_describe().value(); }
  void self_test() const { try_self_test().value(); }
  std::size_t feature_index(text name) const { return try_feature_index(name).value(); }
  feature_info feature(feature_key feature) const { return try_feature(feature).value(); }
  std::string_view level(feature_key feature, std::size_t index) const { return try_level(feature, index).value(); }
  unit_info unit(feature_key feature, std::size_t index) const { return try_unit(feature, index).value(); }
  std::string_view class_name(std::size_t index) const { return try_class_name(index).value(); }
  member_info member(std::size_t index) const { return try_member(index).value(); }
  cutoff_info cutoff(std::size_t index) const { return try_cutoff(index).value(); }
  rule_info rule(std::size_t index) const { return try_rule(index).value(); }
  uncertainty_info uncertainty() const { return try_uncertainty().value(); }
  std::size_t session_size() const { return try_session_size().value(); }
  /// @}
#endif

 private:
  nomo_model* handle_ = nullptr;
};

// ---- Rows in, predictions out ----------------------------------------------------------------

namespace detail {

/// A type of elements, NOMO_TYPE_...; -1 for types that the library does not read.
template <class E>
constexpr std::int64_t element_type() noexcept {
  static_assert(sizeof(int) == 4 && sizeof(long long) == 8 && sizeof(bool) == 1, "an unusual platform");
  if constexpr (std::is_same_v<E, double>) return NOMO_TYPE_DOUBLE;
  if constexpr (std::is_same_v<E, float>) return NOMO_TYPE_FLOAT;
  if constexpr (std::is_same_v<E, int>) return NOMO_TYPE_INT32;
  if constexpr (std::is_same_v<E, long>) return sizeof(long) == 8 ? NOMO_TYPE_INT64 : NOMO_TYPE_INT32;
  if constexpr (std::is_same_v<E, long long>) return NOMO_TYPE_INT64;
  if constexpr (std::is_same_v<E, bool>) return NOMO_TYPE_BOOLEAN;
  if constexpr (std::is_same_v<E, const char*>) return NOMO_TYPE_TEXT;
  return -1;
}

}  // namespace detail

/// A view of elements of a type that the library reads: double, float, signed whole numbers of 32
/// and 64 bits, bool, const char* (a text that ends with NUL; nullptr is missing). For booleans as
/// bytes, use elements::booleans.
class elements {
 public:
  /// A view of an array, a std::vector, a span, or another container with data and size.
  template <class C, class E = std::remove_pointer_t<decltype(std::data(std::declval<const C&>()))>,
            std::int64_t type = detail::element_type<std::remove_cv_t<E>>(),
            class = std::enable_if_t<(type >= 0)>>
  elements(const C& values) noexcept
      : elements(static_cast<std::uint32_t>(type), std::data(values), std::size(values)) {}
  /// Bytes as booleans: 0 is false, anything else true.
  static elements booleans(span<const std::uint8_t> values) noexcept {
    return elements(NOMO_TYPE_BOOLEAN, values.data(), values.size());
  }

  std::uint32_t type() const noexcept { return type_; }  ///< NOMO_TYPE_...
  const void* data() const noexcept { return data_; }    ///< First element.
  std::size_t size() const noexcept { return size_; }    ///< Length.

 private:
  elements(std::uint32_t type, const void* data, std::size_t size) noexcept
      : type_(type), data_(data), size_(size) {}

  std::uint32_t type_;
  const void* data_;
  std::size_t size_;
};

/// A view of rows as a matrix of double or float, in any layout. NaN means missing; a category is
/// the index of its level, a boolean 0 or 1. The library refuses one that does not fit its values.
class matrix {
 public:
  /// Rows one after the other.
  static matrix row_major(elements values, std::size_t n_rows, std::size_t n_columns) noexcept {
    return strided(values, n_rows, n_columns, n_columns, 1);
  }
  /// Columns one after the other.
  static matrix column_major(elements values, std::size_t n_rows, std::size_t n_columns) noexcept {
    return strided(values, n_rows, n_columns, 1, n_rows);
  }
  /// The value of a row and a column is values[row * row_stride + column * column_stride].
  static matrix strided(elements values, std::size_t n_rows, std::size_t n_columns,
                        std::size_t row_stride, std::size_t column_stride) noexcept {
    matrix rows;
    rows.raw_.element_type = values.type();
    rows.raw_.values = values.data();
    rows.raw_.values_len = values.size();
    rows.raw_.n_rows = n_rows;
    rows.raw_.n_columns = n_columns;
    rows.raw_.row_stride = row_stride;
    rows.raw_.column_stride = column_stride;
    return rows;
  }

  /// The matrix for the C interface.
  const nomo_matrix& raw() const noexcept { return raw_; }

 private:
  matrix() noexcept = default;

  nomo_matrix raw_ = detail::sized<nomo_matrix>();
};

/// A view of the values of one feature. NaN is a value that is not a number here, not a missing one.
class column {
 public:
  /// One element per row for the feature at index `feature`. `validity` has one bit per row, lowest
  /// first, 1 if there is a value, or is empty; `unit` is a UCUM code, or nullptr for the feature's.
  column(std::size_t feature, elements values, span<const std::uint8_t> validity = {},
         const char* unit = nullptr) noexcept {
    raw_.element_type = values.type();
    raw_.feature = feature;
    raw_.values = values.data();
    raw_.values_len = values.size();
    raw_.validity = validity.data();
    raw_.validity_len = validity.size();
    raw_.unit = unit;
  }

  /// The column for the C interface.
  const nomo_column& raw() const noexcept { return raw_; }

 private:
  nomo_column raw_ = detail::sized<nomo_column>();
};
// An array of columns is passed to the C interface as an array of nomo_column.
static_assert(sizeof(column) == sizeof(nomo_column) && std::is_standard_layout_v<column>,
              "nomogram: a column is a nomo_column");

/// The action for a refused row.
enum class on_refusal : std::uint32_t {
  stop = NOMO_ON_REFUSAL_STOP,    ///< It fails the call, and no output is written.
  go_on = NOMO_ON_REFUSAL_GO_ON,  ///< It is marked in row_status, and the others are predicted.
};

/// Views of the arrays that predictions are written to, as described at nomo_outputs. Leave an output
/// empty to skip it; the library checks that the others have exactly the stated length.
struct outputs {
  nomogram::on_refusal on_refusal = nomogram::on_refusal::stop;  ///< go_on needs row_status.
  span<double> probabilities;          ///< n_rows * n_outputs; all outputs are row by row.
  span<std::uint32_t> class_indices;   ///< n_rows: the most probable class, or NOMO_CLASS_NONE.
  span<std::uint8_t> cutoffs_reached;  ///< n_rows * n_cutoffs: 1 where a cutoff is reached.
  span<double> members;                ///< n_rows * n_members * n_outputs: before combining.
  span<double> margins;                ///< n_rows * n_margins: raw sums of the members.
  span<std::int32_t> row_status;       ///< n_rows: NOMO_OK, or the status of a refused row.
  span<std::uint32_t> row_flags;       ///< n_rows: NOMO_FLAG_... combined.
  span<std::uint32_t> flag_counts;     ///< n_rows * NOMO_N_FLAGS: number of values with each flag.
  span<std::uint8_t> feature_flags;    ///< n_rows * n_features: NOMO_FLAG_... of each value.
  span<std::uint8_t> rules_broken;     ///< n_rows * n_rules: 1 where a rule is broken.
  span<std::uint32_t> verdicts;  ///< n_rows * n_verdicts: NOMO_VERDICT_...; with counts of uncertainty_info.
  span<double> p_values;         ///< n_rows * n_p_values: of each class, small where it is strange.
  span<std::uint8_t> sets;       ///< n_rows * n_levels * n_p_values: 1 where a class is in the set.
  span<double> intervals;        ///< n_rows * n_intervals * 2: lower and upper ends.
  span<double> distance_p_values;         ///< n_rows * n_distances: small where a row is unlike training.
  span<std::uint32_t> furthest_features;  ///< n_rows * n_furthest: the feature furthest from training.
  span<double> furthest_times;            ///< n_rows * n_furthest: how many times as far as usual.

  /// The outputs for the C interface.
  nomo_outputs raw() const noexcept {
    auto raw = detail::sized<nomo_outputs>();
    raw.on_refusal = static_cast<std::uint32_t>(on_refusal);
    raw.probabilities = probabilities.data(), raw.probabilities_len = probabilities.size();
    raw.class_indices = class_indices.data(), raw.class_indices_len = class_indices.size();
    raw.cutoffs_reached = cutoffs_reached.data(), raw.cutoffs_reached_len = cutoffs_reached.size();
    raw.members = members.data(), raw.members_len = members.size();
    raw.margins = margins.data(), raw.margins_len = margins.size();
    raw.row_status = row_status.data(), raw.row_status_len = row_status.size();
    raw.row_flags = row_flags.data(), raw.row_flags_len = row_flags.size();
    raw.flag_counts = flag_counts.data(), raw.flag_counts_len = flag_counts.size();
    raw.feature_flags = feature_flags.data(), raw.feature_flags_len = feature_flags.size();
    raw.rules_broken = rules_broken.data(), raw.rules_broken_len = rules_broken.size();
    raw.verdicts = verdicts.data(), raw.verdicts_len = verdicts.size();
    raw.p_values = p_values.data(), raw.p_values_len = p_values.size();
    raw.sets = sets.data(), raw.sets_len = sets.size();
    raw.intervals = intervals.data(), raw.intervals_len = intervals.size();
    raw.distance_p_values = distance_p_values.data();
    raw.distance_p_values_len = distance_p_values.size();
    raw.furthest_features = furthest_features.data();
    raw.furthest_features_len = furthest_features.size();
    raw.furthest_times = furthest_times.data(), raw.furthest_times_len = furthest_times.size();
    return raw;
  }
};

/// Counts of predicted rows, to see later whether patients have changed since the training; no value
/// of a row is stored. It keeps its model alive. A call while another thread uses it, also through a
/// session, fails with NOMO_EBUSY. Counting allocates nothing.
class monitor {
 public:
  /// An empty monitor.
  monitor() noexcept = default;
  /// Takes over the monitor; `other` is then empty.
  monitor(monitor&& other) noexcept
      : model_(std::move(other.model_)), handle_(std::exchange(other.handle_, nullptr)) {}
  /// Destroys the current monitor and takes over that of `other`.
  monitor& operator=(monitor&& other) noexcept {
    monitor taken(std::move(other));
    std::swap(model_, taken.model_);
    std::swap(handle_, taken.handle_);
    return *this;
  }
  monitor(const monitor&) = delete;
  monitor& operator=(const monitor&) = delete;
  /// Destroys the monitor, which no session may use any longer.
  ~monitor() { nomo_monitor_destroy(handle_); }

  /// The monitor for the C interface; this object still owns it.
  nomo_monitor* get() const noexcept { return handle_; }
  /// Whether it is not empty.
  explicit operator bool() const noexcept { return handle_ != nullptr; }

  /// Creates a monitor; all counts are 0. The bundle must have a profile.
  static result<monitor> try_create(const model& of) noexcept {
    monitor made(of);
    auto done = detail::call(nomo_monitor_create, of.get(), &made.handle_);
    if (!done) return done.error();
    return made;
  }
  /// As try_create, in memory of the caller and without allocating: at least memory_size bytes of any
  /// alignment, which must not be used, moved or freed while the monitor lives.
  static result<monitor> try_create_in(const model& of, void* memory, std::size_t memory_len) noexcept {
    monitor made(of);
    auto done = detail::call(nomo_monitor_create_in, of.get(), memory, memory_len, &made.handle_);
    if (!done) return done.error();
    return made;
  }
  /// The number of bytes that create_in needs.
  static result<std::size_t> try_memory_size(const model& of) noexcept { return size(of, true); }
  /// The number of bytes that write writes.
  static result<std::size_t> try_bytes_size(const model& of) noexcept { return size(of, false); }

  /// Sets all counts to 0: a new period begins.
  result<void> try_clear() noexcept { return detail::call(nomo_monitor_clear, handle_); }
  /// Adds the counts that write wrote for the same bundle.
  result<void> try_add(span<const unsigned char> bytes) noexcept {
    return detail::call(nomo_monitor_add, handle_, bytes.data(), bytes.size());
  }
  /// Counts the outcome of a row that was predicted earlier: whether the class of index 1 came true.
  result<void> try_add_outcome(double probability, bool came_true) noexcept {
    return detail::call(nomo_monitor_add_outcome, handle_, probability, came_true ? 1u : 0u);
  }
  /// Writes the counts; `bytes` has bytes_size bytes. Every count is rounded to a multiple of `rounding`.
  result<void> try_write(span<unsigned char> bytes, std::uint32_t rounding = 1) noexcept {
    return detail::call(nomo_monitor_write, handle_, rounding, bytes.data(), bytes.size());
  }

#ifndef NOMOGRAM_NO_EXCEPTIONS
  /// @name The forms that throw nomogram::error; otherwise the same as their `try_` forms.
  /// @{
  static monitor create(const model& of) { return try_create(of).value(); }
  static monitor create_in(const model& of, void* memory, std::size_t memory_len) {
    return try_create_in(of, memory, memory_len).value();
  }
  static std::size_t memory_size(const model& of) { return try_memory_size(of).value(); }
  static std::size_t bytes_size(const model& of) { return try_bytes_size(of).value(); }
  void clear() { try_clear().value(); }
  void add(span<const unsigned char> bytes) { try_add(bytes).value(); }
  void add_outcome(double probability, bool came_true) { try_add_outcome(probability, came_true).value(); }
  void write(span<unsigned char> bytes, std::uint32_t rounding = 1) { try_write(bytes, rounding).value(); }
  /// @}
#endif

 private:
  explicit monitor(const model& of) noexcept : model_(of) {}

  static result<std::size_t> size(const model& of, bool of_memory) noexcept {
    std::size_t memory_len = 0, bytes_len = 0;
    auto done = detail::call(nomo_monitor_size, of.get(), &memory_len, &bytes_len);
    if (!done) return done.error();
    return of_memory ? memory_len : bytes_len;
  }

  model model_;
  nomo_monitor* handle_ = nullptr;
};

/// The scratch memory with which one thread at a time predicts. It keeps its model alive, and may be
/// moved to and destroyed in another thread. A call on a session that another thread is using fails
/// with NOMO_EBUSY. Setting values and predicting allocate nothing, whether they succeed or fail;
/// only throwing nomogram::error does.
class session {
 public:
  /// An empty session.
  session() noexcept = default;
  /// Takes over the session; `other` is then empty.
  session(session&& other) noexcept
      : model_(std::move(other.model_)), handle_(std::exchange(other.handle_, nullptr)) {}
  /// Destroys the current session and takes over that of `other`.
  session& operator=(session&& other) noexcept {
    session taken(std::move(other));
    std::swap(model_, taken.model_);
    std::swap(handle_, taken.handle_);
    return *this;
  }
  session(const session&) = delete;
  session& operator=(const session&) = delete;
  /// Destroys the session; the memory of create_in may then be used or freed.
  ~session() { nomo_session_destroy(handle_); }

  /// The session for the C interface; this object still owns it.
  nomo_session* get() const noexcept { return handle_; }
  /// The model of the session.
  const model& get_model() const noexcept { return model_; }
  /// Whether it is not empty.
  explicit operator bool() const noexcept { return handle_ != nullptr; }

  /// Creates a session; all features are unset.
  static result<session> try_create(const model& of) noexcept {
    session made(of);
    auto done = detail::call(nomo_session_create, of.get(), &made.handle_);
    if (!done) return done.error();
    return made;
  }
  /// As try_create, in memory of the caller and without allocating: at least model::session_size
  /// bytes of any alignment, which must not be used, moved or freed while the session lives.
  static result<session> try_create_in(const model& of, void* memory, std::size_t memory_len) noexcept {
    session made(of);
    auto done = detail::call(nomo_session_create_in, of.get(), memory, memory_len, &made.handle_);
    if (!done) return done.error();
    return made;
  }

  /// Counts every row from now on in `counts`, which must outlive this session or be replaced; nullptr
  /// ends that.
  result<void> try_set_monitor(monitor* counts) noexcept {
    return detail::call(nomo_session_set_monitor, handle_, counts == nullptr ? nullptr : counts->get());
  }
  /// Clears all values: every feature is then unset.
  result<void> try_clear() noexcept { return detail::call(nomo_session_clear, handle_); }
  /// Sets a feature to a number in the feature's unit. It stays until it is set again or cleared; the
  /// model's policies decide on it when the row is predicted.
  result<void> try_set_number(feature_key feature, double value) noexcept {
    return feature.call(model_.get(), nomo_session_set_number, handle_, value);
  }
  /// Sets a feature to a number in another unit of the feature, given as a UCUM code.
  result<void> try_set_number(feature_key feature, double value, text unit) noexcept {
    return feature.call(model_.get(), nomo_session_set_number_in, handle_, value, unit.c_str());
  }
  /// Sets a feature to a whole number, of a type whose every value an int64_t holds.
  template <class Int, class = std::enable_if_t<detail::is_whole<Int>>>
  result<void> try_set_integer(feature_key feature, Int value) noexcept {
    return feature.call(model_.get(), nomo_session_set_integer, handle_, std::int64_t{value});
  }
  /// Sets a feature to false or true; the argument must be a bool.
  template <class Bool, class = std::enable_if_t<std::is_same_v<Bool, bool>>>
  result<void> try_set_boolean(feature_key feature, Bool value) noexcept {
    return feature.call(model_.get(), nomo_session_set_boolean, handle_, value ? 1u : 0u);
  }
  /// Sets a category to a level by its name.
  result<void> try_set_text(feature_key feature, text value) noexcept {
    return feature.call(model_.get(), nomo_session_set_text, handle_, value.c_str());
  }
  /// Sets a feature to missing; `reason` is a code of FHIR's data-absent-reason, or nullptr.
  result<void> try_set_missing(feature_key feature, text reason = nullptr) noexcept {
    return feature.call(model_.get(), nomo_session_set_missing, handle_, reason.c_str());
  }
  /// The reason for which a feature was set to missing, if there is one. The text is static.
  result<std::optional<std::string_view>> try_missing_reason(feature_key feature) noexcept {
    const char* reason = nullptr;
    auto done = feature.call(model_.get(), nomo_session_missing_reason, handle_, &reason);
    if (!done) return done.error();
    return detail::optional_text(reason);
  }

  /// Predicts the row that was set value by value; the outputs are those of one row.
  result<void> try_predict(const outputs& out) noexcept {
    const nomo_outputs raw = out.raw();
    return detail::call(nomo_session_predict, handle_, &raw);
  }
  /// Predicts one row from numbers, one per feature of the model, in the model's order and units; NaN
  /// means missing. `probabilities` has n_outputs numbers. Returns the index of the most probable
  /// class, or NOMO_CLASS_NONE of a model that predicts a number.
  result<std::uint32_t> try_predict_row(span<const double> values, span<double> probabilities) noexcept {
    std::uint32_t class_index = 0;
    auto done = detail::call(nomo_session_predict_row, handle_, values.data(), values.size(),
                             probabilities.data(), probabilities.size(), &class_index);
    if (!done) return done.error();
    return class_index;
  }
  /// Predicts every row of a matrix; each gets the same bits as from predict_row.
  result<void> try_predict_matrix(const matrix& rows, const outputs& out) noexcept {
    const nomo_outputs raw = out.raw();
    return detail::call(nomo_session_predict_matrix, handle_, &rows.raw(), &raw);
  }
  /// Predicts rows that are given column by column; each gets the same bits as from predict. A
  /// feature without a column is unset.
  result<void> try_predict_columns(span<const column> columns, std::size_t n_rows, const outputs& out) noexcept {
    const nomo_outputs raw = out.raw();
    const nomo_column* first = columns.empty() ? nullptr : &columns[0].raw();
    return detail::call(nomo_session_predict_columns, handle_, first, columns.size(), n_rows, &raw);
  }
  /// Predicts the rows of an Arrow struct array, which is read and neither changed nor released;
  /// each gets the same bits as from predict. `flags` is 0 or NOMO_ARROW_IGNORE_OTHER_COLUMNS.
  result<void> try_predict_arrow(const ArrowSchema& schema, const ArrowArray& array, const outputs& out,
                                 std::uint32_t flags = 0) noexcept {
    const nomo_outputs raw = out.raw();
    return detail::call(nomo_session_predict_arrow, handle_, &schema, &array, flags, &raw);
  }
  /// As predict_arrow; writes a struct array of predictions to `to_schema` and `to_array`, which the
  /// caller releases.
  result<void> try_predict_to_arrow(const ArrowSchema& schema, const ArrowArray& array, ArrowSchema& to_schema,
                                    ArrowArray& to_array, on_refusal refused = on_refusal::stop,
                                    std::uint32_t flags = 0) noexcept {
    return detail::call(nomo_session_predict_to_arrow, handle_, &schema, &array, flags,
                        static_cast<std::uint32_t>(refused), &to_schema, &to_array);
  }

#ifndef NOMOGRAM_NO_EXCEPTIONS
  /// @name The forms that throw nomogram::error; otherwise the same as their `try_` forms.
  /// @{
  static session create(const model& of) { return try_create(of).value(); }
  static session create_in(const model& of, void* memory, std::size_t memory_len) {
    return try_create_in(of, memory, memory_len).value();
  }
  void set_monitor(monitor* counts) { try_set_monitor(counts).value(); }
  void clear() { try_clear().value(); }
  void set_number(feature_key feature, double value) { try_set_number(feature, value).value(); }
  void set_number(feature_key feature, double value, text unit) { try_set_number(feature, value, unit).value(); }
  template <class Int, class = std::enable_if_t<detail::is_whole<Int>>>
  void set_integer(feature_key feature, Int value) {
    try_set_integer(feature, value).value();
  }
  template <class Bool, class = std::enable_if_t<std::is_same_v<Bool, bool>>>
  void set_boolean(feature_key feature, Bool value) {
    try_set_boolean(feature, value).value();
  }
  void set_text(feature_key feature, text value) { try_set_text(feature, value).value(); }
  void set_missing(feature_key feature, text reason = nullptr) { try_set_missing(feature, reason).value(); }
  std::optional<std::string_view> missing_reason(feature_key feature) { return try_missing_reason(feature).value(); }
  void predict(const outputs& out) { try_predict(out).value(); }
  std::uint32_t predict_row(span<const double> values, span<double> probabilities) {
    return try_predict_row(values, probabilities).value();
  }
  void predict_matrix(const matrix& rows, const outputs& out) { try_predict_matrix(rows, out).value(); }
  void predict_columns(span<const column> columns, std::size_t n_rows, const outputs& out) {
    try_predict_columns(columns, n_rows, out).value();
  }
  void predict_arrow(const ArrowSchema& schema, const ArrowArray& array, const outputs& out,
                     std::uint32_t flags = 0) {
    try_predict_arrow(schema, array, out, flags).value();
  }
  void predict_to_arrow(const ArrowSchema& schema, const ArrowArray& array, ArrowSchema& to_schema,
                        ArrowArray& to_array, on_refusal refused = on_refusal::stop, std::uint32_t flags = 0) {
    try_predict_to_arrow(schema, array, to_schema, to_array, refused, flags).value();
  }
  /// @}
#endif

 private:
  explicit session(const model& of) noexcept : model_(of) {}

  model model_;
  nomo_session* handle_ = nullptr;
};

/// A feature, or a group of features that are explained together. Views of the explainer.
struct player_view {
  std::string_view name;              ///< The name of the feature or of the group.
  span<const std::uint32_t> features; ///< The indices of its features.
};

/// What explains predictions of a model, with all its memory: one thread at a time uses it. Structs are
/// those of the C interface: nomogram.h has their meaning.
class explainer {
 public:
  /// An empty explainer.
  explainer() noexcept = default;
  /// Takes over the explainer; `other` is then empty.
  explainer(explainer&& other) noexcept
      : model_(std::move(other.model_)), handle_(std::exchange(other.handle_, nullptr)) {}
  /// Destroys the current explainer and takes over that of `other`.
  explainer& operator=(explainer&& other) noexcept {
    explainer taken(std::move(other));
    std::swap(model_, taken.model_);
    std::swap(handle_, taken.handle_);
    return *this;
  }
  explainer(const explainer&) = delete;
  explainer& operator=(const explainer&) = delete;
  ~explainer() { nomo_explainer_destroy(handle_); }

  /// The explainer for the C interface; this object still owns it.
  nomo_explainer* get() const noexcept { return handle_; }
  /// Whether it is not empty.
  explicit operator bool() const noexcept { return handle_ != nullptr; }

  /// Creates an explainer; without options, of the outputs by groups.
  static result<explainer> try_create(const model& of,
                                      nomo_explainer_options options = NOMO_EXPLAINER_OPTIONS_INIT) noexcept {
    explainer made(of);
    auto done = detail::call(nomo_explainer_create, of.get(), &options, &made.handle_);
    if (!done) return done.error();
    return made;
  }
  /// What it explains, on which scale, and whether values are exact.
  result<nomo_explainer_info> try_describe() const noexcept {
    nomo_explainer_info info = NOMO_EXPLAINER_INFO_INIT;
    if (auto done = detail::call(nomo_explainer_describe, handle_, &info); !done) return done.error();
    return info;
  }
  /// The player at an index.
  result<player_view> try_player(std::size_t index) const noexcept {
    nomo_player raw = NOMO_PLAYER_INIT;
    if (auto done = detail::call(nomo_explainer_player, handle_, index, &raw); !done) return done.error();
    return player_view{raw.name, {raw.features, raw.features_len}};
  }
  /// Explains the prediction of one row of numbers.
  result<void> try_explain_row(span<const double> values, const nomo_attributions& out) noexcept {
    return detail::call(nomo_explainer_explain_row, handle_, values.data(), values.size(), &out);
  }
  /// Explains the prediction of the row that was set in a session of the same model.
  result<void> try_explain_session(session& of, const nomo_attributions& out) noexcept {
    return detail::call(nomo_explainer_explain_session, handle_, of.get(), &out);
  }
  /// Explains the predictions of the rows of a matrix.
  result<void> try_explain_matrix(const matrix& rows, const nomo_attributions& out) noexcept {
    const nomo_matrix raw = rows.raw();
    return detail::call(nomo_explainer_explain_matrix, handle_, &raw, &out);
  }
  /// Explains the predictions of the rows of an Arrow struct array; writes a struct array, which the
  /// caller releases.
  result<void> try_explain_to_arrow(const ArrowSchema& schema, const ArrowArray& array, ArrowSchema& to_schema,
                                    ArrowArray& to_array, on_refusal refused = on_refusal::stop,
                                    std::uint32_t flags = 0) noexcept {
    return detail::call(nomo_explainer_explain_to_arrow, handle_, &schema, &array, flags,
                        static_cast<std::uint32_t>(refused), &to_schema, &to_array);
  }

#ifndef NOMOGRAM_NO_EXCEPTIONS
  /// @name The forms that throw nomogram::error; otherwise the same as their `try_` forms.
  /// @{
  static explainer create(const model& of, nomo_explainer_options options = NOMO_EXPLAINER_OPTIONS_INIT) {
    return try_create(of, options).value();
  }
  nomo_explainer_info describe() const { return try_describe().value(); }
  player_view player(std::size_t index) const { return try_player(index).value(); }
  void explain_row(span<const double> values, const nomo_attributions& out) { try_explain_row(values, out).value(); }
  void explain_session(session& of, const nomo_attributions& out) { try_explain_session(of, out).value(); }
  void explain_matrix(const matrix& rows, const nomo_attributions& out) { try_explain_matrix(rows, out).value(); }
  void explain_to_arrow(const ArrowSchema& schema, const ArrowArray& array, ArrowSchema& to_schema,
                        ArrowArray& to_array, on_refusal refused = on_refusal::stop, std::uint32_t flags = 0) {
    try_explain_to_arrow(schema, array, to_schema, to_array, refused, flags).value();
  }
  /// @}
#endif

 private:
  explicit explainer(const model& of) noexcept : model_(of) {}

  model model_;
  nomo_explainer* handle_ = nullptr;
};

}  // namespace nomogram

#endif  // NOMOGRAM_HPP
