/*
 * contract_policies.c - checks the policies for values that are not plausible.
 *
 *     contract_policies
 *
 * Each case is one value of one feature in an otherwise good row. It is set alone, in an array, in a
 * matrix and in columns; all must agree, bit by bit. policies.nomo is in the current folder.
 */
#include <float.h>

#include "outputs.h"

/* How a value is passed. */
enum how { NUMBER, IN_UNIT, INTEGER, BOOLEAN, TEXT, ABSENT, NOTHING };

typedef struct sample {
  size_t feature;
  enum how how;
  double number; /* NUMBER, IN_UNIT */
  int64_t whole; /* INTEGER, BOOLEAN */
  const char *text; /* IN_UNIT: the unit; TEXT: the level; ABSENT: the reason */
  int32_t status;
  uint32_t flags;
  int digit; /* of the value that the model receives */
} sample;

/* The outcome of a value: a status, or flags and a digit. */
#define TAKEN(digit) NOMO_OK, 0, digit
#define REFUSED_AS(status) status, 0, 0
#define IMPUTED NOMO_OK, NOMO_FLAG_IMPUTED, MISSING
#define IMPUTED_FROM_RANGE NOMO_OK, NOMO_FLAG_IMPUTED | NOMO_FLAG_OUT_OF_RANGE, MISSING
#define IMPUTED_FROM_LEVEL NOMO_OK, NOMO_FLAG_IMPUTED | NOMO_FLAG_UNSEEN_LEVEL, MISSING
#define CLAMPED(digit) NOMO_OK, NOMO_FLAG_CLAMPED | NOMO_FLAG_OUT_OF_RANGE, digit
#define OUT_OF_RANGE(digit) NOMO_OK, NOMO_FLAG_OUT_OF_RANGE, digit
#define UNSEEN(digit) NOMO_OK, NOMO_FLAG_UNSEEN_LEVEL, digit

#define N(feature, number, what) {feature, NUMBER, number, 0, NULL, what}
#define U(feature, number, unit, what) {feature, IN_UNIT, number, 0, unit, what}
#define I(feature, whole, what) {feature, INTEGER, 0, whole, NULL, what}
#define B(feature, truth, what) {feature, BOOLEAN, 0, truth, NULL, what}
#define T(feature, text, what) {feature, TEXT, 0, 0, text, what}
#define A(feature, reason, what) {feature, ABSENT, 0, 0, reason, what}
#define X(feature, what) {feature, NOTHING, 0, 0, NULL, what}

static const double inf = HUGE_VAL;
static const double two_to_53 = 9007199254740992.0;
#define BEYOND (INT64_C(9007199254740992) + 1) /* no double represents it */

static nomo_model *model;
static nomo_session *session;
static nomo_model_info info = NOMO_MODEL_INFO_INIT;
static struct {
  results one, row, matrix, columns;
  double p[2];
  uint32_t c;
} out;
static results good;
static results stated; /* of the sample, kept while other calls are made */

/* ---- The same value in every way --------------------------------------------------------- */

static int32_t state(const sample *s) {
  switch (s->how) {
    case NUMBER: return nomo_session_set_number(session, s->feature, s->number, &error);
    case IN_UNIT: return nomo_session_set_number_in(session, s->feature, s->number, s->text, &error);
    case INTEGER: return nomo_session_set_integer(session, s->feature, s->whole, &error);
    case BOOLEAN: return nomo_session_set_boolean(session, s->feature, (uint32_t)s->whole, &error);
    case TEXT: return nomo_session_set_text(session, s->feature, s->text, &error);
    case ABSENT: return nomo_session_set_missing(session, s->feature, s->text, &error);
    case NOTHING: break;
  }
  return NOMO_OK;
}

/* A message contains neither numbers nor texts of a row. */
static int message_hides(const sample *s) {
  char text[64];
  const char *found = error.message;
  if (s->how == TEXT && strlen(s->text) > 2 && strstr(found, s->text) != NULL) return 0;
  if (s->how == INTEGER) sprintf(text, "%" PRId64, s->whole);
  else sprintf(text, "%g", s->number);
  return strlen(text) < 4 || strcmp(text, "1e+100") == 0 || strstr(found, text) == NULL;
}

/* After a call that predicted the sample as row `row`; `r` has its outputs. */
static void expect(const sample *s, const results *r, size_t i, uint64_t row, int line) {
  size_t j;
  if (s->status != NOMO_OK) {
    after_refused(status == s->status, 1, line, "the sample is refused");
    check(error.feature == s->feature && error.row == row && error.byte_offset == NOMO_PLACE_NONE, line,
          "the error has row and feature");
    check(message_hides(s), line, "the message contains no value");
    return;
  }
  check(status == NOMO_OK && error_is_same(), line, "the sample is accepted");
  check(r->row_status[i] == NOMO_OK, line, "the row's status");
  check(r->feature_flags[i * N_FEATURES + s->feature] == s->flags, line, "the flags of the value");
  check(r->row_flags[i] == s->flags, line, "the flags of the row");
  for (j = 0; j < NOMO_N_FLAGS; j++)
    check(r->flag_counts[i * NOMO_N_FLAGS + j] == (s->flags >> j & 1), line, "a count of flags");
  for (j = 0; j < N_FEATURES; j++) {
    check(digit_of(r, i, &info, j) == (j == s->feature ? s->digit : good_digits[j]), line,
          "the value that the model got");
    if (j != s->feature) check(r->feature_flags[i * N_FEATURES + j] == 0, line, "no flag elsewhere");
  }
}

