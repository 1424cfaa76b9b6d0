// wrapper.cpp - checks nomogram.hpp: every operation in both forms, owners, views, failures.
//
// The bundles of nomogram-testkit are in the current folder. tests/c checks the library;
// this program checks that the wrapper forwards arguments and results.
#include <string>
#include <thread>

#include "check.hpp"

using nomogram::elements;
using nomogram::matrix;
using nomogram::model;
using nomogram::monitor;
using nomogram::session;

static const std::string path = "policies.nomo";

static results predicted(session& of, const nomogram::model_info& info) {
  results out(info, 1);
  DONE(of., predict(out.views()));
  return out;
}

static void state(session& to) {
  for (std::size_t j = 0; j < N_FEATURES; j++) DONE(to., set_number(j, good_row[j]));
}

static void test_library() {
  CHECK(nomogram::version() == NOMO_VERSION && nomogram::version_text() == nomo_version_text());
  CHECK(nomogram::bundle_format() == nomo_bundle_format());
  CHECK(nomogram::capabilities() == nomo_capabilities());
  CHECK(nomogram::status_name(NOMO_EVALUE_RANGE) == "NOMO_EVALUE_RANGE");
  CHECK(nomogram::status_text(NOMO_EVALUE_RANGE) == nomo_status_text(NOMO_EVALUE_RANGE));
}

static void test_opening() {
  model none;
  CHECK(!none && none.get() == nullptr);
  REFUSED(NOMO_EARGUMENT_NULL, none., describe());
  REFUSED(NOMO_EIO_NOT_FOUND, model::, open_file("no such file"));
  REFUSED(NOMO_EARGUMENT_NULL, model::, open_file(nullptr));
  REFUSED(NOMO_EARGUMENT_TEXT, model::, open_file(std::string("policies.nomo\0x", 15)));
  REFUSED(NOMO_EFORMAT_TRUNCATED, model::, open_memory("", 0));
  const auto found = model::try_open_memory("not a bundle, but as long as a header of one is, and more", 56);
  CHECK(!found && found.error().status_class() == nomogram::error_class::format);
  CHECK(!found.error().row() && !found.error().feature());

  nomogram::open_options options;
  options.max_bytes = 10;
  REFUSED(NOMO_ELIMIT_SIZE, model::, open_file(path, options));
  options = {};
  REFUSED(NOMO_ESELFTEST_GOLDEN, model::, open_file("wrong_golden.nomo", options));
  options.skip_golden_cases = true;
  CHECK(DONE(model::, open_file("wrong_golden.nomo", options)));
  int n_messages = 0;
  auto log = [&](nomogram::log_level level, std::string_view message) {
    n_messages += level >= nomogram::log_level::info && !message.empty();
  };
  CHECK(DONE(model::, open_file(path, options, log)) && n_messages > 0);
#ifndef NOMOGRAM_NO_EXCEPTIONS
  bool came_out = false;
  try {
    (void)model::try_open_file(path, {}, [](nomogram::log_level, std::string_view) { throw 7; });
  } catch (int thrown) {
    came_out = thrown == 7;
  }
  CHECK(came_out);
#endif
}

