/*
 * contract_explain.c - checks what nomogram.h promises about explanations.
 *
 * Uses explained.nomo: three features, two classes, three members (linear, forest, network), three
 * background rows, the groups "size" (features 0 and 2) and "texture" (feature 1).
 *
 *     contract_explain tests/data/explanations/NAME ...
 *
 * Each NAME names the files NAME.nomo and NAME.cases, which has explanations of it, bit by bit.
 */
#include "arrow.h"
#include "check.h"

enum { ROWS = 4, NF = 3, MAX_FEATURES = 4, MAX_EXPLAINED = 3, MAX_VALUES = MAX_FEATURES * MAX_EXPLAINED };

static nomo_model *model;
static nomo_explainer *explainer;
static nomo_explainer_options options;
static nomo_explainer_info info;
static nomo_attributions to;
static nomo_matrix in;
static double rows[ROWS * NF] = {14.5, 19, 92, 20.5, 24, 130, 11, 14, 70, 17.99, 10.38, 122.8};
static struct {
  double values[ROWS * MAX_VALUES + 1], base[MAX_EXPLAINED], explained[ROWS * MAX_EXPLAINED + 1];
  double std_errors[ROWS * MAX_VALUES + 1];
  int32_t row_status[ROWS];
} out, single;

static void choose(uint32_t explained, uint32_t member, uint32_t method) {
  const nomo_explainer_options init = NOMO_EXPLAINER_OPTIONS_INIT;
  options = init;
  options.explained = explained;
  options.member = member;
  options.method = method;
}

static void create(void) {
  const nomo_explainer_info init = NOMO_EXPLAINER_INFO_INIT;
  nomo_explainer_destroy(explainer);
  explainer = NULL;
  ACCEPTED(nomo_explainer_create(model, &options, &explainer, &error));
  info = init;
  ACCEPTED(nomo_explainer_describe(explainer, &info, &error));
}

static void set_out(size_t n_rows) {
  const nomo_attributions init = NOMO_ATTRIBUTIONS_INIT;
  size_t n_values = info.n_explained * info.n_players;
  to = init;
  to.values = out.values;
  to.values_len = n_rows * n_values;
  to.base = out.base;
  to.base_len = info.n_explained;
  to.explained = out.explained;
  to.explained_len = n_rows * info.n_explained;
  to.std_errors = out.std_errors;
  to.std_errors_len = n_rows * n_values;
  to.row_status = out.row_status;
  to.row_status_len = n_rows;
  fill_watched();
}

static void set_all(void) {
  const nomo_matrix init = NOMO_MATRIX_INIT;
  in = init;
  in.values = rows;
  in.values_len = ROWS * NF;
  in.n_rows = ROWS;
  in.n_columns = NF;
  in.row_stride = NF;
  in.column_stride = 1;
  set_out(ROWS);
}

static int32_t explain(void) { return nomo_explainer_explain_matrix(explainer, &in, &to, &error); }
static int32_t explain_one(size_t row) {
  return nomo_explainer_explain_row(explainer, rows + row * NF, NF, &to, &error);
}
static int32_t with_outputs(void *outputs) {
  return nomo_explainer_explain_row(explainer, rows, NF, outputs, &error);
}
static int32_t with_matrix(void *matrix) { return nomo_explainer_explain_matrix(explainer, matrix, &to, &error); }
static int32_t with_options(void *o) {
  nomo_explainer *made = NULL;
  int32_t found = nomo_explainer_create(model, o, &made, &error);
  nomo_explainer_destroy(made);
  return found;
}
static int32_t with_info(void *i) { return nomo_explainer_describe(explainer, i, &error); }
static int32_t with_player(void *p) { return nomo_explainer_player(explainer, 0, p, &error); }
static int32_t with_this_error(nomo_error *e) { return nomo_explainer_explain_row(NULL, rows, NF, &to, e); }

/* Base and values of each row add up to what is explained. */
static void check_sums(size_t n_rows, int line) {
  size_t row, k, i;
  for (row = 0; row < n_rows; row++)
    for (k = 0; k < info.n_explained; k++) {
      double sum = out.base[k];
      for (i = 0; i < info.n_players; i++)
        sum += out.values[(row * info.n_explained + k) * info.n_players + i];
      check(fabs(sum - out.explained[row * info.n_explained + k]) < 1e-12, line, "values are additive");
    }
}

