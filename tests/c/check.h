/*
 * check.h - shared by the C tests of nomogram.h.
 *
 * CHECK tests a condition, and REFUSED and similar macros a whole call: its status, that a failed call
 * changed nothing that was passed to `watch`, and that it filled `error`. Plain C99.
 */
#ifndef CHECK_H
#define CHECK_H

#include <inttypes.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nomogram.h"

#define LENGTH(array) (sizeof(array) / sizeof *(array))

static unsigned long n_checks, n_failed;
static int32_t status; /* of the last call */
static nomo_error error, error_before;

static inline int check(int ok, int line, const char *what) {
  n_checks++;
  if (ok) return 1;
  /* One defect may fail thousands of checks: print the first ones. */
  if (n_failed++ < 50)
    printf("line %d: failed: %s (last status %" PRId32 " %s)\n", line, what, status,
           nomo_status_name(status));
  return 0;
}
#define CHECK(condition) check((condition) != 0, __LINE__, #condition)
#define CHECK_TEXT(found, wanted) check(strcmp(found, wanted) == 0, __LINE__, #found " is " #wanted)

/* The last line of each program; its result is that of main. */
static inline int report(void) {
  printf("%lu checks, %lu failed\n", n_checks, n_failed);
  return n_failed != 0;
}

/* ---- Memory that calls may write --------------------------------------------------------- */

enum { MAX_WATCHED = 32, PATTERN = 0xA5 };

/* Memory that a failed call must not change, with its bytes before the call. */
static struct {
  void *at;
  size_t n;
  unsigned char *before;
} watched[MAX_WATCHED];
static size_t n_watched;

static inline void watch(void *at, size_t n) {
  if (n_watched == MAX_WATCHED) abort();
  watched[n_watched].at = at;
  watched[n_watched].n = n;
  watched[n_watched].before = malloc(n + 1);
  if (watched[n_watched++].before == NULL) abort();
}
#define WATCH(object) watch(&(object), sizeof(object))

static inline void watch_nothing(void) {
  while (n_watched > 0) free(watched[--n_watched].before);
}

/* Fills the watched memory with a pattern that no call writes. */
static inline void fill_watched(void) {
  size_t i;
  for (i = 0; i < n_watched; i++) memset(watched[i].at, PATTERN, watched[i].n);
}

static inline int is_untouched(void) {
  size_t i;
  for (i = 0; i < n_watched; i++)
    if (memcmp(watched[i].at, watched[i].before, watched[i].n) != 0) return 0;
  return 1;
}

#define MARK UINT64_C(0x7777777777777777) /* in fields of `error` that were not written */

/* Before a call: a fresh `error`, and a copy of everything. */
static inline void begin(void) {
  size_t i;
  error.struct_size = (uint32_t)sizeof error;
  error.status = 77;
  error.row = error.feature = error.byte_offset = MARK;
  memset(error.message, 'Z', sizeof error.message);
  memcpy(&error_before, &error, sizeof error);
  for (i = 0; i < n_watched; i++) memcpy(watched[i].before, watched[i].at, watched[i].n);
}

static inline int error_is_same(void) { return memcmp(&error, &error_before, sizeof error) == 0; }

static inline int is_utf8(const char *text) {
  const unsigned char *c = (const unsigned char *)text;
  while (*c != 0) {
    int n = *c < 0x80 ? 0 : *c >= 0xc2 && *c < 0xe0 ? 1 : *c < 0xf0 ? 2 : *c < 0xf5 ? 3 : -1;
    if (n < 0 || (*c >= 0x80 && *c < 0xc2)) return 0;
    for (c++; n > 0; n--, c++)
      if ((*c & 0xc0) != 0x80) return 0;
  }
  return 1;
}

static inline int error_is_filled(void) {
  return error.struct_size == sizeof error && error.status == status && error.row != MARK &&
         error.feature != MARK && error.byte_offset != MARK &&
         memchr(error.message, 0, sizeof error.message) != NULL && error.message[0] != '\0' &&
         is_utf8(error.message);
}

/* A status that a function may return. */
static inline int is_failure(int32_t s) {
  return s > 0 && (s & 0xff) >= NOMO_EARGUMENT && (s & 0xff) <= NOMO_EDEFECT &&
         strcmp(nomo_status_name(s), "?") != 0;
}

static inline int is_class(int32_t s, int32_t wanted) {
  return is_failure(s) && NOMO_STATUS_CLASS(s) == wanted;
}

