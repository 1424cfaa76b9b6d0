/*
 * contract_arrow.c - checks what nomogram.h promises about Arrow arrays, in and out.
 *
 *     contract_arrow
 *
 * policies.nomo and number.nomo are in the current folder. That Arrow gets the same bits as the
 * other ways, with any offsets and nulls, is checked by tests/integration/arrow.rs.
 */
#include "arrow.h"
#include "outputs.h"

enum { ROWS = 4 };

static nomo_model *policies;
static nomo_session *session;
static nomo_model_info info = NOMO_MODEL_INFO_INIT;
static const char *names[N_FEATURES];
static double values[N_FEATURES][ROWS]; /* the good row, several times */
static table rows, rows_before;
static nomo_outputs to;
static results good;
static struct {
  results results;
  struct ArrowSchema schema;
  struct ArrowArray array;
} out;

static int32_t predict_with(uint32_t flags) {
  return nomo_session_predict_arrow(session, &rows.schema, &rows.array, flags, &to, &error);
}
static int32_t predict(void) { return predict_with(0); }
static int32_t write_with(uint32_t flags, uint32_t on_refusal) {
  return nomo_session_predict_to_arrow(session, &rows.schema, &rows.array, flags, on_refusal,
                                       &out.schema, &out.array, &error);
}
static int32_t with_this_error(nomo_error *e) {
  return nomo_session_predict_arrow(NULL, &rows.schema, &rows.array, 0, &to, e);
}
static int32_t write_with_this_error(nomo_error *e) {
  return nomo_session_predict_to_arrow(NULL, &rows.schema, &rows.array, 0, NOMO_ON_REFUSAL_STOP, &out.schema,
                                       &out.array, e);
}

/* Every column, of doubles. */
static void set_all(void) {
  size_t j;
  make_table(&rows, ROWS);
  for (j = 0; j < N_FEATURES; j++) add_column(&rows, names[j], "g", values[j], NULL);
  to = all_outputs(&out.results, &info, ROWS);
  fill_watched();
}

static void expect_good(int line) {
  size_t i;
  rows_before = rows;
  ACCEPTED(predict());
  for (i = 0; i < ROWS; i++) check(same_row(&out.results, i, &good, 0, &info), line, "the good row");
  check(memcmp(&rows, &rows_before, sizeof rows) == 0, line, "the arrays are only read");
}

/* Both functions refuse the arrays and only read them. */
static void refuse(int32_t wanted, uint32_t flags, int line) {
  rows_before = rows;
  fill_watched();
  begin();
  status = predict_with(flags);
  after_refused(status == wanted, 1, line, "nomo_session_predict_arrow refuses it");
  begin();
  status = write_with(flags, NOMO_ON_REFUSAL_GO_ON);
  after_refused(status == wanted, 1, line, "nomo_session_predict_to_arrow refuses it");
  check(memcmp(&rows, &rows_before, sizeof rows) == 0, line, "the arrays are only read");
}
#define REFUSED_BY_BOTH(wanted) refuse(wanted, 0, __LINE__)

