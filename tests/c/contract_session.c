/*
 * contract_session.c - checks what nomogram.h promises about sessions and about one row.
 *
 *     contract_session
 *
 * The bundles of nomogram-testkit are in the current folder.
 */
#include "outputs.h"

enum { ROOM = 1 << 16 };

static nomo_model *policies, *number, *three_classes;
static nomo_session *session; /* of `policies` */
static nomo_model_info info = NOMO_MODEL_INFO_INIT;
static results good; /* of the good row */
static struct {
  nomo_session *session;
  size_t size;
  double p[MAX_OUT];
  uint32_t c;
  results results;
} out;

/* Whether a session predicts the good row with the same bits. */
static int works(nomo_session *s) {
  double p[2] = {0, 0};
  uint32_t c = 7;
  return nomo_session_predict_row(s, good_row, N_FEATURES, p, 2, &c, NULL) == NOMO_OK &&
         same_bits(p, good.probabilities, 2) && c == good.class_indices[0];
}

/* ---- Sessions ---------------------------------------------------------------------------- */

static int32_t create_with(nomo_error *e) { return nomo_session_create(NULL, &out.session, e); }
static int32_t create_in_with(nomo_error *e) {
  return nomo_session_create_in(policies, &room, 0, &out.session, e);
}

static void test_create(void) {
  fill_watched();
  REFUSED(NOMO_EARGUMENT_NULL, nomo_session_create(NULL, &out.session, &error));
  REFUSED(NOMO_EARGUMENT_NULL, nomo_session_create(policies, NULL, &error));
  REFUSED_QUIET(NOMO_EARGUMENT_NULL, nomo_session_create(policies, NULL, NULL));
  REFUSED(NOMO_EARGUMENT_ALIGNMENT, nomo_session_create(off(policies), &out.session, &error));
  REFUSED(NOMO_EARGUMENT_ALIGNMENT, nomo_session_create(policies, off(&out.session), &error));
  check_error_struct(create_with, NOMO_EARGUMENT_NULL, __LINE__);
  ACCEPTED(nomo_session_create(policies, &out.session, NULL));
  CHECK(works(out.session));
  nomo_session_destroy(out.session);
  nomo_session_destroy(NULL);
}

static void test_create_in(void) {
  static unsigned char memory[ROOM];
  size_t n, shift, i;
  ACCEPTED(nomo_session_size(policies, &n, &error));
  CHECK(n > 0 && n + 128 < ROOM);
  fill_watched();
  REFUSED(NOMO_EARGUMENT_NULL, nomo_session_create_in(NULL, memory, n, &out.session, &error));
  REFUSED(NOMO_EARGUMENT_NULL, nomo_session_create_in(policies, NULL, n, &out.session, &error));
  REFUSED(NOMO_EARGUMENT_NULL, nomo_session_create_in(policies, memory, n, NULL, &error));
  REFUSED(NOMO_EARGUMENT_ALIGNMENT, nomo_session_create_in(off(policies), memory, n, &out.session, &error));
  REFUSED(NOMO_EARGUMENT_ALIGNMENT, nomo_session_create_in(policies, memory, n, off(&out.session), &error));
  REFUSED(NOMO_EBUFFER_MEMORY, nomo_session_create_in(policies, memory, 0, &out.session, &error));
  REFUSED_EITHER(NOMO_EBUFFER_MEMORY, NOMO_EARGUMENT_NULL,
                 nomo_session_create_in(policies, NULL, 0, &out.session, &error));
  check_error_struct(create_in_with, NOMO_EBUFFER_MEMORY, __LINE__);
  for (shift = 0; shift < 64; shift++) { /* any alignment, and not a byte beside it */
    nomo_session *first;
    memset(memory, PATTERN, sizeof memory);
    REFUSED(NOMO_EBUFFER_MEMORY, nomo_session_create_in(policies, memory + shift, n - 1, &out.session, &error));
    for (i = 0; i < sizeof memory && memory[i] == PATTERN; i++) {}
    CHECK(i == sizeof memory);
    ACCEPTED(nomo_session_create_in(policies, memory + shift, n, &out.session, &error));
    CHECK(works(out.session));
    nomo_session_destroy(out.session);
    first = out.session;
    ACCEPTED(nomo_session_create_in(policies, memory + shift, n, &out.session, NULL)); /* again */
    CHECK(out.session == first && works(out.session));
    nomo_session_destroy(out.session);
    for (i = 0; i < shift && memory[i] == PATTERN; i++) {}
    CHECK(i == shift);
    for (i = shift + n; i < sizeof memory && memory[i] == PATTERN; i++) {}
    CHECK(i == sizeof memory);
    fill_watched();
  }
  ACCEPTED(nomo_session_create_in(policies, memory, sizeof memory, &out.session, &error)); /* more */
  CHECK(works(out.session));
  nomo_session_destroy(out.session);
}