static void one_by_one(const sample *s, int line) {
  nomo_outputs outputs = all_outputs(&out.one, &info, 1);
  size_t j;
  if (nomo_session_clear(session, NULL) != NOMO_OK) abort();
  for (j = 0; j < N_FEATURES; j++)
    if (j != s->feature && nomo_session_set_number(session, j, good_row[j], NULL) != NOMO_OK) abort();
  ACCEPTED(state(s));
  fill_watched();
  begin();
  status = nomo_session_predict(session, &outputs, &error);
  expect(s, &out.one, 0, NOMO_PLACE_NONE, line);
  if (s->status == NOMO_OK) return;
  /* Marked instead of refused. */
  outputs.on_refusal = NOMO_ON_REFUSAL_GO_ON;
  begin();
  status = nomo_session_predict(session, &outputs, &error);
  check(status == NOMO_OK && error_is_same(), line, "a row is marked");
  check(is_refused_row(&out.one, 0, s->status, &info), line, "NaN, no class, 0");
}

/* An array has numbers, and NaN for missing values. */
static void in_an_array(const sample *s, int line) {
  double rows[3][N_FEATURES];
  nomo_matrix matrix = row_major(rows[0], 3, N_FEATURES);
  nomo_outputs outputs;
  size_t i;
  if (s->how == NUMBER ? isnan(s->number) : s->how != ABSENT) return;
  for (i = 0; i < 3; i++) memcpy(rows[i], good_row, sizeof good_row);
  rows[1][s->feature] = s->how == NUMBER ? s->number : not_a_number();
  fill_watched();
  begin();
  status = nomo_session_predict_row(session, rows[1], N_FEATURES, out.p, 2, &out.c, &error);
  if (s->status == NOMO_OK) {
    check(status == NOMO_OK && error_is_same(), line, "a row of an array");
    check(same_bits(out.p, stated.probabilities, 2) && out.c == stated.class_indices[0], line,
          "an array gives the bits of values");
  } else {
    expect(s, NULL, 0, NOMO_PLACE_NONE, line);
  }
  for (i = 0; i < 2; i++) { /* NOMO_ON_REFUSAL_STOP, NOMO_ON_REFUSAL_GO_ON */
    outputs = all_outputs(&out.matrix, &info, 3);
    outputs.on_refusal = i == 0 ? NOMO_ON_REFUSAL_STOP : NOMO_ON_REFUSAL_GO_ON;
    fill_watched();
    begin();
    status = nomo_session_predict_matrix(session, &matrix, &outputs, &error);
    if (i == 0 || s->status == NOMO_OK) expect(s, &out.matrix, 1, 1, line);
    if (i == 0 && s->status != NOMO_OK) continue;
    check(status == NOMO_OK, line, "a matrix");
    if (s->status == NOMO_OK)
      check(same_row(&out.matrix, 1, &stated, 0, &info), line, "a matrix gives the bits of values");
    check(same_row(&out.matrix, 0, &good, 0, &info) && same_row(&out.matrix, 2, &good, 0, &info),
          line, "the rows beside it are what they were");
    if (s->status != NOMO_OK)
      check(is_refused_row(&out.matrix, 1, s->status, &info), line, "a marked row of a matrix");
  }
}

static void predict_columns(const sample *s, nomo_column sampled, int line) {
  nomo_column columns[N_FEATURES];
  double values[N_FEATURES][3];
  nomo_outputs outputs;
  size_t i, j, n = 0;
  for (j = 0; j < N_FEATURES; j++) {
    for (i = 0; i < 3; i++) values[j][i] = good_row[j];
    if (j != s->feature) columns[n++] = f64_column(j, values[j], 3);
  }
  sampled.feature = s->feature;
  sampled.values_len = 3;
  if (s->how != NOTHING) columns[n++] = sampled; /* the order of the columns does not matter */
  for (i = 0; i < 2; i++) {
    outputs = all_outputs(&out.columns, &info, 3);
    outputs.on_refusal = i == 0 ? NOMO_ON_REFUSAL_STOP : NOMO_ON_REFUSAL_GO_ON;
    fill_watched();
    begin();
    status = nomo_session_predict_columns(session, columns, n, 3, &outputs, &error);
    if (i == 0 || s->status == NOMO_OK) expect(s, &out.columns, 1, s->how == NOTHING ? 0 : 1, line);
    if (i == 0 && s->status != NOMO_OK) continue;
    check(status == NOMO_OK, line, "columns");
    if (s->status == NOMO_OK)
      check(same_row(&out.columns, 1, &stated, 0, &info), line, "columns give the bits of values");
    else
      check(is_refused_row(&out.columns, 1, s->status, &info), line, "a marked row of columns");
    if (s->how == NOTHING) continue; /* in every row */
    check(same_row(&out.columns, 0, &good, 0, &info) && same_row(&out.columns, 2, &good, 0, &info),
          line, "the rows beside it are what they were");
  }
}

