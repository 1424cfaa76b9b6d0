/*
 * answers.h - all outputs of a batch, and whether they are what the cases expect.
 *
 * What is not written stays POISON. A program sets `model_name`, `model` and `info` before.
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

static void check(int ok, const char *where, const golden_case *own, const char *what) {
  n_checks++;
  if (ok) return;
  /* A defect may fail thousands of checks: the first ones tell which. */
  if (n_failed++ < 50)
    printf("%s: %s, %s: %s\n", model_name, own == NULL ? "all cases" : own->name, where, what);
}

static void *allocate(size_t n_items, size_t size) {
  void *memory = malloc(n_items * size + 1);
  if (memory == NULL) abort();
  memset(memory, POISON, n_items * size + 1);
  return memory;
}

/* Every output, so that what was not written is seen. */
static nomo_outputs new_outputs(size_t n_rows, uint32_t on_refusal) {
  nomo_outputs out = NOMO_OUTPUTS_INIT;
  out.on_refusal = on_refusal;
#define OUTPUT(pointer, type, length, per_row)                     \
  do {                                                             \
    out.length = n_rows * (per_row);                               \
    out.pointer = (type *)allocate(out.length, sizeof(type));      \
  } while (0)
  OUTPUT(probabilities, double, n_probabilities, info.n_outputs);
  OUTPUT(class_indices, uint32_t, n_class_indices, 1);
  OUTPUT(cutoffs_reached, uint8_t, n_cutoffs_reached, info.n_cutoffs);
  OUTPUT(members, double, n_members, info.n_members * info.n_outputs);
  OUTPUT(margins, double, n_margins, info.n_margins);
  OUTPUT(row_status, int32_t, n_row_status, 1);
  OUTPUT(row_flags, uint32_t, n_row_flags, 1);
  OUTPUT(flag_counts, uint32_t, n_flag_counts, NOMO_N_FLAGS);
  OUTPUT(feature_flags, uint8_t, n_feature_flags, info.n_features);
  OUTPUT(rules_broken, uint8_t, n_rules_broken, info.n_rules);
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
}

static int is_poison(const void *memory, size_t n_bytes) {
  const unsigned char *bytes = (const unsigned char *)memory;
  while (n_bytes > 0 && *bytes == POISON) bytes++, n_bytes--;
  return n_bytes == 0;
}

static int is_untouched(const nomo_outputs *out) {
  return is_poison(out->probabilities, out->n_probabilities * sizeof(double)) &&
         is_poison(out->class_indices, out->n_class_indices * sizeof(uint32_t)) &&
         is_poison(out->cutoffs_reached, out->n_cutoffs_reached) &&
         is_poison(out->members, out->n_members * sizeof(double)) &&
         is_poison(out->margins, out->n_margins * sizeof(double)) &&
         is_poison(out->row_status, out->n_row_status * sizeof(int32_t)) &&
         is_poison(out->row_flags, out->n_row_flags * sizeof(uint32_t)) &&
         is_poison(out->flag_counts, out->n_flag_counts * sizeof(uint32_t)) &&
         is_poison(out->feature_flags, out->n_feature_flags) &&
         is_poison(out->rules_broken, out->n_rules_broken);
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

/* Whether the counts are those of the flags of values and rules. */
static int same_counts(const uint32_t *found, const golden_case *own, int is_predicted) {
  size_t i, flag;
  for (flag = 0; flag < NOMO_N_FLAGS; flag++) {
    uint32_t count = 0;
    int is_of_rules = (1 << flag) == NOMO_FLAG_RULE_BROKEN;
    const numbers *list = is_of_rules ? &own->rules_broken : &own->feature_flags;
    uint64_t mask = is_of_rules ? 1 : (uint64_t)1 << flag;
    for (i = 0; is_predicted && i < list->n; i++) count += (list->items[i] & mask) != 0;
    if (found[flag] != count) return 0;
  }
  return 1;
}

static int is_predicted(const golden_case *own) { return strcmp(own->status, "NOMO_OK") == 0; }

static int has_status(int32_t status, const golden_case *own) {
  return strcmp(nomo_status_name(status), own->status) == 0;
}

/* The class that a case expects, as the library writes it. */
static uint32_t expected_class(const golden_case *own) {
  return own->class_index.n == 1 ? (uint32_t)own->class_index.items[0] : NOMO_NO_CLASS;
}

/* Compares everything that a row got with what its case expects. */
static void check_row(const char *where, const golden_case *own, const nomo_outputs *out,
                      size_t row) {
  int ok = is_predicted(own);
  uint32_t flags = own->flags.n == 1 ? (uint32_t)own->flags.items[0] : 0;
#define SAME(compare, pointer, per_row, list) \
  check(compare(out->pointer + row * (per_row), per_row, ok ? &own->list : NULL), where, own, #list)
  check(has_status(out->row_status[row], own), where, own, "status");
  SAME(same_bits, probabilities, info.n_outputs, outputs);
  SAME(same_bits, members, info.n_members * info.n_outputs, members);
  SAME(same_bits, margins, info.n_margins, margins);
  SAME(same_bytes, feature_flags, info.n_features, feature_flags);
  SAME(same_bytes, rules_broken, info.n_rules, rules_broken);
  SAME(same_bytes, cutoffs_reached, info.n_cutoffs, cutoffs_reached);
#undef SAME
  check(out->class_indices[row] == expected_class(own), where, own, "class");
  check(out->row_flags[row] == flags, where, own, "flags");
  check(same_counts(out->flag_counts + row * NOMO_N_FLAGS, own, ok), where, own, "flag counts");
}

/* Compares a refusal with what a case expects; `row` is that of the batch, or NOMO_NONE. */
static void check_refusal(const char *where, const golden_case *own, int32_t status,
                          const nomo_error *error, uint64_t row) {
  size_t feature = 0;
  uint64_t expected = NOMO_NONE;
  if (own->at != NULL && nomo_model_feature_index(model, own->at, &feature, NULL) == NOMO_OK)
    expected = feature;
  check(has_status(status, own) && error->status == status, where, own, "status of the refusal");
  check(error->feature == expected, where, own, "feature of the refusal");
  check(error->row == row, where, own, "row of the refusal");
}

#endif
