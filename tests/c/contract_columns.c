/*
 * contract_columns.c - checks what nomogram.h promises about rows in columns.
 *
 *     contract_columns
 *
 * policies.nomo is in the current folder. contract_policies.c checks the policies.
 */
#include "outputs.h"

enum { ROWS = 4, MANY = 70 };

static nomo_model *policies;
static nomo_session *session;
static nomo_model_info info = NOMO_MODEL_INFO_INIT;
static double values[N_FEATURES][ROWS]; /* the good row, several times */
static nomo_column columns[N_FEATURES + 1];
static nomo_outputs to;
static results good;
static struct {
  results results;
} out;

static int32_t predict_n(size_t n_columns) {
  return nomo_session_predict_columns(session, columns, n_columns, ROWS, &to, &error);
}
static int32_t predict(void) { return predict_n(N_FEATURES); }
static int32_t with_this_error(nomo_error *e) {
  return nomo_session_predict_columns(NULL, columns, N_FEATURES, ROWS, &to, e);
}

/* Every column, of doubles. */
static void set_all(void) {
  size_t j;
  for (j = 0; j < N_FEATURES; j++) columns[j] = f64_column(j, values[j], ROWS);
  to = all_outputs(&out.results, &info, ROWS);
  fill_watched();
}

static void expect_good(int line) {
  size_t i;
  ACCEPTED(predict());
  for (i = 0; i < ROWS; i++) check(same_row(&out.results, i, &good, 0, &info), line, "the good row");
}

static void test_arguments(void) {
  static const uint32_t unknown[] = {6, 7, 255, 256, 0x80000000, UINT32_MAX};
  static const size_t huge[] = {SIZE_MAX, SIZE_MAX / 2 + 1, SIZE_MAX / 8 + 1};
  size_t i;
  set_all();
  expect_good(__LINE__);
  fill_watched();
  REFUSED(NOMO_EARGUMENT_NULL, nomo_session_predict_columns(NULL, columns, N_FEATURES, ROWS, &to, &error));
  REFUSED(NOMO_EARGUMENT_NULL, nomo_session_predict_columns(session, NULL, N_FEATURES, ROWS, &to, &error));
  REFUSED(NOMO_EARGUMENT_NULL, nomo_session_predict_columns(session, columns, N_FEATURES, ROWS, NULL, &error));
  REFUSED_QUIET(NOMO_EARGUMENT_NULL, nomo_session_predict_columns(session, NULL, N_FEATURES, ROWS, &to, NULL));
  REFUSED(NOMO_EARGUMENT_ALIGNMENT, nomo_session_predict_columns(off(session), columns, N_FEATURES, ROWS, &to, &error));
  REFUSED(NOMO_EARGUMENT_ALIGNMENT, nomo_session_predict_columns(session, off(columns), N_FEATURES, ROWS, &to, &error));
  REFUSED(NOMO_EARGUMENT_ALIGNMENT, nomo_session_predict_columns(session, columns, N_FEATURES, ROWS, off(&to), &error));
  check_error_struct(with_this_error, NOMO_EARGUMENT_NULL, __LINE__);
  for (i = 0; i < LENGTH(unknown); i++) {
    set_all();
    columns[STAGE].element_type = unknown[i];
    REFUSED(NOMO_EARGUMENT_OPTION, predict());
  }
  for (i = 0; i < LENGTH(huge); i++) {
    set_all();
    REFUSED_CLASS(i == 0 ? NOMO_EARGUMENT : NOMO_STATUS_CLASS(status),
                  nomo_session_predict_columns(session, columns, huge[i], ROWS, &to, &error));
    REFUSED_EITHER(NOMO_EBUFFER_LENGTH, NOMO_EARGUMENT_SHAPE,
                   nomo_session_predict_columns(session, columns, N_FEATURES, huge[i], &to, &error));
    columns[0].values_len = huge[i];
    REFUSED_EITHER(NOMO_ESCHEMA_COLUMNS, NOMO_EARGUMENT_SHAPE, predict());
  }
  ACCEPTED(nomo_session_predict_columns(session, (set_all(), columns), N_FEATURES, ROWS, &to, NULL));
}

