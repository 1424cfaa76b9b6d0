/*
 * corpus.c - every case of tests/data/corpus, in every way to pass a row in C.
 *
 *     cc -std=c99 -Wall -Wextra -pedantic -Werror -Iinclude corpus.c -Lpath -lnomogram -o corpus
 *     ./corpus tests/data/corpus/NAME ...
 *
 * Each NAME names the files NAME.nomo and NAME.cases. Prints checks that failed, then "N cases, M
 * checks, K failed"; exit code 1 if any failed.
 */
#include "answers.h"
#include "arrow.h"

enum { MANY_ROWS = 10000 };

static nomo_session *session;
static case_file file;

/* ---- Value by value ------------------------------------------------------------------ */

static int32_t set(size_t feature, const stated *value, nomo_error *error) {
  switch (value->kind) {
    case NUMBER:
      return nomo_session_set_number(session, feature, value->number, error);
    case NUMBER_IN:
      return nomo_session_set_number_in(session, feature, value->number, value->text, error);
    case INTEGER:
      return nomo_session_set_integer(session, feature, value->whole, error);
    case BOOLEAN:
      return nomo_session_set_boolean(session, feature, (uint32_t)value->whole, error);
    case TEXT:
      return nomo_session_set_text(session, feature, value->text, error);
    case MISSING:
      return nomo_session_set_missing(session, feature, value->text, error);
    default:
      return NOMO_OK;
  }
}

/* Whether the case can be set value by value. */
static int by_value(const golden_case *golden) {
  nomo_error error = NOMO_ERROR_INIT;
  nomo_outputs going_on = new_outputs(1, NOMO_ON_REFUSAL_GO_ON), stopping = new_outputs(1, NOMO_ON_REFUSAL_STOP);
  const char *where = "value by value";
  size_t feature;
  int32_t status = nomo_session_clear(session, NULL);
  for (feature = 0; status == NOMO_OK && feature < info.n_features; feature++)
    status = set(feature, &golden->values[feature], &error);
  if (status != NOMO_OK) {
    check_refusal("stating", golden, status, &error, NOMO_PLACE_NONE);
  } else {
    check(nomo_session_predict(session, &going_on, NULL) == NOMO_OK, where, golden, "call");
    check_row(where, golden, &going_on, 0);
    status = nomo_session_predict(session, &stopping, &error);
    if (is_predicted(golden)) {
      check_row(where, golden, &stopping, 0);
    } else {
      check_refusal(where, golden, status, &error, NOMO_PLACE_NONE);
      check(is_untouched(&stopping), where, golden, "untouched outputs");
    }
    status = NOMO_OK;
  }
  free_outputs(&going_on);
  free_outputs(&stopping);
  return status == NOMO_OK;
}

/* ---- Batches ------------------------------------------------------------------------- */

/* A call that predicts a batch of some kind. */
typedef int32_t (*predict_batch)(const void *rows, const nomo_outputs *outputs, nomo_error *error);

/* Runs a batch whose row i is case order[i], going on and stopping. */
static void check_batch(const char *where, predict_batch call, const void *rows,
                        const size_t *order, size_t n_rows) {
  nomo_error error = NOMO_ERROR_INIT;
  nomo_outputs going_on = new_outputs(n_rows, NOMO_ON_REFUSAL_GO_ON);
  nomo_outputs stopping = new_outputs(n_rows, NOMO_ON_REFUSAL_STOP);
  size_t row, first_refused = 0;
  int32_t status;
  check(call(rows, &going_on, NULL) == NOMO_OK, where, NULL, "call");
  for (row = 0; row < n_rows; row++) check_row(where, &file.cases[order[row]], &going_on, row);

  while (first_refused < n_rows && is_predicted(&file.cases[order[first_refused]])) first_refused++;
  status = call(rows, &stopping, &error);
  if (first_refused < n_rows) {
    check_refusal(where, &file.cases[order[first_refused]], status, &error, first_refused);
    check(is_untouched(&stopping), where, NULL, "untouched outputs");
  } else {
    check(status == NOMO_OK, where, NULL, "call, stopping");
    for (row = 0; row < n_rows; row++) check_row(where, &file.cases[order[row]], &stopping, row);
  }
  free_outputs(&going_on);
  free_outputs(&stopping);
}

/* ---- Arrays of numbers --------------------------------------------------------------- */

