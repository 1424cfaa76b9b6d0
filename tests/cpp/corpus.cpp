// corpus.cpp - every case of tests/data/corpus, through nomogram.hpp.
//
//     c++ -std=c++17 -Iinclude -Itests/c tests/cpp/corpus.cpp -Lpath -lnomogram
//     ./a.out tests/data/corpus/NAME ...
//
// Each NAME names the files NAME.nomo and NAME.cases. Prints checks that failed, then "N cases, M checks,
// K failed"; exit code 1 if any failed. corpus.c has more ways to pass a row.

#include "nomogram.hpp"

#include <cmath>
#include <string>
#include <vector>

#include "answers.h"

namespace {

/// Room for every output, and the views of it.
struct room {
  nomo_outputs raw;

  room(std::size_t n_rows, nomogram::on_refusal on_refusal)
      : raw(new_outputs(n_rows, static_cast<std::uint32_t>(on_refusal))) {}
  room(const room&) = delete;
  room& operator=(const room&) = delete;
  ~room() { free_outputs(&raw); }

  nomogram::outputs view() const {
    nomogram::outputs out;
    out.on_refusal = nomogram::on_refusal(raw.on_refusal);
    out.probabilities = {raw.probabilities, raw.probabilities_len};
    out.class_indices = {raw.class_indices, raw.class_indices_len};
    out.cutoffs_reached = {raw.cutoffs_reached, raw.cutoffs_reached_len};
    out.members = {raw.members, raw.members_len};
    out.margins = {raw.margins, raw.margins_len};
    out.row_status = {raw.row_status, raw.row_status_len};
    out.row_flags = {raw.row_flags, raw.row_flags_len};
    out.flag_counts = {raw.flag_counts, raw.flag_counts_len};
    out.feature_flags = {raw.feature_flags, raw.feature_flags_len};
    out.rules_broken = {raw.rules_broken, raw.rules_broken_len};
    out.verdicts = {raw.verdicts, raw.verdicts_len};
    out.p_values = {raw.p_values, raw.p_values_len};
    out.sets = {raw.sets, raw.sets_len};
    out.intervals = {raw.intervals, raw.intervals_len};
    out.distance_p_values = {raw.distance_p_values, raw.distance_p_values_len};
    out.furthest_features = {raw.furthest_features, raw.furthest_features_len};
    out.furthest_times = {raw.furthest_times, raw.furthest_times_len};
    return out;
  }
};

/// Compares a refusal with what a case expects.
void check_why(const char* where, const golden_case& golden, const nomogram::failure& why,
               std::optional<std::size_t> row) {
  nomo_error error = NOMO_ERROR_INIT;
  error.status = why.status();
  error.feature = why.feature() ? std::uint64_t{*why.feature()} : NOMO_PLACE_NONE;
  error.row = why.row() ? std::uint64_t{*why.row()} : NOMO_PLACE_NONE;
  check_refusal(where, &golden, why.status(), &error, row ? std::uint64_t{*row} : NOMO_PLACE_NONE);
}

/// Predicts rows of which row i is case order[i]: with `go_on(outputs)`, which returns a failure,
/// and with `stop(outputs)`, which throws it.
template <class GoOn, class Stop>
void check_batch(const char* where, const std::vector<const golden_case*>& order, bool is_batch,
                 GoOn go_on, Stop stop) {
  const room going_on(order.size(), nomogram::on_refusal::go_on);
  const room stopping(order.size(), nomogram::on_refusal::stop);
  check(go_on(going_on.view()).has_value(), where, nullptr, "call");
  for (std::size_t row = 0; row < order.size(); row++)
    check_row(where, order[row], &going_on.raw, row);

  std::size_t refused = 0;
  while (refused < order.size() && is_predicted(order[refused])) refused++;
  try {
    stop(stopping.view());
    check(refused == order.size(), where, nullptr, "no exception");
    for (std::size_t row = 0; row < order.size(); row++)
      check_row(where, order[row], &stopping.raw, row);
  } catch (const nomogram::error& error) {
    check(refused < order.size(), where, nullptr, error.what());
    if (refused == order.size()) return;
    const auto row = is_batch ? std::optional<std::size_t>(refused) : std::nullopt;
    check_why(where, *order[refused], error.why(), row);
    check(is_untouched(&stopping.raw), where, nullptr, "untouched outputs");
  }
}

/// The state of a run of one model.
class runner {
 public:
  explicit runner(const std::string& name)
      : name_(name),
        model_(nomogram::model::open_file(name + ".nomo")),
        session_(nomogram::session::create(model_)) {
    model = model_.get();
    check(describe_model() != 0, "describe", nullptr, "call");
    file_ = read_cases((name + ".cases").c_str(), model, info.n_features);
    for (std::size_t feature = 0; feature < info.n_features; feature++)
      names_.emplace_back(model_.feature(feature).name);
  }
  runner(const runner&) = delete;
  runner& operator=(const runner&) = delete;
  ~runner() { free_cases(&file_); }