/* Every type of column that holds the value, with good values before and behind it. */
static void in_columns(const sample *s, int line) {
  static const char *const good_texts[N_FEATURES] = {NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
                                                     NULL, NULL, "II", "middle", "left"};
  const double usual = good_row[s->feature];
  const uint8_t all = 7, not_the_second = 0xfd;
  nomo_column column = NOMO_COLUMN_INIT;
  double f64[3];
  float f32[3];
  int64_t i64[3];
  int32_t i32[3];
  uint8_t boolean[3];
  const char *text[3];
  int is_single;
  column.validity = s->how == ABSENT ? &not_the_second : &all;
  column.validity_len = 1;
  f64[0] = f64[2] = usual;
  f64[1] = s->number;
  column.values = f64;
  if (s->how == IN_UNIT) { /* the good values, in that unit */
    nomo_unit unit = NOMO_UNIT_INIT;
    size_t i;
    column.unit = s->text;
    for (i = 0; nomo_model_unit(model, s->feature, i, &unit, NULL) == NOMO_OK; i++)
      if (strcmp(unit.code, s->text) == 0)
        f64[0] = f64[2] = usual * unit.divisor / unit.multiplier + unit.offset;
  }
  if (s->how == NUMBER || s->how == IN_UNIT || s->how == ABSENT || s->how == NOTHING)
    predict_columns(s, column, line);
  is_single = fabs(f64[1]) <= FLT_MAX || isinf(f64[1]) || isnan(f64[1]);
  f32[0] = f32[2] = (float)f64[0];
  f32[1] = is_single ? (float)f64[1] : 0;
  if ((s->how == NUMBER || s->how == IN_UNIT || s->how == ABSENT) && is_single &&
      (isnan(f64[1]) || (double)f32[1] == f64[1]) && (double)f32[0] == f64[0]) {
    column.element_type = NOMO_TYPE_FLOAT;
    column.values = f32;
    predict_columns(s, column, line);
  }
  column.unit = NULL;
  i64[0] = i64[2] = (int64_t)usual;
  i64[1] = s->whole;
  i32[0] = i32[2] = (int32_t)usual;
  i32[1] = (int32_t)s->whole;
  column.element_type = NOMO_TYPE_INT64;
  column.values = i64;
  if (s->how == INTEGER || s->how == ABSENT) predict_columns(s, column, line);
  column.element_type = NOMO_TYPE_INT32;
  column.values = i32;
  if ((s->how == INTEGER && i32[1] == s->whole) || s->how == ABSENT) predict_columns(s, column, line);
  if (usual == 0 || usual == 1) { /* otherwise the other rows would change */
    boolean[0] = boolean[2] = (uint8_t)(usual * 255);
    boolean[1] = (uint8_t)(s->whole * 2);
    column.element_type = NOMO_TYPE_BOOLEAN;
    column.values = boolean;
    if ((s->how == BOOLEAN || s->how == ABSENT) && (s->feature == SMOKER || s->feature == DIABETIC))
      predict_columns(s, column, line);
  }
  text[0] = text[2] = good_texts[s->feature];
  text[1] = s->how == ABSENT ? NULL : s->text;
  column.element_type = NOMO_TYPE_TEXT;
  column.values = text;
  if (text[0] != NULL && (s->how == TEXT || s->how == ABSENT)) {
    predict_columns(s, column, line);
    if (s->how == ABSENT) { /* NULL alone means missing too, and so does a bit alone */
      column.validity = NULL;
      column.validity_len = 0;
      predict_columns(s, column, line);
      column.validity = &not_the_second;
      column.validity_len = 1;
      text[1] = text[0];
      predict_columns(s, column, line);
    }
  }
}

static void try(const sample *samples, size_t n, int line) {
  size_t i;
  for (i = 0; i < n; i++) {
    unsigned long failed_before = n_failed;
    one_by_one(&samples[i], line);
    stated = out.one;
    in_an_array(&samples[i], line);
    in_columns(&samples[i], line);
    if (n_failed != failed_before) printf("  in sample %zu of those of line %d\n", i, line);
  }
}
#define TRY(samples) try(samples, LENGTH(samples), __LINE__)

/* ---- Every condition of every feature ---------------------------------------------------- */

