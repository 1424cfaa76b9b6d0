/*
 * contract_outputs.c - checks what nomogram.h promises about outputs.
 *
 *     contract_outputs
 *
 * Requests every output alone, with wrong lengths and wrong pointers, from each of the functions
 * that take nomo_outputs. The bundles of nomogram-testkit are in the current folder.
 */
#include <stddef.h>

#include "outputs.h"

static nomo_model *policies;
static nomo_session *session;
static nomo_model_info info = NOMO_MODEL_INFO_INIT;
static double rows[MAX_ROWS][N_FEATURES];
static results wanted; /* of these rows */
static struct {
  results results;
} out;

/* ---- Three ways to predict the first rows ------------------------------------------------ */

typedef int32_t (*way)(size_t n_rows, const nomo_outputs *outputs);

static int32_t by_values(size_t n_rows, const nomo_outputs *outputs) {
  size_t j;
  (void)n_rows;
  for (j = 0; j < N_FEATURES; j++)
    if (nomo_session_set_number(session, j, rows[0][j], NULL) != NOMO_OK) abort();
  return nomo_session_predict(session, outputs, &error);
}
static int32_t by_matrix(size_t n_rows, const nomo_outputs *outputs) {
  nomo_matrix matrix = row_major(rows[0], n_rows, N_FEATURES);
  return nomo_session_predict_matrix(session, &matrix, outputs, &error);
}
static int32_t by_columns(size_t n_rows, const nomo_outputs *outputs) {
  static double values[N_FEATURES][MAX_ROWS];
  nomo_column columns[N_FEATURES];
  size_t i, j;
  for (j = 0; j < N_FEATURES; j++) {
    for (i = 0; i < n_rows; i++) values[j][i] = rows[i][j];
    columns[j] = f64_column(j, values[j], n_rows);
  }
  return nomo_session_predict_columns(session, columns, N_FEATURES, n_rows, outputs, &error);
}

static const struct {
  way predict;
  size_t n_rows;
} ways[] = {{by_values, 1}, {by_matrix, 1}, {by_matrix, 3}, {by_columns, 1}, {by_columns, MAX_ROWS}};
static size_t the_way;

static int32_t predict(const nomo_outputs *outputs) {
  return ways[the_way].predict(ways[the_way].n_rows, outputs);
}
static int32_t predict_with(void *outputs) { return predict(outputs); }

/* ---- Each output ------------------------------------------------------------------------- */

#define FIELD(name, per_row) {offsetof(nomo_outputs, name), offsetof(nomo_outputs, name##_len), \
                              offsetof(results, name), sizeof *out.results.name, per_row}
static const struct {
  size_t at, length_at, results_at, size, per_row;
} fields[] = {
  FIELD(probabilities, 2), FIELD(class_indices, 1), FIELD(cutoffs_reached, 3), FIELD(members, 4),
  FIELD(margins, 2), FIELD(row_status, 1), FIELD(row_flags, 1), FIELD(flag_counts, NOMO_N_FLAGS),
  FIELD(feature_flags, N_FEATURES), FIELD(rules_broken, 3),
};

/* The fields are an array's pointer and its length; both have the size of a pointer here. */
static void put_pointer(nomo_outputs *outputs, size_t field, void *pointer) {
  memcpy((char *)outputs + fields[field].at, &pointer, sizeof pointer);
}
static void put_length(nomo_outputs *outputs, size_t field, size_t length) {
  memcpy((char *)outputs + fields[field].length_at, &length, sizeof length);
}
static char *of(results *results, size_t field) { return (char *)results + fields[field].results_at; }

static void test_alone(size_t field) {
  nomo_outputs outputs = NOMO_OUTPUTS_INIT;
  size_t n = ways[the_way].n_rows * fields[field].per_row, i;
  fill_watched();
  put_pointer(&outputs, field, of(&out.results, field));
  put_length(&outputs, field, n);
  ACCEPTED(predict(&outputs));
  CHECK(memcmp(of(&out.results, field), of(&wanted, field), n * fields[field].size) == 0);
  memset(of(&out.results, field), PATTERN, n * fields[field].size);
  for (i = 0; i < sizeof out && ((unsigned char *)&out)[i] == PATTERN; i++) {}
  CHECK(i == sizeof out); /* and nothing else was written */
}

static void test_lengths(size_t field) {
  nomo_outputs outputs;
  size_t n = ways[the_way].n_rows * fields[field].per_row, i;
  const size_t lengths[] = {0, n - 1, n + 1, 2 * n, SIZE_MAX, SIZE_MAX / 8 + 1 + n, SIZE_MAX / 2 + 1 + n};
  fill_watched();
  for (i = 0; i < LENGTH(lengths); i++) {
    outputs = all_outputs(&out.results, &info, ways[the_way].n_rows);
    put_length(&outputs, field, lengths[i]);
    REFUSED_EITHER(NOMO_EBUFFER_LENGTH, i < 4 ? NOMO_EBUFFER_LENGTH : NOMO_EARGUMENT_SHAPE, predict(&outputs));
  }
  put_pointer(&outputs, field, NULL);
  put_length(&outputs, field, n);
  REFUSED(NOMO_EARGUMENT_NULL, predict(&outputs));
  put_length(&outputs, field, 0); /* skipped */
  ACCEPTED(predict(&outputs));
  fill_watched();
  put_pointer(&outputs, field, off(&room));
  put_length(&outputs, field, n);
  if (fields[field].size > 1) REFUSED(NOMO_EARGUMENT_ALIGNMENT, predict(&outputs));
  else ACCEPTED(predict(&outputs)); /* bytes */
}

