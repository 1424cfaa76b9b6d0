/*
 * outputs.h - all outputs of a few rows, and the model `policies` of nomogram-testkit.
 */
#ifndef OUTPUTS_H
#define OUTPUTS_H

#include "check.h"

/* The features of `policies`. */
enum { AGE, TEMPERATURE, DOSE, WEIGHT, HEIGHT, PREGNANCIES, VISITS, CHILDREN, SMOKER, DIABETIC,
       STAGE, GRADE, SITE, N_FEATURES };

/* A row of plausible values that breaks no rule. */
static const double good_row[N_FEATURES] = {40, 37, 50, 150, 170, 2, 5, 2, 1, 0, 1, 1, 0};
/* The digits of its `witness`: into which bucket each value fell. */
static const int good_digits[N_FEATURES] = {2, 2, 2, 2, 3, 2, 3, 2, 1, 0, 1, 1, 0};
enum { MISSING = 15 }; /* the digit of a missing value */

/* Room for all outputs of a few rows of any model here. */
enum { MAX_ROWS = 8, MAX_OUT = 4, MAX_MEMBERS = 4, MAX_MARGINS = 8, MAX_IN = 16, MAX_NAMED = 4 };
typedef struct results {
  double probabilities[MAX_ROWS * MAX_OUT];
  double members[MAX_ROWS * MAX_MEMBERS * MAX_OUT];
  double margins[MAX_ROWS * MAX_MARGINS];
  uint32_t class_indices[MAX_ROWS];
  uint32_t row_flags[MAX_ROWS];
  uint32_t flag_counts[MAX_ROWS * NOMO_N_FLAGS];
  int32_t row_status[MAX_ROWS];
  uint8_t cutoffs_reached[MAX_ROWS * MAX_NAMED];
  uint8_t feature_flags[MAX_ROWS * MAX_IN];
  uint8_t rules_broken[MAX_ROWS * MAX_NAMED];
} results;

/* Every output of `n` rows. */
static inline nomo_outputs all_outputs(results *to, const nomo_model_info *info, size_t n) {
  nomo_outputs outputs = NOMO_OUTPUTS_INIT;
  if (n > MAX_ROWS || info->n_outputs > MAX_OUT || info->n_members > MAX_MEMBERS ||
      info->n_margins > MAX_MARGINS || info->n_features > MAX_IN || info->n_cutoffs > MAX_NAMED ||
      info->n_rules > MAX_NAMED)
    abort();
  outputs.probabilities = to->probabilities;
  outputs.probabilities_len = n * info->n_outputs;
  outputs.class_indices = to->class_indices;
  outputs.class_indices_len = n;
  outputs.cutoffs_reached = to->cutoffs_reached;
  outputs.cutoffs_reached_len = n * info->n_cutoffs;
  outputs.members = to->members;
  outputs.members_len = n * info->n_members * info->n_outputs;
  outputs.margins = to->margins;
  outputs.margins_len = n * info->n_margins;
  outputs.row_status = to->row_status;
  outputs.row_status_len = n;
  outputs.row_flags = to->row_flags;
  outputs.row_flags_len = n;
  outputs.flag_counts = to->flag_counts;
  outputs.flag_counts_len = n * NOMO_N_FLAGS;
  outputs.feature_flags = to->feature_flags;
  outputs.feature_flags_len = n * info->n_features;
  outputs.rules_broken = to->rules_broken;
  outputs.rules_broken_len = n * info->n_rules;
  return outputs;
}

/* Whether row `i` of `a` is row `j` of `b`, in all outputs, bit by bit. */
static inline int same_row(const results *a, size_t i, const results *b, size_t j,
                           const nomo_model_info *info) {
#define SAME(field, n) (memcmp(a->field + i * (n), b->field + j * (n), (n) * sizeof *a->field) == 0)
  return SAME(probabilities, info->n_outputs) && SAME(members, info->n_members * info->n_outputs) &&
         SAME(margins, info->n_margins) && SAME(class_indices, 1) && SAME(row_flags, 1) &&
         SAME(flag_counts, NOMO_N_FLAGS) && SAME(row_status, 1) &&
         SAME(cutoffs_reached, info->n_cutoffs) && SAME(feature_flags, info->n_features) &&
         SAME(rules_broken, info->n_rules);
#undef SAME
}

/* Whether row `i` is refused: NaN, NOMO_CLASS_NONE and 0, and its status. */
static inline int is_refused_row(const results *r, size_t i, int32_t why, const nomo_model_info *info) {
  size_t j;
  int ok = r->row_status[i] == why && r->class_indices[i] == NOMO_CLASS_NONE && r->row_flags[i] == 0;
  for (j = 0; j < info->n_outputs; j++) ok = ok && isnan(r->probabilities[i * info->n_outputs + j]);
  for (j = 0; j < info->n_members * info->n_outputs; j++)
    ok = ok && isnan(r->members[i * info->n_members * info->n_outputs + j]);
  for (j = 0; j < info->n_margins; j++) ok = ok && isnan(r->margins[i * info->n_margins + j]);
  for (j = 0; j < NOMO_N_FLAGS; j++) ok = ok && r->flag_counts[i * NOMO_N_FLAGS + j] == 0;
  for (j = 0; j < info->n_features; j++) ok = ok && r->feature_flags[i * info->n_features + j] == 0;
  for (j = 0; j < info->n_cutoffs; j++) ok = ok && r->cutoffs_reached[i * info->n_cutoffs + j] == 0;
  for (j = 0; j < info->n_rules; j++) ok = ok && r->rules_broken[i * info->n_rules + j] == 0;
  return ok;
}

/* Digit `feature` of the margin of `witness`, in row `i`. */
static inline int digit_of(const results *r, size_t i, const nomo_model_info *info, size_t feature) {
  uint64_t margin = (uint64_t)r->margins[i * info->n_margins];
  return (int)(margin >> (4 * feature) & 15);
}

/* A column of doubles, one per row. */
static inline nomo_column f64_column(size_t feature, const double *values, size_t n) {
  nomo_column column = NOMO_COLUMN_INIT;
  column.feature = feature;
  column.values = values;
  column.values_len = n;
  return column;
}

/* Rows one after the other. */
static inline nomo_matrix row_major(const double *values, size_t n_rows, size_t n_columns) {
  nomo_matrix matrix = NOMO_MATRIX_INIT;
  matrix.values = values;
  matrix.values_len = n_rows * n_columns;
  matrix.n_rows = n_rows;
  matrix.n_columns = matrix.row_stride = n_columns;
  matrix.column_stride = 1;
  return matrix;
}

/* Sets the good row of `policies`, value by value. */
static inline void state_good_row(nomo_session *session) {
  size_t i;
  if (nomo_session_clear(session, NULL) != NOMO_OK) abort();
  for (i = 0; i < N_FEATURES; i++)
    if (nomo_session_set_number(session, i, good_row[i], NULL) != NOMO_OK) abort();
}

#endif