static void test_arguments(void) {
  static const uint32_t unknown[] = {2, 3, 0x80000000, UINT32_MAX};
  struct ArrowSchema *schema = &rows.schema;
  struct ArrowArray *array = &rows.array;
  size_t i;
  set_all();
  expect_good(__LINE__);
  fill_watched();
  REFUSED(NOMO_EARGUMENT_NULL, nomo_session_predict_arrow(NULL, schema, array, 0, &to, &error));
  REFUSED(NOMO_EARGUMENT_NULL, nomo_session_predict_arrow(session, NULL, array, 0, &to, &error));
  REFUSED(NOMO_EARGUMENT_NULL, nomo_session_predict_arrow(session, schema, NULL, 0, &to, &error));
  REFUSED(NOMO_EARGUMENT_NULL, nomo_session_predict_arrow(session, schema, array, 0, NULL, &error));
  REFUSED_QUIET(NOMO_EARGUMENT_NULL, nomo_session_predict_arrow(session, schema, NULL, 0, &to, NULL));
  REFUSED(NOMO_EARGUMENT_ALIGNMENT, nomo_session_predict_arrow(off(session), schema, array, 0, &to, &error));
  REFUSED(NOMO_EARGUMENT_ALIGNMENT, nomo_session_predict_arrow(session, off(schema), array, 0, &to, &error));
  REFUSED(NOMO_EARGUMENT_ALIGNMENT, nomo_session_predict_arrow(session, schema, off(array), 0, &to, &error));
  REFUSED(NOMO_EARGUMENT_ALIGNMENT, nomo_session_predict_arrow(session, schema, array, 0, off(&to), &error));
#define WRITE(s, schema, array, to_schema, to_array) \
  nomo_session_predict_to_arrow(s, schema, array, 0, NOMO_ON_REFUSAL_STOP, to_schema, to_array, &error)
  REFUSED(NOMO_EARGUMENT_NULL, WRITE(NULL, schema, array, &out.schema, &out.array));
  REFUSED(NOMO_EARGUMENT_NULL, WRITE(session, NULL, array, &out.schema, &out.array));
  REFUSED(NOMO_EARGUMENT_NULL, WRITE(session, schema, NULL, &out.schema, &out.array));
  REFUSED(NOMO_EARGUMENT_NULL, WRITE(session, schema, array, NULL, &out.array));
  REFUSED(NOMO_EARGUMENT_NULL, WRITE(session, schema, array, &out.schema, NULL));
  REFUSED(NOMO_EARGUMENT_ALIGNMENT, WRITE(session, schema, array, off(&out.schema), &out.array));
  REFUSED(NOMO_EARGUMENT_ALIGNMENT, WRITE(session, schema, array, &out.schema, off(&out.array)));
#undef WRITE
  check_error_struct(with_this_error, NOMO_EARGUMENT_NULL, __LINE__);
  check_error_struct(write_with_this_error, NOMO_EARGUMENT_NULL, __LINE__);
  set_all();
  for (i = 0; i < LENGTH(unknown); i++) {
    refuse(NOMO_EARGUMENT_OPTION, unknown[i], __LINE__);
    REFUSED(NOMO_EARGUMENT_OPTION, write_with(0, unknown[i]));
  }
  to.probabilities_len--;
  REFUSED(NOMO_EBUFFER_LENGTH, predict());
}