static void test_method(uint32_t explained, uint32_t member, uint32_t method, uint32_t scale, uint32_t flavour,
                        size_t n_explained, size_t n_players) {
  size_t row, i, n;
  choose(explained, member, method);
  create();
  CHECK(info.scale == scale && info.flavour == flavour && info.n_background_rows == 3);
  CHECK(info.n_explained == n_explained && info.n_players == n_players);
  set_all();
  ACCEPTED(explain());
  check_sums(ROWS, __LINE__);
  n = info.n_explained * info.n_players;
  for (i = 0; i < ROWS * n; i++) {
    if (flavour == NOMO_FLAVOUR_EXACT) CHECK(out.std_errors[i] == 0);
    else CHECK(out.std_errors[i] >= 0 && out.std_errors[i] < 0.5);
  }
  memcpy(&single, &out, sizeof out);
  for (row = ROWS; row-- > 0;) { /* a row has the same bits alone and in any order */
    set_out(1);
    ACCEPTED(explain_one(row));
    CHECK(same_bits(out.values, single.values + row * n, n));
    CHECK(same_bits(out.std_errors, single.std_errors + row * n, n));
    CHECK(same_bits(out.base, single.base, info.n_explained));
    CHECK(same_bits(out.explained, single.explained + row * info.n_explained, info.n_explained));
    CHECK(out.row_status[0] == NOMO_OK);
  }
}

static void test_methods(void) {
  nomo_session *session = session_or_exit(model);
  double probabilities[2], margins[3];
  nomo_outputs predicted = NOMO_OUTPUTS_INIT;
  test_method(NOMO_EXPLAIN_MARGIN, 0, NOMO_METHOD_GROUPS, NOMO_SCALE_MARGIN, NOMO_FLAVOUR_EXACT, 1, 2);
  test_method(NOMO_EXPLAIN_OUTPUTS, 0, NOMO_METHOD_PERMUTATIONS, NOMO_SCALE_PROBABILITY, NOMO_FLAVOUR_SAMPLED, 2, 3);
  test_method(NOMO_EXPLAIN_MEMBER, 2, NOMO_METHOD_PERMUTATIONS, NOMO_SCALE_MARGIN, NOMO_FLAVOUR_SAMPLED, 1, 3);
  test_method(NOMO_EXPLAIN_MEMBER, 0, NOMO_METHOD_INTERVENTIONAL, NOMO_SCALE_MARGIN, NOMO_FLAVOUR_EXACT, 1, 3);
  test_method(NOMO_EXPLAIN_MEMBER, 1, NOMO_METHOD_PATH_DEPENDENT, NOMO_SCALE_MARGIN, NOMO_FLAVOUR_EXACT, 1, 3);
  predicted.margins = margins;
  predicted.margins_len = 3;
  {
    nomo_matrix one = NOMO_MATRIX_INIT;
    one.values = rows;
    one.values_len = NF;
    one.n_rows = 1;
    one.n_columns = NF;
    one.row_stride = NF;
    one.column_stride = 1;
    ACCEPTED(nomo_session_predict_matrix(session, &one, &predicted, &error));
    CHECK(same_bits(single.explained, margins + 1, 1));
  }
  test_method(NOMO_EXPLAIN_OUTPUTS, 0, NOMO_METHOD_GROUPS, NOMO_SCALE_PROBABILITY, NOMO_FLAVOUR_EXACT, 2, 2);
  ACCEPTED(nomo_session_predict_row(session, rows, NF, probabilities, 2, NULL, &error));
  CHECK(same_bits(single.explained, probabilities, 2));
  nomo_session_destroy(session);
}

/* A row that was set in a session has the bits of the same numbers. */
static void test_session(void) {
  nomo_session *session = session_or_exit(model), *other;
  nomo_model *bare = open_or_exit("three_members.nomo");
  size_t f;
  choose(NOMO_EXPLAIN_OUTPUTS, 0, NOMO_METHOD_GROUPS);
  create();
  set_out(1);
  ACCEPTED(explain_one(1));
  memcpy(&single, &out, sizeof out);
  for (f = 0; f < NF; f++) ACCEPTED(nomo_session_set_number(session, f, rows[NF + f], &error));
  set_out(1);
  ACCEPTED(nomo_explainer_explain_session(explainer, session, &to, &error));
  CHECK(same_bits(out.values, single.values, 4) && same_bits(out.base, single.base, 2));
  other = session_or_exit(bare);
  REFUSED(NOMO_EARGUMENT_OPTION, nomo_explainer_explain_session(explainer, other, &to, &error));
  REFUSED(NOMO_EARGUMENT_NULL, nomo_explainer_explain_session(explainer, NULL, &to, &error));
  ACCEPTED(nomo_session_clear(session, &error));
  REFUSED(NOMO_EVALUE_UNSET, nomo_explainer_explain_session(explainer, session, &to, &error));
  CHECK(error.feature == 0);
  nomo_session_destroy(session);
  nomo_session_destroy(other);
  nomo_model_release(bare);
}

