/*
 * contract_matrix.c - checks what nomogram.h promises about rows in a matrix.
 *
 *     contract_matrix BUNDLE...
 *
 * Each BUNDLE is a model of numbers; its rows are predicted in every layout.
 */
#include "check.h"

enum { ROWS = 5, MAX_FEATURES = 64, MAX_CLASSES = 4, LONG = 3000 };

static nomo_session *session;
static size_t nf, nc;
static double rows[ROWS][MAX_FEATURES]; /* each exactly representable as float */
static double wanted_p[ROWS][MAX_CLASSES]; /* of nomo_session_predict_row */
static uint32_t wanted_c[ROWS];
static struct {
  double p[(ROWS + 1) * MAX_CLASSES];
  uint32_t c[ROWS + 1];
} out;
static nomo_matrix in;
static nomo_outputs to;

static int32_t predict(void) { return nomo_session_predict_matrix(session, &in, &to, &error); }
static int32_t with_matrix(void *matrix) { return nomo_session_predict_matrix(session, matrix, &to, &error); }
static int32_t with_this_error(nomo_error *e) { return nomo_session_predict_matrix(NULL, &in, &to, e); }

static void set_in(const void *values, size_t values_len, size_t n_rows, size_t row_stride, size_t column_stride) {
  const nomo_matrix init = NOMO_MATRIX_INIT;
  in = init;
  in.values = values;
  in.values_len = values_len;
  in.n_rows = n_rows;
  in.n_columns = nf;
  in.row_stride = row_stride;
  in.column_stride = column_stride;
}

static void set_out(size_t n_rows) {
  const nomo_outputs init = NOMO_OUTPUTS_INIT;
  to = init;
  to.probabilities = out.p;
  to.probabilities_len = n_rows * nc;
  to.class_indices = out.c;
  to.class_indices_len = n_rows;
  fill_watched();
}

/* All rows, in the layout of `rows`. */
static void set_all(void) {
  set_in(rows, sizeof rows / sizeof(double), ROWS, MAX_FEATURES, 1);
  set_out(ROWS);
}

/* Row i of the outputs is row (first + i * step) % ROWS of `rows`; nothing is written after them. */
static void expect(size_t n_rows, size_t first, size_t step, int line) {
  size_t i;
  set_out(n_rows);
  ACCEPTED(predict());
  for (i = 0; i < n_rows; i++) {
    size_t row = (first + i * step) % ROWS;
    check(same_bits(out.p + i * nc, wanted_p[row], nc), line, "the bits of a single row");
    check(out.c[i] == wanted_c[row], line, "the class of a single row");
  }
  for (i = n_rows * nc * sizeof(double); i < sizeof out.p && ((unsigned char *)out.p)[i] == PATTERN; i++) {}
  check(i == sizeof out.p, line, "nothing is written behind the outputs");
}

