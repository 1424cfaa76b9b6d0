/*
 * predict.c - shows how to open a Nomogram bundle, print what it expects, and predict the
 * patients of a CSV file row by row, with every error reported and all memory given back.
 *
 *     cc -Iinclude examples/c/predict.c -Lpath -lnomogram -o predict
 *     ./predict BUNDLE.nomo PATIENTS.csv > predictions.csv
 *
 * The CSV file has one column per feature, in any order, and may begin with a column row_id.
 * Its cells are plain numbers without quotes; an empty cell means a missing value.
 * Exit code: 0 success, 1 a reported error, 2 wrong usage.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nomogram.h"

#define MAX_LINE ((size_t)1048576)

enum { READ_ERROR = -1, READ_END = 0, READ_LINE = 1 };

struct opened_model {
  nomo_model *model;
  nomo_session *session;
  const char *digest;
  size_t n_features, n_classes;
  double *values;        /* one row, in the order of the model's features */
  double *probabilities; /* one per class */
};

struct table {
  const char *path;
  FILE *file;
  size_t line_number; /* from 1 */
  char *line;
  int has_row_id;
  size_t *column_of; /* column of each feature, from 1; 0: not seen yet */
  char **cells;      /* the cells of the current line */
};

static int library_failed(const nomo_error *error) {
  fprintf(stderr, "%s: %s\n", nomo_status_name(error->status), error->message);
  return 1;
}

static void *allocate(size_t n, size_t size) {
  void *memory = calloc(n == 0 ? 1 : n, size);
  if (memory == NULL) fprintf(stderr, "predict: not enough memory for %zu * %zu bytes\n", n, size);
  return memory;
}

static int open_model(struct opened_model *p, const char *path) {
  nomo_error error = NOMO_ERROR_INIT;
  nomo_model_info info = NOMO_MODEL_INFO_INIT;
  if (nomo_model_open_file(path, NULL, &p->model, &error) != NOMO_OK ||
      nomo_model_describe(p->model, &info, &error) != NOMO_OK ||
      nomo_session_create(p->model, &p->session, &error) != NOMO_OK)
    return library_failed(&error);
  if (info.task != NOMO_TASK_CLASSES) {
    fprintf(stderr, "%s: the model predicts a number, expected classes\n", path);
    return 1;
  }
  p->digest = info.digest;
  p->n_features = info.n_features;
  p->n_classes = info.n_classes;
  p->values = allocate(p->n_features, sizeof *p->values);
  p->probabilities = allocate(p->n_classes, sizeof *p->probabilities);
  return p->values == NULL || p->probabilities == NULL;
}

static void close_model(struct opened_model *p) {
  free(p->probabilities);
  free(p->values);
  nomo_session_destroy(p->session);
  nomo_model_release(p->model);
}

static int print_schema(const struct opened_model *p) {
  nomo_error error = NOMO_ERROR_INIT;
  nomo_feature feature = NOMO_FEATURE_INIT;
  const char *text;
  size_t i;
  printf("# bundle %s\n# library %s\n", p->digest, nomo_version_text());
  for (i = 0; i < p->n_features; i++) {
    if (nomo_model_feature(p->model, i, &feature, &error) != NOMO_OK) return library_failed(&error);
    printf("# feature %zu %s %s\n", i, feature.name, feature.unit == NULL ? "-" : feature.unit);
  }
  for (i = 0; i < p->n_classes; i++) {
    if (nomo_model_class(p->model, i, &text, &error) != NOMO_OK) return library_failed(&error);
    printf("# class %zu %s\n", i, text);
  }
  return 0;
}

static int open_table(struct table *t, const char *path, size_t n_features) {
  t->path = path;
  t->line = allocate(MAX_LINE + 1, 1);
  t->column_of = allocate(n_features, sizeof *t->column_of);
  t->cells = allocate(n_features + 1, sizeof *t->cells);
  if (t->line == NULL || t->column_of == NULL || t->cells == NULL) return 1;
  t->file = fopen(path, "rb");
  if (t->file == NULL) fprintf(stderr, "%s: the file cannot be opened for reading\n", path);
  return t->file == NULL;
}