/* Columns of an unknown feature, and duplicate columns. */
static void test_features(void) {
  static const size_t none[] = {N_FEATURES, N_FEATURES + 1, UINT32_MAX, SIZE_MAX};
  nomo_column kept;
  size_t i;
  for (i = 0; i < LENGTH(none); i++) {
    set_all();
    columns[3].feature = none[i];
    REFUSED(NOMO_ESCHEMA_COLUMNS, predict());
  }
  set_all();
  columns[3].feature = 5;
  REFUSED(NOMO_ESCHEMA_COLUMNS, predict());
  set_all();
  columns[N_FEATURES] = f64_column(AGE, values[AGE], ROWS); /* one too many */
  REFUSED(NOMO_ESCHEMA_COLUMNS, predict_n(N_FEATURES + 1));
  for (i = 0; i < N_FEATURES / 2; i++) { /* any order */
    set_all();
    kept = columns[i];
    columns[i] = columns[N_FEATURES - 1 - i];
    columns[N_FEATURES - 1 - i] = kept;
    expect_good(__LINE__);
  }
  set_all();
  to.on_refusal = NOMO_ON_REFUSAL_GO_ON; /* a feature without a column is unset */
  ACCEPTED(nomo_session_predict_columns(session, NULL, 0, ROWS, &to, &error));
  for (i = 0; i < ROWS; i++) CHECK(is_refused_row(&out.results, i, NOMO_EVALUE_UNSET, &info));
  columns[TEMPERATURE] = columns[AGE];
  ACCEPTED(nomo_session_predict_columns(session, columns + 1, N_FEATURES - 1, ROWS, &to, &error));
  for (i = 0; i < ROWS; i++) CHECK(out.results.feature_flags[i * N_FEATURES + TEMPERATURE] == NOMO_FLAG_IMPUTED);
}

static void test_lengths(void) {
  static const uint8_t validity[2] = {0xff, 0xff};
  static const size_t wrong[] = {0, ROWS - 1, ROWS + 1};
  size_t i;
  for (i = 0; i < LENGTH(wrong); i++) {
    set_all();
    columns[DOSE].values_len = wrong[i];
    REFUSED_EITHER(NOMO_ESCHEMA_COLUMNS, NOMO_EARGUMENT_SHAPE, predict());
    CHECK(error.feature == DOSE || error.feature == NOMO_PLACE_NONE);
  }
  set_all();
  columns[DOSE].values = NULL;
  REFUSED(NOMO_EARGUMENT_NULL, predict());
  set_all();
  columns[DOSE].validity = validity;
  columns[DOSE].validity_len = 0; /* fewer than (n_rows + 7) / 8 */
  REFUSED_EITHER(NOMO_ESCHEMA_COLUMNS, NOMO_EARGUMENT_SHAPE, predict());
  columns[DOSE].validity_len = 1;
  expect_good(__LINE__);
  columns[DOSE].validity_len = 2; /* more is allowed */
  expect_good(__LINE__);
  fill_watched();
  columns[DOSE].validity = NULL; /* its length must be 0 then */
  begin();
  status = predict();
  CHECK(status == NOMO_EARGUMENT_NULL); /* read as if no value were missing */
}

static void test_alignment(void) {
  static const struct {
    uint32_t type;
    size_t align;
  } types[] = {{NOMO_TYPE_DOUBLE, 8}, {NOMO_TYPE_FLOAT, 4}, {NOMO_TYPE_INT64, 8}, {NOMO_TYPE_INT32, 4}, {NOMO_TYPE_BOOLEAN, 1}, {NOMO_TYPE_TEXT, sizeof(char *)}};
  size_t i, shift;
  memset(&room, 0, sizeof room);
  for (i = 0; i < LENGTH(types); i++)
    for (shift = 1; shift < types[i].align; shift++) {
      set_all();
      columns[SMOKER].element_type = types[i].type;
      columns[SMOKER].values = room.bytes + shift;
      REFUSED(NOMO_EARGUMENT_ALIGNMENT, predict());
    }
  set_all(); /* bytes need no alignment */
  columns[DIABETIC].element_type = NOMO_TYPE_BOOLEAN;
  columns[DIABETIC].values = room.bytes + 3;
  columns[DIABETIC].validity = memset(room.bytes + 100, 0xff, 1);
  columns[DIABETIC].validity_len = 1;
  expect_good(__LINE__);
}

