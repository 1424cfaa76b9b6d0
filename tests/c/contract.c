/*
 * contract.c - checks the promises of nomogram.h for every exported function.
 *
 *     gcc -std=c99 -Wall -Wextra -pedantic -Werror -Iinclude contract.c -Lpath -lnomogram -o contract
 *     ./contract BUNDLE.nomo
 *
 * Prints each failed check, then "N passed, M failed"; exit code 1 if any failed.
 * Writes temporary files named contract_tmp_* into the current folder and removes them.
 */
#include <inttypes.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nomogram.h"

enum { MAX_FEATURES = 64, MAX_CLASSES = 8, ROWS = 5, ROOM = 8 };

/* Everything that a call may write to, so that "untouched" is one comparison of bytes. */
struct outs {
  nomo_model *model;
  nomo_session *session;
  size_t size;
  const char *text;
  double p[(ROWS + 1) * MAX_CLASSES];
  uint32_t c[ROWS + 1];
  nomo_feature feature;
  unsigned char raw[256];
};

#define MARK UINT64_C(0x7777777777777777) /* in fields of `error` that were not written */

static unsigned long passed, failed;
static struct outs o, o_before;
static nomo_error error, error_before;
static int32_t status;

static const char *path;
static unsigned char *bundle;
static size_t bundle_size;
static nomo_model *model;
static nomo_session *session;
static size_t nf, nc;
static double rows[ROWS][MAX_FEATURES];      /* good rows */
static double wanted_p[ROWS][MAX_CLASSES];   /* what nomo_session_predict_row says about them */
static uint32_t wanted_c[ROWS];

static int check(int ok, int line, const char *what) {
  if (ok) passed++;
  else {
    failed++;
    printf("%s:%d: failed: %s (last status %" PRId32 " %s)\n", __FILE__, line, what, status,
           nomo_status_name(status));
  }
  return ok;
}
#define CHECK(condition) check((condition) != 0, __LINE__, #condition)

static void begin(void) {
  error.struct_size = (uint32_t)sizeof error;
  error.status = 77;
  error.row = error.feature = error.byte_offset = MARK;
  memset(error.message, 'Z', sizeof error.message);
  memcpy(&error_before, &error, sizeof error);
  memcpy(&o_before, &o, sizeof o);
}

static int outs_same(void) { return memcmp(&o, &o_before, sizeof o) == 0; }
static int error_same(void) { return memcmp(&error, &error_before, sizeof error) == 0; }

static int error_filled(void) {
  return error.struct_size == sizeof error && error.status == status && error.row != MARK &&
         error.feature != MARK && error.byte_offset != MARK &&
         memchr(error.message, 0, sizeof error.message) != NULL && error.message[0] != '\0';
}

static void after_refused(int ok, int with_error, int line, const char *expr) {
  check(ok, line, expr);
  check(outs_same(), line, "outputs untouched on failure");
  if (with_error) check(error_filled(), line, "error filled on failure");
  else check(error_same(), line, "error untouched");
}