/* Memory of exactly the size, so that tools detect accesses beyond it. */
static void test_create_in_exactly(nomo_model *model) {
  size_t n, shift;
  ACCEPTED(nomo_session_size(model, &n, NULL));
  for (shift = 0; shift < 8; shift++) {
    unsigned char *memory = malloc(shift + n);
    nomo_outputs outputs = NOMO_OUTPUTS_INIT;
    if (memory == NULL) abort();
    ACCEPTED(nomo_session_create_in(model, memory + shift, n, &out.session, &error));
    outputs.class_indices = &out.c;
    outputs.class_indices_len = 1;
    begin();
    status = nomo_session_predict(out.session, &outputs, &error);
    CHECK(status == NOMO_EVALUE_UNSET); /* all features are unset */
    nomo_session_destroy(out.session);
    free(memory);
  }
}

static void test_lifetimes(void) {
  static unsigned char memory[ROOM];
  nomo_model *model = open_or_exit("policies.nomo");
  nomo_session *sessions[3];
  size_t i;
  for (i = 0; i < 2; i++) sessions[i] = session_or_exit(model);
  ACCEPTED(nomo_session_create_in(model, memory, sizeof memory, &sessions[2], &error));
  nomo_model_release(model); /* the sessions keep it alive */
  for (i = 0; i < 3; i++) {
    CHECK(works(sessions[i]));
    nomo_session_destroy(sessions[i]);
  }
}

/* ---- Setting values ---------------------------------------------------------------------- */

static size_t the_feature;
static int32_t set_number(nomo_session *s, nomo_error *e) { return nomo_session_set_number(s, the_feature, 1, e); }
static int32_t set_number_in(nomo_session *s, nomo_error *e) { return nomo_session_set_number_in(s, the_feature, 1, "mo", e); }
static int32_t set_integer(nomo_session *s, nomo_error *e) { return nomo_session_set_integer(s, the_feature, 1, e); }
static int32_t set_boolean(nomo_session *s, nomo_error *e) { return nomo_session_set_boolean(s, the_feature, 1, e); }
static int32_t set_text(nomo_session *s, nomo_error *e) { return nomo_session_set_text(s, the_feature, "I", e); }
static int32_t set_missing(nomo_session *s, nomo_error *e) { return nomo_session_set_missing(s, the_feature, NULL, e); }
static int32_t clear(nomo_session *s, nomo_error *e) { return nomo_session_clear(s, e); }

static int32_t (*const setters[])(nomo_session *, nomo_error *) = {
  set_number, set_number_in, set_integer, set_boolean, set_text, set_missing, clear};
static size_t the_setter;
static int32_t set_with(nomo_error *e) { return setters[the_setter](NULL, e); }

