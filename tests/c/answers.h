/*
 * answers.h - all outputs of a batch, compared with the cases.
 *
 * Memory that is not written stays POISON. A program sets `model_name`, `model` and `info` before.
 */
#ifndef ANSWERS_H
#define ANSWERS_H

#include <math.h>

#include "cases.h"

enum { POISON = 0xA5 };

static unsigned long n_checks, n_failed;
static const char *model_name;
static nomo_model *model;
static nomo_model_info info;
/* The uncertainty of `model`, which `describe_model` sets. */
static nomo_uncertainty uncertainty;

static void check(int ok, const char *where, const golden_case *golden, const char *what) {
  n_checks++;
  if (ok) return;
  /* One defect may fail thousands of checks: print the first ones. */
  if (n_failed++ < 50)
    printf("%s: %s, %s: %s\n", model_name, golden == NULL ? "all cases" : golden->name, where, what);
}

/* Describes `model` in `info` and `uncertainty`. */
static int describe_model(void) {
  const nomo_model_info no_info = NOMO_MODEL_INFO_INIT;
  const nomo_uncertainty none = NOMO_UNCERTAINTY_INIT;
  info = no_info;
  uncertainty = none;
  return nomo_model_describe(model, &info, NULL) == NOMO_OK &&
         nomo_model_uncertainty(model, &uncertainty, NULL) == NOMO_OK;
}

static void *allocate(size_t n_items, size_t size) {
  void *memory = malloc(n_items * size + 1);
  if (memory == NULL) abort();
  memset(memory, POISON, n_items * size + 1);
  return memory;
}

/* Every output, filled with POISON. */
static nomo_outputs new_outputs(size_t n_rows, uint32_t on_refusal) {
  nomo_outputs out = NOMO_OUTPUTS_INIT;
  out.on_refusal = on_refusal;
#define OUTPUT(pointer, type, length, per_row)                     \
  do {                                                             \
    out.length = n_rows * (per_row);                               \
    out.pointer = (type *)allocate(out.length, sizeof(type));      \
  } while (0)
  OUTPUT(probabilities, double, probabilities_len, info.n_outputs);
  OUTPUT(class_indices, uint32_t, class_indices_len, 1);
  OUTPUT(cutoffs_reached, uint8_t, cutoffs_reached_len, info.n_cutoffs);
  OUTPUT(members, double, members_len, info.n_members * info.n_outputs);
  OUTPUT(margins, double, margins_len, info.n_margins);
  OUTPUT(row_status, int32_t, row_status_len, 1);
  OUTPUT(row_flags, uint32_t, row_flags_len, 1);
  OUTPUT(flag_counts, uint32_t, flag_counts_len, NOMO_N_FLAGS);
  OUTPUT(feature_flags, uint8_t, feature_flags_len, info.n_features);
  OUTPUT(rules_broken, uint8_t, rules_broken_len, info.n_rules);
  OUTPUT(verdicts, uint32_t, verdicts_len, uncertainty.n_verdicts);
  OUTPUT(p_values, double, p_values_len, uncertainty.n_p_values);
  OUTPUT(sets, uint8_t, sets_len, uncertainty.n_levels * uncertainty.n_p_values);
  OUTPUT(intervals, double, intervals_len, uncertainty.n_intervals * 2);
  OUTPUT(distance_p_values, double, distance_p_values_len, uncertainty.n_distances);
  OUTPUT(furthest_features, uint32_t, furthest_features_len, uncertainty.n_furthest);
  OUTPUT(furthest_times, double, furthest_times_len, uncertainty.n_furthest);
#undef OUTPUT
  return out;
}

static void free_outputs(nomo_outputs *out) {
  free(out->probabilities);
  free(out->class_indices);
  free(out->cutoffs_reached);
  free(out->members);
  free(out->margins);
  free(out->row_status);
  free(out->row_flags);
  free(out->flag_counts);
  free(out->feature_flags);
  free(out->rules_broken);
  free(out->verdicts);
  free(out->p_values);
  free(out->sets);
  free(out->intervals);
  free(out->distance_p_values);
  free(out->furthest_features);
  free(out->furthest_times);
}

static int is_poison(const void *memory, size_t n_bytes) {
  const unsigned char *bytes = (const unsigned char *)memory;
  while (n_bytes > 0 && *bytes == POISON) bytes++, n_bytes--;
  return n_bytes == 0;
}

static int is_untouched(const nomo_outputs *out) {
  return is_poison(out->probabilities, out->probabilities_len * sizeof(double)) &&
         is_poison(out->class_indices, out->class_indices_len * sizeof(uint32_t)) &&
         is_poison(out->cutoffs_reached, out->cutoffs_reached_len) &&
         is_poison(out->members, out->members_len * sizeof(double)) &&
         is_poison(out->margins, out->margins_len * sizeof(double)) &&
         is_poison(out->row_status, out->row_status_len * sizeof(int32_t)) &&
         is_poison(out->row_flags, out->row_flags_len * sizeof(uint32_t)) &&
         is_poison(out->flag_counts, out->flag_counts_len * sizeof(uint32_t)) &&
         is_poison(out->feature_flags, out->feature_flags_len) &&
         is_poison(out->rules_broken, out->rules_broken_len) &&
         is_poison(out->verdicts, out->verdicts_len * sizeof(uint32_t)) &&
         is_poison(out->p_values, out->p_values_len * sizeof(double)) &&
         is_poison(out->sets, out->sets_len) &&
         is_poison(out->intervals, out->intervals_len * sizeof(double)) &&
         is_poison(out->distance_p_values, out->distance_p_values_len * sizeof(double)) &&
         is_poison(out->furthest_features, out->furthest_features_len * sizeof(uint32_t)) &&
         is_poison(out->furthest_times, out->furthest_times_len * sizeof(double));
}