static void test_owners(const model& opened) {
  model copy = opened, moved = std::move(copy), assigned;
  CHECK(!copy && moved && moved.get() == opened.get());
  assigned = moved;
  moved = model();
  assigned = assigned.get() == opened.get() ? assigned : model();
  CHECK(!moved && assigned.get() == opened.get());
  CHECK(nomo_model_retain(assigned.get()) == NOMO_OK);
  CHECK(model::adopt(assigned.get()).get() == opened.get());

  session nothing, kept;
  CHECK(!nothing && nothing.get() == nullptr);
  REFUSED(NOMO_EARGUMENT_NULL, nothing., clear());
  REFUSED(NOMO_EARGUMENT_NULL, session::, create(model()));
  {
    model reopened = DONE(model::, open_file(path)); /* destroyed before the session */
    session made = DONE(session::, create(reopened));
    kept = std::move(made);
    CHECK(!made && kept && kept.get_model().get() == reopened.get());
  }
  std::thread([&] { state(kept); }).join();
  CHECK(predicted(kept, opened.try_describe().operator*()).row_status[0] == NOMO_OK);

  std::vector<unsigned char> memory(DONE(opened., session_size()));
  REFUSED(NOMO_EBUFFER_MEMORY, session::, create_in(opened, memory.data(), memory.size() - 1));
  session in_memory = DONE(session::, create_in(opened, memory.data(), memory.size()));
  state(in_memory);
  CHECK(predicted(in_memory, *opened.try_describe()) == predicted(kept, *opened.try_describe()));
}

static void test_monitor(const model& opened) {
  monitor nothing, counts = DONE(monitor::, create(opened));
  CHECK(!nothing && nothing.get() == nullptr && counts);
  REFUSED(NOMO_EARGUMENT_NULL, monitor::, create(model()));
  REFUSED(NOMO_EUNSUPPORTED_PROFILE, monitor::, create(DONE(model::, open_file("three_members.nomo"))));
  std::vector<unsigned char> memory(DONE(monitor::, memory_size(opened)));
  std::vector<unsigned char> bytes(DONE(monitor::, bytes_size(opened))), sum(bytes.size());
  REFUSED(NOMO_EBUFFER_MEMORY, monitor::, create_in(opened, memory.data(), memory.size() - 1));
  monitor in_memory = DONE(monitor::, create_in(opened, memory.data(), memory.size()));
  monitor moved = std::move(in_memory);
  CHECK(!in_memory && moved);

  session predicting = DONE(session::, create(opened));
  state(predicting);
  DONE(predicting., set_monitor(&counts));
  predicted(predicting, DONE(opened., describe()));
  DONE(predicting., set_monitor(nullptr));
  predicted(predicting, DONE(opened., describe()));
  DONE(counts., add_outcome(0.25, true));
  REFUSED(NOMO_EARGUMENT_OPTION, counts., add_outcome(1.25, true));
  DONE(counts., write(bytes));
  const unsigned n = bytes[40]; /* one row, in one form or in both */
  CHECK(n == 1 || n == 2);
  DONE(moved., add(bytes));
  DONE(moved., write(sum, 1));
  CHECK(sum[40] == n * n);
  DONE(moved., write(sum, 5));
  CHECK(sum[40] == (n == 1 ? 0 : 5));
  DONE(moved., clear());
  sum.pop_back();
  REFUSED(NOMO_EBUFFER_LENGTH, moved., write(sum, 1));
  bytes[41] ^= 1;
  REFUSED(NOMO_EFORMAT_COUNTERS, moved., add(bytes));
}