static void close_table(struct table *t) {
  if (t->file != NULL) fclose(t->file);
  free(t->cells);
  free(t->column_of);
  free(t->line);
}

static void say_where(const struct table *t) {
  fprintf(stderr, "%s: line %zu: ", t->path, t->line_number);
}

/* Reads a line without its \n or \r\n; the last line may lack them. */
static int read_line(struct table *t) {
  const char *problem = NULL;
  size_t n = 0;
  int c;
  t->line_number++;
  while (problem == NULL && (c = getc(t->file)) != EOF && c != '\n') {
    if (n == MAX_LINE) problem = "found a line that is too long, expected at most 1048576 bytes";
    else if (c == '\0') problem = "found a NUL byte, expected text";
    else t->line[n++] = (char)c;
  }
  if (problem == NULL && ferror(t->file)) problem = "the file cannot be read, expected a CSV file";
  if (problem != NULL) {
    say_where(t);
    fprintf(stderr, "%s\n", problem);
    return READ_ERROR;
  }
  if (c == EOF && n == 0) return READ_END;
  if (n > 0 && t->line[n - 1] == '\r') n--;
  t->line[n] = '\0';
  return READ_LINE;
}

/* Cuts the next cell off the rest of a line; *rest becomes NULL after the last one. */
static char *next_cell(char **rest) {
  char *cell = *rest;
  char *comma = strchr(cell, ',');
  if (comma != NULL) *comma = '\0';
  *rest = comma == NULL ? NULL : comma + 1;
  return cell;
}

static int add_column(struct table *t, const struct opened_model *p, const char *name, size_t column) {
  nomo_error error = NOMO_ERROR_INIT;
  size_t feature;
  int32_t status = nomo_model_feature_index(p->model, name, &feature, &error);
  if (status == NOMO_OK && t->column_of[feature] == 0) {
    t->column_of[feature] = column;
    return 0;
  }
  say_where(t);
  if (status == NOMO_OK)
    fprintf(stderr, "column %zu: found \"%s\" again, expected it only once\n", column, name);
  else if (status == NOMO_EARGUMENT_FEATURE)
    fprintf(stderr, "column %zu: found \"%s\", expected a feature of the model%s\n", column, name,
            column == 1 ? " or row_id" : "");
  else
    fprintf(stderr, "column %zu: %s: %s\n", column, nomo_status_name(status), error.message);
  return 1;
}

static const char *feature_name(const struct opened_model *p, uint64_t index) {
  nomo_feature feature = NOMO_FEATURE_INIT;
  if (index >= p->n_features) return "-"; /* also NOMO_PLACE_NONE */
  return nomo_model_feature(p->model, (size_t)index, &feature, NULL) == NOMO_OK ? feature.name : "-";
}

static int check_all_columns(const struct table *t, const struct opened_model *p) {
  size_t i;
  for (i = 0; i < p->n_features && t->column_of[i] != 0; i++) {}
  if (i == p->n_features) return 0;
  say_where(t);
  fprintf(stderr, "found no column \"%s\", expected one for each feature\n", feature_name(p, i));
  return 1;
}

static int read_header(struct table *t, const struct opened_model *p) {
  char *rest = t->line;
  size_t column;
  int result = read_line(t);
  if (result == READ_END)
    fprintf(stderr, "%s: line 1: found an empty file, expected a header line\n", t->path);
  if (result != READ_LINE) return 1;
  if (strncmp(rest, "\xEF\xBB\xBF", 3) == 0) rest += 3; /* byte order mark, as Excel writes it */
  for (column = 1; rest != NULL; column++) {
    const char *name = next_cell(&rest);
    if (column == 1 && strcmp(name, "row_id") == 0) t->has_row_id = 1;
    else if (add_column(t, p, name, column) != 0) return 1;
  }
  return check_all_columns(t, p);
}