static void test_setters(void) {
  static const size_t beyond[] = {N_FEATURES, N_FEATURES + 1, UINT32_MAX, SIZE_MAX / 8 + 1, SIZE_MAX};
  size_t i;
  fill_watched();
  for (the_setter = 0; the_setter < LENGTH(setters); the_setter++) {
    the_feature = AGE;
    REFUSED(NOMO_EARGUMENT_NULL, setters[the_setter](NULL, &error));
    REFUSED_QUIET(NOMO_EARGUMENT_NULL, setters[the_setter](NULL, NULL));
    REFUSED(NOMO_EARGUMENT_ALIGNMENT, setters[the_setter](off(session), &error));
    check_error_struct(set_with, NOMO_EARGUMENT_NULL, __LINE__);
    ACCEPTED(setters[the_setter](session, &error));
    ACCEPTED(setters[the_setter](session, NULL));
    if (setters[the_setter] == clear) continue;
    for (i = 0; i < LENGTH(beyond); i++) {
      the_feature = beyond[i];
      REFUSED(NOMO_EARGUMENT_FEATURE, setters[the_setter](session, &error));
    }
  }
}

/* A value that is refused when it is set leaves the previous value. */
static void test_setters_refuse(void) {
  static const uint32_t no_boolean[] = {2, 3, 255, 256, 0x80000000, UINT32_MAX};
  nomo_outputs outputs = all_outputs(&out.results, &info, 1);
  size_t i;
  state_good_row(session);
  fill_watched();
  for (i = 0; i < LENGTH(no_boolean); i++)
    REFUSED(NOMO_EARGUMENT_OPTION, nomo_session_set_boolean(session, SMOKER, no_boolean[i], &error));
  REFUSED(NOMO_EARGUMENT_UNIT, nomo_session_set_number_in(session, AGE, 9, "min", &error));
  REFUSED(NOMO_EARGUMENT_UNIT, nomo_session_set_number_in(session, AGE, 9, "MO", &error));
  REFUSED(NOMO_EARGUMENT_UNIT, nomo_session_set_number_in(session, AGE, 9, "", &error));
  REFUSED(NOMO_EARGUMENT_UNIT, nomo_session_set_number_in(session, HEIGHT, 9, "cm", &error));
  REFUSED(NOMO_EARGUMENT_UNIT, nomo_session_set_number_in(session, STAGE, 0, "1", &error));
  REFUSED(NOMO_EARGUMENT_NULL, nomo_session_set_number_in(session, AGE, 9, NULL, &error));
  REFUSED(NOMO_EARGUMENT_TEXT, nomo_session_set_number_in(session, AGE, 9, "m\xff", &error));
  REFUSED(NOMO_EARGUMENT_NULL, nomo_session_set_text(session, STAGE, NULL, &error));
  REFUSED(NOMO_EARGUMENT_TEXT, nomo_session_set_text(session, STAGE, "I\xff", &error));
  REFUSED(NOMO_EARGUMENT_TEXT, nomo_session_set_text(session, STAGE, "\xed\xa0\x80", &error));
  REFUSED(NOMO_EARGUMENT_REASON, nomo_session_set_missing(session, GRADE, "lost", &error));
  ACCEPTED(nomo_session_predict(session, &outputs, &error));
  CHECK(same_row(&out.results, 0, &good, 0, &info));
}