static void test_inspection(const model& opened) {
  const nomogram::model_info info = DONE(opened., describe());
  CHECK(info.task == nomogram::task::classes && info.n_features == N_FEATURES && info.target == "admission");
  CHECK(info.digest.size() == 64 && info.card && !info.target_unit && info.n_golden_cases >= 16);
  CHECK(info.name == "policies" && info.version == "2.1" && info.manifest.front() == '{' && info.format == 2);
  DONE(opened., self_test());
  CHECK(DONE(opened., feature_index("dose")) == DOSE);
  REFUSED(NOMO_EARGUMENT_FEATURE, opened., feature_index("no such feature"));
  const nomogram::feature_info stage = DONE(opened., feature("stage")), age = DONE(opened., feature(AGE));
  CHECK(stage.kind == nomogram::feature_kind::category && stage.n_levels == 3 && !stage.unit);
  CHECK(age.name == "age" && age.unit == "a" && age.low == 18 && age.high == 90 && age.n_units == 1);
  CHECK(age.on_unset == nomogram::policy::refuse && age.on_wrong_type == nomogram::policy::refuse);
  const nomogram::feature_info site = DONE(opened., feature(std::string("site")));
  CHECK(site.on_unset == nomogram::policy::impute && site.on_missing == nomogram::policy::refuse);
  CHECK(site.on_nan == nomogram::policy::impute && site.on_infinite == nomogram::policy::impute);
  CHECK(site.on_out_of_range == nomogram::policy::refuse && site.on_unseen_level == nomogram::policy::impute);
  CHECK(DONE(opened., level("stage", 2)) == "III" && DONE(opened., class_name(1)) == "yes");
  REFUSED(NOMO_EARGUMENT_INDEX, opened., level(STAGE, 3));
  REFUSED(NOMO_EARGUMENT_CLASS, opened., class_name(2));
  const nomogram::unit_info months = DONE(opened., unit(AGE, 0));
  CHECK(months.code == "mo" && months.offset == 0 && months.multiplier == 1 && months.divisor == 12);
  CHECK(DONE(opened., member(0)).name == "witness" && DONE(opened., member(0)).n_margins == 1);
  const nomogram::cutoff_info refer = DONE(opened., cutoff(0));
  CHECK(refer.name == "refer" && refer.class_index == 1 && refer.probability == 0.25);
  const nomogram::rule_info rule = DONE(opened., rule(1));
  CHECK(rule.name == "older than children" && rule.action == nomogram::policy::refuse);
  CHECK(rule.features.size() == 2 && rule.features[0] == AGE && rule.features[1] == CHILDREN);
  const nomogram::uncertainty_info none = DONE(opened., uncertainty());
  CHECK(none.n_verdicts == 0 && none.levels.empty() && none.ambiguous_rule == NOMO_AMBIGUOUS_NEVER);
  REFUSED(NOMO_EARGUMENT_INDEX, opened., member(9));
  REFUSED(NOMO_EARGUMENT_INDEX, opened., cutoff(9));
  REFUSED(NOMO_EARGUMENT_INDEX, opened., rule(9));
  REFUSED(NOMO_EARGUMENT_INDEX, opened., unit(AGE, 9));
}

static void test_values(const model& opened, const nomogram::model_info& info) {
  session by_number = DONE(session::, create(opened)), by_type = DONE(session::, create(opened));
  REFUSED(NOMO_EVALUE_UNSET, by_type., predict(results(info, 1).views()));
  state(by_number);
  DONE(by_type., set_number("age", 480, "mo"));
  DONE(by_type., set_number("temperature", 37.0));
  DONE(by_type., set_number(DOSE, 0.05, std::string("g")));
  DONE(by_type., set_number(WEIGHT, 150));
  DONE(by_type., set_number(HEIGHT, 170));
  DONE(by_type., set_integer("pregnancies", 2));
  DONE(by_type., set_integer(VISITS, std::int64_t{5}));
  DONE(by_type., set_integer(CHILDREN, std::uint8_t{2}));
  DONE(by_type., set_boolean("smoker", true));
  DONE(by_type., set_boolean(DIABETIC, false));
  DONE(by_type., set_text("stage", "II"));
  DONE(by_type., set_text(GRADE, std::string("middle")));
  DONE(by_type., set_text(SITE, "left"));
  CHECK(predicted(by_type, info) == predicted(by_number, info));
  REFUSED(NOMO_EARGUMENT_UNIT, by_type., set_number(AGE, 1, "d"));
  REFUSED(NOMO_EARGUMENT_FEATURE, by_type., set_text("no such feature", "x"));
  REFUSED(NOMO_EARGUMENT_FEATURE, by_type., set_integer(-1, 1));
  REFUSED(NOMO_EARGUMENT_TEXT, by_type., set_text(SITE, std::string("le\0ft", 5)));
  REFUSED(NOMO_EARGUMENT_REASON, by_type., set_missing(SITE, "no such reason"));
  REFUSED(NOMO_EARGUMENT_FEATURE, by_type., set_boolean(99, true));
  CHECK(!DONE(by_type., missing_reason(TEMPERATURE)));
  DONE(by_type., set_missing("temperature", "not-performed"));
  CHECK(DONE(by_type., missing_reason("temperature")) == "not-performed");
  CHECK(predicted(by_type, info).feature_flags[TEMPERATURE] == NOMO_FLAG_IMPUTED);
  DONE(by_type., set_missing(WEIGHT));
  results untouched(info, 1), before = untouched;
  const auto refused = by_type.try_predict(untouched.views());
  CHECK(is_refused(refused, NOMO_EVALUE_MISSING) && refused.error().feature() == WEIGHT && untouched == before);
  CHECK(!refused.error().row() && !refused.error().byte_offset());
#ifndef NOMOGRAM_NO_EXCEPTIONS
  try {
    by_type.predict(untouched.views());
    CHECK(false);
  } catch (const nomogram::error& error) {
    CHECK(error.status() == NOMO_EVALUE_MISSING && error.feature() == WEIGHT && !error.row());
    CHECK(error.status_class() == nomogram::error_class::value && !error.byte_offset());
    const std::string message(error.why().message());
    CHECK(message.find("weight") != std::string::npos && message.find("feature") == std::string::npos);
    CHECK(error.what() == "feature " + std::to_string(WEIGHT + 1) + ": " + message);
  }
#endif
  DONE(by_type., clear());
  REFUSED(NOMO_EVALUE_UNSET, by_type., predict(results(info, 1).views()));
}