/* Contradictions, field by field. */
static void test_broken(void) {
  static const int64_t bad_counts[] = {-1, -7, INT64_MIN, INT64_MAX, INT64_MAX / 8};
  struct ArrowSchema *const dose = &rows.schemas[DOSE];
  struct ArrowArray *const doses = &rows.arrays[DOSE];
  size_t i;
#define BROKEN(wanted, change) (set_all(), (void)(change), REFUSED_BY_BOTH(wanted))
  for (i = 0; i < LENGTH(bad_counts); i++) {
    BROKEN(NOMO_ESCHEMA_COLUMNS, rows.array.length = bad_counts[i]);
    BROKEN(NOMO_ESCHEMA_COLUMNS, rows.array.offset = bad_counts[i]);
    BROKEN(NOMO_ESCHEMA_COLUMNS, rows.array.n_buffers = bad_counts[i]);
    BROKEN(NOMO_ESCHEMA_COLUMNS, rows.array.n_children = bad_counts[i]);
    BROKEN(NOMO_ESCHEMA_COLUMNS, rows.schema.n_children = bad_counts[i]);
    BROKEN(NOMO_ESCHEMA_COLUMNS, doses->offset = bad_counts[i]);
    BROKEN(NOMO_ESCHEMA_COLUMNS, doses->n_buffers = bad_counts[i]);
    BROKEN(NOMO_ESCHEMA_COLUMNS, doses->n_children = bad_counts[i]);
    BROKEN(NOMO_ESCHEMA_COLUMNS, dose->n_children = bad_counts[i]);
    if (bad_counts[i] != -1) BROKEN(NOMO_ESCHEMA_COLUMNS, doses->null_count = bad_counts[i]);
    if (bad_counts[i] < 0) BROKEN(NOMO_ESCHEMA_COLUMNS, doses->length = bad_counts[i]);
  }
  BROKEN(NOMO_ESCHEMA_COLUMNS, rows.schema.n_children--);
  BROKEN(NOMO_ESCHEMA_COLUMNS, doses->length = ROWS - 1);
  BROKEN(NOMO_ESCHEMA_COLUMNS, doses->null_count = 1); /* and no bitmap */
  BROKEN(NOMO_ESCHEMA_COLUMNS, rows.array.offset = 1); /* the children are too short */
  BROKEN(NOMO_ESCHEMA_COLUMNS, doses->n_buffers = 3);
  BROKEN(NOMO_ESCHEMA_COLUMNS, dose->name = "no such feature");
  BROKEN(NOMO_ESCHEMA_COLUMNS, dose->name = "\xff");
  BROKEN(NOMO_ESCHEMA_COLUMNS, dose->name = NULL);
  BROKEN(NOMO_ESCHEMA_COLUMNS, dose->name = "age"); /* duplicate */
  BROKEN(NOMO_ESCHEMA_COLUMNS, dose->dictionary = &rows.schemas[AGE]);
  BROKEN(NOMO_ESCHEMA_COLUMNS, doses->dictionary = &rows.arrays[AGE]);
  BROKEN(NOMO_ESCHEMA_COLUMNS, rows.schema.dictionary = &rows.schemas[AGE]);
  BROKEN(NOMO_ESCHEMA_COLUMNS, rows.array.dictionary = &rows.arrays[AGE]);
  BROKEN(NOMO_EARGUMENT_OPTION, rows.schema.release = NULL);
  BROKEN(NOMO_EARGUMENT_OPTION, rows.array.release = NULL);
  BROKEN(NOMO_EARGUMENT_OPTION, dose->release = NULL);
  BROKEN(NOMO_EARGUMENT_OPTION, doses->release = NULL);
  BROKEN(NOMO_EARGUMENT_NULL, rows.schema.format = NULL);
  BROKEN(NOMO_EARGUMENT_NULL, rows.schema.children = NULL);
  BROKEN(NOMO_EARGUMENT_NULL, rows.array.children = NULL);
  BROKEN(NOMO_EARGUMENT_NULL, rows.array.buffers = NULL);
  BROKEN(NOMO_EARGUMENT_NULL, rows.schema_pointers[DOSE] = NULL);
  BROKEN(NOMO_EARGUMENT_NULL, rows.array_pointers[DOSE] = NULL);
  BROKEN(NOMO_EARGUMENT_NULL, dose->format = NULL);
  BROKEN(NOMO_EARGUMENT_NULL, doses->buffers = NULL);
  BROKEN(NOMO_EARGUMENT_NULL, rows.buffers[DOSE][1] = NULL);
  BROKEN(NOMO_EARGUMENT_ALIGNMENT, rows.schema.children = off(rows.schema_pointers));
  BROKEN(NOMO_EARGUMENT_ALIGNMENT, rows.array_pointers[DOSE] = off(&rows.arrays[DOSE]));
  BROKEN(NOMO_EARGUMENT_ALIGNMENT, doses->buffers = off(rows.buffers[DOSE]));
#undef BROKEN
  set_all(); /* an offset within the children, and nulls that were not counted */
  rows.array.length = ROWS - 1;
  rows.array.offset = 1;
  rows.array.null_count = -1;
  to = all_outputs(&out.results, &info, ROWS - 1);
  ACCEPTED(predict());
  for (i = 0; i < ROWS - 1; i++) CHECK(same_row(&out.results, i, &good, 0, &info));
}

/* Buffers of numbers, of indices and of the ends of texts, at addresses of any alignment. */
static void test_unaligned(void) {
  static const float f32[ROWS] = {50, 50, 50, 50};
  static const int64_t i64[ROWS] = {50, 50, 50, 50};
  static const int32_t ends[ROWS + 1] = {0, 2, 4, 6, 8};
  static const struct { const char *format; const void *values; size_t size; } numbers[] = {
    {"g", values[DOSE], sizeof values[DOSE]}, {"f", f32, sizeof f32}, {"l", i64, sizeof i64}};
  unsigned char moved[sizeof values[DOSE] + 8], moved_ends[sizeof ends + 8];
  size_t i, shift;
  for (shift = 1; shift < 8; shift++) {
    for (i = 0; i < LENGTH(numbers); i++) {
      set_all();
      memcpy(moved + shift, numbers[i].values, numbers[i].size);
      rows.schemas[DOSE].format = numbers[i].format;
      rows.buffers[DOSE][1] = moved + shift;
      expect_good(__LINE__);
    }
    set_all();
    memcpy(moved_ends + shift, ends, sizeof ends);
    rows.schemas[STAGE].format = "u";
    rows.arrays[STAGE].n_buffers = 3;
    rows.buffers[STAGE][1] = moved_ends + shift;
    rows.buffers[STAGE][2] = "IIIIIIII";
    expect_good(__LINE__);
  }
}