/* Whether doubles have the expected bits; of a refused row, whether all are NaN. */
static int same_bits(const double *found, size_t n, const numbers *expected) {
  size_t i;
  for (i = 0; i < n; i++) {
    if (expected == NULL ? !isnan(found[i]) : memcmp(&found[i], &expected->items[i], 8) != 0)
      return 0;
  }
  return expected == NULL || expected->n == n;
}

/* Whether bytes are the expected ones; of a refused row, whether all are 0. */
static int same_bytes(const uint8_t *found, size_t n, const numbers *expected) {
  size_t i;
  for (i = 0; i < n; i++) {
    if (found[i] != (expected == NULL ? 0 : expected->items[i])) return 0;
  }
  return expected == NULL || expected->n == n;
}

/* Whether numbers are the expected ones; of a refused row, whether all are `refused`. */
static int same_words(const uint32_t *found, size_t n, const numbers *expected, uint32_t refused) {
  size_t i;
  for (i = 0; i < n; i++) {
    if (found[i] != (expected == NULL ? refused : expected->items[i])) return 0;
  }
  return expected == NULL || expected->n == n;
}

/* Whether the counts are those of the flags of values and rules. */
static int same_counts(const uint32_t *found, const golden_case *golden, int is_predicted) {
  size_t i, flag;
  for (flag = 0; flag < NOMO_N_FLAGS; flag++) {
    uint32_t count = 0;
    int is_of_rules = (1 << flag) == NOMO_FLAG_RULE_BROKEN;
    const numbers *list = is_of_rules ? &golden->rules_broken : &golden->feature_flags;
    uint64_t mask = is_of_rules ? 1 : (uint64_t)1 << flag;
    for (i = 0; is_predicted && i < list->n; i++) count += (list->items[i] & mask) != 0;
    if (found[flag] != count) return 0;
  }
  return 1;
}

static int is_predicted(const golden_case *golden) { return strcmp(golden->status, "NOMO_OK") == 0; }

static int has_status(int32_t status, const golden_case *golden) {
  return strcmp(nomo_status_name(status), golden->status) == 0;
}

/* The class that a case expects, as the library writes it. */
static uint32_t expected_class(const golden_case *golden) {
  return golden->class_index.n == 1 ? (uint32_t)golden->class_index.items[0] : NOMO_CLASS_NONE;
}

/* Compares all outputs of a row with its case. */
static void check_row(const char *where, const golden_case *golden, const nomo_outputs *out,
                      size_t row) {
  int ok = is_predicted(golden);
  uint32_t flags = golden->flags.n == 1 ? (uint32_t)golden->flags.items[0] : 0;
#define SAME(compare, pointer, per_row, list) \
  check(compare(out->pointer + row * (per_row), per_row, ok ? &golden->list : NULL), where, golden, #list)
  check(has_status(out->row_status[row], golden), where, golden, "status");
  SAME(same_bits, probabilities, info.n_outputs, outputs);
  SAME(same_bits, members, info.n_members * info.n_outputs, members);
  SAME(same_bits, margins, info.n_margins, margins);
  SAME(same_bytes, feature_flags, info.n_features, feature_flags);
  SAME(same_bytes, rules_broken, info.n_rules, rules_broken);
  SAME(same_bytes, cutoffs_reached, info.n_cutoffs, cutoffs_reached);
  SAME(same_bits, p_values, uncertainty.n_p_values, p_values);
  SAME(same_bytes, sets, uncertainty.n_levels * uncertainty.n_p_values, sets);
  SAME(same_bits, intervals, uncertainty.n_intervals * 2, intervals);
  SAME(same_bits, distance_p_values, uncertainty.n_distances, distance_p_value);
  SAME(same_bits, furthest_times, uncertainty.n_furthest, furthest_times);
#undef SAME
  check(same_words(out->verdicts + row * uncertainty.n_verdicts, uncertainty.n_verdicts,
                   ok ? &golden->verdict : NULL, NOMO_VERDICT_REFUSED), where, golden, "verdict");
  check(same_words(out->furthest_features + row * uncertainty.n_furthest, uncertainty.n_furthest,
                   ok ? &golden->furthest_feature : NULL, NOMO_CLASS_NONE), where, golden, "furthest");
  check(out->class_indices[row] == expected_class(golden), where, golden, "class");
  check(out->row_flags[row] == flags, where, golden, "flags");
  check(same_counts(out->flag_counts + row * NOMO_N_FLAGS, golden, ok), where, golden, "flag counts");
}

/* Compares a refusal with a case; `row` is that of the batch, or NOMO_PLACE_NONE. */
static void check_refusal(const char *where, const golden_case *golden, int32_t status,
                          const nomo_error *error, uint64_t row) {
  size_t feature = 0;
  uint64_t expected = NOMO_PLACE_NONE;
  if (golden->at != NULL && nomo_model_feature_index(model, golden->at, &feature, NULL) == NOMO_OK)
    expected = feature;
  check(has_status(status, golden) && error->status == status, where, golden, "status of the refusal");
  check(error->feature == expected, where, golden, "feature of the refusal");
  check(error->row == row, where, golden, "row of the refusal");
}

#endif