static void test_rows(const model& opened, const nomogram::model_info& info) {
  session one = DONE(session::, create(opened));
  state(one);
  const results expected = predicted(one, info);
  std::vector<double> probabilities(info.n_outputs);
  CHECK(DONE(one., predict_row(good_row, probabilities)) == expected.class_indices[0]);
  CHECK(std::memcmp(probabilities.data(), expected.probabilities.data(), sizeof(double) * 2) == 0);
  REFUSED(NOMO_ESCHEMA_FEATURES, one., predict_row(nomogram::span<const double>(good_row.data(), 12), probabilities));
  REFUSED(NOMO_EBUFFER_LENGTH, one., predict_row(good_row, nomogram::span<double>()));

  const std::size_t n = 3;
  results many(info, n), again(info, n), by_columns(info, n);
  std::vector<double> rows, columns(n * N_FEATURES);
  for (std::size_t i = 0; i < n; i++) rows.insert(rows.end(), good_row.begin(), good_row.end());
  for (std::size_t i = 0; i < n * N_FEATURES; i++) columns[i % N_FEATURES * n + i / N_FEATURES] = rows[i];
  DONE(one., predict_matrix(matrix::row_major(rows, n, N_FEATURES), many.views()));
  DONE(one., predict_matrix(matrix::column_major(columns, n, N_FEATURES), again.views()));
  CHECK(many == again && many.probabilities[4] == expected.probabilities[0]);
  DONE(one., predict_matrix(matrix::strided(good_row, n, N_FEATURES, 0, 1), again.views()));
  CHECK(many == again);
  const std::vector<float> floats(rows.begin(), rows.end());
  DONE(one., predict_matrix(matrix::row_major(floats, n, N_FEATURES), again.views()));
  CHECK(many == again);
  const auto too_short = one.try_predict_matrix(matrix::row_major(good_row, n, N_FEATURES), again.views());
  CHECK(is_refused(too_short, NOMO_EARGUMENT_SHAPE) && many == again);

  const double ages[] = {480, 480, 480};
  const std::vector<std::int32_t> visits = {5, 5, 5};
  const std::int64_t children[] = {2, 2, 2};
  const std::uint8_t diabetic[] = {0, 0, 0}, all = 7;
  const bool smoker[] = {true, true, true};
  const char* const stages[] = {"II", "II", "II"};
  const nomogram::span<const double> all_columns(columns.data(), columns.size());
  auto doubles = [&](std::size_t j) {
    return nomogram::column(j, nomogram::span<const double>(all_columns.data() + j * n, n));
  };
  const nomogram::column table[] = {
      {AGE, ages, {}, "mo"}, doubles(TEMPERATURE), doubles(DOSE), doubles(WEIGHT), doubles(HEIGHT),
      doubles(PREGNANCIES), {VISITS, visits}, {CHILDREN, children, {&all, 1}}, {SMOKER, smoker},
      {DIABETIC, elements::booleans(diabetic)}, {STAGE, stages}, doubles(GRADE), doubles(SITE)};
  CHECK(table[0].raw().element_type == NOMO_TYPE_DOUBLE && elements(smoker).type() == NOMO_TYPE_BOOLEAN);
  DONE(one., predict_columns(table, n, by_columns.views()));
  CHECK(by_columns == many);
  REFUSED(NOMO_EVALUE_UNSET, one., predict_columns(nomogram::span<const nomogram::column>(), n, by_columns.views()));
  nomogram::outputs go_on = by_columns.views();
  go_on.on_refusal = nomogram::on_refusal::go_on;
  DONE(one., predict_columns(nomogram::span<const nomogram::column>(table, 12), n, go_on));
  CHECK(by_columns.feature_flags[SITE] == NOMO_FLAG_IMPUTED);
  rows[N_FEATURES] = 17;
  DONE(one., predict_matrix(matrix::row_major(rows, n, N_FEATURES), go_on));
  CHECK(by_columns.row_status[1] == NOMO_EVALUE_RANGE && by_columns.row_status[2] == NOMO_OK);
  const auto stopped = one.try_predict_matrix(matrix::row_major(rows, n, N_FEATURES), many.views());
  CHECK(is_refused(stopped, NOMO_EVALUE_RANGE) && stopped.error().row() == 1 && stopped.error().feature() == AGE);
}