static int split_row(struct table *t, const struct opened_model *p) {
  size_t expected = p->n_features + (size_t)t->has_row_id, found = 0;
  char *rest = t->line;
  while (rest != NULL) {
    char *cell = next_cell(&rest);
    if (found < expected) t->cells[found] = cell;
    found++;
  }
  if (found == expected) return 0;
  say_where(t);
  fprintf(stderr, "found %zu cells, expected %zu as in the header\n", found, expected);
  return 1;
}

static int parse_row(const struct table *t, const struct opened_model *p) {
  size_t i;
  for (i = 0; i < p->n_features; i++) {
    const char *cell = t->cells[t->column_of[i] - 1];
    char *end;
    p->values[i] = strtod(*cell == '\0' ? "nan" : cell, &end);
    if (*cell == '\0' || (end != cell && *end == '\0')) continue;
    say_where(t);
    fprintf(stderr, "column \"%s\": found \"%.40s\", expected a number or an empty cell\n",
            feature_name(p, i), cell);
    return 1;
  }
  return 0;
}

/* Prints a text as one CSV cell, in quotes where it needs them. */
static void print_cell(const char *text) {
  int quoted = strpbrk(text, ",\"\r\n") != NULL;
  if (quoted) putchar('"');
  for (; *text != '\0'; text++) {
    if (*text == '"') putchar('"');
    putchar(*text);
  }
  if (quoted) putchar('"');
}

static int predict_row(const struct table *t, const struct opened_model *p, size_t row) {
  nomo_error error = NOMO_ERROR_INIT;
  const char *name;
  uint32_t class_index;
  uint64_t bits;
  double probability;
  if (nomo_session_predict_row(p->session, p->values, p->n_features, p->probabilities,
                               p->n_classes, &class_index, &error) != NOMO_OK ||
      nomo_model_class(p->model, class_index, &name, &error) != NOMO_OK) {
    say_where(t);
    fprintf(stderr, "column \"%s\": ", feature_name(p, error.feature));
    return library_failed(&error);
  }
  probability = p->probabilities[p->n_classes == 2 ? 1 : class_index];
  memcpy(&bits, &probability, sizeof bits);
  if (t->has_row_id) print_cell(t->cells[0]);
  else printf("%zu", row);
  putchar(',');
  print_cell(name);
  printf(",%.17g,0x%016" PRIx64 "\n", probability, bits);
  return 0;
}

static int predict_table(struct table *t, const struct opened_model *p) {
  size_t row;
  int result;
  if (read_header(t, p) != 0) return 1;
  puts("row_id,class,probability,bits");
  for (row = 0; (result = read_line(t)) == READ_LINE; row++)
    if (split_row(t, p) != 0 || parse_row(t, p) != 0 || predict_row(t, p, row) != 0) return 1;
  if (result == READ_END && row == 0) {
    say_where(t);
    fprintf(stderr, "found no rows, expected at least one after the header\n");
  }
  return result == READ_ERROR || row == 0;
}

int main(int argc, char **argv) {
  struct opened_model p = {NULL, NULL, NULL, 0, 0, NULL, NULL};
  struct table t = {NULL, NULL, 0, NULL, 0, NULL, NULL};
  int failed;
  if (argc != 3) {
    fprintf(stderr, "usage: predict BUNDLE.nomo PATIENTS.csv\n");
    return 2;
  }
  failed = open_model(&p, argv[1]) != 0 || print_schema(&p) != 0 ||
           open_table(&t, argv[2], p.n_features) != 0 || predict_table(&t, &p) != 0;
  if (fflush(stdout) != 0 || ferror(stdout)) {
    fprintf(stderr, "standard output: the predictions could not be written\n");
    failed = 1;
  }
  close_table(&t);
  close_model(&p);
  return failed ? 1 : 0;
}