/* A value stays, also after predicting, until it is set again or cleared. */
static void test_stating(void) {
  nomo_outputs outputs = all_outputs(&out.results, &info, 1);
  double other[N_FEATURES];
  nomo_matrix matrix = row_major(other, 1, N_FEATURES);
  nomo_column column = f64_column(AGE, other, 1);
  size_t i;
  memcpy(other, good_row, sizeof other);
  other[AGE] = 60;
  state_good_row(session);
  for (i = 0; i < 3; i++) {
    ACCEPTED(nomo_session_predict(session, &outputs, &error));
    CHECK(same_row(&out.results, 0, &good, 0, &info));
    ACCEPTED(nomo_session_predict_row(session, other, N_FEATURES, out.p, 2, &out.c, &error));
    CHECK(!same_bits(out.p, good.probabilities, 2));
    ACCEPTED(nomo_session_predict_matrix(session, &matrix, &outputs, &error));
    CHECK(digit_of(&out.results, 0, &info, AGE) == 3);
    outputs.on_refusal = NOMO_ON_REFUSAL_GO_ON;
    ACCEPTED(nomo_session_predict_columns(session, &column, 1, 1, &outputs, &error));
    CHECK(is_refused_row(&out.results, 0, NOMO_EVALUE_UNSET, &info));
    outputs.on_refusal = NOMO_ON_REFUSAL_STOP;
    ACCEPTED(nomo_session_predict(session, &outputs, &error));
    CHECK(same_row(&out.results, 0, &good, 0, &info));
  }
  ACCEPTED(nomo_session_set_number(session, AGE, 60, &error));
  ACCEPTED(nomo_session_predict(session, &outputs, &error));
  CHECK(digit_of(&out.results, 0, &info, AGE) == 3);
  ACCEPTED(nomo_session_set_missing(session, AGE, NULL, &error));
  fill_watched();
  REFUSED(NOMO_EVALUE_MISSING, nomo_session_predict(session, &outputs, &error));
  ACCEPTED(nomo_session_set_integer(session, AGE, 40, &error)); /* after a refusal, as before */
  ACCEPTED(nomo_session_predict(session, &outputs, &error));
  CHECK(same_row(&out.results, 0, &good, 0, &info));
  ACCEPTED(nomo_session_clear(session, &error));
  fill_watched();
  REFUSED(NOMO_EVALUE_UNSET, nomo_session_predict(session, &outputs, &error));
  CHECK(error.feature == AGE && error.row == NOMO_PLACE_NONE && error.byte_offset == NOMO_PLACE_NONE);
}

/* A unit is converted as (value - offset) * multiplier / divisor. */
static void test_units(void) {
  static const double values[] = {-40, 0, 31.7, 98.6, 100.4, 107.1, 310.15, 451, 1e17};
  nomo_outputs outputs = all_outputs(&out.results, &info, 1);
  nomo_session *of_size = session_or_exit(three_classes);
  nomo_unit unit = NOMO_UNIT_INIT;
  size_t i, j;
  double p[3];
  ACCEPTED(nomo_model_unit(three_classes, 0, 0, &unit, &error));
  for (i = 0; i < LENGTH(values); i++) {
    nomo_outputs three = NOMO_OUTPUTS_INIT;
    volatile double converted = values[i] - unit.offset; /* one rounding after the other */
    converted *= unit.multiplier;
    converted /= unit.divisor;
    three.probabilities = out.p;
    three.probabilities_len = 3;
    ACCEPTED(nomo_session_set_text(of_size, 1, "\xce\xb1", &error));
    ACCEPTED(nomo_session_set_number_in(of_size, 0, values[i], "mm", &error));
    ACCEPTED(nomo_session_predict(of_size, &three, &error));
    memcpy(p, out.p, sizeof p);
    ACCEPTED(nomo_session_set_number(of_size, 0, converted, &error));
    ACCEPTED(nomo_session_predict(of_size, &three, &error));
    CHECK(same_bits(p, out.p, 3));
  }
  for (j = 0; j < 2; j++) { /* exactly at both ends of the range */
    outputs = all_outputs(&out.results, &info, 1);
    state_good_row(session);
    ACCEPTED(nomo_session_set_number_in(session, TEMPERATURE, j == 0 ? 86 : 113, "[degF]", &error));
    ACCEPTED(nomo_session_predict(session, &outputs, &error));
    CHECK(digit_of(&out.results, 0, &info, TEMPERATURE) == (j == 0 ? 1 : 4));
    CHECK(out.results.row_flags[0] == 0);
  }
  nomo_session_destroy(of_size);
}