/* Writes the index of a level; returns 0 if there is no such level. */
static int of_level(size_t index, size_t n_levels, const char *text, double *number) {
  size_t i;
  for (i = 0; i < n_levels; i++) {
    const char *level = NULL;
    *number = (double)i;
    if (nomo_model_level(model, index, i, &level, NULL) == NOMO_OK && strcmp(level, text) == 0)
      return 1;
  }
  return 0;
}

/* Converts a number that is stated in another unit of the feature. */
static void convert(size_t index, size_t n_units, const char *code, double *number) {
  nomo_unit unit = NOMO_UNIT_INIT;
  size_t i;
  for (i = 0; i < n_units; i++) {
    if (nomo_model_unit(model, index, i, &unit, NULL) == NOMO_OK && strcmp(unit.code, code) == 0)
      *number = (*number - unit.offset) * unit.multiplier / unit.divisor;
  }
}

/* Writes the number with the same meaning in an array; returns 0 if there is none. */
static int as_number(size_t index, const stated *value, double *number) {
  nomo_feature feature = NOMO_FEATURE_INIT;
  if (nomo_model_feature(model, index, &feature, NULL) != NOMO_OK) return 0;
  *number = value->number;
  switch (value->kind) {
    case NUMBER:
      return !isnan(*number);
    case NUMBER_IN:
      convert(index, feature.n_units, value->text, number);
      return !isnan(*number);
    case MISSING:
      *number = NAN;
      return 1;
    case INTEGER:
      *number = (double)value->whole;
      return value->whole >= -(INT64_C(1) << 53) && value->whole <= INT64_C(1) << 53;
    case BOOLEAN:
      *number = (double)value->whole;
      return feature.kind == NOMO_KIND_BOOLEAN;
    case TEXT:
      return of_level(index, feature.n_levels, value->text, number);
    default:
      return 0;
  }
}

static int as_numbers(const golden_case *golden, double *row) {
  size_t feature;
  for (feature = 0; feature < info.n_features; feature++) {
    if (!as_number(feature, &golden->values[feature], &row[feature])) return 0;
  }
  return 1;
}

static void by_row(const golden_case *golden, const double *row) {
  nomo_error error = NOMO_ERROR_INIT;
  size_t n = info.n_outputs;
  double *outputs = (double *)allocate(n, sizeof(double));
  uint32_t index = 77;
  int32_t status =
      nomo_session_predict_row(session, row, info.n_features, outputs, n, &index, &error);
  if (is_predicted(golden)) {
    check(status == NOMO_OK, "as a row", golden, "call");
    check(same_bits(outputs, n, &golden->outputs), "as a row", golden, "outputs");
    check(index == expected_class(golden), "as a row", golden, "class");
  } else {
    check_refusal("as a row", golden, status, &error, NOMO_PLACE_NONE);
    check(is_poison(outputs, n * sizeof(double)) && index == 77, "as a row", golden, "untouched");
  }
  free(outputs);
}

static int32_t predict_matrix(const void *rows, const nomo_outputs *outputs, nomo_error *error) {
  return nomo_session_predict_matrix(session, (const nomo_matrix *)rows, outputs, error);
}

/* Lays rows[order[0]], rows[order[1]], … out with these strides and runs them as a matrix. */
static void check_matrix(const char *where, const double *rows, const size_t *order, size_t n_rows,
                         size_t row_stride, size_t column_stride, uint32_t element_type) {
  nomo_matrix matrix = NOMO_MATRIX_INIT;
  size_t n_values = n_rows * row_stride + info.n_features * column_stride, row, column, i;
  double *doubles = (double *)allocate(n_values, sizeof(double));
  float *floats = (float *)allocate(n_values, sizeof(float));
  /* Elements that must not be read are plausible values of every feature. */
  for (i = 0; i < n_values; i++) doubles[i] = 10.0, floats[i] = 10.0F;
  for (row = 0; row < n_rows; row++) {
    for (column = 0; column < info.n_features; column++) {
      size_t at = row * row_stride + column * column_stride;
      doubles[at] = rows[order[row] * info.n_features + column];
      if (element_type == NOMO_TYPE_FLOAT) floats[at] = (float)doubles[at];
    }
  }
  matrix.element_type = element_type;
  matrix.values = element_type == NOMO_TYPE_FLOAT ? (const void *)floats : (const void *)doubles;
  matrix.values_len = n_values;
  matrix.n_rows = n_rows;
  matrix.n_columns = info.n_features;
  matrix.row_stride = row_stride;
  matrix.column_stride = column_stride;
  check_batch(where, predict_matrix, &matrix, order, n_rows);
  free(doubles);
  free(floats);
}