static void test_options(void) {
  static const uint32_t unknown[] = {2, 3, 255, 256, 0x10000, 0x80000000, UINT32_MAX};
  nomo_outputs outputs = NOMO_OUTPUTS_INIT;
  size_t i, n = ways[the_way].n_rows;
  fill_watched();
  CHECK(outputs.on_refusal == NOMO_ON_REFUSAL_STOP);
  REFUSED(NOMO_EARGUMENT_NULL, predict(&outputs)); /* all are skipped */
  outputs.on_refusal = NOMO_ON_REFUSAL_GO_ON;
  REFUSED(NOMO_EARGUMENT_NULL, predict(&outputs));
  outputs = all_outputs(&out.results, &info, n);
  outputs.on_refusal = NOMO_ON_REFUSAL_GO_ON;
  outputs.row_status = NULL;
  outputs.row_status_len = 0;
  REFUSED(NOMO_EARGUMENT_NULL, predict(&outputs)); /* required by NOMO_ON_REFUSAL_GO_ON */
  for (i = 0; i < LENGTH(unknown); i++) {
    outputs = all_outputs(&out.results, &info, n);
    outputs.on_refusal = unknown[i];
    REFUSED(NOMO_EARGUMENT_OPTION, predict(&outputs));
  }
  outputs = all_outputs(&out.results, &info, n);
  outputs.on_refusal = NOMO_ON_REFUSAL_GO_ON; /* changes nothing for rows that can be predicted */
  ACCEPTED(predict(&outputs));
  for (i = 0; i < n; i++) CHECK(same_row(&out.results, i, &wanted, i, &info));
  fill_watched();
  REFUSED(NOMO_EARGUMENT_NULL, predict(NULL));
  REFUSED(NOMO_EARGUMENT_ALIGNMENT, predict(off(&outputs)));
  outputs = all_outputs(&out.results, &info, n);
  check_input_struct(predict_with, &outputs, sizeof outputs, offsetof(nomo_outputs, verdicts), __LINE__);
}

/* ---- Their values ------------------------------------------------------------------------ */

static void test_meaning(void) {
  nomo_outputs outputs = all_outputs(&out.results, &info, MAX_ROWS);
  const results *r = &out.results;
  nomo_cutoff cutoff = NOMO_CUTOFF_INIT;
  size_t i, j;
  ACCEPTED(by_matrix(MAX_ROWS, &outputs));
  for (i = 0; i < MAX_ROWS; i++) {
    const double *p = r->probabilities + 2 * i, *m = r->members + 4 * i;
    CHECK(p[0] >= 0 && p[1] >= 0 && fabs(p[0] + p[1] - 1) < 1e-15);
    CHECK(r->class_indices[i] == (p[1] > p[0]));
    CHECK(m[0] >= 0 && m[3] >= 0 && fabs(m[2] + m[3] - 1) < 1e-15);
    CHECK(fabs(m[3] - 1 / (1 + exp(-r->margins[2 * i + 1]))) < 1e-15); /* a logit link */
    CHECK(m[3] != p[1]); /* before calibration */
    CHECK(r->row_status[i] == NOMO_OK);
    for (j = 0; j < info.n_cutoffs; j++) {
      ACCEPTED(nomo_model_cutoff(policies, j, &cutoff, &error));
      CHECK(r->cutoffs_reached[3 * i + j] == (p[cutoff.class_index] >= cutoff.probability));
    }
  }
}

/* A model that predicts a number, whose numbers are known. */
static void test_number(void) {
  nomo_model *number = open_or_exit("number.nomo");
  nomo_session *s = session_or_exit(number);
  nomo_model_info of_number = NOMO_MODEL_INFO_INIT;
  const double values[3][2] = {{12, 60}, {NAN, 1}, {40, 2}};
  nomo_matrix matrix = row_major(values[0], 3, 2);
  nomo_outputs outputs;
  ACCEPTED(nomo_model_describe(number, &of_number, &error));
  outputs = all_outputs(&out.results, &of_number, 3);
  outputs.on_refusal = NOMO_ON_REFUSAL_GO_ON;
  ACCEPTED(nomo_session_predict_matrix(s, &matrix, &outputs, &error));
  CHECK(out.results.probabilities[0] == (11.0 + 3 * 10.25) / 4);
  CHECK(out.results.members[0] == 11 && out.results.members[1] == 10.25);
  CHECK(out.results.margins[0] == 11 && out.results.margins[1] == 10.25);
  CHECK(out.results.class_indices[0] == NOMO_CLASS_NONE && out.results.class_indices[2] == NOMO_CLASS_NONE);
  CHECK(is_refused_row(&out.results, 1, NOMO_EVALUE_MISSING, &of_number));
  CHECK(out.results.rules_broken[0] == 0 && out.results.rules_broken[2] == 1);
  CHECK(out.results.row_flags[2] == NOMO_FLAG_RULE_BROKEN && out.results.row_flags[0] == 0);
  nomo_session_destroy(s);
  nomo_model_release(number);
}

