/*
 * cases.h - reads the case files of tests/data/corpus, for programs in C and C++.
 *
 * README.md there describes them. A file that cannot be read ends the program.
 */
#ifndef CASES_H
#define CASES_H

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nomogram.h"

/* The value of a feature in a case, in the words of the file. */
enum stated_kind { UNSET, NUMBER, NUMBER_IN, INTEGER, BOOLEAN, TEXT, MISSING };

typedef struct stated {
  enum stated_kind kind;
  double number;    /* of NUMBER and NUMBER_IN */
  int64_t whole;    /* of INTEGER and BOOLEAN */
  const char *text; /* the level, the unit, or the reason; NULL where there is none */
} stated;

/* The numbers of an expected line, or their bits; an absent line has none. */
typedef struct numbers {
  uint64_t *items;
  size_t n;
} numbers;

typedef struct golden_case {
  const char *name;
  stated *values;     /* one per feature of the model */
  const char *status; /* its name in nomogram.h */
  const char *at;     /* the feature that an error names, or NULL */
  numbers outputs, class_index, flags, feature_flags, rules_broken, cutoffs_reached;
  numbers members, margins;
  numbers verdict, p_values, sets, intervals, distance_p_value, furthest_feature, furthest_times;
} golden_case;

typedef struct case_file {
  golden_case *cases;
  size_t n_cases;
  void *memory; /* a chain of blocks */
} case_file;

/* Zeroed memory that free_cases frees. */
static void *cases_allocate(case_file *file, size_t n_bytes) {
  void **block = (void **)calloc(1, sizeof(void *) + n_bytes);
  if (block == NULL) abort();
  block[0] = file->memory;
  file->memory = block;
  return block + 1;
}

static void free_cases(case_file *file) {
  while (file->memory != NULL) {
    void **block = (void **)file->memory;
    file->memory = block[0];
    free(block);
  }
}

/* The whole file, with a closing NUL. */
static char *cases_text(case_file *file, const char *path) {
  FILE *stream = fopen(path, "rb");
  long length = -1;
  char *text;
  if (stream != NULL && fseek(stream, 0, SEEK_END) == 0) length = ftell(stream);
  if (length < 0 || fseek(stream, 0, SEEK_SET) != 0) {
    fprintf(stderr, "%s: cannot be read\n", path);
    exit(2);
  }
  text = (char *)cases_allocate(file, (size_t)length + 1);
  length = (long)fread(text, 1, (size_t)length, stream);
  text[length] = '\0';
  fclose(stream);
  return text;
}

/* Cuts off the word before the first space. */
static char *cases_word(char **rest) {
  char *word = *rest, *space = strchr(word, ' ');
  *rest = space == NULL ? word + strlen(word) : space + 1;
  if (space != NULL) *space = '\0';
  return word;
}

/* A decimal number, inf, -inf, nan, or the 16 hexadecimal digits of its bits after 0x. */
static double cases_number(const char *text) {
  double number;
  if (strncmp(text, "0x", 2) == 0) {
    uint64_t bits = strtoull(text, NULL, 16);
    memcpy(&number, &bits, sizeof number);
    return number;
  }
  return strtod(text, NULL);
}

/* Reads the value after the name of a feature; returns 0 if there is none. */
static int cases_state(char *rest, stated *value) {
  static const char *const kinds[] = {"unset",   "number", "number-in", "integer",
                                      "boolean", "text",   "missing"};
  const char *word = cases_word(&rest);
  int kind = 0;
  while (kind < 7 && strcmp(word, kinds[kind]) != 0) kind++;
  if (kind == 7) return 0;
  memset(value, 0, sizeof *value);
  value->kind = (enum stated_kind)kind;
  switch (value->kind) {
    case NUMBER:
      value->number = cases_number(rest);
      break;
    case NUMBER_IN:
      value->number = cases_number(cases_word(&rest));
      value->text = rest;
      break;
    case INTEGER:
      value->whole = strtoll(rest, NULL, 10);
      break;
    case BOOLEAN:
      value->whole = strcmp(rest, "true") == 0;
      break;
    case TEXT:
      value->text = rest;
      break;
    case MISSING:
      value->text = *rest == '\0' ? NULL : rest;
      break;
    default:
      break;
  }
  return 1;
}