/* Whether a float holds the number exactly. */
static int is_single(double number) {
  return isnan(number) || (fabs(number) < 3e38 && (double)(float)number == number);
}

static int is_single_row(const double *row) {
  size_t column;
  for (column = 0; column < info.n_features; column++) {
    if (!is_single(row[column])) return 0;
  }
  return 1;
}

/* Every case that consists of numbers, as one matrix in many layouts. */
static void by_matrix(const double *rows, const size_t *kept, size_t n_kept) {
  size_t n = info.n_features, i, n_single = 0;
  size_t *order = (size_t *)allocate(MANY_ROWS + n_kept, sizeof(size_t));
  for (i = 0; i < n_kept; i++)
    check_matrix("as a matrix of one row", rows, &kept[i], 1, n + 5, 1, NOMO_TYPE_DOUBLE);
  check_matrix("as a matrix, row by row", rows, kept, n_kept, n, 1, NOMO_TYPE_DOUBLE);
  check_matrix("as a matrix, column by column", rows, kept, n_kept, 1, n_kept, NOMO_TYPE_DOUBLE);
  check_matrix("as a padded matrix", rows, kept, n_kept, 2 * n + 3, 2, NOMO_TYPE_DOUBLE);
  for (i = 0; i < n_kept; i++) order[i] = kept[n_kept - 1 - i];
  check_matrix("as a matrix, last row first", rows, order, n_kept, n, 1, NOMO_TYPE_DOUBLE);
  for (i = 0; i < n_kept; i++) {
    if (is_single_row(&rows[kept[i] * n])) order[n_single++] = kept[i];
  }
  check_matrix("as a matrix of floats", rows, order, n_single, 1, n_single, NOMO_TYPE_FLOAT);
  if (n_kept > 0) {
    for (i = 0; i < MANY_ROWS; i++) order[i] = kept[i % n_kept];
    check_matrix("as a matrix of many rows", rows, order, MANY_ROWS, n, 1, NOMO_TYPE_DOUBLE);
  }
  free(order);
}

/* ---- Typed columns ------------------------------------------------------------------- */

typedef struct columns {
  nomo_column *items;
  size_t n;
  size_t n_rows;
} columns;

static int is_valid(const nomo_column *column, size_t row) {
  return column->validity == NULL || (column->validity[row / 8] >> row % 8 & 1) != 0;
}

static int32_t predict_columns(const void *rows, const nomo_outputs *outputs, nomo_error *error) {
  const columns *given = (const columns *)rows;
  return nomo_session_predict_columns(session, given->items, given->n, given->n_rows, outputs, error);
}

/* Fills a column with what the cases state of a feature; the smallest type that holds it if
   `is_narrow`, and the widest otherwise. */
static nomo_column new_column(size_t feature, const stated *type, const size_t *order,
                              size_t n_rows, int is_narrow) {
  nomo_column column = NOMO_COLUMN_INIT;
  uint8_t *validity = (uint8_t *)allocate((n_rows + 7) / 8, 1);
  double *doubles = (double *)allocate(n_rows, sizeof(double));
  void *values = doubles;
  size_t row, n_missing = 0;
  int is_narrow_number = is_narrow, is_narrow_integer = is_narrow;
  memset(validity, 0, (n_rows + 7) / 8);
  for (row = 0; row < n_rows; row++) {
    const stated *given = &file.cases[order[row]].values[feature];
    n_missing += given->kind == MISSING;
    if (given->kind != MISSING) validity[row / 8] |= (uint8_t)(1U << row % 8);
    if (!is_single(given->number)) is_narrow_number = 0;
    if (given->whole < INT32_MIN || given->whole > INT32_MAX) is_narrow_integer = 0;
  }
#define FILL(code, type, value)                                        \
  do {                                                                 \
    column.element_type = code;                                        \
    for (row = 0; row < n_rows; row++) {                               \
      const stated *given = &file.cases[order[row]].values[feature];     \
      if (given->kind != MISSING) ((type *)values)[row] = (type)(value); \
    }                                                                  \
  } while (0)
  if (type->kind == TEXT) FILL(NOMO_TYPE_TEXT, const char *, given->text);
  else if (type->kind == BOOLEAN) FILL(NOMO_TYPE_BOOLEAN, uint8_t, given->whole);
  else if (type->kind == INTEGER && is_narrow_integer) FILL(NOMO_TYPE_INT32, int32_t, given->whole);
  else if (type->kind == INTEGER) FILL(NOMO_TYPE_INT64, int64_t, given->whole);
  else if (is_narrow_number) FILL(NOMO_TYPE_FLOAT, float, given->number);
  else FILL(NOMO_TYPE_DOUBLE, double, given->number);
#undef FILL
  column.feature = feature;
  column.values = values;
  column.values_len = n_rows;
  column.unit = type->kind == NUMBER_IN ? type->text : NULL;
  if (n_missing > 0 || is_narrow) {
    column.validity = validity;
    column.validity_len = (n_rows + 7) / 8;
  } else {
    free(validity);
  }
  return column;
}