/* ---- Rows that cannot be predicted ------------------------------------------------------- */

static void test_refused_rows(way predict_rows) {
  double kept[MAX_ROWS][N_FEATURES];
  nomo_outputs outputs;
  size_t i, n, bad;
  memcpy(kept, rows, sizeof kept);
  for (n = 1; n <= MAX_ROWS; n++)
    for (bad = 0; bad < (1u << n); bad += n < 4 ? 1 : 5) { /* one bit per row */
      size_t first = MAX_ROWS;
      memcpy(rows, kept, sizeof kept);
      for (i = n; i-- > 0;)
        if (bad >> i & 1) {
          rows[i][i % 2 == 0 ? AGE : STAGE] = 4711;
          first = i;
        }
      outputs = all_outputs(&out.results, &info, n);
      fill_watched();
      if (first < MAX_ROWS) {
        int32_t why = first % 2 == 0 ? NOMO_EVALUE_RANGE : NOMO_EVALUE_LEVEL;
        REFUSED(why, predict_rows(n, &outputs));
        CHECK(error.row == first && error.feature == (first % 2 == 0 ? AGE : STAGE));
        CHECK(strstr(error.message, "4711") == NULL);
      }
      outputs.on_refusal = NOMO_ON_REFUSAL_GO_ON;
      ACCEPTED(predict_rows(n, &outputs));
      for (i = 0; i < n; i++)
        if (bad >> i & 1)
          CHECK(is_refused_row(&out.results, i, i % 2 == 0 ? NOMO_EVALUE_RANGE : NOMO_EVALUE_LEVEL, &info));
        else
          CHECK(same_row(&out.results, i, &wanted, i, &info));
    }
  memcpy(rows, kept, sizeof kept);
}

static void test_no_rows(way predict_rows) {
  nomo_outputs outputs = all_outputs(&out.results, &info, 0), none = NOMO_OUTPUTS_INIT;
  size_t field;
  fill_watched();
  begin();
  ACCEPTED(predict_rows(0, &none));
  CHECK(is_untouched());
  ACCEPTED(predict_rows(0, &outputs));
  CHECK(is_untouched());
  for (field = 0; field < LENGTH(fields); field++) {
    outputs = all_outputs(&out.results, &info, 0);
    put_length(&outputs, field, fields[field].per_row);
    REFUSED(NOMO_EBUFFER_LENGTH, predict_rows(0, &outputs));
  }
}

int main(void) {
  nomo_outputs outputs;
  size_t i, field;
  policies = open_or_exit("policies.nomo");
  session = session_or_exit(policies);
  ACCEPTED(nomo_model_describe(policies, &info, &error));
  for (i = 0; i < MAX_ROWS; i++) {
    memcpy(rows[i], good_row, sizeof good_row);
    rows[i][AGE] += 5 * (double)i;
    rows[i][TEMPERATURE] += 1.75 * (double)i; /* the last ones are clamped */
    rows[i][GRADE] = (double)i;               /* the later ones are unseen */
    rows[i][SMOKER] = (double)(i % 2);
    rows[i][WEIGHT] -= 17 * (double)i; /* the last ones break a rule */
  }
  for (i = 0; i < MAX_ROWS; i++) { /* one by one */
    results one;
    nomo_matrix matrix = row_major(rows[i], 1, N_FEATURES);
    outputs = all_outputs(&one, &info, 1);
    ACCEPTED(nomo_session_predict_matrix(session, &matrix, &outputs, &error));
    for (field = 0; field < LENGTH(fields); field++)
      memcpy(of(&wanted, field) + i * fields[field].per_row * fields[field].size, of(&one, field),
             fields[field].per_row * fields[field].size);
  }
  CHECK(!same_row(&wanted, 0, &wanted, 1, &info)); /* otherwise the tests below prove little */
  CHECK(wanted.row_flags[0] == 0 && wanted.row_flags[MAX_ROWS - 1] != 0);
  WATCH(out);
  for (the_way = 0; the_way < LENGTH(ways); the_way++) {
    for (field = 0; field < LENGTH(fields); field++) {
      test_alone(field);
      test_lengths(field);
    }
    test_options();
  }
  test_meaning();
  test_number();
  test_refused_rows(by_matrix);
  test_refused_rows(by_columns);
  test_no_rows(by_matrix);
  test_no_rows(by_columns);
  watch_nothing();
  nomo_session_destroy(session);
  nomo_model_release(policies);
  return report();
}