static void test_types(void) {
  static const char *const unsupported[] = {"", "e", "z", "Z", "vu", "tdD", "tsu:UTC", "+l", "+s", "w:8", "d:9,2", "gg", "uu"};
  static const int8_t i8[ROWS] = {50, 50, 50, 50};
  static const int64_t i64[ROWS] = {50, 50, 50, 50};
  static const uint64_t too_large[ROWS] = {UINT64_MAX, (UINT64_C(1) << 53) + 1, INT64_MAX, 50};
  static const float f32[ROWS] = {50, 50, 50, 50};
  static const struct { const char *format; const void *values; } numbers[] = {
    {"c", i8}, {"C", i8}, {"l", i64}, {"L", i64}, {"f", f32}};
  static const uint8_t ones = 0xff, seven = 7;
  static const int32_t ends[ROWS + 1] = {0, 2, 4, 6, 8}, falling[ROWS + 1] = {0, 2, 1, 6, 8};
  static const int32_t negative[ROWS + 1] = {-1, 2, 4, 6, 8};
  /* One key and one value, each after its length. */
  static const struct { int32_t n, n_key; char key[4]; int32_t n_value; char value[4]; }
    in_mg = {1, 4, {'u', 'n', 'i', 't'}, 2, {'m', 'g', 0, 0}},
    in_g = {1, 4, {'u', 'n', 'i', 't'}, 1, {'g', 0, 0, 0}},
    in_stones = {1, 4, {'u', 'n', 'i', 't'}, 4, {'[', 's', 't', ']'}},
    negative_keys = {-1, 4, {'u', 'n', 'i', 't'}, 2, {'m', 'g', 0, 0}};
  size_t i;
  for (i = 0; i < LENGTH(unsupported); i++) {
    set_all();
    rows.schemas[DOSE].format = unsupported[i];
    REFUSED_BY_BOTH(NOMO_EUNSUPPORTED_ARROW);
    CHECK(error.feature == DOSE);
  }
  set_all();
  rows.schema.format = "g";
  REFUSED_BY_BOTH(NOMO_EUNSUPPORTED_ARROW);
  for (i = 0; i < LENGTH(numbers); i++) {
    set_all();
    rows.schemas[DOSE].format = numbers[i].format;
    rows.buffers[DOSE][1] = numbers[i].values;
    expect_good(__LINE__);
  }
  set_all(); /* levels by name, booleans as bits */
  rows.schemas[STAGE].format = "u";
  rows.arrays[STAGE].n_buffers = 3;
  rows.buffers[STAGE][1] = ends;
  rows.buffers[STAGE][2] = "IIIIIIII";
  rows.schemas[SMOKER].format = "b";
  rows.buffers[SMOKER][1] = &ones;
  expect_good(__LINE__);
  rows.buffers[STAGE][1] = falling;
  REFUSED_BY_BOTH(NOMO_ESCHEMA_COLUMNS);
  rows.buffers[STAGE][1] = negative;
  REFUSED_BY_BOTH(NOMO_ESCHEMA_COLUMNS);
  rows.buffers[STAGE][1] = ends;
  rows.schemas[STAGE].metadata = (const char *)&in_mg;
  REFUSED_BY_BOTH(NOMO_EARGUMENT_UNIT); /* a unit needs numbers */
  set_all();
  rows.schemas[DOSE].metadata = (const char *)&in_mg;
  expect_good(__LINE__);
  rows.schemas[DOSE].metadata = (const char *)&in_stones;
  REFUSED_BY_BOTH(NOMO_EARGUMENT_UNIT);
  CHECK(error.feature == DOSE);
  rows.schemas[DOSE].metadata = (const char *)&negative_keys;
  REFUSED_BY_BOTH(NOMO_ESCHEMA_COLUMNS);
  rows.schemas[DOSE].metadata = (const char *)&in_g;
  to.on_refusal = NOMO_ON_REFUSAL_GO_ON; /* 50 g of a dose of at most 100 mg: taken, and flagged */
  ACCEPTED(predict());
  CHECK(out.results.feature_flags[DOSE] == NOMO_FLAG_OUT_OF_RANGE);
  set_all(); /* an integer that a double cannot hold is of the wrong type, with a unit and without */
  rows.schemas[DOSE].format = "L";
  rows.buffers[DOSE][1] = too_large;
  for (i = 0; i < 2; i++) {
    size_t row;
    to.on_refusal = NOMO_ON_REFUSAL_GO_ON;
    ACCEPTED(predict());
    for (row = 0; row < ROWS - 1; row++) CHECK(is_refused_row(&out.results, row, NOMO_EVALUE_TYPE, &info));
    CHECK(same_row(&out.results, ROWS - 1, &good, 0, &info));
    rows.schemas[DOSE].metadata = (const char *)&in_mg;
  }
  set_all(); /* nulls of a column, of a row, and a column of nulls */
  rows.buffers[WEIGHT][0] = &seven;
  rows.array.n_buffers = 1;
  to.on_refusal = NOMO_ON_REFUSAL_GO_ON;
  ACCEPTED(predict());
  for (i = 0; i < ROWS; i++)
    CHECK(i < 3 ? same_row(&out.results, i, &good, 0, &info)
                : is_refused_row(&out.results, i, NOMO_EVALUE_MISSING, &info));
  set_all();
  rows.no_buffer[0] = &seven;
  to.on_refusal = NOMO_ON_REFUSAL_GO_ON;
  ACCEPTED(predict());
  CHECK(same_row(&out.results, 2, &good, 0, &info));
  CHECK(is_refused_row(&out.results, 3, NOMO_EVALUE_MISSING, &info));
  set_all();
  rows.schemas[TEMPERATURE].format = "n";
  rows.arrays[TEMPERATURE].n_buffers = 0;
  ACCEPTED(predict());
  CHECK(out.results.feature_flags[TEMPERATURE] == NOMO_FLAG_IMPUTED);
}