static void test_numbers(void) {
  const double nan = not_a_number(), next = nextafter(90, inf);
  const sample age[] = { /* refuses all */
    N(AGE, 18, TAKEN(1)), N(AGE, 90, TAKEN(4)), N(AGE, 54, TAKEN(2)), N(AGE, 54.5, TAKEN(3)),
    N(AGE, nextafter(18, 0), REFUSED_AS(NOMO_EVALUE_RANGE)), N(AGE, next, REFUSED_AS(NOMO_EVALUE_RANGE)),
    N(AGE, -4711.25, REFUSED_AS(NOMO_EVALUE_RANGE)), N(AGE, 1e100, REFUSED_AS(NOMO_EVALUE_RANGE)),
    N(AGE, 1.5e101, REFUSED_AS(NOMO_EVALUE_MAGNITUDE)), N(AGE, -DBL_MAX, REFUSED_AS(NOMO_EVALUE_MAGNITUDE)),
    N(AGE, nan, REFUSED_AS(NOMO_EVALUE_NAN)), N(AGE, -nan, REFUSED_AS(NOMO_EVALUE_NAN)),
    N(AGE, inf, REFUSED_AS(NOMO_EVALUE_INFINITE)), N(AGE, -inf, REFUSED_AS(NOMO_EVALUE_INFINITE)),
    I(AGE, 40, TAKEN(2)), I(AGE, 4711, REFUSED_AS(NOMO_EVALUE_RANGE)),
    I(AGE, BEYOND - 1, REFUSED_AS(NOMO_EVALUE_RANGE)), I(AGE, BEYOND, REFUSED_AS(NOMO_EVALUE_TYPE)),
    I(AGE, -BEYOND, REFUSED_AS(NOMO_EVALUE_TYPE)), I(AGE, INT64_MIN, REFUSED_AS(NOMO_EVALUE_TYPE)),
    I(AGE, INT64_MAX, REFUSED_AS(NOMO_EVALUE_TYPE)), B(AGE, 1, REFUSED_AS(NOMO_EVALUE_TYPE)),
    T(AGE, "forty", REFUSED_AS(NOMO_EVALUE_TYPE)), T(AGE, "40", REFUSED_AS(NOMO_EVALUE_TYPE)),
    U(AGE, 216, "mo", TAKEN(1)), U(AGE, 1080, "mo", TAKEN(4)), U(AGE, 40, "a", TAKEN(2)),
    U(AGE, 47112, "mo", REFUSED_AS(NOMO_EVALUE_RANGE)), U(AGE, 12e102, "mo", REFUSED_AS(NOMO_EVALUE_MAGNITUDE)),
    U(AGE, nan, "mo", REFUSED_AS(NOMO_EVALUE_NAN)), U(AGE, -inf, "mo", REFUSED_AS(NOMO_EVALUE_INFINITE)),
    A(AGE, NULL, REFUSED_AS(NOMO_EVALUE_MISSING)), A(AGE, "not-performed", REFUSED_AS(NOMO_EVALUE_MISSING)),
    X(AGE, REFUSED_AS(NOMO_EVALUE_UNSET)),
  };
  const sample temperature[] = { /* clamps values out of range and infinities, imputes the rest */
    N(TEMPERATURE, 30, TAKEN(1)), N(TEMPERATURE, nextafter(30, 0), CLAMPED(1)),
    N(TEMPERATURE, 45, TAKEN(4)), N(TEMPERATURE, nextafter(45, 99), CLAMPED(4)),
    N(TEMPERATURE, -DBL_MAX, CLAMPED(1)), N(TEMPERATURE, 1e101, CLAMPED(4)),
    N(TEMPERATURE, inf, CLAMPED(4)), N(TEMPERATURE, -inf, CLAMPED(1)), N(TEMPERATURE, nan, IMPUTED),
    U(TEMPERATURE, 86, "[degF]", TAKEN(1)), U(TEMPERATURE, 113, "[degF]", TAKEN(4)),
    U(TEMPERATURE, 85.9, "[degF]", CLAMPED(1)), U(TEMPERATURE, 1e308, "[degF]", CLAMPED(4)),
    U(TEMPERATURE, 310.15, "K", TAKEN(2)), U(TEMPERATURE, 0, "K", CLAMPED(1)),
    U(TEMPERATURE, inf, "K", CLAMPED(4)), U(TEMPERATURE, nan, "K", IMPUTED),
    I(TEMPERATURE, 45, TAKEN(4)), I(TEMPERATURE, 46, CLAMPED(4)), I(TEMPERATURE, BEYOND, IMPUTED),
    B(TEMPERATURE, 0, IMPUTED), T(TEMPERATURE, "warm", IMPUTED), A(TEMPERATURE, NULL, IMPUTED),
    A(TEMPERATURE, "error", IMPUTED), X(TEMPERATURE, IMPUTED),
  };
  const sample dose[] = { /* takes values out of range, imputes missing values, NaN, infinities */
    N(DOSE, 0, TAKEN(1)), N(DOSE, -0.0, TAKEN(1)), N(DOSE, DBL_MIN / 4, TAKEN(2)),
    N(DOSE, -DBL_MIN / 4, OUT_OF_RANGE(0)), N(DOSE, 100, TAKEN(4)), N(DOSE, 100.5, OUT_OF_RANGE(5)),
    N(DOSE, -1e100, OUT_OF_RANGE(0)), N(DOSE, -1.5e101, REFUSED_AS(NOMO_EVALUE_MAGNITUDE)),
    N(DOSE, 1.5e101, REFUSED_AS(NOMO_EVALUE_MAGNITUDE)), N(DOSE, nan, IMPUTED),
    N(DOSE, inf, IMPUTED_FROM_RANGE), N(DOSE, -inf, IMPUTED_FROM_RANGE),
    U(DOSE, 0.05, "g", TAKEN(2)), U(DOSE, 0.125, "g", OUT_OF_RANGE(5)), U(DOSE, 100, "mg", TAKEN(4)),
    I(DOSE, 120, OUT_OF_RANGE(5)), I(DOSE, BEYOND, REFUSED_AS(NOMO_EVALUE_TYPE)),
    B(DOSE, 1, REFUSED_AS(NOMO_EVALUE_TYPE)), T(DOSE, "much", REFUSED_AS(NOMO_EVALUE_TYPE)),
    A(DOSE, "unknown", IMPUTED), X(DOSE, REFUSED_AS(NOMO_EVALUE_UNSET)),
  };
  const sample weight[] = { /* imputes values out of range, of the wrong type, or unset */
    N(WEIGHT, 301, IMPUTED_FROM_RANGE), N(WEIGHT, 19, IMPUTED_FROM_RANGE),
    N(WEIGHT, 1e101, IMPUTED_FROM_RANGE), N(WEIGHT, nan, REFUSED_AS(NOMO_EVALUE_NAN)),
    N(WEIGHT, inf, REFUSED_AS(NOMO_EVALUE_INFINITE)), I(WEIGHT, 301, IMPUTED_FROM_RANGE),
    I(WEIGHT, -BEYOND, IMPUTED), B(WEIGHT, 1, IMPUTED), T(WEIGHT, "heavy", IMPUTED),
    A(WEIGHT, NULL, REFUSED_AS(NOMO_EVALUE_MISSING)), X(WEIGHT, IMPUTED),
  };
  const sample height[] = { /* without a range: values above 1e100 are out of range */
    N(HEIGHT, 171, TAKEN(4)), N(HEIGHT, 1.5e101, IMPUTED_FROM_RANGE), N(HEIGHT, -DBL_MAX, IMPUTED_FROM_RANGE),
    N(HEIGHT, inf, IMPUTED_FROM_RANGE), N(HEIGHT, nan, REFUSED_AS(NOMO_EVALUE_NAN)),
    T(HEIGHT, "tall", REFUSED_AS(NOMO_EVALUE_TYPE)), A(HEIGHT, NULL, REFUSED_AS(NOMO_EVALUE_MISSING)),
    X(HEIGHT, REFUSED_AS(NOMO_EVALUE_UNSET)),
  };
  TRY(age);
  TRY(temperature);
  TRY(dose);
  TRY(weight);
  TRY(height);
}