static void test_units(void) {
  static double celsius[ROWS] = {37, 37, 37, 37}, months[ROWS] = {480, 480, 480, 480};
  static int64_t dozens[ROWS] = {1, 1, 1, 1};
  static const char *const texts[ROWS] = {"II", "II", "II", "II"};
  static const uint8_t no[ROWS] = {0, 0, 0, 0};
  size_t i;
  set_all();
  columns[TEMPERATURE].values = celsius;
  columns[TEMPERATURE].unit = "Cel"; /* the feature's unit */
  columns[AGE].values = months;
  columns[AGE].unit = "mo";
  expect_good(__LINE__);
  columns[AGE].unit = "min";
  fill_watched();
  REFUSED(NOMO_EARGUMENT_UNIT, predict());
  CHECK(error.feature == AGE);
  columns[AGE].unit = "mo\xff";
  REFUSED(NOMO_EARGUMENT_TEXT, predict());
  columns[AGE].unit = "";
  REFUSED(NOMO_EARGUMENT_UNIT, predict());
  set_all(); /* whole numbers have units too */
  columns[CHILDREN].element_type = NOMO_TYPE_INT64;
  columns[CHILDREN].values = dozens;
  columns[CHILDREN].unit = "{dozen}";
  ACCEPTED(predict());
  for (i = 0; i < ROWS; i++) CHECK(out.results.row_flags[i] == 0 && digit_of(&out.results, i, &info, CHILDREN) == 2);
  dozens[1] = 3;
  ACCEPTED(predict());
  CHECK(out.results.feature_flags[N_FEATURES + CHILDREN] == NOMO_FLAG_OUT_OF_RANGE);
  dozens[1] = (INT64_C(1) << 53) + 1; /* no double represents it */
  set_all();
  columns[AGE].element_type = NOMO_TYPE_INT64;
  columns[AGE].values = dozens;
  to.on_refusal = NOMO_ON_REFUSAL_GO_ON;
  ACCEPTED(predict());
  CHECK(out.results.row_status[1] == NOMO_EVALUE_TYPE);
  columns[AGE].unit = "a"; /* the feature's unit, so that nothing changes */
  ACCEPTED(predict());
  CHECK(out.results.row_status[1] == NOMO_EVALUE_TYPE); /* rounded */
  /* A unit of texts or booleans is refused. */
  set_all();
  columns[STAGE].element_type = NOMO_TYPE_TEXT;
  columns[STAGE].values = texts;
  columns[STAGE].unit = "mg";
  REFUSED(NOMO_EARGUMENT_UNIT, predict());
  set_all();
  columns[DIABETIC].element_type = NOMO_TYPE_BOOLEAN;
  columns[DIABETIC].values = no;
  columns[DIABETIC].unit = "mg";
  REFUSED(NOMO_EARGUMENT_UNIT, predict());
}

static void test_texts(void) {
  const char *texts[ROWS] = {"II", "II", "II", "II"};
  const uint8_t not_the_third = 0xfb;
  size_t i;
  set_all();
  columns[STAGE].element_type = NOMO_TYPE_TEXT;
  columns[STAGE].values = texts;
  expect_good(__LINE__);
  texts[2] = "II\xff"; /* not UTF-8, and so an unknown level: the policy decides */
  fill_watched();
  REFUSED(NOMO_EVALUE_LEVEL, predict());
  CHECK(error.row == 2 && error.feature == STAGE);
  set_all();
  columns[GRADE].element_type = NOMO_TYPE_TEXT;
  columns[GRADE].values = texts; /* neither "II" is a level of it */
  ACCEPTED(predict());
  for (i = 0; i < ROWS; i++)
    CHECK(out.results.feature_flags[i * N_FEATURES + GRADE] == NOMO_FLAG_UNSEEN_LEVEL);
  set_all();
  columns[STAGE].element_type = NOMO_TYPE_TEXT;
  columns[STAGE].values = texts;
  columns[STAGE].validity = &not_the_third;
  columns[STAGE].validity_len = 1;
  texts[2] = NULL;
  to.on_refusal = NOMO_ON_REFUSAL_GO_ON;
  ACCEPTED(predict());
  CHECK(is_refused_row(&out.results, 2, NOMO_EVALUE_MISSING, &info));
  CHECK(same_row(&out.results, 3, &good, 0, &info));
}

