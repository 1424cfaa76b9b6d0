/*
 * arrow.h - Arrow arrays made by hand, for the tests of the functions that read them.
 */
#ifndef ARROW_H
#define ARROW_H

#include <stdlib.h>
#include <string.h>

#include "nomogram.h"

enum { MAX_COLUMNS = 128 };

/* A struct array of columns, each with a few buffers, in this struct. */
typedef struct table {
  struct ArrowSchema schema, schemas[MAX_COLUMNS];
  struct ArrowArray array, arrays[MAX_COLUMNS];
  struct ArrowSchema *schema_pointers[MAX_COLUMNS];
  struct ArrowArray *array_pointers[MAX_COLUMNS];
  const void *no_buffer[1], *buffers[MAX_COLUMNS][3];
} table;

static unsigned long n_released;
static inline void release_schema(struct ArrowSchema *schema) {
  n_released++;
  schema->release = NULL;
}
static inline void release_array(struct ArrowArray *array) {
  n_released++;
  array->release = NULL;
}

static inline void make_table(table *t, size_t n_rows) {
  memset(t, 0, sizeof *t);
  t->schema.format = "+s";
  t->schema.children = t->schema_pointers;
  t->schema.release = release_schema;
  t->array.length = (int64_t)n_rows;
  t->array.n_buffers = 1;
  t->array.buffers = t->no_buffer;
  t->array.children = t->array_pointers;
  t->array.release = release_array;
}

/* Adds a column without nulls: its values, and for texts their bytes; gives its index. */
static inline size_t add_column(table *t, const char *name, const char *format, const void *values,
                                const void *bytes) {
  size_t j = (size_t)t->array.n_children++;
  if (j >= MAX_COLUMNS) abort();
  t->schema.n_children++;
  t->schema_pointers[j] = &t->schemas[j];
  t->array_pointers[j] = &t->arrays[j];
  t->schemas[j].format = format;
  t->schemas[j].name = name;
  t->schemas[j].flags = ARROW_FLAG_NULLABLE;
  t->schemas[j].release = release_schema;
  t->arrays[j].length = t->array.length;
  t->arrays[j].null_count = -1;
  t->arrays[j].n_buffers = format[0] == 'n' ? 0 : format[0] == 'u' || format[0] == 'U' ? 3 : 2;
  t->arrays[j].buffers = t->buffers[j];
  t->arrays[j].release = release_array;
  t->buffers[j][1] = values;
  t->buffers[j][2] = bytes;
  return j;
}

#endif