static void test_layouts(void) {
  static double m[2 * ROWS * MAX_FEATURES + 7];
  size_t i, j, stride;
  set_all();
  expect(ROWS, 0, 1, __LINE__);
  for (stride = nf; stride <= nf + 3; stride++) { /* row-major, with and without gaps */
    for (i = 0; i < LENGTH(m); i++) m[i] = HUGE_VAL; /* elements between the rows are not read */
    for (i = 0; i < ROWS; i++)
      for (j = 0; j < nf; j++) m[i * stride + j] = rows[i][j];
    set_in(m, (ROWS - 1) * stride + nf, ROWS, stride, 1);
    expect(ROWS, 0, 1, __LINE__);
  }
  for (stride = ROWS; stride <= ROWS + 3; stride++) { /* column-major, with and without gaps */
    for (i = 0; i < LENGTH(m); i++) m[i] = HUGE_VAL;
    for (i = 0; i < ROWS; i++)
      for (j = 0; j < nf; j++) m[j * stride + i] = rows[i][j];
    set_in(m, (nf - 1) * stride + ROWS, ROWS, 1, stride);
    expect(ROWS, 0, 1, __LINE__);
  }
  for (i = 0; i < LENGTH(m); i++) m[i] = HUGE_VAL;
  for (i = 0; i < ROWS; i++) /* both strides larger than needed; from the middle of a buffer */
    for (j = 0; j < nf; j++) m[3 + i * 2 * nf + j * 2] = rows[i][j];
  set_in(m + 3, (ROWS - 1) * 2 * nf + (nf - 1) * 2 + 1, ROWS, 2 * nf, 2);
  expect(ROWS, 0, 1, __LINE__);
  set_in(rows, sizeof rows / sizeof(double), 3, 2 * MAX_FEATURES, 1); /* every second row */
  expect(3, 0, 2, __LINE__);
  set_in(rows[2], nf, 4, 0, 1); /* one row, four times */
  expect(4, 2, 0, __LINE__);
  for (i = 0; i < ROWS; i++) { /* one row, and an unused row stride */
    set_in(rows[i], nf, 1, i == 0 ? SIZE_MAX : i, 1);
    expect(1, i, 1, __LINE__);
  }
  if (nf == 1) { /* one column, and an unused column stride */
    set_in(rows, sizeof rows / sizeof(double), ROWS, MAX_FEATURES, SIZE_MAX);
    expect(ROWS, 0, 1, __LINE__);
  }
}

/* Rows that overlap: row i begins one number after row i - 1. */
static void test_overlap(void) {
  double m[MAX_FEATURES + ROWS];
  double p[MAX_CLASSES];
  size_t i, j;
  for (j = 0; j < nf + ROWS; j++) m[j] = 3.5 + 0.25 * (double)j;
  set_in(m, nf + ROWS - 1, ROWS, 1, 1);
  set_out(ROWS);
  ACCEPTED(predict());
  for (i = 0; i < ROWS; i++) {
    CHECK(nomo_session_predict_row(session, m + i, nf, p, nc, NULL, NULL) == NOMO_OK);
    CHECK(same_bits(p, out.p + i * nc, nc));
  }
  for (j = 0; j < nf; j++) m[j] = 7.25; /* one number for all of them */
  CHECK(nomo_session_predict_row(session, m, nf, p, nc, NULL, NULL) == NOMO_OK);
  set_in(m, 1, 3, 0, 0);
  set_out(3);
  ACCEPTED(predict());
  for (i = 0; i < 3; i++) CHECK(same_bits(p, out.p + i * nc, nc));
}

/* Floats are converted exactly, so that they give the bits of the same doubles. */
static void test_floats(void) {
  static float m[ROWS * MAX_FEATURES + 1];
  size_t i, j;
  double row[MAX_FEATURES], p[MAX_CLASSES];
  for (i = 0; i < ROWS; i++)
    for (j = 0; j < nf; j++) m[i * nf + j] = (float)rows[i][j];
  set_in(m, ROWS * nf, ROWS, nf, 1);
  in.element_type = NOMO_TYPE_FLOAT;
  expect(ROWS, 0, 1, __LINE__);
  set_in(m, 1 + (ROWS - 1) * nf, ROWS, nf, 0); /* any layout too: only the first feature */
  in.element_type = NOMO_TYPE_FLOAT;
  set_out(ROWS);
  ACCEPTED(predict());
  for (i = 0; i < ROWS; i++) {
    for (j = 0; j < nf; j++) row[j] = rows[i][0];
    CHECK(nomo_session_predict_row(session, row, nf, p, nc, NULL, NULL) == NOMO_OK);
    CHECK(same_bits(p, out.p + i * nc, nc));
  }
  for (j = 0; j < nf; j++) row[j] = m[j] = 0.1f; /* a float that is not the double 0.1 */
  CHECK(nomo_session_predict_row(session, row, nf, p, nc, NULL, NULL) == NOMO_OK);
  set_in(m, nf, 1, nf, 1);
  in.element_type = NOMO_TYPE_FLOAT;
  set_out(1);
  ACCEPTED(predict());
  CHECK(same_bits(p, out.p, nc));
  m[0] = (float)HUGE_VAL;
  set_out(1);
  REFUSED(NOMO_EVALUE_INFINITE, predict());
  m[0] = (float)not_a_number();
  REFUSED(NOMO_EVALUE_MISSING, predict());
  set_in(off(m), nf, 1, nf, 1);
  in.element_type = NOMO_TYPE_FLOAT;
  REFUSED(NOMO_EARGUMENT_ALIGNMENT, predict());
  set_in((char *)m + 4, nf, 1, nf, 1); /* aligned for a float, not for a double */
  if ((uintptr_t)in.values % sizeof(double) != 0) REFUSED(NOMO_EARGUMENT_ALIGNMENT, predict());
}