static void test_players(void) {
  nomo_player player = NOMO_PLAYER_INIT;
  choose(NOMO_EXPLAIN_OUTPUTS, 0, NOMO_METHOD_GROUPS);
  create();
  ACCEPTED(nomo_explainer_player(explainer, 0, &player, &error));
  CHECK_TEXT(player.name, "size");
  CHECK(player.features_len == 2 && player.features[0] == 0 && player.features[1] == 2);
  REFUSED(NOMO_EARGUMENT_INDEX, nomo_explainer_player(explainer, 2, &player, &error));
  choose(NOMO_EXPLAIN_OUTPUTS, 0, NOMO_METHOD_PERMUTATIONS);
  create();
  ACCEPTED(nomo_explainer_player(explainer, 2, &player, &error));
  CHECK_TEXT(player.name, "perimeter");
  CHECK(player.features_len == 1 && player.features[0] == 2);
}

static void refuse_options(void) {
  nomo_explainer *made = NULL;
  WATCH(made);
  choose(3, 0, NOMO_METHOD_GROUPS);
  REFUSED(NOMO_EARGUMENT_OPTION, nomo_explainer_create(model, &options, &made, &error));
  choose(NOMO_EXPLAIN_OUTPUTS, 0, 4);
  REFUSED(NOMO_EARGUMENT_OPTION, nomo_explainer_create(model, &options, &made, &error));
  choose(NOMO_EXPLAIN_MEMBER, 3, NOMO_METHOD_GROUPS);
  REFUSED(NOMO_EARGUMENT_OPTION, nomo_explainer_create(model, &options, &made, &error));
  choose(NOMO_EXPLAIN_OUTPUTS, 0, NOMO_METHOD_PATH_DEPENDENT);
  REFUSED(NOMO_EARGUMENT_OPTION, nomo_explainer_create(model, &options, &made, &error));
  choose(NOMO_EXPLAIN_OUTPUTS, 0, NOMO_METHOD_PERMUTATIONS);
  options.n_pairs = 1001;
  REFUSED(NOMO_EARGUMENT_OPTION, nomo_explainer_create(model, &options, &made, &error));
  options.n_pairs = 2;
  options.reserved = 1;
  REFUSED(NOMO_EARGUMENT_STRUCT_SIZE, nomo_explainer_create(model, &options, &made, &error));
  REFUSED(NOMO_EARGUMENT_NULL, nomo_explainer_create(NULL, NULL, &made, &error));
  REFUSED(NOMO_EARGUMENT_NULL, nomo_explainer_create(model, NULL, NULL, &error));
  {
    nomo_model *bare = open_or_exit("three_members.nomo");
    REFUSED(NOMO_EARGUMENT_OPTION, nomo_explainer_create(bare, NULL, &made, &error));
    nomo_model_release(bare);
  }
  watch_nothing();
}