/* Levels are compared byte by byte. */
static void test_levels(void) {
  nomo_session *s = session_or_exit(three_classes);
  nomo_outputs outputs = NOMO_OUTPUTS_INIT;
  double by_text[3];
  outputs.probabilities = out.p;
  outputs.probabilities_len = 3;
  ACCEPTED(nomo_session_set_number(s, 0, 12, &error));
  ACCEPTED(nomo_session_set_text(s, 1, "\xce\xb2", &error));
  ACCEPTED(nomo_session_predict(s, &outputs, &error));
  memcpy(by_text, out.p, sizeof by_text);
  ACCEPTED(nomo_session_set_number(s, 1, 2, &error));
  ACCEPTED(nomo_session_predict(s, &outputs, &error));
  CHECK(same_bits(by_text, out.p, 3));
  ACCEPTED(nomo_session_set_integer(s, 1, 2, &error));
  ACCEPTED(nomo_session_predict(s, &outputs, &error));
  CHECK(same_bits(by_text, out.p, 3));
  ACCEPTED(nomo_session_set_text(s, 1, "\xce\x92", &error)); /* the upper case */
  fill_watched();
  REFUSED(NOMO_EVALUE_LEVEL, nomo_session_predict(s, &outputs, &error));
  ACCEPTED(nomo_session_set_text(s, 1, "", &error));
  REFUSED(NOMO_EVALUE_LEVEL, nomo_session_predict(s, &outputs, &error));
  nomo_session_destroy(s);
}

/* ---- One row from an array --------------------------------------------------------------- */

static int32_t predict_row_with(nomo_error *e) {
  return nomo_session_predict_row(session, good_row, N_FEATURES - 1, out.p, 2, &out.c, e);
}
static int32_t row(const double *values, size_t n) {
  return nomo_session_predict_row(session, values, n, out.p, 2, &out.c, &error);
}
static int32_t row_into(double *p, size_t n) {
  return nomo_session_predict_row(session, good_row, N_FEATURES, p, n, &out.c, &error);
}

static void test_row(void) {
  static const size_t huge[] = {SIZE_MAX, SIZE_MAX / 2 + 1, SIZE_MAX / 8 + 1, SIZE_MAX / 8};
  static double many[2 * N_FEATURES];
  size_t i;
  fill_watched();
  ACCEPTED(row(good_row, N_FEATURES));
  CHECK(same_bits(out.p, good.probabilities, 2) && out.c == good.class_indices[0]);
  fill_watched();
  ACCEPTED(nomo_session_predict_row(session, good_row, N_FEATURES, out.p, 2, NULL, NULL));
  CHECK(same_bits(out.p, good.probabilities, 2));
  fill_watched();
  REFUSED(NOMO_EARGUMENT_NULL, nomo_session_predict_row(NULL, good_row, N_FEATURES, out.p, 2, &out.c, &error));
  REFUSED(NOMO_EARGUMENT_ALIGNMENT, nomo_session_predict_row(off(session), good_row, N_FEATURES, out.p, 2, &out.c, &error));
  REFUSED(NOMO_EARGUMENT_NULL, row(NULL, N_FEATURES));
  REFUSED(NOMO_EARGUMENT_NULL, row_into(NULL, 2));
  REFUSED(NOMO_EARGUMENT_ALIGNMENT, row(off(many), N_FEATURES));
  REFUSED(NOMO_EARGUMENT_ALIGNMENT, row_into(off(&room), 2));
  REFUSED(NOMO_EARGUMENT_ALIGNMENT, nomo_session_predict_row(session, good_row, N_FEATURES, out.p, 2, off(&room), &error));
  check_error_struct(predict_row_with, NOMO_ESCHEMA_FEATURES, __LINE__);
  REFUSED(NOMO_ESCHEMA_FEATURES, row(many, N_FEATURES + 1));
  REFUSED(NOMO_ESCHEMA_FEATURES, row(many, 2 * N_FEATURES));
  REFUSED(NOMO_ESCHEMA_FEATURES, row(many, 1));
  REFUSED(NOMO_ESCHEMA_FEATURES, row(many, 0));
  REFUSED(NOMO_ESCHEMA_FEATURES, row(NULL, 0));
  REFUSED(NOMO_EBUFFER_LENGTH, row_into(out.p, 0));
  REFUSED(NOMO_EBUFFER_LENGTH, row_into(NULL, 0));
  REFUSED(NOMO_EBUFFER_LENGTH, row_into(out.p, 1));
  REFUSED(NOMO_EBUFFER_LENGTH, row_into(out.p, 3));
  for (i = 0; i < LENGTH(huge); i++) { /* refused before anything is read */
    REFUSED_EITHER(NOMO_EARGUMENT_SHAPE, NOMO_ESCHEMA_FEATURES, row(many, huge[i]));
    REFUSED_EITHER(NOMO_EARGUMENT_SHAPE, NOMO_EBUFFER_LENGTH, row_into(out.p, huge[i]));
  }
  ACCEPTED(row(good_row, N_FEATURES)); /* the session still works */
  CHECK(same_bits(out.p, good.probabilities, 2));
}