/* Indices into texts. */
static void test_dictionary(void) {
  static const int32_t ends[] = {0, 2, 5}, one_number[] = {1};
  static const uint16_t indices[ROWS] = {0, 0, 0, 0}, beyond[ROWS] = {0, 0, 0, 2};
  static const int8_t negative[ROWS] = {0, 0, -1, 0};
  static const uint8_t seven = 7;
  table texts;
  size_t i;
#define SET_DICTIONARY                                               \
  (set_all(), make_table(&texts, 2), add_column(&texts, "", "u", ends, "IIIII"), \
   rows.schemas[STAGE].format = "S", rows.buffers[STAGE][1] = indices,  \
   rows.schemas[STAGE].dictionary = &texts.schemas[0], rows.arrays[STAGE].dictionary = &texts.arrays[0])
  SET_DICTIONARY;
  expect_good(__LINE__);
  rows.buffers[STAGE][1] = beyond;
  REFUSED_BY_BOTH(NOMO_ESCHEMA_COLUMNS);
  rows.buffers[STAGE][0] = &seven; /* nobody looks at the index of a null */
  to.on_refusal = NOMO_ON_REFUSAL_GO_ON;
  ACCEPTED(predict());
  CHECK(is_refused_row(&out.results, 3, NOMO_EVALUE_MISSING, &info));
  SET_DICTIONARY;
  rows.schemas[STAGE].format = "c";
  rows.buffers[STAGE][1] = negative;
  REFUSED_BY_BOTH(NOMO_ESCHEMA_COLUMNS);
  SET_DICTIONARY;
  texts.schemas[0].format = "i"; /* a dictionary of numbers */
  texts.arrays[0].n_buffers = 2;
  texts.arrays[0].length = 1;
  texts.buffers[0][1] = one_number;
  REFUSED_BY_BOTH(NOMO_EUNSUPPORTED_ARROW);
  SET_DICTIONARY;
  texts.schemas[0].release = NULL;
  REFUSED_BY_BOTH(NOMO_EARGUMENT_OPTION);
  SET_DICTIONARY;
  texts.buffers[0][0] = &seven; /* of two texts, both are there */
  expect_good(__LINE__);
  SET_DICTIONARY;
  rows.schemas[STAGE].format = "g"; /* indices that are not whole numbers */
  rows.buffers[STAGE][1] = values[STAGE];
  REFUSED_BY_BOTH(NOMO_EUNSUPPORTED_ARROW);
  SET_DICTIONARY;
  for (i = 0; i < 2; i++) {
    rows.arrays[STAGE].dictionary = i == 0 ? NULL : &texts.arrays[0];
    rows.schemas[STAGE].dictionary = i == 0 ? &texts.schemas[0] : NULL;
    REFUSED_BY_BOTH(NOMO_ESCHEMA_COLUMNS);
  }
#undef SET_DICTIONARY
}

