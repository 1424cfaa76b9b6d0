// check.hpp - shared by the C++ tests of nomogram.hpp: checks, the model `policies`, all outputs.
#ifndef CHECK_HPP
#define CHECK_HPP

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <vector>

#include "nomogram.hpp"

inline unsigned long n_checks = 0, n_failed = 0;

inline bool check(bool ok, int line, const char* what) {
  n_checks++;
  if (!ok && n_failed++ < 50) std::printf("line %d: failed: %s\n", line, what);
  return ok;
}
#define CHECK(...) check(static_cast<bool>(__VA_ARGS__), __LINE__, #__VA_ARGS__)

/// Whether an operation was refused with this status.
template <class T>
bool is_refused(const nomogram::result<T>& outcome, std::int32_t status) {
  return !outcome && !outcome.has_value() && outcome.error().status() == status &&
         !outcome.error().message().empty();
}
/// The operation is refused with this status; with exceptions, its other form throws.
/// `object` is a model or session with `.`, or a class with `::`.
#ifdef NOMOGRAM_NO_EXCEPTIONS
#define REFUSED(status, object, ...) CHECK(is_refused(object try_##__VA_ARGS__, status))
#else
#define REFUSED(status, object, ...)                               \
  (CHECK(is_refused(object try_##__VA_ARGS__, status)),            \
   CHECK(throws([&] { (void)object __VA_ARGS__; }, status)))

template <class Call>
bool throws(Call call, std::int32_t status) {
  try {
    call();
  } catch (const nomogram::error& error) {
    return error.status() == status && error.what()[0] != '\0';
  }
  return false;
}
#endif

/// Both forms succeed; the value is that of the last one.
#ifdef NOMOGRAM_NO_EXCEPTIONS
#define DONE(object, ...) taken(object try_##__VA_ARGS__, __LINE__, #__VA_ARGS__)
#else
#define DONE(object, ...) (taken(object try_##__VA_ARGS__, __LINE__, #__VA_ARGS__), object __VA_ARGS__)
#endif

template <class T>
T taken(nomogram::result<T> outcome, int line, const char* what) {
  if (!check(outcome.has_value(), line, what)) {
    std::printf("  %s\n", outcome.error().message().data());
    std::exit(1);
  }
  return *std::move(outcome);
}

/// The features of `policies`.
enum : std::size_t { AGE, TEMPERATURE, DOSE, WEIGHT, HEIGHT, PREGNANCIES, VISITS, CHILDREN, SMOKER,
                     DIABETIC, STAGE, GRADE, SITE, N_FEATURES };
/// A row of plausible values that breaks no rule.
inline const std::vector<double> good_row = {40, 37, 50, 150, 170, 2, 5, 2, 1, 0, 1, 1, 0};

/// Room for all outputs of some rows.
struct results {
  std::vector<double> probabilities, members, margins;
  std::vector<std::uint32_t> class_indices, row_flags, flag_counts;
  std::vector<std::uint8_t> cutoffs_reached, feature_flags, rules_broken;
  std::vector<std::int32_t> row_status;

  results(const nomogram::model_info& of, std::size_t n)
      : probabilities(n * of.n_outputs, -7), members(n * of.n_members * of.n_outputs, -7),
        margins(n * of.n_margins, -7), class_indices(n, 77), row_flags(n, 77),
        flag_counts(n * NOMO_N_FLAGS, 77), cutoffs_reached(n * of.n_cutoffs, 77),
        feature_flags(n * of.n_features, 77), rules_broken(n * of.n_rules, 77), row_status(n, 77) {}

  nomogram::outputs views() {
    nomogram::outputs out;
    out.probabilities = probabilities;
    out.class_indices = class_indices;
    out.cutoffs_reached = cutoffs_reached;
    out.members = members;
    out.margins = margins;
    out.row_status = row_status;
    out.row_flags = row_flags;
    out.flag_counts = flag_counts;
    out.feature_flags = feature_flags;
    out.rules_broken = rules_broken;
    return out;
  }

  friend bool operator==(const results& a, const results& b) {
    return same(a.probabilities, b.probabilities) && same(a.members, b.members) &&
           same(a.margins, b.margins) && same(a.class_indices, b.class_indices) &&
           same(a.row_flags, b.row_flags) && same(a.flag_counts, b.flag_counts) &&
           same(a.cutoffs_reached, b.cutoffs_reached) && same(a.feature_flags, b.feature_flags) &&
           same(a.rules_broken, b.rules_broken) && same(a.row_status, b.row_status);
  }

 private:
  /// Bit by bit, so that NaN equals NaN.
  template <class T>
  static bool same(const std::vector<T>& a, const std::vector<T>& b) {
    return a.size() == b.size() &&
           (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0);
  }
};

#endif