static inline void after_refused(int ok, int with_error, int line, const char *expression) {
  check(ok, line, expression);
  check(is_failure(status), line, "a status of the header");
  check(is_untouched(), line, "outputs are untouched on failure");
  if (with_error) check(error_is_filled(), line, "error is filled on failure");
  else check(error_is_same(), line, "error is untouched");
}

/* The call fails with exactly this status and fills `error`. */
#define REFUSED(wanted, call)                                                      \
  (begin(), status = (call),                                                       \
   after_refused(status == (wanted), 1, __LINE__, #wanted " <- " #call))
/* The call is wrong in two ways, and either may be reported. */
#define REFUSED_EITHER(one, other, call)                                           \
  (begin(), status = (call),                                                       \
   after_refused(status == (one) || status == (other), 1, __LINE__, #one " or " #other " <- " #call))
/* The call fails with a status of this class. */
#define REFUSED_CLASS(wanted, call)                                                \
  (begin(), status = (call),                                                       \
   after_refused(is_class(status, (wanted)), 1, __LINE__, "class " #wanted " <- " #call))
/* The call fails with exactly this status and has no `error`. */
#define REFUSED_QUIET(wanted, call)                                                \
  (begin(), status = (call),                                                       \
   after_refused(status == (wanted), 0, __LINE__, #wanted " <- " #call))
#define ACCEPTED(call)                                                             \
  (begin(), status = (call), check(status == NOMO_OK, __LINE__, "NOMO_OK <- " #call), \
   check(error_is_same(), __LINE__, "error is untouched on success"))

/* ---- Pointers and structs ---------------------------------------------------------------- */

/* A pointer into the same object that is aligned only for char. */
static inline void *off(const void *p) { return (void *)((uintptr_t)p + 1); }

static const uint32_t bad_sizes[] = {0, 1, 3, 4, 7, 0x7fffffff, 0x80000000, 0xffffffff};

/* A struct with room behind it, for callers that know a larger one. */
typedef union roomy {
  uint32_t struct_size;
  uint64_t align;
  double align_too;
  void *and_this;
  unsigned char bytes[4096];
} roomy;
static roomy room;

typedef int32_t (*with_struct)(void *); /* calls a function with a struct */

static inline void put(const void *init, size_t size, uint32_t struct_size) {
  memset(&room, 0, sizeof room);
  memcpy(&room, init, size);
  room.struct_size = struct_size;
}

/* Calls with a struct of a size that is refused: it is not written. */
static inline void refuse_size(with_struct call, const void *init, size_t size, uint32_t bad, int line) {
  roomy before;
  put(init, size, bad);
  memcpy(&before, &room, sizeof room);
  begin();
  status = call(&room);
  after_refused(status == NOMO_EARGUMENT_STRUCT_SIZE, 1, line, "a bad struct_size is refused");
  check(memcmp(&room, &before, sizeof room) == 0, line, "a struct of bad size is untouched");
}

/* Checks of every struct that the library reads: `good` is one that is accepted, `first` the size of its
 * first version. */
static inline void check_input_struct(with_struct call, const void *good, size_t size, size_t first, int line) {
  size_t i;
  for (i = 0; i < LENGTH(bad_sizes); i++) refuse_size(call, good, size, bad_sizes[i], line);
  refuse_size(call, good, size, (uint32_t)first - 1, line);
  refuse_size(call, good, size, (uint32_t)first - 8, line);
  for (i = first; i < size; i += 8) { /* fields that the caller does not know are not read */
    put(good, size, (uint32_t)i);
    memset(room.bytes + i, 0xff, sizeof room - i);
    begin();
    status = call(&room);
    check(status == NOMO_OK, line, "an older struct is accepted");
  }
  for (i = 0; i <= 64; i += 8) {
    size_t at;
    put(good, size, (uint32_t)(size + i));
    begin();
    status = call(&room);
    check(status == NOMO_OK, line, "a struct with more zeros behind is accepted");
    for (at = 0; at < i; at++) { /* one byte that this version does not know */
      put(good, size, (uint32_t)(size + i));
      room.bytes[size + at] = (unsigned char)(at + 1);
      begin();
      status = call(&room);
      after_refused(status == NOMO_EARGUMENT_STRUCT_SIZE, 1, line, "a tail that is not 0 is refused");
    }
    put(good, size, (uint32_t)size); /* bytes behind the size are not read */
    memset(room.bytes + size, 0xff, sizeof room - size);
    begin();
    status = call(&room);
    check(status == NOMO_OK, line, "bytes behind the struct are not read");
  }
}

/* Checks of every struct that the library only writes. */
static inline void check_output_struct(with_struct call, const void *init, size_t size, int line) {
  size_t i, at;
  for (i = 0; i < LENGTH(bad_sizes); i++) refuse_size(call, init, size, bad_sizes[i], line);
  refuse_size(call, init, size, (uint32_t)size - 1, line);
  refuse_size(call, init, size, (uint32_t)size - 8, line);
  for (i = 0; i <= 64; i += 8) {
    put(init, size, (uint32_t)(size + i));
    memset(room.bytes + size, PATTERN, sizeof room - size);
    begin();
    status = call(&room);
    check(status == NOMO_OK, line, "a larger struct is accepted with any tail");
    check(room.struct_size == size + i, line, "struct_size is the caller's");
    for (at = size; at < sizeof room && room.bytes[at] == PATTERN; at++) {}
    check(at == sizeof room, line, "the tail is not written");
  }
}

typedef int32_t (*with_error)(nomo_error *); /* calls a function that fails with `wanted` */

/* Checks of the `error` of every function. */
static inline void check_error_struct(with_error call, int32_t wanted, int line) {
  const nomo_error init = NOMO_ERROR_INIT;
  roomy before;
  size_t i, at;
  for (i = 0; i < LENGTH(bad_sizes) + 1; i++) {
    put(&init, sizeof init, i < LENGTH(bad_sizes) ? bad_sizes[i] : (uint32_t)sizeof init - 1);
    memcpy(&before, &room, sizeof room);
    begin();
    status = call((nomo_error *)(void *)&room);
    /* Something else is wrong too, and either may be reported. */
    after_refused(status == NOMO_EARGUMENT_STRUCT_SIZE || status == wanted, 0, line,
                  "an error of bad size is refused");
    check(memcmp(&room, &before, sizeof room) == 0, line, "an error of bad size is untouched");
  }
  put(&init, sizeof init, (uint32_t)sizeof init + 24);
  memset(room.bytes + sizeof init, PATTERN, sizeof room - sizeof init);
  begin();
  status = call((nomo_error *)(void *)&room);
  check(status == wanted, line, "a larger error is accepted with any tail");
  check(room.struct_size == sizeof init + 24, line, "struct_size is the caller's");
  check(((nomo_error *)(void *)&room)->status == wanted, line, "a larger error is written");
  for (at = sizeof init; at < sizeof room && room.bytes[at] == PATTERN; at++) {}
  check(at == sizeof room, line, "the tail of an error is not written");
  begin();
  status = call(off(&room));
  after_refused(status == NOMO_EARGUMENT_ALIGNMENT || status == wanted, 0, line,
                "an error that is not aligned is refused");
  begin();
  status = call(NULL);
  after_refused(status == wanted, 0, line, "error may be NULL");
}

/* ---- Files and numbers ------------------------------------------------------------------- */

/* A file's bytes; free them. NULL when it cannot be read. */
static inline unsigned char *read_file(const char *path, size_t *n_bytes) {
  FILE *file = fopen(path, "rb");
  unsigned char *bytes = NULL;
  long size = -1;
  if (file == NULL) return NULL;
  if (fseek(file, 0, SEEK_END) == 0) size = ftell(file);
  rewind(file);
  if (size >= 0) bytes = malloc((size_t)size + 1);
  *n_bytes = bytes == NULL ? 0 : fread(bytes, 1, (size_t)size, file);
  fclose(file);
  return bytes;
}

static inline void write_file(const char *name, const void *bytes, size_t n) {
  FILE *file = fopen(name, "wb");
  if (file == NULL || fwrite(bytes, 1, n, file) != n || fclose(file) != 0) abort();
}

/* Opens a bundle of the current folder, or ends the program. */
static inline nomo_model *open_or_exit(const char *path) {
  nomo_error why = NOMO_ERROR_INIT;
  nomo_model *model = NULL;
  if (nomo_model_open_file(path, NULL, &model, &why) != NOMO_OK) {
    printf("%s: %s\n1 checks, 1 failed\n", path, why.message);
    exit(1);
  }
  return model;
}

static inline nomo_session *session_or_exit(const nomo_model *model) {
  nomo_error why = NOMO_ERROR_INIT;
  nomo_session *session = NULL;
  if (nomo_session_create(model, &session, &why) != NOMO_OK) {
    printf("%s\n1 checks, 1 failed\n", why.message);
    exit(1);
  }
  return session;
}

static inline int same_bits(const double *a, const double *b, size_t n) {
  return memcmp(a, b, n * sizeof *a) == 0;
}

static inline double not_a_number(void) { return strtod("nan", NULL); }

#endif