static void test_no_rows(void) {
  const nomo_outputs init = NOMO_OUTPUTS_INIT;
  size_t i;
  for (i = 0; i < 4; i++) {
    set_in(i % 2 == 0 ? NULL : rows, i < 2 ? 0 : nf * (i % 2), 0, i < 2 ? nf : SIZE_MAX, 1);
    to = init;
    fill_watched();
    begin();
    ACCEPTED(predict());
    CHECK(is_untouched());
  }
  in.n_columns = nf + 1; /* the number of columns is checked all the same */
  REFUSED(NOMO_ESCHEMA_FEATURES, predict());
  in.n_columns = 0;
  REFUSED(NOMO_ESCHEMA_FEATURES, predict());
}

static void test_shapes(void) {
  static const size_t huge[] = {SIZE_MAX, SIZE_MAX - 1, SIZE_MAX / 2 + 1, SIZE_MAX / 2, SIZE_MAX / 8 + 1, SIZE_MAX / 8};
  size_t i;
  set_in(rows, (ROWS - 1) * MAX_FEATURES + nf, ROWS, MAX_FEATURES, 1);
  expect(ROWS, 0, 1, __LINE__); /* just enough */
  in.values_len--;
  REFUSED(NOMO_EARGUMENT_SHAPE, predict());
  in.values_len = 0;
  REFUSED(NOMO_EARGUMENT_SHAPE, predict());
  in.values = NULL;
  REFUSED_EITHER(NOMO_EARGUMENT_SHAPE, NOMO_EARGUMENT_NULL, predict());
  for (i = 0; i < 3; i++) {
    set_all();
    in.n_columns = i == 0 ? nf + 1 : i == 1 ? nf - 1 : 0;
    REFUSED(NOMO_ESCHEMA_FEATURES, predict());
  }
  set_in(rows, (ROWS - 1) * MAX_FEATURES + nf, ROWS, MAX_FEATURES + 1, 1);
  REFUSED(NOMO_EARGUMENT_SHAPE, predict());
  for (i = 0; i < LENGTH(huge); i++) {
    set_all();
    in.row_stride = huge[i];
    REFUSED(NOMO_EARGUMENT_SHAPE, predict());
    set_all();
    in.column_stride = huge[i];
    if (nf > 1) REFUSED(NOMO_EARGUMENT_SHAPE, predict());
    in.row_stride = huge[i];
    REFUSED(NOMO_EARGUMENT_SHAPE, predict());
    set_all();
    in.n_columns = huge[i];
    REFUSED_EITHER(NOMO_ESCHEMA_FEATURES, NOMO_EARGUMENT_SHAPE, predict());
    set_all();
    in.n_rows = huge[i];
    REFUSED_EITHER(NOMO_EBUFFER_LENGTH, NOMO_EARGUMENT_SHAPE, predict());
    in.row_stride = 0; /* within the buffer, but no output has so many rows */
    REFUSED_EITHER(NOMO_EBUFFER_LENGTH, NOMO_EARGUMENT_SHAPE, predict());
    to.probabilities_len = huge[i] * nc; /* wraps */
    to.class_indices_len = huge[i];
    REFUSED_EITHER(NOMO_EBUFFER_LENGTH, NOMO_EARGUMENT_SHAPE, predict());
    set_all();
    in.values_len = huge[i];
    if (i < 5) REFUSED(NOMO_EARGUMENT_SHAPE, predict()); /* more doubles than memory can hold */
    in.element_type = NOMO_TYPE_FLOAT;
    if (i < 4) REFUSED(NOMO_EARGUMENT_SHAPE, predict());
  }
  /* A negative stride, as size_t, does not mean "backwards". */
  set_in(rows[ROWS - 1], nf, ROWS, (size_t)0 - MAX_FEATURES, 1);
  set_out(ROWS);
  REFUSED(NOMO_EARGUMENT_SHAPE, predict());
  set_in(rows[0] + nf - 1, nf, 1, nf, SIZE_MAX);
  set_out(1);
  if (nf > 1) REFUSED(NOMO_EARGUMENT_SHAPE, predict());
  /* Strides whose products wrap to something small. */
  set_in(rows, sizeof rows / sizeof(double), 5, SIZE_MAX / 4 + 1, 1);
  set_out(5);
  REFUSED(NOMO_EARGUMENT_SHAPE, predict());
  set_in(rows, sizeof rows / sizeof(double), ROWS, SIZE_MAX - MAX_FEATURES, SIZE_MAX / 2);
  set_out(ROWS);
  REFUSED(NOMO_EARGUMENT_SHAPE, predict());
}