static void test_integers(void) {
  const double nan = not_a_number();
  const sample pregnancies[] = { /* clamps; imputes the wrong type */
    N(PREGNANCIES, 20, TAKEN(4)), N(PREGNANCIES, 21, CLAMPED(4)), N(PREGNANCIES, -1, CLAMPED(1)),
    N(PREGNANCIES, -0.0, TAKEN(1)), N(PREGNANCIES, 2.5, IMPUTED), N(PREGNANCIES, 1e101, CLAMPED(4)),
    N(PREGNANCIES, inf, CLAMPED(4)), N(PREGNANCIES, -inf, CLAMPED(1)),
    N(PREGNANCIES, nan, REFUSED_AS(NOMO_EVALUE_NAN)), I(PREGNANCIES, 20, TAKEN(4)),
    I(PREGNANCIES, 21, CLAMPED(4)), I(PREGNANCIES, BEYOND - 1, CLAMPED(4)), I(PREGNANCIES, BEYOND, IMPUTED),
    B(PREGNANCIES, 1, IMPUTED), T(PREGNANCIES, "two", IMPUTED), A(PREGNANCIES, NULL, IMPUTED),
    X(PREGNANCIES, IMPUTED),
  };
  const sample visits[] = { /* refuses all, without a range */
    N(VISITS, two_to_53, TAKEN(4)), N(VISITS, -two_to_53, TAKEN(0)),
    N(VISITS, two_to_53 + 2, REFUSED_AS(NOMO_EVALUE_MAGNITUDE)),
    N(VISITS, -1.5e101, REFUSED_AS(NOMO_EVALUE_MAGNITUDE)), N(VISITS, 5.5, REFUSED_AS(NOMO_EVALUE_TYPE)),
    N(VISITS, DBL_MIN, REFUSED_AS(NOMO_EVALUE_TYPE)), N(VISITS, nan, REFUSED_AS(NOMO_EVALUE_NAN)),
    N(VISITS, inf, REFUSED_AS(NOMO_EVALUE_INFINITE)), I(VISITS, BEYOND - 1, TAKEN(4)),
    I(VISITS, 1 - BEYOND, TAKEN(0)), I(VISITS, BEYOND, REFUSED_AS(NOMO_EVALUE_TYPE)),
    I(VISITS, INT64_MIN, REFUSED_AS(NOMO_EVALUE_TYPE)), B(VISITS, 0, REFUSED_AS(NOMO_EVALUE_TYPE)),
    T(VISITS, "often", REFUSED_AS(NOMO_EVALUE_TYPE)), A(VISITS, NULL, REFUSED_AS(NOMO_EVALUE_MISSING)),
    X(VISITS, REFUSED_AS(NOMO_EVALUE_UNSET)),
  };
  const sample children[] = { /* takes values out of range, imputes NaN and infinities */
    N(CHILDREN, 30, TAKEN(4)), N(CHILDREN, 31, OUT_OF_RANGE(5)), N(CHILDREN, -1, OUT_OF_RANGE(0)),
    N(CHILDREN, 2.5, REFUSED_AS(NOMO_EVALUE_TYPE)), N(CHILDREN, 30.5, REFUSED_AS(NOMO_EVALUE_TYPE)),
    N(CHILDREN, -two_to_53 - 2, REFUSED_AS(NOMO_EVALUE_MAGNITUDE)), N(CHILDREN, nan, IMPUTED),
    N(CHILDREN, inf, IMPUTED_FROM_RANGE), U(CHILDREN, 1, "{dozen}", TAKEN(2)),
    U(CHILDREN, 0.25, "{dozen}", TAKEN(2)), U(CHILDREN, 3, "{dozen}", OUT_OF_RANGE(5)),
    U(CHILDREN, 0.3, "{dozen}", REFUSED_AS(NOMO_EVALUE_TYPE)), I(CHILDREN, 36, OUT_OF_RANGE(5)),
    B(CHILDREN, 1, REFUSED_AS(NOMO_EVALUE_TYPE)), A(CHILDREN, NULL, REFUSED_AS(NOMO_EVALUE_MISSING)),
    X(CHILDREN, REFUSED_AS(NOMO_EVALUE_UNSET)),
  };
  TRY(pregnancies);
  TRY(visits);
  TRY(children);
}