/* Decimal whole numbers, or bits after 0x, up to a comment. */
static numbers cases_numbers(case_file *file, const char *rest) {
  numbers list = {NULL, 0};
  list.items = (uint64_t *)cases_allocate(file, (strlen(rest) / 2 + 1) * sizeof(uint64_t));
  for (;;) {
    char *end;
    uint64_t item = strtoull(rest, &end, strncmp(rest + (*rest == ' '), "0x", 2) == 0 ? 16 : 10);
    if (end == rest) return list;
    list.items[list.n++] = item;
    rest = end;
  }
}

/* Reads an expected line; 0 if it is none. */
static int cases_expect(case_file *file, golden_case *golden, const char *word, const char *rest) {
  if (strcmp(word, "status") == 0) golden->status = rest;
  else if (strcmp(word, "at") == 0) golden->at = rest;
  else if (strcmp(word, "outputs") == 0) golden->outputs = cases_numbers(file, rest);
  else if (strcmp(word, "class") == 0) golden->class_index = cases_numbers(file, rest);
  else if (strcmp(word, "flags") == 0) golden->flags = cases_numbers(file, rest);
  else if (strcmp(word, "feature-flags") == 0) golden->feature_flags = cases_numbers(file, rest);
  else if (strcmp(word, "rules-broken") == 0) golden->rules_broken = cases_numbers(file, rest);
  else if (strcmp(word, "cutoffs-reached") == 0) golden->cutoffs_reached = cases_numbers(file, rest);
  else if (strcmp(word, "members") == 0) golden->members = cases_numbers(file, rest);
  else if (strcmp(word, "margins") == 0) golden->margins = cases_numbers(file, rest);
  else if (strcmp(word, "verdict") == 0) golden->verdict = cases_numbers(file, rest);
  else if (strcmp(word, "p-values") == 0) golden->p_values = cases_numbers(file, rest);
  else if (strcmp(word, "sets") == 0) golden->sets = cases_numbers(file, rest);
  else if (strcmp(word, "intervals") == 0) golden->intervals = cases_numbers(file, rest);
  else if (strcmp(word, "distance-p-value") == 0) golden->distance_p_value = cases_numbers(file, rest);
  else if (strcmp(word, "furthest-feature") == 0) golden->furthest_feature = cases_numbers(file, rest);
  else if (strcmp(word, "furthest-times") == 0) golden->furthest_times = cases_numbers(file, rest);
  else return 0;
  return 1;
}

/* The cases of a file, for rows of `model`. Their texts are in the file's memory. */
static case_file read_cases(const char *path, const nomo_model *model, size_t n_features) {
  case_file file = {NULL, 0, NULL};
  char *line = cases_text(&file, path), *next, *text;
  stated *base = (stated *)cases_allocate(&file, n_features * sizeof(stated));
  size_t number = 1, n_lines = 1;
  golden_case *golden = NULL;
  for (text = line; *text != '\0'; text++) n_lines += *text == '\n';
  file.cases = (golden_case *)cases_allocate(&file, n_lines * sizeof(golden_case));
  for (; line != NULL; line = next, number++) {
    char *rest = line, *end = strchr(line, '\n');
    const char *word;
    int is_known = 1;
    next = end == NULL ? NULL : end + 1;
    if (end != NULL) *end = '\0';
    word = cases_word(&rest);
    if (strcmp(word, "case") == 0) {
      golden = &file.cases[file.n_cases++];
      golden->name = rest;
      golden->values = (stated *)cases_allocate(&file, n_features * sizeof(stated));
      memcpy(golden->values, base, n_features * sizeof(stated));
    } else if (strcmp(word, "base") == 0 || (strcmp(word, "set") == 0 && golden != NULL)) {
      size_t feature = 0;
      const char *name = cases_word(&rest);
      stated *values = *word == 'b' ? base : golden->values;
      is_known = nomo_model_feature_index(model, name, &feature, NULL) == NOMO_OK &&
                 cases_state(rest, &values[feature]);
    } else if (*word != '\0' && *word != '#') {
      is_known = golden != NULL && cases_expect(&file, golden, word, rest);
    }
    if (!is_known) {
      fprintf(stderr, "%s:%" PRIuMAX ": does not belong here\n", path, (uintmax_t)number);
      exit(2);
    }
  }
  return file;
}

#endif