/* Columns that match no feature, in any place. */
static void test_other_columns(void) {
  size_t i;
  set_all();
  add_column(&rows, "ward", "z", NULL, NULL); /* a type that is not supported does no harm */
  refuse(NOMO_ESCHEMA_COLUMNS, 0, __LINE__);
  for (i = 0; i < 2; i++) {
    ACCEPTED(predict_with(NOMO_ARROW_IGNORE_OTHER_COLUMNS));
    CHECK(same_row(&out.results, 0, &good, 0, &info));
    rows.schema_pointers[N_FEATURES] = &rows.schemas[AGE]; /* any order */
    rows.array_pointers[N_FEATURES] = &rows.arrays[AGE];
    rows.schema_pointers[AGE] = &rows.schemas[N_FEATURES];
    rows.array_pointers[AGE] = &rows.arrays[N_FEATURES];
  }
  set_all(); /* a feature without a column is unset */
  rows.array.n_children = rows.schema.n_children = N_FEATURES - 1;
  ACCEPTED(predict());
  CHECK(out.results.feature_flags[SITE] == NOMO_FLAG_IMPUTED);
  rows.array.n_children = rows.schema.n_children = 0;
  rows.array.children = NULL;
  rows.schema.children = NULL;
  to.on_refusal = NOMO_ON_REFUSAL_GO_ON;
  ACCEPTED(predict());
  for (i = 0; i < ROWS; i++) CHECK(is_refused_row(&out.results, i, NOMO_EVALUE_UNSET, &info));
}

/* ---- Predictions as arrays --------------------------------------------------------------- */

static int is_null(const struct ArrowArray *column, size_t row) {
  const uint8_t *bits = column->buffers[0];
  return bits != NULL && (bits[row / 8] >> row % 8 & 1) == 0;
}

static const struct ArrowArray *column(size_t j, const char *name, const char *format) {
  CHECK_TEXT(out.schema.children[j]->name, name);
  CHECK_TEXT(out.schema.children[j]->format, format);
  CHECK(out.array.children[j]->length == ROWS && out.array.children[j]->offset == 0);
  return out.array.children[j];
}

static void release_all(void) {
  struct ArrowSchema schema = out.schema;
  struct ArrowArray array = out.array;
  schema.release(&schema); /* moved, as a consumer may */
  array.release(&array);
  CHECK(schema.release == NULL && array.release == NULL);
}

static void test_written(void) {
  const struct ArrowArray *no, *yes, *class_names, *statuses, *flags, *refer;
  const int32_t *ends;
  size_t i;
  set_all();
  values[DOSE][1] = 101; /* flagged */
  values[AGE][2] = 91;   /* refused */
  REFUSED(NOMO_EVALUE_RANGE, write_with(0, NOMO_ON_REFUSAL_STOP));
  CHECK(error.row == 2 && error.feature == AGE);
  to.on_refusal = NOMO_ON_REFUSAL_GO_ON;
  ACCEPTED(predict());
  ACCEPTED(write_with(0, NOMO_ON_REFUSAL_GO_ON));
  CHECK_TEXT(out.schema.format, "+s");
  CHECK(out.schema.n_children == 4 + 1 + 3 && out.array.n_children == 4 + 1 + 3);
  CHECK(out.array.length == ROWS && out.array.null_count == 0);
  no = column(0, "probability_no", "g");
  yes = column(1, "probability_yes", "g");
  class_names = column(2, "class", "u");
  statuses = column(3, "status", "i");
  flags = column(4, "flags", "I");
  refer = column(5, "cutoff_refer", "b");
  column(6, "cutoff_rule out", "b");
  column(7, "cutoff_always", "b");
  CHECK(no->null_count == 1 && class_names->null_count == 1 && refer->null_count == 1);
  CHECK(statuses->null_count == 0 && flags->null_count == 0);
  ends = class_names->buffers[1];
  for (i = 0; i < ROWS; i++) {
    const char *class_name = NULL;
    CHECK(same_bits((const double *)no->buffers[1] + i, out.results.probabilities + 2 * i, 1) || i == 2);
    CHECK(same_bits((const double *)yes->buffers[1] + i, out.results.probabilities + 2 * i + 1, 1) || i == 2);
    CHECK(((const int32_t *)statuses->buffers[1])[i] == out.results.row_status[i]);
    CHECK(((const uint32_t *)flags->buffers[1])[i] == out.results.row_flags[i]);
    CHECK(is_null(no, i) == (i == 2) && is_null(yes, i) == (i == 2) && is_null(class_names, i) == (i == 2));
    CHECK(is_null(refer, i) == (i == 2) && !is_null(statuses, i) && !is_null(flags, i));
    if (i == 2) continue;
    CHECK((((const uint8_t *)refer->buffers[1])[0] >> i & 1) == out.results.cutoffs_reached[i * info.n_cutoffs]);
    ACCEPTED(nomo_model_class(policies, out.results.class_indices[i], &class_name, &error));
    CHECK(ends[i + 1] - ends[i] == (int32_t)strlen(class_name));
    CHECK(memcmp((const char *)class_names->buffers[2] + ends[i], class_name, strlen(class_name)) == 0);
  }
  CHECK(((const uint32_t *)flags->buffers[1])[1] & NOMO_FLAG_OUT_OF_RANGE);
  release_all();
  values[DOSE][1] = good_row[DOSE];
  values[AGE][2] = good_row[AGE];
  set_all(); /* no rows */
  rows.array.length = 0;
  ACCEPTED(write_with(0, NOMO_ON_REFUSAL_STOP));
  CHECK(out.array.length == 0 && out.array.n_children == 8);
  release_all();
}