static void refuse_arguments(void) {
  size_t i;
  nomo_player player = NOMO_PLAYER_INIT;
  choose(NOMO_EXPLAIN_OUTPUTS, 0, NOMO_METHOD_GROUPS);
  create();
  WATCH(out);
  set_all();
  for (i = 0; i < 6; i++) {
    set_all();
    if (i == 0) to.values_len--;
    if (i == 1) to.base_len++;
    if (i == 2) to.explained_len = 0;
    if (i == 3) to.std_errors_len++;
    if (i == 4) to.row_status_len--;
    if (i == 5) to.values_len = 1;
    REFUSED(NOMO_EBUFFER_LENGTH, explain());
  }
  set_all();
  to.on_refusal = 2;
  REFUSED(NOMO_EARGUMENT_OPTION, explain());
  set_all();
  in.n_columns = 2;
  REFUSED(NOMO_ESCHEMA_FEATURES, explain());
  set_all();
  in.values_len--;
  REFUSED(NOMO_EARGUMENT_SHAPE, explain());
  set_out(1);
  REFUSED(NOMO_ESCHEMA_FEATURES, nomo_explainer_explain_row(explainer, rows, 2, &to, &error));
  REFUSED(NOMO_EARGUMENT_NULL, nomo_explainer_explain_row(explainer, NULL, NF, &to, &error));
  REFUSED(NOMO_EARGUMENT_NULL, nomo_explainer_explain_row(explainer, rows, NF, NULL, &error));
  REFUSED(NOMO_EARGUMENT_NULL, nomo_explainer_describe(NULL, &info, &error));
  REFUSED(NOMO_EARGUMENT_NULL, nomo_explainer_player(NULL, 0, &player, &error));
  set_all();
  rows[NF + 1] = strtod("inf", NULL); /* nothing is written when the second row is refused */
  REFUSED(NOMO_EVALUE_INFINITE, explain());
  CHECK(error.row == 1 && error.feature == 1);
  to.on_refusal = NOMO_ON_REFUSAL_GO_ON;
  ACCEPTED(explain());
  CHECK(out.row_status[0] == NOMO_OK && out.row_status[1] == NOMO_EVALUE_INFINITE && out.row_status[2] == NOMO_OK);
  CHECK(isnan(out.values[4]) && isnan(out.explained[2]) && isnan(out.std_errors[4]) && !isnan(out.values[8]));
  to.row_status = NULL;
  to.row_status_len = 0;
  REFUSED(NOMO_EARGUMENT_NULL, explain());
  set_out(1);
  REFUSED(NOMO_EVALUE_INFINITE, explain_one(1));
  CHECK(error.row == NOMO_PLACE_NONE && error.feature == 1);
  to.on_refusal = NOMO_ON_REFUSAL_GO_ON;
  ACCEPTED(explain_one(1));
  CHECK(out.row_status[0] == NOMO_EVALUE_INFINITE && isnan(out.values[0]));
  rows[NF + 1] = 24;
  { /* outputs that are not wanted */
    const nomo_attributions none = NOMO_ATTRIBUTIONS_INIT;
    set_out(1);
    to = none;
    ACCEPTED(explain_one(0));
  }
  watch_nothing();
}

static const struct ArrowArray *column(const struct ArrowSchema *schema, const struct ArrowArray *array, const char *name) {
  int64_t j;
  for (j = 0; j < schema->n_children; j++)
    if (strcmp(schema->children[j]->name, name) == 0) return array->children[j];
  check(0, __LINE__, name);
  exit(report());
}

static double number(const struct ArrowArray *values, size_t row) { return ((const double *)values->buffers[1])[row]; }

static void test_arrow(void) {
  static table t;
  static double columns[NF][ROWS];
  struct ArrowSchema schema;
  struct ArrowArray array;
  const char *names[NF] = {"radius", "texture", "perimeter"};
  const double infinity = strtod("inf", NULL);
  size_t row, f;
  memset(&schema, 0, sizeof schema);
  memset(&array, 0, sizeof array);
  choose(NOMO_EXPLAIN_OUTPUTS, 0, NOMO_METHOD_PERMUTATIONS);
  create();
  set_all();
  ACCEPTED(explain());
  make_table(&t, ROWS);
  for (f = NF; f-- > 0;) add_column(&t, names[f], "g", columns[f], NULL);
  for (row = 0; row < ROWS; row++)
    for (f = 0; f < NF; f++) columns[f][row] = rows[row * NF + f];
  ACCEPTED(nomo_explainer_explain_to_arrow(explainer, &t.schema, &t.array, 0, NOMO_ON_REFUSAL_STOP, &schema, &array,
                                           &error));
  CHECK(array.length == ROWS && array.n_children == 2 + 2 + 6 + 6 + 1);
  for (row = 0; row < ROWS; row++) {
    CHECK(number(column(&schema, &array, "base_M"), row) == out.base[1]);
    CHECK(number(column(&schema, &array, "explained_B"), row) == out.explained[row * 2]);
    CHECK(number(column(&schema, &array, "value_B_radius"), row) == out.values[row * 6]);
    CHECK(number(column(&schema, &array, "value_M_texture"), row) == out.values[row * 6 + 4]);
    CHECK(number(column(&schema, &array, "std_error_M_perimeter"), row) == out.std_errors[row * 6 + 5]);
  }
  CHECK(column(&schema, &array, "status")->null_count == 0);
  schema.release(&schema);
  array.release(&array);
  columns[1][2] = infinity;
  WATCH(schema);
  WATCH(array);
  REFUSED(NOMO_EVALUE_INFINITE, nomo_explainer_explain_to_arrow(explainer, &t.schema, &t.array, 0,
                                                                NOMO_ON_REFUSAL_STOP, &schema, &array, &error));
  CHECK(error.row == 2 && error.feature == 1);
  REFUSED(NOMO_EARGUMENT_OPTION,
          nomo_explainer_explain_to_arrow(explainer, &t.schema, &t.array, 2, 0, &schema, &array, &error));
  REFUSED(NOMO_EARGUMENT_OPTION,
          nomo_explainer_explain_to_arrow(explainer, &t.schema, &t.array, 0, 2, &schema, &array, &error));
  ACCEPTED(nomo_explainer_explain_to_arrow(explainer, &t.schema, &t.array, 0, NOMO_ON_REFUSAL_GO_ON, &schema, &array,
                                           &error));
  CHECK(column(&schema, &array, "value_B_radius")->null_count == 1);
  CHECK(((const int32_t *)column(&schema, &array, "status")->buffers[1])[2] == NOMO_EVALUE_INFINITE);
  CHECK(number(column(&schema, &array, "explained_M"), 3) == out.explained[7]);
  schema.release(&schema);
  array.release(&array);
  watch_nothing();
}