  /// Runs all cases; returns how many.
  std::size_t run() {
    std::vector<const golden_case*> kept;
    std::vector<double> rows;
    for (std::size_t i = 0; i < file_.n_cases; i++) {
      const golden_case& golden = file_.cases[i];
      if (!state(golden)) continue;
      check_batch(
          "value by value", {&golden}, false, [&](const auto& out) { return session_.try_predict(out); },
          [&](const auto& out) { session_.predict(out); });
      by_columns(golden);
      std::vector<double> row;
      for (std::size_t at = 0; at < info.n_features; at++) {
        const auto number = as_number(at, golden.values[at]);
        if (number) row.push_back(*number);
      }
      if (row.size() < info.n_features) continue;
      by_row(golden, row);
      kept.push_back(&golden);
      rows.insert(rows.end(), row.begin(), row.end());
    }
    by_matrix(kept, rows);
    check_counts();
    return file_.n_cases;
  }

 private:
  /// All cases, predicted once each, are counted as the file of the model has it.
  void check_counts() {
    if (!nomogram::monitor::try_create(model_)) return;
    nomogram::monitor counts = nomogram::monitor::create(model_);
    session_.set_monitor(&counts);
    for (std::size_t i = 0; i < file_.n_cases; i++) {
      const room out(1, nomogram::on_refusal::stop);
      if (state(file_.cases[i])) (void)session_.try_predict(out.view());
    }
    session_.set_monitor(nullptr);
    std::vector<unsigned char> bytes(nomogram::monitor::bytes_size(model_));
    counts.write(bytes);
    const char* text = cases_text(&file_, (name_ + ".counts").c_str());
    for (std::size_t at = 40; at + 32 < bytes.size(); at += 8) {
      std::uint64_t found = 0;
      for (std::size_t byte = 8; byte-- > 0;) found = found << 8 | bytes[at + byte];
      char* end = nullptr;
      check(found == std::strtoull(text, &end, 10) && end != text, "counts", nullptr, "count");
      text = end;
    }
  }

  /// Sets a value by the name of its feature.
  nomogram::result<void> set(const std::string& feature, const stated& value) {
    switch (value.kind) {
      case NUMBER: return session_.try_set_number(feature, value.number);
      case NUMBER_IN: return session_.try_set_number(feature, value.number, value.text);
      case INTEGER: return session_.try_set_integer(feature, value.whole);
      case BOOLEAN: return session_.try_set_boolean(feature, value.whole != 0);
      case TEXT: return session_.try_set_text(feature, value.text);
      case MISSING: return session_.try_set_missing(feature, value.text);
      default: return std::monostate();
    }
  }

  /// Sets the values of a case; returns whether that succeeds.
  bool state(const golden_case& golden) {
    session_.clear();
    for (std::size_t at = 0; at < info.n_features; at++) {
      if (const auto set_one = set(names_[at], golden.values[at]); !set_one) {
        check_why("stating", golden, set_one.error(), std::nullopt);
        return false;
      }
    }
    return true;
  }