/* ---- Arrow --------------------------------------------------------------------------- */

static int32_t predict_arrow(const void *rows, const nomo_outputs *outputs, nomo_error *error) {
  const table *given = (const table *)rows;
  return nomo_session_predict_arrow(session, &given->schema, &given->array, 0, outputs, error);
}

/* Metadata with the unit of a column. */
static char *new_metadata(const char *unit) {
  const int32_t n_keys = 1, n_key = 4, n_unit = (int32_t)strlen(unit);
  char *metadata = (char *)allocate(16 + (size_t)n_unit, 1);
  memcpy(metadata, &n_keys, 4);
  memcpy(metadata + 4, &n_key, 4);
  memcpy(metadata + 8, "unit", 4);
  memcpy(metadata + 12, &n_unit, 4);
  memcpy(metadata + 16, unit, (size_t)n_unit);
  return metadata;
}

/* The texts of a column one after the other, and where each ends. */
static char *new_texts(const nomo_column *column, int32_t *offsets) {
  const char *const *texts = (const char *const *)column->values;
  size_t row, n_bytes = 0;
  char *bytes;
  for (row = 0; row < column->values_len; row++)
    n_bytes += is_valid(column, row) ? strlen(texts[row]) : 0;
  bytes = (char *)allocate(n_bytes, 1);
  offsets[0] = 0;
  for (row = 0; row < column->values_len; row++) {
    size_t n = is_valid(column, row) ? strlen(texts[row]) : 0;
    if (n > 0) memcpy(bytes + offsets[row], texts[row], n);
    offsets[row + 1] = offsets[row] + (int32_t)n;
  }
  return bytes;
}

static uint8_t *new_bits(const nomo_column *column) {
  const uint8_t *booleans = (const uint8_t *)column->values;
  uint8_t *bits = (uint8_t *)allocate((column->values_len + 7) / 8, 1);
  size_t row;
  for (row = 0; row < column->values_len; row++) {
    bits[row / 8] &= (uint8_t)~(1U << row % 8);
    if (is_valid(column, row) && booleans[row] != 0) bits[row / 8] |= (uint8_t)(1U << row % 8);
  }
  return bits;
}

/* The values of a column that was written, or NULL. */
static const void *written(const struct ArrowSchema *schema, const struct ArrowArray *array, const char *name) {
  int64_t i;
  for (i = 0; i < schema->n_children; i++)
    if (strcmp(schema->children[i]->name, name) == 0) return array->children[i]->buffers[1];
  return NULL;
}

/* The values of the column at a position among those whose names begin with `prefix`, or NULL. */
static const double *written_at(const struct ArrowSchema *schema, const struct ArrowArray *array, const char *prefix,
                                size_t position) {
  int64_t i;
  for (i = 0; i < schema->n_children; i++)
    if (strncmp(schema->children[i]->name, prefix, strlen(prefix)) == 0 && position-- == 0)
      return (const double *)array->children[i]->buffers[1];
  return NULL;
}

/* Whether a row of a column of texts has the name of the expected feature, or is empty if there is none. */
static int has_feature_name(const struct ArrowArray *column, size_t row, const numbers *expected) {
  const int32_t *ends = (const int32_t *)column->buffers[1];
  const char *text = (const char *)column->buffers[2] + ends[row];
  const size_t length = (size_t)(ends[row + 1] - ends[row]);
  nomo_feature feature = NOMO_FEATURE_INIT;
  if (expected == NULL) return length == 0;
  if (nomo_model_feature(model, (size_t)expected->items[0], &feature, NULL) != NOMO_OK) abort();
  return length == strlen(feature.name) && memcmp(text, feature.name, length) == 0;
}