/* Bit i % 8 of byte i / 8; the bits behind the last row do not count. */
static void test_validity(void) {
  static double ages[MANY], others[N_FEATURES][MANY];
  static int32_t row_status[MANY], wanted[MANY];
  uint8_t validity[(MANY + 7) / 8];
  nomo_outputs outputs = NOMO_OUTPUTS_INIT;
  size_t n, i, j, seed;
  for (i = 0; i < MANY; i++)
    for (j = 0; j < N_FEATURES; j++) others[j][i] = ages[i] = good_row[j];
  for (n = 1; n <= MANY; n++)
    for (seed = 0; seed < 4; seed++) {
      uint8_t *exact = malloc((n + 7) / 8); /* so that tools detect reads beyond it */
      if (exact == NULL) abort();
      memset(validity, seed % 2 == 0 ? 0 : 0xff, sizeof validity);
      for (i = 0; i < n; i++) {
        int is_there = seed < 2 ? seed == 1 : (i * 7 + seed) % 3 != 0;
        if (is_there) validity[i / 8] |= (uint8_t)(1u << (i % 8));
        else validity[i / 8] &= (uint8_t)~(1u << (i % 8));
        wanted[i] = is_there ? NOMO_OK : NOMO_EVALUE_MISSING;
      }
      memcpy(exact, validity, (n + 7) / 8);
      for (j = 0; j < N_FEATURES; j++) columns[j] = f64_column(j, others[j], n);
      columns[AGE].validity = exact;
      columns[AGE].validity_len = (n + 7) / 8;
      outputs.on_refusal = NOMO_ON_REFUSAL_GO_ON;
      outputs.row_status = row_status;
      outputs.row_status_len = n;
      ACCEPTED(nomo_session_predict_columns(session, columns, N_FEATURES, n, &outputs, &error));
      CHECK(memcmp(row_status, wanted, n * sizeof *wanted) == 0);
      free(exact);
    }
}

/* Columns of a larger struct, as in a newer header. */
static void test_sizes(void) {
  struct newer {
    nomo_column known;
    uint64_t unknown[3];
  } newer[N_FEATURES];
  static const uint32_t bad[] = {0, 1, 8, (uint32_t)sizeof(nomo_column) - 8, (uint32_t)sizeof(nomo_column) - 1, 0x80000000, UINT32_MAX};
  size_t i, j, at;
  set_all();
  memset(newer, 0, sizeof newer);
  for (j = 0; j < N_FEATURES; j++) {
    newer[j].known = columns[j];
    newer[j].known.struct_size = (uint32_t)sizeof(struct newer);
  }
  ACCEPTED(nomo_session_predict_columns(session, &newer[0].known, N_FEATURES, ROWS, &to, &error));
  for (i = 0; i < ROWS; i++) CHECK(same_row(&out.results, i, &good, 0, &info));
  fill_watched();
  for (j = 0; j < N_FEATURES; j += 4)
    for (at = 0; at < 24; at++) {
      ((unsigned char *)newer[j].unknown)[at] = 1;
      REFUSED(NOMO_EARGUMENT_STRUCT_SIZE,
              nomo_session_predict_columns(session, &newer[0].known, N_FEATURES, ROWS, &to, &error));
      ((unsigned char *)newer[j].unknown)[at] = 0;
    }
  for (i = 0; i < LENGTH(bad); i++)
    for (j = 0; j < N_FEATURES; j += 6) {
      set_all();
      columns[j].struct_size = bad[i];
      REFUSED(NOMO_EARGUMENT_STRUCT_SIZE, predict());
    }
  set_all(); /* the same in all columns of a call */
  columns[7].struct_size += 8;
  REFUSED(NOMO_EARGUMENT_STRUCT_SIZE, predict());
}

static void test_no_rows(void) {
  nomo_outputs none = NOMO_OUTPUTS_INIT;
  size_t j;
  set_all();
  for (j = 0; j < N_FEATURES; j++) {
    columns[j].values = NULL;
    columns[j].values_len = 0;
  }
  begin();
  ACCEPTED(nomo_session_predict_columns(session, columns, N_FEATURES, 0, &none, &error));
  ACCEPTED(nomo_session_predict_columns(session, NULL, 0, 0, &none, &error));
  CHECK(is_untouched());
  columns[3].feature = 5; /* columns are checked all the same */
  REFUSED(NOMO_ESCHEMA_COLUMNS, nomo_session_predict_columns(session, columns, N_FEATURES, 0, &none, &error));
}

int main(void) {
  nomo_outputs outputs;
  size_t i, j;
  policies = open_or_exit("policies.nomo");
  session = session_or_exit(policies);
  ACCEPTED(nomo_model_describe(policies, &info, &error));
  for (j = 0; j < N_FEATURES; j++)
    for (i = 0; i < ROWS; i++) values[j][i] = good_row[j];
  state_good_row(session);
  outputs = all_outputs(&good, &info, 1);
  ACCEPTED(nomo_session_predict(session, &outputs, &error));
  WATCH(out);
  test_arguments();
  test_features();
  test_lengths();
  test_alignment();
  test_units();
  test_texts();
  test_validity();
  test_sizes();
  test_no_rows();
  outputs = all_outputs(&out.results, &info, 1);
  ACCEPTED(nomo_session_predict(session, &outputs, &error)); /* the values are still set */
  CHECK(same_row(&out.results, 0, &good, 0, &info));
  watch_nothing();
  nomo_session_destroy(session);
  nomo_model_release(policies);
  return report();
}