/* A model that predicts a number: its column has the name of the target, and there is no class. */
static void test_number(void) {
  nomo_model *model = open_or_exit("number.nomo");
  nomo_session *number_session = session_or_exit(model);
  nomo_model_info number_info = NOMO_MODEL_INFO_INIT;
  double some[MAX_IN][ROWS], row[MAX_IN], number = 0;
  size_t i, j;
  ACCEPTED(nomo_model_describe(model, &number_info, &error));
  make_table(&rows, ROWS);
  for (j = 0; j < number_info.n_features; j++) {
    nomo_feature feature = NOMO_FEATURE_INIT;
    ACCEPTED(nomo_model_feature(model, j, &feature, &error));
    for (i = 0; i < ROWS; i++) some[j][i] = (double)(10 + i);
    add_column(&rows, feature.name, "g", some[j], NULL);
  }
  ACCEPTED(nomo_session_predict_to_arrow(number_session, &rows.schema, &rows.array, 0, NOMO_ON_REFUSAL_STOP, &out.schema,
                                         &out.array, &error));
  CHECK_TEXT(out.schema.children[0]->name, number_info.target);
  for (i = 0; i < ROWS; i++) {
    for (j = 0; j < number_info.n_features; j++) row[j] = some[j][i];
    ACCEPTED(nomo_session_predict_row(number_session, row, number_info.n_features, &number, 1, NULL, &error));
    CHECK(same_bits((const double *)column(0, number_info.target, "g")->buffers[1] + i, &number, 1));
    CHECK(is_null(column(1, "class", "u"), i));
  }
  nomo_session_destroy(number_session);
  nomo_model_release(model);
  CHECK(out.array.children[0]->length == ROWS); /* also after the session is gone */
  release_all();
}

int main(void) {
  nomo_outputs outputs;
  size_t i, j;
  policies = open_or_exit("policies.nomo");
  session = session_or_exit(policies);
  ACCEPTED(nomo_model_describe(policies, &info, &error));
  for (j = 0; j < N_FEATURES; j++) {
    nomo_feature feature = NOMO_FEATURE_INIT;
    ACCEPTED(nomo_model_feature(policies, j, &feature, &error));
    names[j] = feature.name; /* lives as long as the model */
    for (i = 0; i < ROWS; i++) values[j][i] = good_row[j];
  }
  state_good_row(session);
  outputs = all_outputs(&good, &info, 1);
  ACCEPTED(nomo_session_predict(session, &outputs, &error));
  WATCH(out);
  test_arguments();
  test_broken();
  test_unaligned();
  test_types();
  test_dictionary();
  test_other_columns();
  test_written();
  outputs = all_outputs(&out.results, &info, 1);
  ACCEPTED(nomo_session_predict(session, &outputs, &error)); /* the values that were set are still there */
  CHECK(same_row(&out.results, 0, &good, 0, &info));
  test_number();
  CHECK(n_released == 0); /* the library never releases the caller's structs */
  watch_nothing();
  nomo_session_destroy(session);
  nomo_model_release(policies);
  return report();
}