/* Compares the written intervals and furthest features with those of the case. */
static void check_written_places(const struct ArrowSchema *schema, const struct ArrowArray *array, size_t row,
                                 const golden_case *golden) {
  const int is_ok = is_predicted(golden);
  size_t end;
  int64_t i;
  for (end = 0; end < 2 * uncertainty.n_intervals; end++) {
    const double *ends = written_at(schema, array, end % 2 == 0 ? "low_" : "high_", end / 2);
    check(ends != NULL && (is_ok ? memcmp(&ends[row], &golden->intervals.items[end], 8) == 0 : isnan(ends[row])),
          "to Arrow", golden, "interval");
  }
  for (i = 0; i < schema->n_children; i++) {
    const struct ArrowArray *column = array->children[i];
    if (strcmp(schema->children[i]->name, "furthest_feature") == 0)
      check(has_feature_name(column, row, is_ok ? &golden->furthest_feature : NULL), "to Arrow", golden, "furthest");
    if (strcmp(schema->children[i]->name, "furthest_times") == 0)
      check(same_bits((const double *)column->buffers[1] + row, 1, is_ok ? &golden->furthest_times : NULL), "to Arrow",
            golden, "times");
  }
}

/* Predicts to Arrow arrays, and compares the columns of models with uncertainty. */
static void check_written(const table *rows, const size_t *order, size_t n_rows) {
  struct ArrowSchema schema;
  struct ArrowArray array;
  const uint32_t *verdicts;
  const double *distances;
  size_t row, i;
  int ok = nomo_session_predict_to_arrow(session, &rows->schema, &rows->array, 0, NOMO_ON_REFUSAL_GO_ON,
                                         &schema, &array, NULL) == NOMO_OK;
  check(ok, "to Arrow", NULL, "call");
  if (!ok) return;
  verdicts = (const uint32_t *)written(&schema, &array, "verdict");
  distances = (const double *)written(&schema, &array, "distance_p_value");
  check((verdicts != NULL) == (uncertainty.n_verdicts == 1), "to Arrow", NULL, "verdict");
  check((distances != NULL) == (uncertainty.n_distances == 1), "to Arrow", NULL, "distance");
  check((written(&schema, &array, "furthest_feature") != NULL) == (uncertainty.n_furthest == 1), "to Arrow", NULL,
        "furthest");
  for (row = 0; row < n_rows; row++) {
    const golden_case *golden = &file.cases[order[row]];
    const int is_ok = is_predicted(golden);
    check_written_places(&schema, &array, row, golden);
    if (verdicts != NULL)
      check(same_words(verdicts + row, 1, is_ok ? &golden->verdict : NULL, NOMO_VERDICT_REFUSED), "to Arrow",
            golden, "verdict");
    if (distances != NULL)
      check(same_bits(distances + row, 1, is_ok ? &golden->distance_p_value : NULL), "to Arrow", golden, "distance");
    for (i = 0; i < uncertainty.n_p_values; i++) {
      char name[256];
      const char *class_name = "";
      const double *p_values;
      if (nomo_model_class(model, i, &class_name, NULL) != NOMO_OK) abort();
      snprintf(name, sizeof name, "p_value_%s", class_name);
      p_values = (const double *)written(&schema, &array, name);
      check(p_values != NULL && (is_ok ? memcmp(&p_values[row], &golden->p_values.items[i], 8) == 0
                                       : isnan(p_values[row])), "to Arrow", golden, name);
    }
  }
  schema.release(&schema);
  array.release(&array);
}