static void test_booleans(void) {
  const double nan = not_a_number();
  const sample smoker[] = { /* refuses all */
    N(SMOKER, 0, TAKEN(0)), N(SMOKER, -0.0, TAKEN(0)), N(SMOKER, 1, TAKEN(1)), I(SMOKER, 0, TAKEN(0)),
    I(SMOKER, 1, TAKEN(1)), B(SMOKER, 0, TAKEN(0)), B(SMOKER, 1, TAKEN(1)),
    N(SMOKER, 2, REFUSED_AS(NOMO_EVALUE_TYPE)), N(SMOKER, -1, REFUSED_AS(NOMO_EVALUE_TYPE)),
    N(SMOKER, 0.5, REFUSED_AS(NOMO_EVALUE_TYPE)), N(SMOKER, 1e101, REFUSED_AS(NOMO_EVALUE_TYPE)),
    I(SMOKER, 2, REFUSED_AS(NOMO_EVALUE_TYPE)), T(SMOKER, "yes", REFUSED_AS(NOMO_EVALUE_TYPE)),
    N(SMOKER, nan, REFUSED_AS(NOMO_EVALUE_NAN)), N(SMOKER, inf, REFUSED_AS(NOMO_EVALUE_INFINITE)),
    A(SMOKER, "asked-declined", REFUSED_AS(NOMO_EVALUE_MISSING)), X(SMOKER, REFUSED_AS(NOMO_EVALUE_UNSET)),
  };
  const sample diabetic[] = { /* imputes all */
    B(DIABETIC, 1, TAKEN(1)), N(DIABETIC, 2, IMPUTED), N(DIABETIC, 0.5, IMPUTED), I(DIABETIC, -1, IMPUTED),
    T(DIABETIC, "no", IMPUTED), N(DIABETIC, nan, IMPUTED), N(DIABETIC, inf, IMPUTED_FROM_RANGE),
    A(DIABETIC, NULL, IMPUTED), X(DIABETIC, IMPUTED),
  };
  TRY(smoker);
  TRY(diabetic);
}