/* Models of one number and of several classes. */
static void test_other_targets(void) {
  nomo_session *of_number = session_or_exit(number), *of_three = session_or_exit(three_classes);
  const double days[2] = {12, 60}, equal[2] = {5, 0}, last_two[2] = {5, 2};
  fill_watched();
  ACCEPTED(nomo_session_predict_row(of_number, days, 2, out.p, 1, &out.c, &error));
  /* (1 * line + 3 * mean) / 4 of 0.5 + 12/4 + 60/8 and 1 + (6.5 + 12) / 2 */
  CHECK(out.p[0] == (11.0 + 3 * 10.25) / 4 && out.c == NOMO_CLASS_NONE);
  CHECK(memcmp(out.p + 1, "\xa5\xa5\xa5\xa5\xa5\xa5\xa5\xa5", 8) == 0);
  fill_watched();
  REFUSED(NOMO_EBUFFER_LENGTH, nomo_session_predict_row(of_number, days, 2, out.p, 2, &out.c, &error));
  ACCEPTED(nomo_session_predict_row(of_three, equal, 2, out.p, 3, &out.c, &error));
  CHECK(out.c == 0); /* of equally probable classes, the lowest */
  CHECK(same_bits(&out.p[0], &out.p[1], 1) && same_bits(&out.p[1], &out.p[2], 1));
  ACCEPTED(nomo_session_predict_row(of_three, last_two, 2, out.p, 3, &out.c, &error));
  CHECK(out.c == 1 && out.p[0] < out.p[1] && same_bits(&out.p[1], &out.p[2], 1));
  CHECK(fabs(out.p[0] + out.p[1] + out.p[2] - 1) < 1e-12);
  nomo_session_destroy(of_number);
  nomo_session_destroy(of_three);
}

int main(void) {
  nomo_outputs outputs;
  policies = open_or_exit("policies.nomo");
  number = open_or_exit("number.nomo");
  three_classes = open_or_exit("three_classes.nomo");
  session = session_or_exit(policies);
  ACCEPTED(nomo_model_describe(policies, &info, &error));
  outputs = all_outputs(&good, &info, 1);
  state_good_row(session);
  ACCEPTED(nomo_session_predict(session, &outputs, &error));
  WATCH(out);
  test_create();
  test_create_in();
  test_create_in_exactly(policies);
  test_create_in_exactly(number);
  test_create_in_exactly(three_classes);
  test_lifetimes();
  test_setters();
  test_setters_refuse();
  test_stating();
  test_units();
  test_levels();
  test_row();
  test_other_targets();
  watch_nothing();
  nomo_session_destroy(session);
  nomo_model_release(policies);
  nomo_model_release(number);
  nomo_model_release(three_classes);
  return report();
}