/* The same columns as an Arrow struct array. */
static void check_arrow(const columns *given, const size_t *order) {
  table *rows = (table *)allocate(1, sizeof *rows);
  void *kept[2 * MAX_COLUMNS] = {NULL};
  char *metadata[MAX_COLUMNS] = {NULL};
  size_t i, j;
  if (given->n > MAX_COLUMNS) abort();
  make_table(rows, given->n_rows);
  for (i = 0; i < given->n; i++) {
    const nomo_column *column = &given->items[i];
    nomo_feature feature = NOMO_FEATURE_INIT;
    const char *format = "g";
    const void *values = column->values, *bytes = NULL;
    if (nomo_model_feature(model, column->feature, &feature, NULL) != NOMO_OK) abort();
    if (column->element_type == NOMO_TYPE_FLOAT) format = "f";
    if (column->element_type == NOMO_TYPE_INT32) format = "i";
    if (column->element_type == NOMO_TYPE_INT64) format = "l";
    if (column->element_type == NOMO_TYPE_BOOLEAN) format = "b", values = kept[2 * i] = new_bits(column);
    if (column->element_type == NOMO_TYPE_TEXT) {
      int32_t *offsets = (int32_t *)allocate(given->n_rows + 1, sizeof(int32_t));
      bytes = kept[2 * i + 1] = new_texts(column, offsets);
      format = "u", values = kept[2 * i] = offsets;
    }
    j = add_column(rows, feature.name, format, values, bytes);
    rows->buffers[j][0] = column->validity;
    if (column->unit != NULL) rows->schemas[j].metadata = metadata[i] = new_metadata(column->unit);
  }
  check_batch("as Arrow", predict_arrow, rows, order, given->n_rows);
  check_written(rows, order, given->n_rows);
  for (i = 0; i < 2 * MAX_COLUMNS; i++) free(kept[i]);
  for (i = 0; i < MAX_COLUMNS; i++) free(metadata[i]);
  free(rows);
}

/* ---- Columns of both kinds ----------------------------------------------------------- */

/* Runs cases with values of the same types, as columns of these types. */
static void check_columns(const char *where, const stated *types, const size_t *order,
                          size_t n_rows, int is_narrow) {
  columns given = {NULL, 0, n_rows};
  size_t feature, i;
  given.items = (nomo_column *)allocate(info.n_features, sizeof(nomo_column));
  for (feature = 0; feature < info.n_features; feature++) {
    /* In either order of the features. */
    size_t at = is_narrow ? info.n_features - 1 - feature : feature;
    if (types[at].kind != UNSET)
      given.items[given.n++] = new_column(at, &types[at], order, n_rows, is_narrow);
  }
  check_batch(where, predict_columns, &given, order, n_rows);
  check_arrow(&given, order);
  for (i = 0; i < given.n; i++) {
    free((void *)(uintptr_t)given.items[i].values);
    free((void *)(uintptr_t)given.items[i].validity);
  }
  free(given.items);
}

/* Whether the values of a case fit into columns of these types; makes the types fit if so. */
static int join(stated *types, const golden_case *golden) {
  size_t i;
  for (i = 0; i < info.n_features; i++) {
    const stated *a = &types[i], *b = &golden->values[i];
    int may_differ = (a->kind == MISSING && b->kind != UNSET) ||
                     (b->kind == MISSING && a->kind != UNSET);
    if (a->kind != b->kind && !may_differ) return 0;
    if (a->kind == NUMBER_IN && b->kind == NUMBER_IN && strcmp(a->text, b->text) != 0) return 0;
  }
  for (i = 0; i < info.n_features; i++) {
    if (types[i].kind == MISSING) types[i] = golden->values[i];
  }
  return 1;
}

/* Every case as columns: alone, with all others of the same types, and many times over. */
static void by_columns(const int *can_be_stated) {
  stated *types = (stated *)allocate(info.n_features, sizeof(stated));
  size_t *order = (size_t *)allocate(MANY_ROWS + file.n_cases, sizeof(size_t));
  int *is_done = (int *)allocate(file.n_cases, sizeof(int));
  size_t i, other, n, largest = 0;
  memset(is_done, 0, file.n_cases * sizeof(int));
  for (i = 0; i < file.n_cases; i++) {
    if (!can_be_stated[i]) continue;
    check_columns("as columns of one row", file.cases[i].values, &i, 1, 0);
    check_columns("as narrow columns of one row", file.cases[i].values, &i, 1, 1);
    if (is_done[i]) continue;
    memcpy(types, file.cases[i].values, info.n_features * sizeof(stated));
    for (n = 0, other = i; other < file.n_cases; other++) {
      if (can_be_stated[other] && !is_done[other] && join(types, &file.cases[other])) {
        is_done[other] = 1;
        order[n++] = other;
      }
    }
    check_columns("as columns", types, order, n, 0);
    check_columns("as narrow columns", types, order, n, 1);
    if (n > largest) {
      largest = n;
      for (other = n; other < MANY_ROWS; other++) order[other] = order[other % n];
      check_columns("as columns of many rows", types, order, MANY_ROWS, 0);
    }
  }
  free(types);
  free(order);
  free(is_done);
}