static void test_arguments(void) {
  static const uint32_t unknown[] = {NOMO_TYPE_INT64, NOMO_TYPE_INT32, NOMO_TYPE_BOOLEAN, NOMO_TYPE_TEXT, 6, 256, 0x80000000, UINT32_MAX};
  nomo_matrix good;
  size_t i;
  set_all();
  REFUSED(NOMO_EARGUMENT_NULL, nomo_session_predict_matrix(NULL, &in, &to, &error));
  REFUSED(NOMO_EARGUMENT_NULL, nomo_session_predict_matrix(session, NULL, &to, &error));
  REFUSED(NOMO_EARGUMENT_NULL, nomo_session_predict_matrix(session, &in, NULL, &error));
  REFUSED_QUIET(NOMO_EARGUMENT_NULL, nomo_session_predict_matrix(session, &in, NULL, NULL));
  REFUSED(NOMO_EARGUMENT_ALIGNMENT, nomo_session_predict_matrix(off(session), &in, &to, &error));
  REFUSED(NOMO_EARGUMENT_ALIGNMENT, nomo_session_predict_matrix(session, off(&in), &to, &error));
  REFUSED(NOMO_EARGUMENT_ALIGNMENT, nomo_session_predict_matrix(session, &in, off(&to), &error));
  check_error_struct(with_this_error, NOMO_EARGUMENT_NULL, __LINE__);
  ACCEPTED(nomo_session_predict_matrix(session, &in, &to, NULL));
  set_all();
  in.values = NULL;
  REFUSED(NOMO_EARGUMENT_NULL, predict());
  set_all();
  in.values = off(rows);
  REFUSED(NOMO_EARGUMENT_ALIGNMENT, predict());
  for (i = 0; i < LENGTH(unknown); i++) {
    set_all();
    in.element_type = unknown[i];
    REFUSED(NOMO_EARGUMENT_OPTION, predict());
  }
  set_all();
  good = in;
  check_input_struct(with_matrix, &good, sizeof good, sizeof good, __LINE__);
}