static void test_categories(void) {
  const double nan = not_a_number();
  const sample stage[] = { /* refuses all */
    T(STAGE, "I", TAKEN(0)), T(STAGE, "II", TAKEN(1)), T(STAGE, "III", TAKEN(2)), N(STAGE, 0, TAKEN(0)),
    N(STAGE, 2, TAKEN(2)), I(STAGE, 2, TAKEN(2)), T(STAGE, "IV", REFUSED_AS(NOMO_EVALUE_LEVEL)),
    T(STAGE, "ii", REFUSED_AS(NOMO_EVALUE_LEVEL)), T(STAGE, "", REFUSED_AS(NOMO_EVALUE_LEVEL)),
    T(STAGE, "II ", REFUSED_AS(NOMO_EVALUE_LEVEL)), T(STAGE, "Zeppelin 4711", REFUSED_AS(NOMO_EVALUE_LEVEL)),
    N(STAGE, 3, REFUSED_AS(NOMO_EVALUE_LEVEL)), N(STAGE, -1, REFUSED_AS(NOMO_EVALUE_LEVEL)),
    N(STAGE, 4711, REFUSED_AS(NOMO_EVALUE_LEVEL)), I(STAGE, 4711, REFUSED_AS(NOMO_EVALUE_LEVEL)),
    I(STAGE, BEYOND, REFUSED_AS(NOMO_EVALUE_TYPE)), N(STAGE, 0.5, REFUSED_AS(NOMO_EVALUE_TYPE)),
    B(STAGE, 1, REFUSED_AS(NOMO_EVALUE_TYPE)), N(STAGE, nan, REFUSED_AS(NOMO_EVALUE_NAN)),
    N(STAGE, inf, REFUSED_AS(NOMO_EVALUE_INFINITE)), A(STAGE, NULL, REFUSED_AS(NOMO_EVALUE_MISSING)),
    X(STAGE, REFUSED_AS(NOMO_EVALUE_UNSET)),
  };
  const sample grade[] = { /* uses an unknown level as none of the levels */
    T(GRADE, "low", TAKEN(0)), T(GRADE, "high", TAKEN(2)), T(GRADE, "huge", UNSEEN(3)),
    T(GRADE, "", UNSEEN(3)), N(GRADE, 3, UNSEEN(3)), N(GRADE, 4711, UNSEEN(3)), N(GRADE, -1, UNSEEN(3)),
    N(GRADE, 1e101, UNSEEN(3)), I(GRADE, 7, UNSEEN(3)), I(GRADE, -7, UNSEEN(3)),
    N(GRADE, 1.5, REFUSED_AS(NOMO_EVALUE_TYPE)), I(GRADE, BEYOND, REFUSED_AS(NOMO_EVALUE_TYPE)),
    N(GRADE, nan, REFUSED_AS(NOMO_EVALUE_NAN)), A(GRADE, "masked", IMPUTED),
    X(GRADE, REFUSED_AS(NOMO_EVALUE_UNSET)),
  };
  const sample site[] = { /* imputes an unknown level */
    T(SITE, "right", TAKEN(1)), T(SITE, "middle", IMPUTED_FROM_LEVEL), N(SITE, 2, IMPUTED_FROM_LEVEL),
    I(SITE, -2, IMPUTED_FROM_LEVEL), N(SITE, 1.5, IMPUTED), B(SITE, 0, IMPUTED), I(SITE, BEYOND, IMPUTED),
    N(SITE, nan, IMPUTED), N(SITE, inf, IMPUTED_FROM_RANGE), X(SITE, IMPUTED),
    A(SITE, "not-asked", REFUSED_AS(NOMO_EVALUE_MISSING)),
  };
  TRY(stage);
  TRY(grade);
  TRY(site);
}

/* ---- Several at once --------------------------------------------------------------------- */

static void test_counts(void) {
  static const uint32_t counts[NOMO_N_FLAGS] = {3, 2, 1, 4, 0};
  nomo_outputs outputs = all_outputs(&out.one, &info, 1);
  state_good_row(session);
  ACCEPTED(nomo_session_set_number(session, TEMPERATURE, 50, &error));   /* clamped */
  ACCEPTED(nomo_session_set_number(session, PREGNANCIES, 40, &error));   /* clamped */
  ACCEPTED(nomo_session_set_number(session, DOSE, 101, &error));         /* out of range */
  ACCEPTED(nomo_session_set_number(session, WEIGHT, 500, &error));       /* imputed */
  ACCEPTED(nomo_session_set_missing(session, DIABETIC, NULL, &error));   /* imputed */
  ACCEPTED(nomo_session_set_text(session, SITE, "middle", &error));      /* unseen, imputed */
  ACCEPTED(nomo_session_predict(session, &outputs, &error));
  CHECK(out.one.row_flags[0] == (NOMO_FLAG_IMPUTED | NOMO_FLAG_CLAMPED | NOMO_FLAG_UNSEEN_LEVEL |
                                 NOMO_FLAG_OUT_OF_RANGE));
  CHECK(memcmp(out.one.flag_counts, counts, sizeof counts) == 0);
  /* The first refused feature is reported, then the first broken rule. */
  ACCEPTED(nomo_session_set_number(session, STAGE, 9, &error));
  ACCEPTED(nomo_session_set_number(session, SMOKER, 9, &error));
  ACCEPTED(nomo_session_set_number(session, CHILDREN, 60, &error));
  fill_watched();
  REFUSED(NOMO_EVALUE_TYPE, nomo_session_predict(session, &outputs, &error));
  CHECK(error.feature == SMOKER && error.row == NOMO_PLACE_NONE);
}