static void test_arrow(const model& opened, const nomogram::model_info& info) {
  session one = DONE(session::, create(opened));
  state(one);
  const results expected = predicted(one, info);
  std::vector<std::string> names;
  std::vector<ArrowSchema> schemas(N_FEATURES);
  std::vector<ArrowArray> arrays(N_FEATURES);
  std::vector<ArrowSchema*> schema_pointers;
  std::vector<ArrowArray*> array_pointers;
  std::vector<std::vector<const void*>> buffers(N_FEATURES);
  const void* no_buffer[] = {nullptr};
  for (std::size_t j = 0; j < N_FEATURES; j++) {
    schemas[j].format = "g";
    schemas[j].name = DONE(opened., feature(j)).name.data();
    schemas[j].release = [](ArrowSchema*) {};
    buffers[j] = {nullptr, &good_row[j]};
    arrays[j].length = 1;
    arrays[j].n_buffers = 2;
    arrays[j].buffers = buffers[j].data();
    arrays[j].release = [](ArrowArray*) {};
    schema_pointers.push_back(&schemas[j]);
    array_pointers.push_back(&arrays[j]);
  }
  ArrowSchema schema{}, to_schema{};
  ArrowArray array{}, to_array{};
  schema.format = "+s";
  schema.n_children = array.n_children = N_FEATURES;
  schema.children = schema_pointers.data();
  schema.release = [](ArrowSchema*) {};
  array.length = array.n_buffers = 1;
  array.buffers = no_buffer;
  array.children = array_pointers.data();
  array.release = [](ArrowArray*) {};
  results out(info, 1);
  DONE(one., predict_arrow(schema, array, out.views()));
  CHECK(out == expected);
  CHECK(one.try_predict_to_arrow(schema, array, to_schema, to_array, nomogram::on_refusal::go_on));
  CHECK(to_array.length == 1 && static_cast<const double*>(to_array.children[0]->buffers[1])[0] == expected.probabilities[0]);
  to_schema.release(&to_schema);
  to_array.release(&to_array);
#ifndef NOMOGRAM_NO_EXCEPTIONS
  one.predict_to_arrow(schema, array, to_schema, to_array);
  CHECK(to_array.length == 1);
  to_schema.release(&to_schema);
  to_array.release(&to_array);
#endif
  schemas[AGE].name = "ward";
  REFUSED(NOMO_ESCHEMA_COLUMNS, one., predict_arrow(schema, array, out.views()));
  REFUSED(NOMO_ESCHEMA_COLUMNS, one., predict_to_arrow(schema, array, to_schema, to_array));
  REFUSED(NOMO_EVALUE_UNSET, one., predict_arrow(schema, array, out.views(), NOMO_ARROW_IGNORE_OTHER_COLUMNS));
}