/* Reads numbers as bits in hexadecimal; returns how many. */
static size_t read_bits(const char *text, double *numbers, size_t n_max) {
  size_t n = 0;
  char *end;
  for (;; text = end) {
    uint64_t bits = strtoull(text, &end, 16);
    if (end == text || n == n_max) return n;
    memcpy(&numbers[n++], &bits, sizeof bits);
  }
}

static int has_bits(const double *found, size_t n, const char *text) {
  double wanted[MAX_VALUES + 1];
  return read_bits(text, wanted, MAX_VALUES + 1) == n && same_bits(found, wanted, n);
}

static void test_file(const char *name) {
  static const char *const numbers[] = {"outputs", "margin", "member"};
  static const char *const methods[] = {"groups", "permutations", "interventional", "path_dependent"};
  static char line[4096];
  static char path[4096];
  FILE *file;
  double row[MAX_FEATURES + 1];
  size_t n_values = 0, n_rows = 0;
  snprintf(path, sizeof path, "%s.nomo", name);
  model = open_or_exit(path);
  snprintf(path, sizeof path, "%s.cases", name);
  file = fopen(path, "r");
  if (!CHECK(file != NULL)) return;
  while (fgets(line, sizeof line, file) != NULL) {
    char explained[16], method[32];
    unsigned member;
    line[strcspn(line, "\n")] = '\0';
    if (sscanf(line, "request %15s %u %31s", explained, &member, method) == 3) {
      uint32_t i = 0, j = 0;
      while (strcmp(numbers[i], explained) != 0) i++;
      while (strcmp(methods[j], method) != 0) j++;
      choose(i, member, j);
      create();
      n_values = info.n_explained * info.n_players;
    } else if (strncmp(line, "row", 3) == 0) {
      size_t n = read_bits(line + 3, row, MAX_FEATURES + 1);
      set_out(1);
      ACCEPTED(nomo_explainer_explain_row(explainer, row, n, &to, &error));
      n_rows++;
    } else if (strncmp(line, "base", 4) == 0) {
      CHECK(has_bits(out.base, info.n_explained, line + 4));
    } else if (strncmp(line, "explained", 9) == 0) {
      CHECK(has_bits(out.explained, info.n_explained, line + 9));
    } else if (strncmp(line, "values", 6) == 0) {
      CHECK(has_bits(out.values, n_values, line + 6));
    } else if (strncmp(line, "std-errors", 10) == 0) {
      CHECK(has_bits(out.std_errors, n_values, line + 10));
    }
  }
  fclose(file);
  CHECK(n_rows >= 18);
  nomo_model_release(model);
}

static void test_structs(void) {
  const nomo_explainer_info no_info = NOMO_EXPLAINER_INFO_INIT;
  const nomo_player no_player = NOMO_PLAYER_INIT;
  choose(NOMO_EXPLAIN_OUTPUTS, 0, NOMO_METHOD_GROUPS);
  create();
  check_input_struct(with_options, &options, sizeof options, sizeof options, __LINE__);
  set_all();
  check_input_struct(with_matrix, &in, sizeof in, sizeof in, __LINE__);
  set_out(1);
  check_input_struct(with_outputs, &to, sizeof to, sizeof to, __LINE__);
  check_output_struct(with_info, &no_info, sizeof no_info, __LINE__);
  check_output_struct(with_player, &no_player, sizeof no_player, __LINE__);
  check_error_struct(with_this_error, NOMO_EARGUMENT_NULL, __LINE__);
}

int main(int argc, char **argv) {
  int i;
  for (i = 1; i < argc; i++) test_file(argv[i]);
  model = open_or_exit("explained.nomo");
  test_methods();
  test_session();
  test_players();
  refuse_options();
  refuse_arguments();
  test_arrow();
  test_structs();
  nomo_explainer_destroy(explainer);
  nomo_explainer_destroy(NULL);
  nomo_model_release(model);
  return report();
}