/* ---- Counts ---------------------------------------------------------------------------- */

/* All cases, predicted once each, are counted as the file of the model has it; without one, not. */
static void check_counts(const char *path) {
  nomo_error error = NOMO_ERROR_INIT;
  nomo_monitor *monitor;
  size_t i, at, memory_len, bytes_len, n_cells;
  double *probabilities = (double *)allocate(info.n_outputs, sizeof(double));
  nomo_outputs outputs = NOMO_OUTPUTS_INIT;
  unsigned char *bytes;
  const char *text;
  char *end;
  if (nomo_monitor_size(model, &memory_len, &bytes_len, &error) == NOMO_EUNSUPPORTED_PROFILE) {
    free(probabilities);
    return;
  }
  outputs.probabilities = probabilities;
  outputs.probabilities_len = info.n_outputs;
  bytes = (unsigned char *)allocate(bytes_len, 1);
  check(nomo_monitor_create(model, &monitor, &error) == NOMO_OK &&
        nomo_session_set_monitor(session, monitor, &error) == NOMO_OK, "counts", NULL, "monitor");
  for (i = 0; i < file.n_cases; i++) {
    int is_set = nomo_session_clear(session, &error) == NOMO_OK;
    for (at = 0; at < info.n_features && is_set; at++) {
      const stated *value = &file.cases[i].values[at];
      if (value->kind != UNSET) is_set = set(at, value, &error) == NOMO_OK;
    }
    if (is_set) (void)nomo_session_predict(session, &outputs, &error);
  }
  check(nomo_session_set_monitor(session, NULL, &error) == NOMO_OK &&
        nomo_monitor_write(monitor, 1, bytes, bytes_len, &error) == NOMO_OK, "counts", NULL, "write");
  text = cases_text(&file, path);
  n_cells = (bytes_len - 72) / 8;
  for (i = 0; i < n_cells; i++) {
    uint64_t found = 0, expected = strtoull(text, &end, 10);
    for (at = 8; at-- > 0;) found = found << 8 | bytes[40 + 8 * i + at];
    check(end != text && found == expected, "counts", NULL, "count");
    text = end;
  }
  strtoull(text, &end, 10);
  check(end == text, "counts", NULL, "number of counts");
  nomo_monitor_destroy(monitor);
  free(bytes);
  free(probabilities);
}

/* ---- Main ---------------------------------------------------------------------------- */

static void run(const char *name) {
  char path[4096];
  nomo_error error = NOMO_ERROR_INIT;
  nomo_model_info initial = NOMO_MODEL_INFO_INIT;
  double *rows;
  size_t *kept, n_kept = 0, i;
  int *can_be_stated;
  model_name = name;
  info = initial;
  snprintf(path, sizeof path, "%s.nomo", name);
  if (nomo_model_open_file(path, NULL, &model, &error) != NOMO_OK ||
      !describe_model() ||
      nomo_session_create(model, &session, &error) != NOMO_OK) {
    fprintf(stderr, "%s: %s\n", path, error.message);
    exit(2);
  }
  snprintf(path, sizeof path, "%s.cases", name);
  file = read_cases(path, model, info.n_features);
  rows = (double *)allocate(file.n_cases * info.n_features, sizeof(double));
  kept = (size_t *)allocate(file.n_cases, sizeof(size_t));
  can_be_stated = (int *)allocate(file.n_cases, sizeof(int));
  for (i = 0; i < file.n_cases; i++) {
    const golden_case *golden = &file.cases[i];
    can_be_stated[i] = by_value(golden);
    if (can_be_stated[i] && as_numbers(golden, &rows[i * info.n_features])) {
      by_row(golden, &rows[i * info.n_features]);
      kept[n_kept++] = i;
    }
  }
  by_matrix(rows, kept, n_kept);
  by_columns(can_be_stated);
  snprintf(path, sizeof path, "%s.counts", name);
  check_counts(path);
  free(rows);
  free(kept);
  free(can_be_stated);
  nomo_session_destroy(session);
  nomo_model_release(model);
}

int main(int argc, char **argv) {
  unsigned long n_cases = 0;
  int i;
  for (i = 1; i < argc; i++) {
    run(argv[i]);
    n_cases += (unsigned long)file.n_cases;
    free_cases(&file);
  }
  printf("%lu cases, %lu checks, %lu failed\n", n_cases, n_checks, n_failed);
  return n_failed > 0 || n_cases == 0;
}