static void test_explainers() {
  const std::string explained = "explained.nomo";
  model opened = DONE(model::, open_file(explained));
  nomogram::explainer none;
  CHECK(!none && none.get() == nullptr);
  REFUSED(NOMO_EARGUMENT_NULL, none., describe());
  nomo_explainer_options options = NOMO_EXPLAINER_OPTIONS_INIT;
  options.method = NOMO_METHOD_INTERVENTIONAL;
  REFUSED(NOMO_EARGUMENT_OPTION, nomogram::explainer::, create(opened, options));
  nomogram::explainer by_groups = DONE(nomogram::explainer::, create(opened));
  const auto info = DONE(by_groups., describe());
  CHECK(info.n_players == 2 && info.n_explained == 2 && info.flavour == NOMO_FLAVOUR_EXACT);
  const auto size = DONE(by_groups., player(0));
  CHECK(size.name == "size" && size.features.size() == 2 && size.features[1] == 2);
  REFUSED(NOMO_EARGUMENT_INDEX, by_groups., player(2));
  const double row[3] = {20.5, 24.0, 130.0};
  double values[4] = {}, again[4] = {}, base[2] = {}, numbers[2] = {};
  nomo_attributions to = NOMO_ATTRIBUTIONS_INIT;
  to.values = values;
  to.values_len = 4;
  to.base = base;
  to.base_len = 2;
  to.explained = numbers;
  to.explained_len = 2;
  DONE(by_groups., explain_row(row, to));
  const double gap = base[1] + values[2] + values[3] - numbers[1];
  CHECK(gap < 1e-12 && gap > -1e-12);
  to.values = again;
  session set = DONE(session::, create(opened));
  for (std::size_t j = 0; j < 3; j++) DONE(set., set_number(j, row[j]));
  DONE(by_groups., explain_session(set, to));
  CHECK(std::memcmp(values, again, sizeof values) == 0);
  again[0] = 77;
  DONE(by_groups., explain_matrix(matrix::row_major(row, 1, 3), to));
  CHECK(std::memcmp(values, again, sizeof values) == 0);
  ArrowSchema schema{}, to_schema{};
  ArrowArray array{}, to_array{};
  schema.format = "i";
  REFUSED(NOMO_EARGUMENT_OPTION, by_groups., explain_to_arrow(schema, array, to_schema, to_array));
  nomogram::explainer moved = std::move(by_groups);
  CHECK(moved && !by_groups);
}

int main() {
  test_library();
  test_opening();
  const model opened = DONE(model::, open_file(path));
  const nomogram::model_info info = DONE(opened., describe());
  test_owners(opened);
  test_monitor(opened);
  test_inspection(opened);
  test_values(opened, info);
  test_rows(opened, info);
  test_arrow(opened, info);
  test_explainers();
  const nomogram::model number = DONE(model::, open_file("number.nomo"));
  CHECK(DONE(number., describe()).task == nomogram::task::number);
  std::printf("%lu checks, %lu failed\n", n_checks, n_failed);
  return n_failed != 0;
}