/* The call fails with exactly this status and fills `error`. */
#define REFUSED(expected, call)                                       \
  (begin(), status = (call),                                          \
   after_refused(status == (expected), 1, __LINE__, #expected " <- " #call))
/* The call breaks two rules and the header does not say which one is named; or it gives a length
   that no memory has, which this library calls NOMO_EARGUMENT_SHAPE. */
#define REFUSED_EITHER(one, other, call)                              \
  (begin(), status = (call),                                          \
   after_refused(status == (one) || status == (other), 1, __LINE__, #one " or " #other " <- " #call))
/* The call fails with a status of this class. */
#define REFUSED_CLASS(expected, call)                                 \
  (begin(), status = (call),                                          \
   after_refused(status > 0 && NOMO_STATUS_CLASS(status) == (expected), 1, __LINE__, \
                 #expected " (class) <- " #call))
/* The call fails and has no usable `error`. */
#define REFUSED_QUIET(expected, call)                                 \
  (begin(), status = (call),                                          \
   after_refused(status == (expected), 0, __LINE__, #expected " <- " #call))
#define ACCEPTED(call)                                                \
  (begin(), status = (call), check(status == NOMO_OK, __LINE__, "NOMO_OK <- " #call), \
   check(error_same(), __LINE__, "error untouched on success"))

static void *off(void *p) { return (char *)p + 1; } /* misaligned */
static const void *offc(const void *p) { return (const char *)p + 1; }

static void fill(void) {
  nomo_feature feature = NOMO_FEATURE_INIT;
  memset(&o, 0xA5, sizeof o);
  memcpy(&o.feature, &feature, sizeof feature);
}

static int same_bits(const double *a, const double *b, size_t n) {
  return memcmp(a, b, n * sizeof *a) == 0;
}

/* ---- sizes of structs ------------------------------------------------------------------ */

/* A struct with room behind it. */
union padded {
  nomo_open_options options;
  nomo_error error;
  nomo_feature feature;
  nomo_matrix matrix;
  nomo_outputs outputs;
  uint32_t struct_size;
  uint64_t align;
  unsigned char bytes[4096];
};
static union padded padded;

typedef int32_t (*use_fn)(void *); /* calls a function with a struct */

static void load(const void *init, size_t size, uint32_t struct_size, unsigned char tail) {
  memset(&padded, 0, sizeof padded);
  memcpy(&padded, init, size);
  padded.struct_size = struct_size;
  if (tail != 0) padded.bytes[struct_size - 1] = tail;
}

static void wrong_sizes(const char *name, use_fn use, const void *init, size_t size, int is_input) {
  static const uint32_t bad[] = {0, 1, 3, 4, 7, 0x7fffffff, 0x80000000, 0xffffffff};
  union padded before;
  size_t i;
  printf("# struct sizes: %s\n", name);
  for (i = 0; i < sizeof bad / sizeof *bad; i++) {
    load(init, size, 0, 0);
    padded.struct_size = bad[i];
    memcpy(&before, &padded, sizeof padded);
    fill();
    REFUSED(NOMO_EARGUMENT_STRUCT_SIZE, use(&padded));
    CHECK(memcmp(&padded, &before, sizeof padded) == 0);
  }
  load(init, size, (uint32_t)size - 1, 0);
  REFUSED(NOMO_EARGUMENT_STRUCT_SIZE, use(&padded));
  load(init, size, (uint32_t)size, 0);
  ACCEPTED(use(&padded));
  load(init, size, (uint32_t)size + 8, 0);
  ACCEPTED(use(&padded));
  CHECK(padded.struct_size == size + 8);
  load(init, size, (uint32_t)size + 8, 1);
  if (is_input) {
    memcpy(&before, &padded, sizeof padded);
    fill();
    REFUSED(NOMO_EARGUMENT_STRUCT_SIZE, use(&padded));
    CHECK(memcmp(&padded, &before, sizeof padded) == 0);
  }
  fill();
  REFUSED(NOMO_EARGUMENT_ALIGNMENT, use(off(&padded)));
}

/* An output struct from a newer header: the library neither reads nor writes its tail. */
static void larger_error(int32_t (*call)(nomo_error *)) {
  nomo_error init = NOMO_ERROR_INIT;
  union padded before;
  size_t i;
  static const uint32_t bad[] = {0, 4, (uint32_t)sizeof(nomo_error) - 1, 0x7fffffff, 0xffffffff};
  for (i = 0; i < sizeof bad / sizeof *bad; i++) {
    load(&init, sizeof init, 0, 0);
    padded.struct_size = bad[i];
    memcpy(&before, &padded, sizeof padded);
    REFUSED_QUIET(NOMO_EARGUMENT_STRUCT_SIZE, call(&padded.error));
    CHECK(memcmp(&padded, &before, sizeof padded) == 0);
  }
  load(&init, sizeof init, (uint32_t)sizeof init + 8, 0);
  begin();
  status = call(&padded.error);
  CHECK(status == NOMO_OK || status == padded.error.status);
  CHECK(padded.struct_size == sizeof init + 8);
  for (i = sizeof init; i < sizeof padded && padded.bytes[i] == 0; i++) {}
  CHECK(i == sizeof padded);
  REFUSED_QUIET(NOMO_EARGUMENT_ALIGNMENT, call((nomo_error *)off(&padded)));
}

/* ---- status, version ------------------------------------------------------------------- */

#define S(name) {name, #name}
static const struct { int32_t status; const char *name; } all_statuses[] = {
  S(NOMO_OK), S(NOMO_EMEMORY), S(NOMO_EBUSY), S(NOMO_EPANIC),
  S(NOMO_EARGUMENT_NULL), S(NOMO_EARGUMENT_TEXT), S(NOMO_EARGUMENT_STRUCT_SIZE),
  S(NOMO_EARGUMENT_FEATURE), S(NOMO_EARGUMENT_CLASS), S(NOMO_EARGUMENT_ALIGNMENT),
  S(NOMO_EARGUMENT_SHAPE), S(NOMO_EFORMAT_MAGIC), S(NOMO_EFORMAT_TRUNCATED),
  S(NOMO_EFORMAT_TABLE), S(NOMO_EFORMAT_PAYLOAD), S(NOMO_EFORMAT_MODEL),
  S(NOMO_EVERSION_FORMAT), S(NOMO_EVERSION_SECTION), S(NOMO_EINTEGRITY_DIGEST),
  S(NOMO_ELIMIT_SIZE), S(NOMO_ESCHEMA_FEATURES), S(NOMO_EVALUE_INFINITE),
  S(NOMO_EVALUE_MISSING), S(NOMO_EVALUE_MAGNITUDE), S(NOMO_EBUFFER_LENGTH),
  S(NOMO_ESELFTEST_GOLDEN), S(NOMO_EIO_NOT_FOUND), S(NOMO_EIO_READ)
};
/* Classes only: no function returns them, so it is open whether they have a name. */
static const struct { int32_t status; const char *name; } all_classes[] = {
  S(NOMO_EARGUMENT), S(NOMO_EFORMAT), S(NOMO_EVERSION), S(NOMO_EINTEGRITY), S(NOMO_ELIMIT),
  S(NOMO_ESCHEMA), S(NOMO_EVALUE), S(NOMO_EBUFFER), S(NOMO_EUNSUPPORTED), S(NOMO_ESELFTEST),
  S(NOMO_EIO)
};

static void test_statuses(void) {
  static const int32_t unknown[] = {-1, 15, 255, 256, 2049, 65537, INT32_MAX, INT32_MIN};
  size_t i;
  for (i = 0; i < sizeof all_statuses / sizeof *all_statuses; i++) {
    const char *text;
    status = all_statuses[i].status;
    text = nomo_status_text(status);
    CHECK(text != NULL && text[0] != '\0');
    CHECK(strcmp(nomo_status_name(status), all_statuses[i].name) == 0);
    CHECK(text == nomo_status_text(status));
  }
  for (i = 0; i < sizeof all_classes / sizeof *all_classes; i++) {
    const char *name;
    status = all_classes[i].status;
    name = nomo_status_name(status);
    CHECK(nomo_status_text(status) != NULL && nomo_status_text(status)[0] != '\0');
    CHECK(strcmp(name, all_classes[i].name) == 0 || strcmp(name, "?") == 0);
    CHECK(NOMO_STATUS_CLASS(status) == status);
  }
  for (i = 0; i < sizeof unknown / sizeof *unknown; i++) {
    status = unknown[i];
    CHECK(nomo_status_text(status) != NULL && nomo_status_text(status)[0] != '\0');
    CHECK(strcmp(nomo_status_name(status), "?") == 0);
  }
}

static void test_version(void) {
  char text[64];
  sprintf(text, "%d.%d.%d", NOMO_VERSION_MAJOR, NOMO_VERSION_MINOR, NOMO_VERSION_PATCH);
  CHECK(nomo_version() == NOMO_VERSION);
  CHECK(strcmp(nomo_version_text(), text) == 0);
}

/* ---- opening --------------------------------------------------------------------------- */

static int32_t open_mem(const void *bytes, size_t n) {
  return nomo_model_open_memory(bytes, n, NULL, &o.model, &error);
}
static int32_t use_options_file(void *options) {
  int32_t s = nomo_model_open_file(path, options, &o.model, &error);
  if (s == NOMO_OK) nomo_model_release(o.model);
  return s;
}
static int32_t use_options_memory(void *options) {
  int32_t s = nomo_model_open_memory(bundle, bundle_size, options, &o.model, &error);
  if (s == NOMO_OK) nomo_model_release(o.model);
  return s;
}
static int32_t err_open_file(nomo_error *e) { return nomo_model_open_file("contract_tmp_none", NULL, &o.model, e); }
static int32_t err_open_memory(nomo_error *e) { return nomo_model_open_memory("x", 1, NULL, &o.model, e); }

static void write_file(const char *name, const void *bytes, size_t n) {
  FILE *f = fopen(name, "wb");
  if (!CHECK(f != NULL)) return;
  CHECK(fwrite(bytes, 1, n, f) == n);
  fclose(f);
}

static void test_open_arguments(void) {
  nomo_open_options opt = NOMO_OPEN_OPTIONS_INIT;
  fill();
  REFUSED(NOMO_EARGUMENT_NULL, nomo_model_open_file(NULL, NULL, &o.model, &error));
  REFUSED(NOMO_EARGUMENT_NULL, nomo_model_open_file(path, NULL, NULL, &error));
  REFUSED_QUIET(NOMO_EARGUMENT_NULL, nomo_model_open_file(NULL, NULL, &o.model, NULL));
  REFUSED(NOMO_EARGUMENT_ALIGNMENT, nomo_model_open_file(path, NULL, off(o.raw), &error));
  REFUSED(NOMO_EARGUMENT_TEXT, nomo_model_open_file("contract_\xff", NULL, &o.model, &error));
  REFUSED(NOMO_EARGUMENT_NULL, nomo_model_open_memory(NULL, 10, NULL, &o.model, &error));
  REFUSED(NOMO_EARGUMENT_NULL, nomo_model_open_memory(bundle, bundle_size, NULL, NULL, &error));
  REFUSED_QUIET(NOMO_EARGUMENT_NULL, nomo_model_open_memory(bundle, bundle_size, NULL, NULL, NULL));
  REFUSED(NOMO_EARGUMENT_ALIGNMENT, nomo_model_open_memory(bundle, bundle_size, NULL, off(o.raw), &error));
  /* options and error may be NULL */
  ACCEPTED(nomo_model_open_file(path, NULL, &o.model, NULL));
  nomo_model_release(o.model);
  ACCEPTED(nomo_model_open_memory(bundle, bundle_size, NULL, &o.model, NULL));
  nomo_model_release(o.model);
  fill();
  wrong_sizes("options of nomo_model_open_file", use_options_file, &opt, sizeof opt, 1);
  wrong_sizes("options of nomo_model_open_memory", use_options_memory, &opt, sizeof opt, 1);
  fill();
  larger_error(err_open_file);
  larger_error(err_open_memory);
  opt.reserved = 1; /* "Always 0" */
  REFUSED_CLASS(NOMO_EARGUMENT, use_options_file(&opt));
  REFUSED_CLASS(NOMO_EARGUMENT, use_options_memory(&opt));
}

static void test_open_limits(void) {
  nomo_open_options opt = NOMO_OPEN_OPTIONS_INIT;
  fill();
  opt.max_bytes = bundle_size - 1;
  REFUSED(NOMO_ELIMIT_SIZE, use_options_file(&opt));
  REFUSED(NOMO_ELIMIT_SIZE, use_options_memory(&opt));
  opt.max_bytes = 1;
  REFUSED(NOMO_ELIMIT_SIZE, use_options_file(&opt));
  REFUSED(NOMO_ELIMIT_SIZE, use_options_memory(&opt));
  opt.max_bytes = bundle_size;
  ACCEPTED(use_options_file(&opt));
  ACCEPTED(use_options_memory(&opt));
  opt.max_bytes = UINT64_MAX;
  ACCEPTED(use_options_file(&opt));
  ACCEPTED(use_options_memory(&opt));
  fill();
  REFUSED_EITHER(NOMO_ELIMIT_SIZE, NOMO_EARGUMENT_SHAPE, open_mem(bundle, SIZE_MAX));
  REFUSED(NOMO_ELIMIT_SIZE, open_mem(bundle, SIZE_MAX / 8 + 1));
  REFUSED(NOMO_ELIMIT_SIZE, open_mem(bundle, ((size_t)256 << 20) + 1));
  begin(); /* SIZE_MAX bytes within the caller's limit: refused all the same */
  status = nomo_model_open_memory(bundle, SIZE_MAX, &opt, &o.model, &error);
  CHECK(status != NOMO_OK && outs_same() && error_filled());
}

static void test_open_bad_files(void) {
  static const char text[] = "row_id,radius\n1,2\nthis is not a bundle, it is a text file\n";
  fill();
  write_file("contract_tmp_empty", "", 0);
  write_file("contract_tmp_text", text, sizeof text - 1);
  remove("contract_tmp_none");
  REFUSED(NOMO_EIO_NOT_FOUND, nomo_model_open_file("contract_tmp_none", NULL, &o.model, &error));
  REFUSED_QUIET(NOMO_EIO_NOT_FOUND, nomo_model_open_file("contract_tmp_none", NULL, &o.model, NULL));
  REFUSED_CLASS(NOMO_EIO, nomo_model_open_file("", NULL, &o.model, &error));
  REFUSED_CLASS(NOMO_EIO, nomo_model_open_file(".", NULL, &o.model, &error));
  REFUSED_CLASS(NOMO_EFORMAT, nomo_model_open_file("contract_tmp_empty", NULL, &o.model, &error));
  REFUSED(NOMO_EFORMAT_MAGIC, nomo_model_open_file("contract_tmp_text", NULL, &o.model, &error));
  REFUSED_CLASS(NOMO_EFORMAT, open_mem(bundle, 0));
  REFUSED_CLASS(NOMO_EFORMAT, open_mem(NULL, 0)); /* an array of length 0 may be NULL */
  REFUSED(NOMO_EFORMAT_MAGIC, open_mem(text, sizeof text));
  remove("contract_tmp_empty");
  remove("contract_tmp_text");
}

static void test_open_damaged(void) {
  size_t i;
  unsigned char *copy;
  fill();
  for (i = 0; i < bundle_size; i++) { /* exact allocations, so that valgrind sees over-reads */
    copy = malloc(i == 0 ? 1 : i);
    if (copy == NULL) abort();
    memcpy(copy, bundle, i);
    REFUSED_CLASS(NOMO_EFORMAT, open_mem(copy, i));
    free(copy);
  }
  copy = malloc(bundle_size + 1);
  if (copy == NULL) abort();
  memcpy(copy, bundle, bundle_size);
  copy[bundle_size] = 0;
  REFUSED_CLASS(NOMO_EFORMAT, open_mem(copy, bundle_size + 1));
  for (i = 0; i < bundle_size; i++) {
    copy[i] ^= (unsigned char)(1u << (i % 8));
    begin();
    status = open_mem(copy, bundle_size);
    after_refused(status > 0 && (NOMO_STATUS_CLASS(status) == NOMO_EFORMAT ||
                                 NOMO_STATUS_CLASS(status) == NOMO_EVERSION ||
                                 NOMO_STATUS_CLASS(status) == NOMO_EINTEGRITY),
                  1, __LINE__, "a flipped bit is refused");
    copy[i] = bundle[i];
  }
  copy[8] = 2; /* a newer format */
  copy[9] = copy[10] = copy[11] = 0;
  REFUSED(NOMO_EVERSION_FORMAT, open_mem(copy, bundle_size));
  copy[8] = 1;
  ACCEPTED(open_mem(copy, bundle_size));
  memset(copy, 0, bundle_size + 1); /* the bytes are not needed after the call */
  free(copy);
  ACCEPTED(nomo_model_n_features(o.model, &o.size, &error));
  CHECK(o.size == nf);
  nomo_model_release(o.model);
}

static void test_memory_equals_file(void) {
  nomo_model *m = NULL;
  nomo_session *s = NULL;
  const char *a, *b;
  double p[MAX_CLASSES];
  size_t i, n;
  ACCEPTED(nomo_model_open_memory(bundle, bundle_size, NULL, &m, &error));
  ACCEPTED(nomo_model_digest(m, &a, &error));
  ACCEPTED(nomo_model_digest(model, &b, &error));
  CHECK(strcmp(a, b) == 0);
  ACCEPTED(nomo_model_n_features(m, &n, &error));
  CHECK(n == nf);
  ACCEPTED(nomo_model_n_classes(m, &n, &error));
  CHECK(n == nc);
  ACCEPTED(nomo_session_create(m, &s, &error));
  for (i = 0; i < ROWS; i++) {
    ACCEPTED(nomo_session_predict_row(s, rows[i], nf, p, nc, NULL, &error));
    CHECK(same_bits(p, wanted_p[i], nc));
  }
  nomo_session_destroy(s);
  nomo_model_release(m);
}

/* ---- what a model says about itself ---------------------------------------------------- */

static int32_t err_n_features(nomo_error *e) { return nomo_model_n_features(NULL, &o.size, e); }
static int32_t err_n_classes(nomo_error *e) { return nomo_model_n_classes(NULL, &o.size, e); }
static int32_t err_feature(nomo_error *e) { return nomo_model_feature(model, nf, &o.feature, e); }
static int32_t err_feature_index(nomo_error *e) { return nomo_model_feature_index(model, "?", &o.size, e); }
static int32_t err_class(nomo_error *e) { return nomo_model_class(model, nc, &o.text, e); }
static int32_t err_digest(nomo_error *e) { return nomo_model_digest(NULL, &o.text, e); }
static int32_t err_create(nomo_error *e) { return nomo_session_create(NULL, &o.session, e); }
static int32_t use_feature(void *feature) { return nomo_model_feature(model, 0, feature, &error); }

static void test_counts(void) {
  fill();
  ACCEPTED(nomo_model_n_features(model, &o.size, NULL));
  CHECK(o.size == nf);
  ACCEPTED(nomo_model_n_classes(model, &o.size, NULL));
  CHECK(o.size == nc);
  REFUSED(NOMO_EARGUMENT_NULL, nomo_model_n_features(NULL, &o.size, &error));
  REFUSED(NOMO_EARGUMENT_NULL, nomo_model_n_features(model, NULL, &error));
  REFUSED_QUIET(NOMO_EARGUMENT_NULL, nomo_model_n_features(model, NULL, NULL));
  REFUSED(NOMO_EARGUMENT_ALIGNMENT, nomo_model_n_features(model, off(o.raw), &error));
  REFUSED(NOMO_EARGUMENT_ALIGNMENT, nomo_model_n_features(offc(model), &o.size, &error));
  REFUSED(NOMO_EARGUMENT_NULL, nomo_model_n_classes(NULL, &o.size, &error));
  REFUSED(NOMO_EARGUMENT_NULL, nomo_model_n_classes(model, NULL, &error));
  REFUSED_QUIET(NOMO_EARGUMENT_NULL, nomo_model_n_classes(NULL, &o.size, NULL));
  REFUSED(NOMO_EARGUMENT_ALIGNMENT, nomo_model_n_classes(model, off(o.raw), &error));
  REFUSED(NOMO_EARGUMENT_ALIGNMENT, nomo_model_n_classes(offc(model), &o.size, &error));
  larger_error(err_n_features);
  larger_error(err_n_classes);
}

static void test_features(void) {
  nomo_feature init = NOMO_FEATURE_INIT;
  size_t i;
  for (i = 0; i < nf; i++) {
    fill();
    ACCEPTED(nomo_model_feature(model, i, &o.feature, &error));
    CHECK(o.feature.struct_size == sizeof o.feature && o.feature.kind == NOMO_FEATURE_NUMBER);
    CHECK(o.feature.name != NULL && o.feature.name[0] != '\0');
    CHECK(o.feature.unit == NULL || o.feature.unit[0] != '\0');
    ACCEPTED(nomo_model_feature_index(model, o.feature.name, &o.size, &error));
    CHECK(o.size == i);
    ACCEPTED(nomo_model_feature_index(model, o.feature.name, &o.size, NULL));
    ACCEPTED(nomo_model_feature(model, i, &o.feature, NULL));
  }
  fill();
  REFUSED(NOMO_EARGUMENT_FEATURE, nomo_model_feature(model, nf, &o.feature, &error));
  REFUSED(NOMO_EARGUMENT_FEATURE, nomo_model_feature(model, SIZE_MAX, &o.feature, &error));
  REFUSED_QUIET(NOMO_EARGUMENT_FEATURE, nomo_model_feature(model, nf, &o.feature, NULL));
  REFUSED(NOMO_EARGUMENT_NULL, nomo_model_feature(NULL, 0, &o.feature, &error));
  REFUSED(NOMO_EARGUMENT_NULL, nomo_model_feature(model, 0, NULL, &error));
  REFUSED(NOMO_EARGUMENT_ALIGNMENT, nomo_model_feature(offc(model), 0, &o.feature, &error));
  wrong_sizes("feature", use_feature, &init, sizeof init, 0);
  fill();
  larger_error(err_feature);
  REFUSED(NOMO_EARGUMENT_FEATURE, nomo_model_feature_index(model, "no such feature", &o.size, &error));
  REFUSED(NOMO_EARGUMENT_FEATURE, nomo_model_feature_index(model, "", &o.size, &error));
  REFUSED(NOMO_EARGUMENT_TEXT, nomo_model_feature_index(model, "\xff", &o.size, &error));
  REFUSED(NOMO_EARGUMENT_NULL, nomo_model_feature_index(NULL, "x", &o.size, &error));
  REFUSED(NOMO_EARGUMENT_NULL, nomo_model_feature_index(model, NULL, &o.size, &error));
  REFUSED(NOMO_EARGUMENT_NULL, nomo_model_feature_index(model, "x", NULL, &error));
  REFUSED_QUIET(NOMO_EARGUMENT_NULL, nomo_model_feature_index(model, NULL, &o.size, NULL));
  REFUSED(NOMO_EARGUMENT_ALIGNMENT, nomo_model_feature_index(model, "x", off(o.raw), &error));
  REFUSED(NOMO_EARGUMENT_ALIGNMENT, nomo_model_feature_index(offc(model), "x", &o.size, &error));
  larger_error(err_feature_index);
}

static void test_classes_and_digest(void) {
  size_t i;
  for (i = 0; i < nc; i++) {
    fill();
    ACCEPTED(nomo_model_class(model, i, &o.text, i == 0 ? NULL : &error));
    CHECK(o.text[0] != '\0');
  }
  fill();
  REFUSED(NOMO_EARGUMENT_CLASS, nomo_model_class(model, nc, &o.text, &error));
  REFUSED(NOMO_EARGUMENT_CLASS, nomo_model_class(model, SIZE_MAX, &o.text, &error));
  REFUSED_QUIET(NOMO_EARGUMENT_CLASS, nomo_model_class(model, nc, &o.text, NULL));
  REFUSED(NOMO_EARGUMENT_NULL, nomo_model_class(NULL, 0, &o.text, &error));
  REFUSED(NOMO_EARGUMENT_NULL, nomo_model_class(model, 0, NULL, &error));
  REFUSED(NOMO_EARGUMENT_ALIGNMENT, nomo_model_class(model, 0, off(o.raw), &error));
  REFUSED(NOMO_EARGUMENT_ALIGNMENT, nomo_model_class(offc(model), 0, &o.text, &error));
  larger_error(err_class);
  REFUSED(NOMO_EARGUMENT_NULL, nomo_model_digest(NULL, &o.text, &error));
  REFUSED(NOMO_EARGUMENT_NULL, nomo_model_digest(model, NULL, &error));
  REFUSED_QUIET(NOMO_EARGUMENT_NULL, nomo_model_digest(model, NULL, NULL));
  REFUSED(NOMO_EARGUMENT_ALIGNMENT, nomo_model_digest(model, off(o.raw), &error));
  REFUSED(NOMO_EARGUMENT_ALIGNMENT, nomo_model_digest(offc(model), &o.text, &error));
  larger_error(err_digest);
  ACCEPTED(nomo_model_digest(model, &o.text, NULL));
  CHECK(strlen(o.text) == 64 && strspn(o.text, "0123456789abcdefABCDEF") == 64);
}

/* ---- lifetimes ------------------------------------------------------------------------- */

static void test_lifetimes(void) {
  nomo_model *m;
  nomo_session *s;
  double p[MAX_CLASSES];
  uint32_t c;
  const char *digest = "", *name = "";
  nomo_feature f = NOMO_FEATURE_INIT;
  nomo_model_release(NULL);
  nomo_session_destroy(NULL);
  begin();
  status = nomo_model_retain(NULL);
  CHECK(status == NOMO_EARGUMENT_NULL);
  status = nomo_model_retain(off(model));
  CHECK(status == NOMO_EARGUMENT_ALIGNMENT);
  ACCEPTED(nomo_model_open_file(path, NULL, &m, &error));
  ACCEPTED(nomo_model_retain(m));
  nomo_model_release(m);
  fill();
  ACCEPTED(nomo_model_n_features(m, &o.size, &error)); /* one of two references is left */
  CHECK(o.size == nf);
  ACCEPTED(nomo_session_create(m, &s, &error));
  ACCEPTED(nomo_model_digest(m, &digest, &error));
  ACCEPTED(nomo_model_class(m, 0, &name, &error));
  ACCEPTED(nomo_model_feature(m, 0, &f, &error));
  nomo_model_release(m); /* the session outlives it, and keeps its texts alive */
  CHECK(strlen(digest) == 64 && strlen(name) > 0 && strlen(f.name) > 0);
  ACCEPTED(nomo_session_predict_row(s, rows[1], nf, p, nc, &c, &error));
  CHECK(same_bits(p, wanted_p[1], nc) && c == wanted_c[1]);
  nomo_session_destroy(s);
  fill();
  ACCEPTED(nomo_session_create(model, &s, NULL));
  nomo_session_destroy(s);
  REFUSED(NOMO_EARGUMENT_NULL, nomo_session_create(NULL, &o.session, &error));
  REFUSED(NOMO_EARGUMENT_NULL, nomo_session_create(model, NULL, &error));
  REFUSED_QUIET(NOMO_EARGUMENT_NULL, nomo_session_create(model, NULL, NULL));
  REFUSED(NOMO_EARGUMENT_ALIGNMENT, nomo_session_create(model, off(o.raw), &error));
  REFUSED(NOMO_EARGUMENT_ALIGNMENT, nomo_session_create(offc(model), &o.session, &error));
  larger_error(err_create);
}

/* ---- one row --------------------------------------------------------------------------- */

static int32_t predict(const double *v, size_t n, double *p, size_t np, uint32_t *c, nomo_error *e) {
  return nomo_session_predict_row(session, v, n, p, np, c, e);
}
static int32_t err_row(nomo_error *e) { return predict(rows[0], nf + 1, o.p, nc, o.c, e); }

static void test_row(void) {
  size_t i, k;
  for (i = 0; i < ROWS; i++) {
    double sum = 0;
    uint32_t best = 0;
    fill();
    ACCEPTED(predict(rows[i], nf, o.p, nc, o.c, &error));
    for (k = 0; k < nc; k++) {
      sum += o.p[k];
      CHECK(o.p[k] >= 0 && o.p[k] <= 1);
      if (o.p[k] > o.p[best]) best = (uint32_t)k;
    }
    CHECK(fabs(sum - 1) < 1e-9);
    CHECK(o.c[0] == best);
    CHECK(same_bits(o.p, wanted_p[i], nc) && o.c[0] == wanted_c[i]);
    memcpy(&o_before, &o, sizeof o); /* nothing beyond the outputs is written */
    fill();
    CHECK(memcmp(o.p + nc, o_before.p + nc, sizeof o.p - nc * sizeof(double)) == 0);
    CHECK(memcmp(o.c + 1, o_before.c + 1, sizeof o.c - sizeof *o.c) == 0);
    ACCEPTED(predict(rows[i], nf, o.p, nc, NULL, NULL)); /* both may be NULL */
    CHECK(same_bits(o.p, wanted_p[i], nc));
  }
}

static void test_row_arguments(void) {
  static double shifted[MAX_FEATURES + 1];
  fill();
  memcpy(off(shifted), rows[0], nf * sizeof(double));
  REFUSED(NOMO_EARGUMENT_NULL, nomo_session_predict_row(NULL, rows[0], nf, o.p, nc, o.c, &error));
  REFUSED(NOMO_EARGUMENT_ALIGNMENT, nomo_session_predict_row(off(session), rows[0], nf, o.p, nc, o.c, &error));
  REFUSED(NOMO_EARGUMENT_NULL, predict(NULL, nf, o.p, nc, o.c, &error));
  REFUSED(NOMO_EARGUMENT_NULL, predict(rows[0], nf, NULL, nc, o.c, &error));
  REFUSED_QUIET(NOMO_EARGUMENT_NULL, predict(NULL, nf, o.p, nc, o.c, NULL));
  REFUSED(NOMO_ESCHEMA_FEATURES, predict(NULL, 0, o.p, nc, o.c, &error)); /* array of length 0 */
  REFUSED(NOMO_EBUFFER_LENGTH, predict(rows[0], nf, NULL, 0, o.c, &error));
  REFUSED(NOMO_EARGUMENT_ALIGNMENT, predict(off(shifted), nf, o.p, nc, o.c, &error));
  REFUSED(NOMO_EARGUMENT_ALIGNMENT, predict(rows[0], nf, off(o.raw), nc, o.c, &error));
  REFUSED(NOMO_EARGUMENT_ALIGNMENT, predict(rows[0], nf, o.p, nc, off(o.raw), &error));
  REFUSED(NOMO_ESCHEMA_FEATURES, predict(rows[0], nf - 1, o.p, nc, o.c, &error));
  REFUSED(NOMO_ESCHEMA_FEATURES, predict(rows[0], nf + 1, o.p, nc, o.c, &error));
  REFUSED(NOMO_ESCHEMA_FEATURES, predict(rows[0], 0, o.p, nc, o.c, &error));
  REFUSED_EITHER(NOMO_ESCHEMA_FEATURES, NOMO_EARGUMENT_SHAPE,
                 predict(rows[0], SIZE_MAX, o.p, nc, o.c, &error));
  REFUSED_EITHER(NOMO_ESCHEMA_FEATURES, NOMO_EARGUMENT_SHAPE,
                 predict(rows[0], SIZE_MAX / 8 + 1, o.p, nc, o.c, &error));
  REFUSED_QUIET(NOMO_ESCHEMA_FEATURES, predict(rows[0], nf + 1, o.p, nc, o.c, NULL));
  REFUSED(NOMO_EBUFFER_LENGTH, predict(rows[0], nf, o.p, nc - 1, o.c, &error));
  REFUSED(NOMO_EBUFFER_LENGTH, predict(rows[0], nf, o.p, nc + 1, o.c, &error));
  REFUSED(NOMO_EBUFFER_LENGTH, predict(rows[0], nf, o.p, 0, o.c, &error));
  REFUSED_EITHER(NOMO_EBUFFER_LENGTH, NOMO_EARGUMENT_SHAPE,
                 predict(rows[0], nf, o.p, SIZE_MAX, o.c, &error));
  REFUSED_EITHER(NOMO_EBUFFER_LENGTH, NOMO_EARGUMENT_SHAPE,
                 predict(rows[0], nf, o.p, SIZE_MAX / 8 + 1, o.c, &error));
  larger_error(err_row);
}

/* Values that are refused, and texts that would give them away in a message. */
static const struct { double value; int32_t status; const char *leak; } bad_values[] = {
  {HUGE_VAL, NOMO_EVALUE_INFINITE, "+inf"}, {-HUGE_VAL, NOMO_EVALUE_INFINITE, "-inf"},
  {1e101, NOMO_EVALUE_MAGNITUDE, "1e101"}, {-1e101, NOMO_EVALUE_MAGNITUDE, "1e101"},
  {1.2345678e101, NOMO_EVALUE_MAGNITUDE, "2345678"}, {1.7e308, NOMO_EVALUE_MAGNITUDE, "e308"}
};
enum { BAD_VALUES = (int)(sizeof bad_values / sizeof *bad_values) };

static int message_hides(const char *leak) {
  return strstr(error.message, leak) == NULL && strstr(error.message, "987654") == NULL &&
         strstr(error.message, "10000000") == NULL;
}

static void test_row_values(void) {
  double row[MAX_FEATURES];
  size_t i;
  int b;
  for (i = 0; i < nf; i++) {
    for (b = 0; b < BAD_VALUES; b++) {
      fill();
      memcpy(row, rows[0], sizeof row);
      if (nf > 1) row[(i + 1) % nf] = 12.987654; /* a harmless value that must not leak either */
      row[i] = bad_values[b].value;
      REFUSED(bad_values[b].status, predict(row, nf, o.p, nc, o.c, &error));
      CHECK(error.feature == i && error.row == NOMO_NONE && error.byte_offset == NOMO_NONE);
      CHECK(message_hides(bad_values[b].leak));
      REFUSED_QUIET(bad_values[b].status, predict(row, nf, o.p, nc, o.c, NULL));
    }
    memcpy(row, rows[0], sizeof row);
    row[i] = strtod("nan", NULL);
    fill();
    begin();
    status = predict(row, nf, o.p, nc, o.c, &error);
    if (status == NOMO_OK) CHECK(error_same() && o.p[0] >= 0 && o.p[0] <= 1);
    else {
      after_refused(status == NOMO_EVALUE_MISSING, 1, __LINE__, "NaN is missing");
      CHECK(error.feature == i && error.row == NOMO_NONE && error.byte_offset == NOMO_NONE);
    }
    ACCEPTED(predict(rows[0], nf, o.p, nc, o.c, &error)); /* the session works on */
    CHECK(same_bits(o.p, wanted_p[0], nc));
  }
}

/* ---- matrix ---------------------------------------------------------------------------- */

static nomo_matrix in;
static nomo_outputs out;

static int32_t predict_matrix(void) { return nomo_session_predict_matrix(session, &in, &out, &error); }
static int32_t use_matrix(void *m) { return nomo_session_predict_matrix(session, m, &out, &error); }
static int32_t use_outputs(void *x) { return nomo_session_predict_matrix(session, &in, x, &error); }
static int32_t err_matrix(nomo_error *e) { return nomo_session_predict_matrix(NULL, &in, &out, e); }

static void set_in(const double *values, size_t n_values, size_t n_rows, size_t rs, size_t cs) {
  nomo_matrix init = NOMO_MATRIX_INIT;
  init.values = values;
  init.n_values = n_values;
  init.n_rows = n_rows;
  init.n_columns = nf;
  init.row_stride = rs;
  init.column_stride = cs;
  in = init;
}
static void set_out(size_t n_rows) {
  nomo_outputs init = NOMO_OUTPUTS_INIT;
  fill();
  init.probabilities = o.p;
  init.n_probabilities = n_rows * nc;
  init.class_indices = o.c;
  init.n_class_indices = n_rows;
  out = init;
}
/* All good rows, row by row. */
static void set_all(void) {
  set_in(&rows[0][0], (ROWS - 1) * MAX_FEATURES + nf, ROWS, MAX_FEATURES, 1);
  set_out(ROWS);
}

/* Predicts n rows; output row i has the bits of good row first + i * step. */
static void expect_rows(size_t n, size_t first, size_t step, int line) {
  size_t i;
  int right = 1;
  set_out(n);
  ACCEPTED(predict_matrix());
  for (i = 0; i < n; i++)
    right = right && same_bits(o.p + i * nc, wanted_p[first + i * step], nc) &&
            o.c[i] == wanted_c[first + i * step];
  check(right, line, "matrix has the bits of nomo_session_predict_row");
  memcpy(&o_before, &o, sizeof o);
  fill();
  check(memcmp(o.p + n * nc, o_before.p + n * nc, sizeof o.p - n * nc * sizeof(double)) == 0 &&
        memcmp(o.c + n, o_before.c + n, sizeof o.c - n * sizeof *o.c) == 0,
        line, "nothing beyond the outputs is written");
}

static void test_matrix_layouts(void) {
  static double m[ROWS * (2 * MAX_FEATURES + 3)];
  size_t i, j;
  for (i = 0; i < ROWS; i++)
    for (j = 0; j < nf; j++) m[i * nf + j] = rows[i][j];
  set_in(m, ROWS * nf, ROWS, nf, 1); /* row-major */
  expect_rows(ROWS, 0, 1, __LINE__);
  set_in(m, nf, 1, nf, 1); /* one row */
  expect_rows(1, 0, 1, __LINE__);
  set_in(m, nf, 1, SIZE_MAX, 1); /* one row: its stride reaches nothing */
  expect_rows(1, 0, 1, __LINE__);
  set_in(m, ROWS * nf, 3, 2 * nf, 1); /* every second row */
  expect_rows(3, 0, 2, __LINE__);
  set_in(m + nf, 3 * nf, 2, 2 * nf, 1); /* rows 1 and 3; the buffer ends with row 3 */
  expect_rows(2, 1, 2, __LINE__);
  set_in(m, nf, 3, 0, 1); /* the same row thrice: what the formula says */
  expect_rows(3, 0, 0, __LINE__);
  for (i = 0; i < ROWS; i++)
    for (j = 0; j < nf; j++) m[j * ROWS + i] = rows[i][j];
  set_in(m, ROWS * nf, ROWS, 1, ROWS); /* column-major */
  expect_rows(ROWS, 0, 1, __LINE__);
  for (i = 0; i < sizeof m / sizeof *m; i++) m[i] = HUGE_VAL; /* padding is not looked at */
  for (i = 0; i < ROWS; i++)
    for (j = 0; j < nf; j++) m[i * (2 * nf + 3) + 2 * j] = rows[i][j];
  set_in(m, (ROWS - 1) * (2 * nf + 3) + 2 * (nf - 1) + 1, ROWS, 2 * nf + 3, 2); /* padded both ways */
  expect_rows(ROWS, 0, 1, __LINE__);
  in.n_values--; /* one number short */
  set_out(ROWS);
  REFUSED(NOMO_EARGUMENT_SHAPE, predict_matrix());
}

static void test_matrix_no_rows(void) {
  set_in(NULL, 0, 0, nf, 1);
  set_out(0);
  ACCEPTED(predict_matrix());
  CHECK(outs_same());
  set_in(&rows[0][0], nf, 0, nf, 1);
  ACCEPTED(predict_matrix());
  CHECK(outs_same());
  out.n_probabilities = nc; /* with a buffer, so that only one rule is broken */
  REFUSED(NOMO_EBUFFER_LENGTH, predict_matrix());
  set_out(0);
  out.n_class_indices = 1;
  REFUSED(NOMO_EBUFFER_LENGTH, predict_matrix());
  set_out(0);
  in.n_values = nf + 1;
  in.n_columns = nf + 1;
  REFUSED(NOMO_ESCHEMA_FEATURES, predict_matrix());
}

static void test_matrix_outputs(void) {
  set_all(); /* only probabilities */
  out.class_indices = NULL;
  out.n_class_indices = 0;
  ACCEPTED(predict_matrix());
  CHECK(same_bits(o.p, wanted_p[0], nc) && memcmp(o.c, o_before.c, sizeof o.c) == 0);
  CHECK(same_bits(o.p + (ROWS - 1) * nc, wanted_p[ROWS - 1], nc));
  set_all(); /* only classes */
  out.probabilities = NULL;
  out.n_probabilities = 0;
  ACCEPTED(predict_matrix());
  CHECK(memcmp(o.c, wanted_c, sizeof wanted_c) == 0 && memcmp(o.p, o_before.p, sizeof o.p) == 0);
  out.class_indices = NULL; /* none, though there are rows */
  out.n_class_indices = 0;
  begin();
  status = predict_matrix();
  CHECK(status != NOMO_OK && outs_same() && error_filled());
  printf("# no output wanted: %s\n", nomo_status_name(status));
  set_all();
  out.n_probabilities--;
  REFUSED(NOMO_EBUFFER_LENGTH, predict_matrix());
  out.n_probabilities += 2;
  REFUSED(NOMO_EBUFFER_LENGTH, predict_matrix());
  out.n_probabilities = 0; /* not NULL, so wanted */
  REFUSED(NOMO_EBUFFER_LENGTH, predict_matrix());
  out.n_probabilities = SIZE_MAX;
  REFUSED_EITHER(NOMO_EBUFFER_LENGTH, NOMO_EARGUMENT_SHAPE, predict_matrix());
  out.n_probabilities = SIZE_MAX / 8 + 1;
  REFUSED_EITHER(NOMO_EBUFFER_LENGTH, NOMO_EARGUMENT_SHAPE, predict_matrix());
  set_all();
  out.n_class_indices--;
  REFUSED(NOMO_EBUFFER_LENGTH, predict_matrix());
  out.n_class_indices += 2;
  REFUSED(NOMO_EBUFFER_LENGTH, predict_matrix());
  out.n_class_indices = 0;
  REFUSED(NOMO_EBUFFER_LENGTH, predict_matrix());
  out.n_class_indices = SIZE_MAX;
  REFUSED_EITHER(NOMO_EBUFFER_LENGTH, NOMO_EARGUMENT_SHAPE, predict_matrix());
}

static void test_matrix_shapes(void) {
  static const size_t huge[] = {SIZE_MAX, SIZE_MAX / 2 + 1, SIZE_MAX / 8 + 1, SIZE_MAX / 8};
  size_t i;
  set_all();
  in.n_values--;
  REFUSED(NOMO_EARGUMENT_SHAPE, predict_matrix());
  in.n_values = 0;
  REFUSED(NOMO_EARGUMENT_SHAPE, predict_matrix());
  in.values = NULL;
  REFUSED(NOMO_EARGUMENT_SHAPE, predict_matrix());
  set_all();
  in.n_values = sizeof rows / sizeof(double); /* all columns fit; only their number is wrong */
  in.n_columns = nf + 1;
  REFUSED(NOMO_ESCHEMA_FEATURES, predict_matrix());
  in.n_columns = nf - 1;
  REFUSED(NOMO_ESCHEMA_FEATURES, predict_matrix());
  in.n_columns = 0;
  REFUSED(NOMO_ESCHEMA_FEATURES, predict_matrix());
  set_all();
  in.row_stride++;
  REFUSED(NOMO_EARGUMENT_SHAPE, predict_matrix());
  for (i = 0; i < sizeof huge / sizeof *huge; i++) {
    set_all();
    in.row_stride = huge[i];
    REFUSED(NOMO_EARGUMENT_SHAPE, predict_matrix());
    set_all();
    in.column_stride = huge[i];
    REFUSED(NOMO_EARGUMENT_SHAPE, predict_matrix());
    in.row_stride = huge[i];
    REFUSED(NOMO_EARGUMENT_SHAPE, predict_matrix());
    set_all();
    in.n_columns = huge[i];
    REFUSED_EITHER(NOMO_ESCHEMA_FEATURES, NOMO_EARGUMENT_SHAPE, predict_matrix());
    set_all(); /* the shape and the outputs are both wrong: either may be named */
    in.n_rows = huge[i];
    REFUSED_EITHER(NOMO_EBUFFER_LENGTH, NOMO_EARGUMENT_SHAPE, predict_matrix());
    in.row_stride = 0;
    REFUSED_EITHER(NOMO_EBUFFER_LENGTH, NOMO_EARGUMENT_SHAPE, predict_matrix());
    set_all(); /* a length that no memory has */
    in.n_values = huge[i];
    begin();
    status = predict_matrix();
    if (i < 3) CHECK(status != NOMO_OK && outs_same() && error_filled());
    printf("# n_values %zu: %s\n", huge[i], nomo_status_name(status));
  }
}

/* Strides that underflowed lie far beyond the buffer: they do not mean "backwards". */
static void test_matrix_wrapped_strides(void) {
  static double m[ROWS * MAX_FEATURES];
  size_t i, j;
  for (i = 0; i < ROWS; i++)
    for (j = 0; j < nf; j++) m[i * nf + j] = rows[i][j];
  set_in(m, ROWS * nf, ROWS, (size_t)0 - nf, 1);
  set_out(ROWS);
  REFUSED(NOMO_EARGUMENT_SHAPE, predict_matrix());
  if (nf == 1) return;
  set_in(m, ROWS * nf, ROWS, nf, SIZE_MAX);
  set_out(ROWS);
  REFUSED(NOMO_EARGUMENT_SHAPE, predict_matrix());
  set_in(m, nf, 1, nf, SIZE_MAX);
  set_out(1);
  REFUSED(NOMO_EARGUMENT_SHAPE, predict_matrix());
}

static void test_matrix_arguments(void) {
  nomo_matrix good_in;
  nomo_outputs good_out;
  set_all();
  REFUSED(NOMO_EARGUMENT_NULL, nomo_session_predict_matrix(NULL, &in, &out, &error));
  REFUSED(NOMO_EARGUMENT_NULL, nomo_session_predict_matrix(session, NULL, &out, &error));
  REFUSED(NOMO_EARGUMENT_NULL, nomo_session_predict_matrix(session, &in, NULL, &error));
  REFUSED_QUIET(NOMO_EARGUMENT_NULL, nomo_session_predict_matrix(session, &in, NULL, NULL));
  REFUSED(NOMO_EARGUMENT_ALIGNMENT, nomo_session_predict_matrix(off(session), &in, &out, &error));
  larger_error(err_matrix);
  ACCEPTED(nomo_session_predict_matrix(session, &in, &out, NULL));
  set_all();
  in.values = NULL;
  REFUSED(NOMO_EARGUMENT_NULL, predict_matrix());
  set_all();
  in.values = offc(rows);
  REFUSED(NOMO_EARGUMENT_ALIGNMENT, predict_matrix());
  set_all();
  in.reserved = 1;
  REFUSED_CLASS(NOMO_EARGUMENT, predict_matrix());
  set_all();
  out.reserved = 1;
  REFUSED_CLASS(NOMO_EARGUMENT, predict_matrix());
  set_all();
  out.probabilities = NULL;
  REFUSED(NOMO_EARGUMENT_NULL, predict_matrix());
  out.probabilities = off(o.raw);
  REFUSED(NOMO_EARGUMENT_ALIGNMENT, predict_matrix());
  set_all();
  out.class_indices = NULL;
  REFUSED(NOMO_EARGUMENT_NULL, predict_matrix());
  out.class_indices = off(o.raw);
  REFUSED(NOMO_EARGUMENT_ALIGNMENT, predict_matrix());
  set_all();
  good_in = in;
  good_out = out;
  wrong_sizes("matrix", use_matrix, &good_in, sizeof good_in, 1);
  wrong_sizes("outputs", use_outputs, &good_out, sizeof good_out, 1);
}

static void test_matrix_values(void) {
  static double m[ROWS][MAX_FEATURES];
  size_t i, j;
  int b;
  for (i = 0; i < ROWS; i++)
    for (j = 0; j < nf; j++) {
      for (b = 0; b < BAD_VALUES; b++) {
        memcpy(m, rows, sizeof m);
        m[i][j] = bad_values[b].value;
        set_all();
        in.values = &m[0][0];
        REFUSED(bad_values[b].status, predict_matrix());
        CHECK(error.row == i && error.feature == j && error.byte_offset == NOMO_NONE);
        CHECK(message_hides(bad_values[b].leak));
      }
      m[i][j] = strtod("nan", NULL);
      set_all();
      in.values = &m[0][0];
      begin();
      status = predict_matrix();
      if (status == NOMO_OK) continue;
      after_refused(status == NOMO_EVALUE_MISSING, 1, __LINE__, "NaN is missing");
      CHECK(error.row == i && error.feature == j && error.byte_offset == NOMO_NONE);
    }
  set_all();
  expect_rows(ROWS, 0, 1, __LINE__); /* the session works on */
}

/* A row near the end of many fails: nothing at all is written. */
static void test_matrix_long(void) {
  enum { LONG = 5000 };
  size_t i, j;
  double *m = malloc(LONG * nf * sizeof *m), *p = malloc(LONG * nc * sizeof *p);
  double *p_before = malloc(LONG * nc * sizeof *p);
  nomo_outputs init = NOMO_OUTPUTS_INIT;
  if (m == NULL || p == NULL || p_before == NULL) abort();
  for (i = 0; i < LONG; i++)
    for (j = 0; j < nf; j++) m[i * nf + j] = rows[i % ROWS][j];
  memset(p, 0xA5, LONG * nc * sizeof *p);
  memcpy(p_before, p, LONG * nc * sizeof *p);
  set_in(m, LONG * nf, LONG, nf, 1);
  out = init;
  out.probabilities = p;
  out.n_probabilities = LONG * nc;
  m[(LONG - 1) * nf] = HUGE_VAL;
  REFUSED(NOMO_EVALUE_INFINITE, predict_matrix());
  CHECK(error.row == LONG - 1 && error.feature == 0);
  CHECK(memcmp(p, p_before, LONG * nc * sizeof *p) == 0);
  m[(LONG - 1) * nf] = rows[(LONG - 1) % ROWS][0];
  ACCEPTED(predict_matrix());
  for (i = 0; i < LONG && same_bits(p + i * nc, wanted_p[i % ROWS], nc); i++) {}
  CHECK(i == LONG);
  free(p_before);
  free(p);
  free(m);
}

/* ---- set-up ---------------------------------------------------------------------------- */

static int read_bundle(void) {
  FILE *f = fopen(path, "rb");
  long size = -1;
  if (f == NULL) return 0;
  if (fseek(f, 0, SEEK_END) == 0) size = ftell(f);
  rewind(f);
  if (size > 0) bundle = malloc((size_t)size);
  if (bundle != NULL) bundle_size = fread(bundle, 1, (size_t)size, f);
  fclose(f);
  return bundle != NULL && bundle_size == (size_t)size;
}

static int set_up(void) {
  size_t i, j;
  nomo_error e = NOMO_ERROR_INIT;
  if (!read_bundle() || nomo_model_open_file(path, NULL, &model, &e) != NOMO_OK ||
      nomo_model_n_features(model, &nf, &e) != NOMO_OK ||
      nomo_model_n_classes(model, &nc, &e) != NOMO_OK ||
      nomo_session_create(model, &session, &e) != NOMO_OK || nf > MAX_FEATURES || nc > MAX_CLASSES) {
    printf("set-up failed: %s\n", e.message);
    return 0;
  }
  for (i = 0; i < ROWS; i++) {
    for (j = 0; j < nf; j++) rows[i][j] = 5.0 + 3.7 * (double)i + 1.3 * (double)j;
    status = nomo_session_predict_row(session, rows[i], nf, wanted_p[i], nc, &wanted_c[i], &e);
    if (!CHECK(status == NOMO_OK)) return 0;
  }
  CHECK(!same_bits(wanted_p[0], wanted_p[1], nc)); /* else the tests below would show little */
  return 1;
}

int main(int argc, char **argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: contract BUNDLE.nomo\n");
    return 2;
  }
  path = argv[1];
  if (!set_up()) return 1;
  test_version();
  test_statuses();
  test_open_arguments();
  test_open_limits();
  test_open_bad_files();
  test_open_damaged();
  test_memory_equals_file();
  test_counts();
  test_features();
  test_classes_and_digest();
  test_lifetimes();
  test_row();
  test_row_arguments();
  test_row_values();
  test_matrix_layouts();
  test_matrix_no_rows();
  test_matrix_outputs();
  test_matrix_shapes();
  test_matrix_wrapped_strides();
  test_matrix_arguments();
  test_matrix_values();
  test_matrix_long();
  nomo_session_destroy(session);
  nomo_model_release(model);
  free(bundle);
  printf("%lu passed, %lu failed\n", passed, failed);
  return failed != 0;
}