static void test_rules(void) {
  nomo_outputs outputs = all_outputs(&out.one, &info, 1);
  static const uint8_t first[] = {1, 0, 0}, both[] = {1, 0, 1}, none[] = {0, 0, 0};
  double row[N_FEATURES];
  state_good_row(session);
  ACCEPTED(nomo_session_set_number(session, WEIGHT, 49, &error)); /* dose 50: flagged */
  ACCEPTED(nomo_session_predict(session, &outputs, &error));
  CHECK(memcmp(out.one.rules_broken, first, 3) == 0 && out.one.row_flags[0] == NOMO_FLAG_RULE_BROKEN);
  CHECK(out.one.flag_counts[4] == 1 && out.one.flag_counts[0] == 0);
  CHECK(out.one.feature_flags[DOSE] == 0 && out.one.feature_flags[WEIGHT] == 0);
  ACCEPTED(nomo_session_set_number(session, HEIGHT, 40, &error));
  ACCEPTED(nomo_session_predict(session, &outputs, &error));
  CHECK(memcmp(out.one.rules_broken, both, 3) == 0 && out.one.row_flags[0] == NOMO_FLAG_RULE_BROKEN);
  CHECK(out.one.flag_counts[4] == 2);
  ACCEPTED(nomo_session_set_number(session, WEIGHT, 500, &error)); /* imputed: the rule is not evaluated */
  ACCEPTED(nomo_session_predict(session, &outputs, &error));
  CHECK(memcmp(out.one.rules_broken, none, 3) == 0);
  CHECK(out.one.row_flags[0] == (NOMO_FLAG_IMPUTED | NOMO_FLAG_OUT_OF_RANGE));
  ACCEPTED(nomo_session_set_number(session, CHILDREN, 41, &error)); /* more than the age */
  fill_watched();
  REFUSED(NOMO_EVALUE_RULE, nomo_session_predict(session, &outputs, &error));
  CHECK(error.row == NOMO_PLACE_NONE && strstr(error.message, "older than children") != NULL);
  CHECK(strstr(error.message, "41") == NULL && strstr(error.message, "40") == NULL);
  outputs.on_refusal = NOMO_ON_REFUSAL_GO_ON;
  ACCEPTED(nomo_session_predict(session, &outputs, &error));
  CHECK(is_refused_row(&out.one, 0, NOMO_EVALUE_RULE, &info));
  memcpy(row, good_row, sizeof row);
  row[CHILDREN] = 41;
  fill_watched();
  REFUSED(NOMO_EVALUE_RULE, nomo_session_predict_row(session, row, N_FEATURES, out.p, 2, NULL, &error));
  CHECK(error.row == NOMO_PLACE_NONE);
}

/* Every code of FHIR's data-absent-reason is known, and nothing else. */
static void test_reasons(void) {
  static const char *const reasons[] = {
    "unknown", "asked-unknown", "temp-unknown", "not-asked", "asked-declined", "masked",
    "not-applicable", "unsupported", "as-text", "error", "not-a-number", "negative-infinity",
    "positive-infinity", "not-performed", "not-permitted"};
  static const char *const others[] = {"", "Unknown", "unknown ", "not_asked", "nan", "forgotten"};
  nomo_outputs outputs = all_outputs(&out.one, &info, 1);
  const char *reason;
  size_t i;
  state_good_row(session);
  for (i = 0; i < LENGTH(reasons); i++) {
    ACCEPTED(nomo_session_set_missing(session, GRADE, reasons[i], &error));
    ACCEPTED(nomo_session_predict(session, &outputs, &error));
    CHECK(out.one.feature_flags[GRADE] == NOMO_FLAG_IMPUTED);
    ACCEPTED(nomo_session_missing_reason(session, GRADE, &reason, &error));
    CHECK_TEXT(reason, reasons[i]);
  }
  ACCEPTED(nomo_session_set_missing(session, GRADE, NULL, &error));
  ACCEPTED(nomo_session_missing_reason(session, GRADE, &reason, &error));
  CHECK(reason == NULL);
  ACCEPTED(nomo_session_set_text(session, GRADE, "high", &error));
  ACCEPTED(nomo_session_missing_reason(session, GRADE, &reason, &error));
  CHECK(reason == NULL);
  fill_watched();
  REFUSED(NOMO_EARGUMENT_NULL, nomo_session_missing_reason(NULL, GRADE, &reason, &error));
  REFUSED(NOMO_EARGUMENT_NULL, nomo_session_missing_reason(session, GRADE, NULL, &error));
  REFUSED(NOMO_EARGUMENT_FEATURE,
          nomo_session_missing_reason(session, info.n_features, &reason, &error));
  REFUSED(NOMO_EARGUMENT_FEATURE, nomo_session_missing_reason(session, SIZE_MAX, &reason, &error));
  for (i = 0; i < LENGTH(others); i++)
    REFUSED(NOMO_EARGUMENT_REASON, nomo_session_set_missing(session, GRADE, others[i], &error));
  REFUSED(NOMO_EARGUMENT_TEXT, nomo_session_set_missing(session, GRADE, "\xff", &error));
  ACCEPTED(nomo_session_predict(session, &outputs, &error)); /* the values stay set */
  CHECK(out.one.feature_flags[GRADE] == 0 && digit_of(&out.one, 0, &info, GRADE) == 2);
}

int main(void) {
  nomo_outputs outputs;
  model = open_or_exit("policies.nomo");
  session = session_or_exit(model);
  ACCEPTED(nomo_model_describe(model, &info, &error));
  outputs = all_outputs(&good, &info, 1);
  state_good_row(session);
  ACCEPTED(nomo_session_predict(session, &outputs, &error));
  WATCH(out);
  test_numbers();
  test_integers();
  test_booleans();
  test_categories();
  test_counts();
  test_rules();
  test_reasons();
  watch_nothing();
  nomo_session_destroy(session);
  nomo_model_release(model);
  return report();
}