/* Each value of each row, by row and feature; the session works on. */
static void test_values(void) {
  const struct {
    double value;
    int32_t status;
    const char *leak; /* must not appear in a message */
  } bad[] = {
    {HUGE_VAL, NOMO_EVALUE_INFINITE, "+inf"}, {-HUGE_VAL, NOMO_EVALUE_INFINITE, "-inf"},
    {1.2345e100, NOMO_EVALUE_MAGNITUDE, "1.2345"}, {-9.8765e307, NOMO_EVALUE_MAGNITUDE, "9.8765"},
    {strtod("nan", NULL), NOMO_EVALUE_MISSING, "NaN"},
  };
  static double m[ROWS][MAX_FEATURES];
  size_t i, j, b;
  for (i = 0; i < ROWS; i++)
    for (j = 0; j < nf; j++)
      for (b = 0; b < LENGTH(bad); b++) {
        memcpy(m, rows, sizeof m);
        m[i][j] = bad[b].value;
        if (i + 1 < ROWS) m[ROWS - 1][0] = HUGE_VAL; /* a later row does not matter */
        if (j + 1 < nf) m[i][nf - 1] = HUGE_VAL;     /* nor does a later feature */
        set_all();
        in.values = m;
        REFUSED(bad[b].status, predict());
        CHECK(error.row == i && error.feature == j && error.byte_offset == NOMO_PLACE_NONE);
        CHECK(strstr(error.message, bad[b].leak) == NULL);
      }
  set_all();
  expect(ROWS, 0, 1, __LINE__);
}

/* Many rows: each has the bits of a single row; a row near the end fails them all, or itself. */
static void test_long(void) {
  double *m = malloc(LONG * nf * sizeof *m), *p = malloc(LONG * nc * sizeof *p);
  int32_t *row_status = malloc(LONG * sizeof *row_status);
  const nomo_outputs init = NOMO_OUTPUTS_INIT;
  size_t i, j, n_watched_before = n_watched;
  if (m == NULL || p == NULL || row_status == NULL) abort();
  watch(p, LONG * nc * sizeof *p);
  watch(row_status, LONG * sizeof *row_status);
  for (i = 0; i < LONG; i++)
    for (j = 0; j < nf; j++) m[i * nf + j] = rows[i % ROWS][j];
  set_in(m, LONG * nf, LONG, nf, 1);
  to = init;
  to.probabilities = p;
  to.probabilities_len = LONG * nc;
  to.row_status = row_status;
  to.row_status_len = LONG;
  m[(LONG - 1) * nf] = HUGE_VAL;
  fill_watched();
  REFUSED(NOMO_EVALUE_INFINITE, predict());
  CHECK(error.row == LONG - 1 && error.feature == 0);
  to.on_refusal = NOMO_ON_REFUSAL_GO_ON;
  ACCEPTED(predict());
  for (i = 0; i + 1 < LONG && row_status[i] == NOMO_OK && same_bits(p + i * nc, wanted_p[i % ROWS], nc); i++) {}
  CHECK(i + 1 == LONG);
  CHECK(row_status[LONG - 1] == NOMO_EVALUE_INFINITE && isnan(p[(LONG - 1) * nc]));
  while (n_watched > n_watched_before) free(watched[--n_watched].before);
  free(row_status);
  free(p);
  free(m);
}

static int set_up(nomo_model *model) {
  nomo_model_info info = NOMO_MODEL_INFO_INIT;
  size_t i, j;
  ACCEPTED(nomo_model_describe(model, &info, &error));
  nf = info.n_features;
  nc = info.n_outputs;
  session = session_or_exit(model);
  if (nf > MAX_FEATURES || nc > MAX_CLASSES) return CHECK(!"room for the model");
  for (i = 0; i < ROWS; i++) {
    for (j = 0; j < nf; j++) rows[i][j] = 5.0 + 3.75 * (double)i + 1.25 * (double)j;
    ACCEPTED(nomo_session_predict_row(session, rows[i], nf, wanted_p[i], nc, &wanted_c[i], &error));
  }
  return CHECK(!same_bits(wanted_p[0], wanted_p[1], nc)); /* otherwise the tests prove little */
}

int main(int argc, char **argv) {
  int i;
  WATCH(out);
  for (i = 1; i < argc; i++) {
    nomo_model *model = open_or_exit(argv[i]);
    if (set_up(model)) {
      test_layouts();
      test_overlap();
      test_floats();
      test_no_rows();
      test_shapes();
      test_arguments();
      test_values();
      test_long();
    }
    nomo_session_destroy(session);
    nomo_model_release(model);
  }
  watch_nothing();
  return report();
}