  /// The number with the same meaning in an array; nothing if there is none.
  std::optional<double> as_number(std::size_t at, const stated& value) const {
    const nomogram::feature_info feature = model_.feature(at);
    double number = value.number;
    switch (value.kind) {
      case NUMBER: break;
      case MISSING: return std::nan("");
      case INTEGER:
        // A double would round what is larger.
        if (value.whole < -(INT64_C(1) << 53) || value.whole > INT64_C(1) << 53) return std::nullopt;
        return static_cast<double>(value.whole);
      case BOOLEAN:
        if (feature.kind != nomogram::feature_kind::boolean) return std::nullopt;
        return static_cast<double>(value.whole);
      case TEXT:
        for (std::size_t level = 0; level < feature.n_levels; level++)
          if (model_.level(at, level) == value.text) return static_cast<double>(level);
        return std::nullopt;
      case NUMBER_IN:
        for (std::size_t i = 0; i < feature.n_units; i++) {
          const nomogram::unit_info unit = model_.unit(at, i);
          if (unit.code == value.text)
            number = (number - unit.offset) * unit.multiplier / unit.divisor;
        }
        break;
      default: return std::nullopt;
    }
    if (std::isnan(number)) return std::nullopt;
    return number;
  }

  void by_row(const golden_case& golden, const std::vector<double>& row) {
    std::vector<double> outputs(info.n_outputs, -7.0);
    const auto index = session_.try_predict_row(row, outputs);
    if (!index) {
      check_why("as a row", golden, index.error(), std::nullopt);
      return;
    }
    check(is_predicted(&golden), "as a row", &golden, "call");
    check(same_bits(outputs.data(), outputs.size(), &golden.outputs), "as a row", &golden, "outputs");
    check(*index == expected_class(&golden), "as a row", &golden, "class");
  }

  /// One case as columns of one row each, in the type of each value.
  void by_columns(const golden_case& golden) {
    const std::uint8_t is_missing = 0, is_there = 1;
    std::vector<nomogram::column> columns;
    for (std::size_t at = 0; at < info.n_features; at++) {
      const stated& value = golden.values[at];
      const auto whole = nomogram::span<const std::int64_t>(&value.whole, 1);
      const auto number = nomogram::span<const double>(&value.number, 1);
      const auto text = nomogram::span<const char* const>(&value.text, 1);
      const auto valid = nomogram::span<const std::uint8_t>(
          value.kind == MISSING ? &is_missing : &is_there, 1);
      switch (value.kind) {
        case UNSET: break;
        case INTEGER: columns.emplace_back(at, whole, valid); break;
        case BOOLEAN:
          booleans_[at] = value.whole != 0;
          columns.emplace_back(at, nomogram::elements::booleans({&booleans_[at], 1}), valid);
          break;
        case TEXT: columns.emplace_back(at, text, valid); break;
        default: columns.emplace_back(at, number, valid, value.kind == NUMBER_IN ? value.text : nullptr);
      }
    }
    check_batch(
        "as columns", {&golden}, true,
        [&](const auto& out) { return session_.try_predict_columns(columns, 1, out); },
        [&](const auto& out) { session_.predict_columns(columns, 1, out); });
  }

  void by_matrix(const std::vector<const golden_case*>& kept, const std::vector<double>& rows) {
    const std::size_t n_rows = kept.size(), n = info.n_features;
    std::vector<double> by_column(rows.size()), apart(3 * rows.size(), 10.0);
    for (std::size_t at = 0; at < rows.size(); at++) {
      by_column[at % n * n_rows + at / n] = rows[at];
      apart[at * 3] = rows[at];
    }
    const auto check_matrix = [&](const char* where, const nomogram::matrix& matrix) {
      check_batch(
          where, kept, true,
          [&](const auto& out) { return session_.try_predict_matrix(matrix, out); },
          [&](const auto& out) { session_.predict_matrix(matrix, out); });
    };
    using nomogram::matrix;
    check_matrix("as a matrix, row by row", matrix::row_major(rows, n_rows, n));
    check_matrix("as a matrix, column by column", matrix::column_major(by_column, n_rows, n));
    check_matrix("as a strided matrix", matrix::strided(apart, n_rows, n, 3 * n, 3));
  }

  std::string name_;
  nomogram::model model_;
  nomogram::session session_;
  case_file file_ = {};
  std::vector<std::string> names_;
  std::vector<std::uint8_t> booleans_ = std::vector<std::uint8_t>(1024);
};

}  // namespace

int main(int argc, char** argv) {
  std::size_t n_cases = 0;
  for (int i = 1; i < argc; i++) {
    model_name = argv[i];
    info = NOMO_MODEL_INFO_INIT;
    n_cases += runner(argv[i]).run();
  }
  std::printf("%zu cases, %lu checks, %lu failed\n", n_cases, n_checks, n_failed);
  return n_failed > 0 || n_cases == 0;
}
