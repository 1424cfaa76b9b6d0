/*
 * contract_open.c - checks what nomogram.h promises about versions, statuses and opening.
 *
 *     contract_open BUNDLE...
 *
 * Cuts each BUNDLE at every length and flips every byte. Other bundles of nomogram-testkit are in
 * the current folder, where files named contract_tmp_... are made and removed.
 */
#define _POSIX_C_SOURCE 200112L
#include <pthread.h>
#include <stddef.h>
#include <sys/stat.h>
#include <unistd.h>
#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

#include "check.h"

static struct {
  nomo_model *model;
} out;
static const char *path;
static unsigned char *bundle;
static size_t n_bundle;

/* ---- Version and status ------------------------------------------------------------------ */

static void test_version(void) {
  char text[64];
  sprintf(text, "%d.%d.%d", NOMO_VERSION_MAJOR, NOMO_VERSION_MINOR, NOMO_VERSION_PATCH);
  CHECK(nomo_version() == NOMO_VERSION);
  CHECK(NOMO_VERSION == (NOMO_VERSION_MAJOR << 16 | NOMO_VERSION_MINOR << 8 | NOMO_VERSION_PATCH));
  CHECK(strcmp(nomo_version_text(), text) == 0);
  CHECK(nomo_version_text() == nomo_version_text());
  CHECK(nomo_bundle_format() >= 1);
  CHECK((nomo_capabilities() & NOMO_CAPABILITY_FILES) != 0);
  /* Only bits that this header defines, since library and header have the same version. */
  CHECK((nomo_capabilities() & ~(uint64_t)(NOMO_CAPABILITY_FILES | NOMO_CAPABILITY_ARROW)) == 0);
}

#define S(name) {name, #name}
static const struct {
  int32_t status;
  const char *name;
} statuses[] = {
  S(NOMO_OK), S(NOMO_EMEMORY), S(NOMO_EBUSY), S(NOMO_EDEFECT), S(NOMO_EARGUMENT_NULL),
  S(NOMO_EARGUMENT_TEXT), S(NOMO_EARGUMENT_STRUCT_SIZE), S(NOMO_EARGUMENT_FEATURE),
  S(NOMO_EARGUMENT_CLASS), S(NOMO_EARGUMENT_ALIGNMENT), S(NOMO_EARGUMENT_SHAPE),
  S(NOMO_EARGUMENT_INDEX), S(NOMO_EARGUMENT_UNIT), S(NOMO_EARGUMENT_REASON),
  S(NOMO_EARGUMENT_OPTION), S(NOMO_EFORMAT_MAGIC), S(NOMO_EFORMAT_TRUNCATED),
  S(NOMO_EFORMAT_TABLE), S(NOMO_EFORMAT_PAYLOAD), S(NOMO_EFORMAT_MODEL),
  S(NOMO_EVERSION_FORMAT), S(NOMO_EVERSION_SECTION), S(NOMO_EINTEGRITY_DIGEST),
  S(NOMO_EARGUMENT_TRUST), S(NOMO_EINTEGRITY_SIGNATURE), S(NOMO_EINTEGRITY_UNSIGNED),
  S(NOMO_EINTEGRITY_EXPIRED), S(NOMO_EINTEGRITY_REVOKED), S(NOMO_EINTEGRITY_PINNED),
  S(NOMO_ELIMIT_SIZE), S(NOMO_ESCHEMA_FEATURES), S(NOMO_ESCHEMA_COLUMNS),
  S(NOMO_EVALUE_INFINITE), S(NOMO_EVALUE_MISSING), S(NOMO_EVALUE_MAGNITUDE),
  S(NOMO_EVALUE_UNSET), S(NOMO_EVALUE_NAN), S(NOMO_EVALUE_RANGE), S(NOMO_EVALUE_LEVEL),
  S(NOMO_EVALUE_TYPE), S(NOMO_EVALUE_RULE), S(NOMO_EBUFFER_LENGTH), S(NOMO_EBUFFER_MEMORY),
  S(NOMO_EUNSUPPORTED_ARROW), S(NOMO_EUNSUPPORTED_PROFILE), S(NOMO_EFORMAT_COUNTERS),
  S(NOMO_ESELFTEST_GOLDEN),
  S(NOMO_ESELFTEST_FLOATING_POINT), S(NOMO_EIO_NOT_FOUND), S(NOMO_EIO_READ),
};
/* A class that no function returns by itself has a text, and the name "?". */
static const int32_t classes[] = {
  NOMO_EARGUMENT, NOMO_EFORMAT, NOMO_EVERSION, NOMO_EINTEGRITY, NOMO_ELIMIT, NOMO_ESCHEMA,
  NOMO_EVALUE, NOMO_EBUFFER, NOMO_EUNSUPPORTED, NOMO_ESELFTEST, NOMO_EIO,
};

static void test_statuses(void) {
  static const int32_t beyond[] = {INT32_MIN, -65536, 0x10101, 0x7fffff01, INT32_MAX};
  size_t i, j, n_named = 0;
  int32_t s;
  for (i = 0; i < LENGTH(statuses); i++) {
    const char *text;
    status = statuses[i].status;
    text = nomo_status_text(status);
    CHECK(text != NULL && is_utf8(text) && strlen(text) > 3);
    CHECK(text == nomo_status_text(status));
    CHECK(strcmp(nomo_status_name(status), statuses[i].name) == 0);
    for (j = 0; j < i; j++) /* a number never changes its meaning */
      CHECK(status != statuses[j].status && strcmp(text, nomo_status_text(statuses[j].status)) != 0);
  }
  for (i = 0; i < LENGTH(classes); i++) {
    status = classes[i];
    CHECK(nomo_status_text(status) != NULL && strlen(nomo_status_text(status)) > 3);
    CHECK(strcmp(nomo_status_name(status), "?") == 0);
    CHECK(NOMO_STATUS_CLASS(status) == status && (int)i < status);
  }
  for (s = -70000; s < 70000; s++) {
    n_named += strcmp(nomo_status_name(s), "?") != 0;
    if (nomo_status_text(s) == NULL || nomo_status_text(s)[0] == '\0') CHECK(!"a text for every number");
  }
  CHECK(n_named == LENGTH(statuses));
  for (i = 0; i < LENGTH(beyond); i++) {
    CHECK(strcmp(nomo_status_name(beyond[i]), "?") == 0);
    CHECK(nomo_status_text(beyond[i])[0] != '\0');
  }
  CHECK(NOMO_STATUS_CLASS(NOMO_EARGUMENT_NULL) == NOMO_EARGUMENT);
  CHECK(NOMO_STATUS_CLASS(NOMO_EVALUE_RULE) == NOMO_EVALUE);
  CHECK(NOMO_STATUS_CLASS(NOMO_EIO_READ) == NOMO_EIO);
  CHECK(NOMO_STATUS_CLASS(NOMO_EBUSY) == NOMO_EBUSY);
  CHECK(NOMO_PLACE_NONE == UINT64_MAX && NOMO_CLASS_NONE == UINT32_MAX);
  CHECK(NOMO_FLAG_RULE_BROKEN == 1 << (NOMO_N_FLAGS - 1));
}

/* ---- Arguments of opening ---------------------------------------------------------------- */

static int32_t open_bytes(const void *bytes, size_t n) {
  return nomo_model_open_memory(bytes, n, NULL, &out.model, &error);
}
static int32_t open_path(const char *name) {
  return nomo_model_open_file(name, NULL, &out.model, &error);
}
static int32_t file_with(void *options) {
  int32_t s = nomo_model_open_file(path, options, &out.model, &error);
  if (s == NOMO_OK) nomo_model_release(out.model);
  return s;
}
static int32_t memory_with(void *options) {
  int32_t s = nomo_model_open_memory(bundle, n_bundle, options, &out.model, &error);
  if (s == NOMO_OK) nomo_model_release(out.model);
  return s;
}
static int32_t file_error(nomo_error *e) {
  return nomo_model_open_file("contract_tmp_none", NULL, &out.model, e);
}
static int32_t memory_error(nomo_error *e) {
  return nomo_model_open_memory("contract", 8, NULL, &out.model, e);
}
static int32_t test_error(nomo_error *e) { return nomo_model_self_test(NULL, e); }

static void test_arguments(void) {
  static const char *const not_utf8[] = {
    "a\xff", "\xc3(", "\xa9", "\xe2\x82", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80"};
  nomo_open_options options = NOMO_OPEN_OPTIONS_INIT;
  const size_t first = offsetof(nomo_open_options, max_memory);
  size_t i;
  fill_watched();
  CHECK(options.struct_size == sizeof options && options.log == NULL && options.max_bytes == 0);
  REFUSED(NOMO_EARGUMENT_NULL, nomo_model_open_file(NULL, NULL, &out.model, &error));
  REFUSED(NOMO_EARGUMENT_NULL, nomo_model_open_file(path, NULL, NULL, &error));
  REFUSED(NOMO_EARGUMENT_NULL, nomo_model_open_file(NULL, NULL, NULL, &error));
  REFUSED(NOMO_EARGUMENT_ALIGNMENT, nomo_model_open_file(path, NULL, off(&out.model), &error));
  REFUSED(NOMO_EARGUMENT_ALIGNMENT, nomo_model_open_file(path, off(&options), &out.model, &error));
  REFUSED(NOMO_EARGUMENT_NULL, nomo_model_open_memory(NULL, 10, NULL, &out.model, &error));
  REFUSED(NOMO_EARGUMENT_NULL, nomo_model_open_memory(bundle, n_bundle, NULL, NULL, &error));
  REFUSED(NOMO_EARGUMENT_ALIGNMENT,
          nomo_model_open_memory(bundle, n_bundle, NULL, off(&out.model), &error));
  REFUSED(NOMO_EARGUMENT_ALIGNMENT,
          nomo_model_open_memory(bundle, n_bundle, off(&options), &out.model, &error));
  for (i = 0; i < LENGTH(not_utf8); i++) REFUSED(NOMO_EARGUMENT_TEXT, open_path(not_utf8[i]));
  check_error_struct(file_error, NOMO_EIO_NOT_FOUND, __LINE__);
  check_error_struct(memory_error, NOMO_EFORMAT_MAGIC, __LINE__);
  check_error_struct(test_error, NOMO_EARGUMENT_NULL, __LINE__);
  check_input_struct(file_with, &options, sizeof options, first, __LINE__);
  check_input_struct(memory_with, &options, sizeof options, first, __LINE__);
  for (i = 1; i < 32; i++) {
    options.flags = UINT32_C(1) << i;
    REFUSED(NOMO_EARGUMENT_OPTION, file_with(&options));
    REFUSED(NOMO_EARGUMENT_OPTION, memory_with(&options));
  }
  options.flags = NOMO_OPEN_SKIP_GOLDEN_CASES;
  ACCEPTED(file_with(&options));
  ACCEPTED(memory_with(&options));
  ACCEPTED(nomo_model_open_file(path, NULL, &out.model, NULL));
  nomo_model_release(out.model);
}

static void test_limits(void) {
  nomo_open_options options = NOMO_OPEN_OPTIONS_INIT;
  size_t limit = (size_t)256 << 20;
  unsigned char *large = calloc(limit + 1, 1);
  FILE *file;
  if (large == NULL) abort();
  fill_watched();
  options.max_bytes = n_bundle - 1;
  REFUSED(NOMO_ELIMIT_SIZE, file_with(&options));
  REFUSED(NOMO_ELIMIT_SIZE, memory_with(&options));
  options.max_bytes = 1;
  REFUSED(NOMO_ELIMIT_SIZE, file_with(&options));
  REFUSED(NOMO_ELIMIT_SIZE, memory_with(&options));
  options.max_bytes = n_bundle; /* inclusive */
  ACCEPTED(file_with(&options));
  ACCEPTED(memory_with(&options));
  options.max_bytes = UINT64_MAX;
  ACCEPTED(file_with(&options));
  ACCEPTED(memory_with(&options));
  fill_watched();
  options.max_memory = 1000; /* bytes */
  REFUSED(NOMO_ELIMIT_SIZE, file_with(&options));
  REFUSED(NOMO_ELIMIT_SIZE, memory_with(&options));
  options.max_memory = UINT64_MAX;
  options.max_work = 1000; /* steps */
  REFUSED(NOMO_ELIMIT_SIZE, file_with(&options));
  REFUSED(NOMO_ELIMIT_SIZE, memory_with(&options));
  options.max_work = UINT64_MAX;
  ACCEPTED(file_with(&options));
  ACCEPTED(memory_with(&options));
  fill_watched();
  REFUSED(NOMO_ELIMIT_SIZE, open_bytes(large, limit + 1));
  REFUSED(NOMO_EFORMAT_MAGIC, open_bytes(large, limit));
  free(large);
  REFUSED_EITHER(NOMO_ELIMIT_SIZE, NOMO_EARGUMENT_SHAPE, open_bytes(bundle, SIZE_MAX));
  REFUSED_EITHER(NOMO_ELIMIT_SIZE, NOMO_EARGUMENT_SHAPE, open_bytes(bundle, SIZE_MAX / 2 + 1));
  REFUSED_EITHER(NOMO_ELIMIT_SIZE, NOMO_EARGUMENT_SHAPE, open_bytes(bundle, SIZE_MAX / 2));
  /* More bytes than memory can hold, with any limit. */
  REFUSED(NOMO_EARGUMENT_SHAPE, nomo_model_open_memory(bundle, SIZE_MAX, &options, &out.model, &error));
  /* A file with a hole that is too large. */
  file = fopen("contract_tmp_large", "wb");
  if (file == NULL || fseek(file, (long)limit, SEEK_SET) != 0 || fputc(0, file) != 0) abort();
  fclose(file);
  REFUSED(NOMO_ELIMIT_SIZE, open_path("contract_tmp_large"));
  remove("contract_tmp_large");
}

/* Opens a file of 200 MB that begins with `n` bytes and has a hole after them. */
static int32_t open_sparse(const void *start, size_t n) {
  int32_t s;
  FILE *file = fopen("contract_tmp_sparse", "wb");
  if (file == NULL || fwrite(start, 1, n, file) != n || fseek(file, 200000000L, SEEK_SET) != 0 ||
      fputc(0, file) != 0)
    abort();
  fclose(file);
  s = open_path("contract_tmp_sparse");
  remove("contract_tmp_sparse");
  return s;
}

static void test_files(void) {
  static const char text[] = "row_id,radius\n1,2\nthis is not a bundle, it is a text file\n";
  static char long_path[70000];
  unsigned char *longer = malloc(n_bundle + 1);
  if (longer == NULL) abort();
  memcpy(longer, bundle, n_bundle);
  longer[n_bundle] = 0;
  memset(long_path, 'x', sizeof long_path - 1);
  fill_watched();
  write_file("contract_tmp_empty", "", 0);
  write_file("contract_tmp_text", text, sizeof text - 1);
  write_file("contract_tmp_cut", bundle, n_bundle - 1);
  write_file("contract_tmp_longer", longer, n_bundle + 1);
  write_file("contract_tmp_gr\xc3\xb6\xc3\x9f" "e", bundle, n_bundle);
  remove("contract_tmp_none");
  REFUSED(NOMO_EIO_NOT_FOUND, open_path("contract_tmp_none"));
  CHECK(error.row == NOMO_PLACE_NONE && error.feature == NOMO_PLACE_NONE && error.byte_offset == NOMO_PLACE_NONE);
  REFUSED(NOMO_EIO_NOT_FOUND, open_path("contract_tmp_none/nowhere"));
  REFUSED_CLASS(NOMO_EIO, open_path(""));
  REFUSED_CLASS(NOMO_EIO, open_path("."));
  REFUSED_CLASS(NOMO_EIO, open_path("contract_tmp_text/below_a_file"));
  REFUSED_CLASS(NOMO_EIO, open_path(long_path));
  CHECK(strlen(error.message) == NOMO_ERROR_MESSAGE_SIZE - 1); /* cut to fit */
  long_path[7] = '\xc3'; /* cut between characters: the size that is left is even, then odd */
  long_path[8] = '\xa4';
  for (size_t i = 9; i + 2 < sizeof long_path; i += 2) memcpy(long_path + i, "\xc3\xa4", 2);
  long_path[sizeof long_path - 3] = '\0';
  REFUSED_CLASS(NOMO_EIO, open_path(long_path));
  REFUSED_CLASS(NOMO_EIO, open_path(long_path + 1));
  REFUSED_CLASS(NOMO_EIO, open_path(long_path + 2));
  REFUSED(NOMO_EFORMAT_TRUNCATED, open_path("contract_tmp_empty"));
  REFUSED(NOMO_EFORMAT_MAGIC, open_path("contract_tmp_text"));
  REFUSED(NOMO_EFORMAT_TRUNCATED, open_path("contract_tmp_cut"));
  REFUSED(NOMO_EFORMAT_TABLE, open_path("contract_tmp_longer"));
  REFUSED(NOMO_EFORMAT_TABLE, open_bytes(longer, n_bundle + 1));
  REFUSED(NOMO_EFORMAT_TRUNCATED, open_bytes(bundle, 0));
  REFUSED(NOMO_EFORMAT_TRUNCATED, open_bytes(NULL, 0)); /* an array of length 0 may be NULL */
  REFUSED(NOMO_EFORMAT_MAGIC, open_bytes(text, sizeof text));
  /* What is no regular file is refused at once: without a writer, a pipe would never open. */
  remove("contract_tmp_pipe");
  if (mkfifo("contract_tmp_pipe", 0600) != 0) abort();
  REFUSED(NOMO_EIO_READ, open_path("contract_tmp_pipe"));
  remove("contract_tmp_pipe");
  REFUSED(NOMO_EIO_READ, open_path("/dev/zero"));
  REFUSED(NOMO_EIO_READ, open_path("/dev/null"));
  /* A file with a hole, below the limit: refused by its first bytes. */
  REFUSED(NOMO_EFORMAT_MAGIC, open_sparse("", 0));
  REFUSED(NOMO_EFORMAT_TABLE, open_sparse(bundle, n_bundle));
  ACCEPTED(open_path("contract_tmp_gr\xc3\xb6\xc3\x9f" "e"));
  nomo_model_release(out.model);
  remove("contract_tmp_empty");
  remove("contract_tmp_text");
  remove("contract_tmp_cut");
  remove("contract_tmp_longer");
  remove("contract_tmp_gr\xc3\xb6\xc3\x9f" "e");
  free(longer);
}

/* Every length and every byte; exact allocations, so that tools detect reads beyond them. */
static void test_damaged(const char *of) {
  unsigned char *copy;
  size_t n, i;
  unsigned char *good = read_file(of, &n);
  if (good == NULL || n == 0) {
    CHECK(!"the bundle can be read");
    return;
  }
  fill_watched();
  for (i = 0; i < n; i++) {
    copy = malloc(i + (i == 0));
    if (copy == NULL) abort();
    memcpy(copy, good, i);
    REFUSED(NOMO_EFORMAT_TRUNCATED, open_bytes(copy, i));
    free(copy);
  }
  copy = malloc(n);
  if (copy == NULL) abort();
  memcpy(copy, good, n);
  for (i = 0; i < n; i++) {
    copy[i] ^= (unsigned char)(1u << (i % 8));
    begin();
    status = open_bytes(copy, n);
    after_refused(is_class(status, NOMO_EFORMAT) || is_class(status, NOMO_EVERSION) ||
                  is_class(status, NOMO_EINTEGRITY), 1, __LINE__, "a flipped bit is noticed");
    CHECK(error.row == NOMO_PLACE_NONE && (error.byte_offset == NOMO_PLACE_NONE || error.byte_offset <= n));
    copy[i] = good[i];
  }
  ACCEPTED(open_bytes(copy, n));
  nomo_model_release(out.model);
  free(copy);
  free(good);
}

static void test_newer(void) {
  unsigned char *copy = malloc(n_bundle);
  if (copy == NULL) abort();
  memcpy(copy, bundle, n_bundle);
  fill_watched();
  copy[8] = (unsigned char)(nomo_bundle_format() + 1); /* the format number */
  REFUSED(NOMO_EVERSION_FORMAT, open_bytes(copy, n_bundle));
  copy[8] = 0;
  REFUSED_CLASS(NOMO_EFORMAT, open_bytes(copy, n_bundle)); /* formats count from 1 */
  REFUSED(NOMO_EVERSION_SECTION, open_path("newer_critical.nomo"));
  ACCEPTED(open_path("newer_optional.nomo"));
  nomo_model_release(out.model);
  free(copy);
}

/* ---- Messages while opening -------------------------------------------------------------- */

static struct {
  unsigned n[4]; /* by level */
  void *user;
  pthread_t thread;
  int is_open; /* 1 during the opening call */
  int is_wrong;
} heard;

static void listen(void *user, uint32_t level, const char *message) {
  if (!heard.is_open || user != heard.user || !pthread_equal(pthread_self(), heard.thread) ||
      level < NOMO_LOG_INFO || level > NOMO_LOG_ERROR || message == NULL || message[0] == '\0' ||
      !is_utf8(message) || strpbrk(message, "\r\n") != NULL)
    heard.is_wrong = 1;
  else
    heard.n[level]++;
}

/* Another model may be opened during the call. */
static void listen_and_open(void *user, uint32_t level, const char *message) {
  nomo_model *other = NULL;
  listen(user, level, message);
  if (nomo_model_open_memory(bundle, n_bundle, NULL, &other, NULL) != NOMO_OK) heard.is_wrong = 1;
  nomo_model_release(other);
}

static int32_t open_listening(const char *name, uint32_t flags, nomo_log_fn log, void *user) {
  nomo_open_options options = NOMO_OPEN_OPTIONS_INIT;
  int32_t s;
  options.flags = flags;
  options.log = log;
  options.log_user = user;
  memset(&heard, 0, sizeof heard);
  heard.user = user;
  heard.thread = pthread_self();
  heard.is_open = 1;
  s = nomo_model_open_file(name, &options, &out.model, &error);
  heard.is_open = 0;
  return s;
}

static void *open_in_a_thread(void *unused) {
  (void)unused;
  status = open_listening(path, 0, listen, &heard);
  return NULL;
}

static void test_log(void) {
  pthread_t thread;
  fill_watched();
  ACCEPTED(open_listening(path, 0, listen, &heard));
  CHECK(!heard.is_wrong && heard.n[NOMO_LOG_INFO] > 0);
  CHECK(heard.n[NOMO_LOG_WARNING] == 0 && heard.n[NOMO_LOG_ERROR] == 0);
  nomo_model_release(out.model);
  ACCEPTED(open_listening(path, 0, listen, NULL)); /* the library does not use `user` */
  CHECK(!heard.is_wrong && heard.n[NOMO_LOG_INFO] > 0);
  nomo_model_release(out.model);
  ACCEPTED(open_listening(path, 0, listen, off(&heard)));
  CHECK(!heard.is_wrong && heard.n[NOMO_LOG_INFO] > 0);
  nomo_model_release(out.model);
  ACCEPTED(open_listening(path, 0, listen_and_open, &heard));
  CHECK(!heard.is_wrong && heard.n[NOMO_LOG_INFO] > 0);
  nomo_model_release(out.model);
  ACCEPTED(open_listening(path, NOMO_OPEN_SKIP_GOLDEN_CASES, listen, &heard));
  CHECK(!heard.is_wrong && heard.n[NOMO_LOG_WARNING] > 0 && heard.n[NOMO_LOG_ERROR] == 0);
  nomo_model_release(out.model);
  ACCEPTED(open_listening("newer_optional.nomo", 0, listen, &heard));
  CHECK(!heard.is_wrong && heard.n[NOMO_LOG_ERROR] == 0);
  CHECK(heard.n[NOMO_LOG_WARNING] > 0); /* a section was skipped, without a message */
  nomo_model_release(out.model);
  fill_watched();
  REFUSED(NOMO_EVERSION_SECTION, open_listening("newer_critical.nomo", 0, listen, &heard));
  CHECK(!heard.is_wrong && heard.n[NOMO_LOG_ERROR] > 0 && heard.n[NOMO_LOG_INFO] == 0);
  REFUSED(NOMO_ESELFTEST_GOLDEN, open_listening("wrong_golden.nomo", 0, listen, &heard));
  CHECK(!heard.is_wrong && heard.n[NOMO_LOG_ERROR] > 0 && heard.n[NOMO_LOG_INFO] == 0);
  begin();
  if (pthread_create(&thread, NULL, open_in_a_thread, NULL) != 0) abort();
  pthread_join(thread, NULL);
  CHECK(status == NOMO_OK && !heard.is_wrong && heard.n[NOMO_LOG_INFO] > 0);
  nomo_model_release(out.model);
}

/* ---- References and the self-test -------------------------------------------------------- */

static void test_references(void) {
  nomo_session *session;
  nomo_model_info info = NOMO_MODEL_INFO_INIT;
  unsigned char *copy = malloc(n_bundle);
  int i;
  if (copy == NULL) abort();
  memcpy(copy, bundle, n_bundle);
  fill_watched();
  REFUSED_QUIET(NOMO_EARGUMENT_NULL, nomo_model_retain(NULL));
  ACCEPTED(open_bytes(copy, n_bundle));
  memset(copy, 0xff, n_bundle); /* the bytes are not used after the call */
  free(copy);
  REFUSED_QUIET(NOMO_EARGUMENT_ALIGNMENT, nomo_model_retain(off(out.model)));
  for (i = 0; i < 1000; i++) ACCEPTED(nomo_model_retain(out.model));
  for (i = 0; i < 1000; i++) nomo_model_release(out.model);
  ACCEPTED(nomo_model_describe(out.model, &info, &error)); /* one reference is left */
  ACCEPTED(nomo_model_self_test(out.model, &error));
  session = session_or_exit(out.model);
  nomo_model_release(out.model);
  ACCEPTED(nomo_session_clear(session, &error)); /* kept alive by the session */
  nomo_session_destroy(session);
  nomo_model_release(NULL);
  nomo_session_destroy(NULL);
}

static void test_self_test(void) {
  nomo_model *model = open_or_exit(path), *wrong = NULL;
  nomo_open_options options = NOMO_OPEN_OPTIONS_INIT;
  fill_watched();
  REFUSED(NOMO_EARGUMENT_NULL, nomo_model_self_test(NULL, &error));
  REFUSED(NOMO_EARGUMENT_ALIGNMENT, nomo_model_self_test(off(model), &error));
  ACCEPTED(nomo_model_self_test(model, &error));
  ACCEPTED(nomo_model_self_test(model, NULL));
  REFUSED(NOMO_ESELFTEST_GOLDEN, open_path("wrong_golden.nomo"));
  CHECK(strstr(error.message, "golden case 16") != NULL); /* the last of 16 cases */
  options.flags = NOMO_OPEN_SKIP_GOLDEN_CASES;
  ACCEPTED(nomo_model_open_file("wrong_golden.nomo", &options, &wrong, &error));
  REFUSED(NOMO_ESELFTEST_GOLDEN, nomo_model_self_test(wrong, &error));
  CHECK(strstr(error.message, "golden case 16") != NULL);
  REFUSED_QUIET(NOMO_ESELFTEST_GOLDEN, nomo_model_self_test(wrong, NULL));
  nomo_model_release(wrong);
  nomo_model_release(model);
}

#if defined(__SSE2__)
/* Results that every mode of test_floating_point changes, unless the processor is simulated and has no modes. */
static void compute(unsigned mode, double results[4]) {
  volatile double tiny = 2.2250738585072014e-308, subnormal = 4e-322, one = 1.0, three = 3.0;
  const unsigned usual = _mm_getcsr();
  _mm_setcsr(mode);
  results[0] = tiny / three;
  results[1] = subnormal * three;
  results[2] = one / three;
  results[3] = -one / three;
  _mm_setcsr(usual);
}

static int is_simulated_without(unsigned mode) {
  double as_usual[4], in_mode[4];
  compute(_mm_getcsr(), as_usual);
  compute(_mm_getcsr() | mode, in_mode);
  return memcmp(as_usual, in_mode, sizeof as_usual) == 0;
}
#endif

/* A mode that gives other bits is noticed by opening and by the self-test. */
static void test_floating_point(void) {
#if defined(__SSE2__)
  static const unsigned modes[] = {
    0x8000, /* flush results to zero */ 0x0040, /* subnormals are zero */ 0x8040, /* -ffast-math */
    0x2000, /* down */ 0x4000, /* up */ 0x6000, /* to zero */
  };
  const unsigned usual = _mm_getcsr();
  static const double row[3] = {17.99, 10.38, 122.8};
  double probabilities[2];
  nomo_model *model = open_or_exit(path);
  nomo_session *session = session_or_exit(model);
  size_t i;
  fill_watched();
  for (i = 0; i < sizeof modes / sizeof *modes; i++) {
    if (is_simulated_without(modes[i])) continue; /* valgrind */
    REFUSED(NOMO_ESELFTEST_FLOATING_POINT, (_mm_setcsr(usual | modes[i]), open_bytes(bundle, n_bundle)));
    REFUSED(NOMO_ESELFTEST_FLOATING_POINT, (_mm_setcsr(usual | modes[i]), nomo_model_self_test(model, &error)));
    if ((modes[i] & 0x0040) != 0) { /* so cheap to see that each call looks */
      REFUSED(NOMO_ESELFTEST_FLOATING_POINT,
              nomo_session_predict_row(session, row, 3, probabilities, 2, NULL, &error));
    }
    _mm_setcsr(usual);
  }
  ACCEPTED(nomo_model_self_test(model, &error));
  ACCEPTED(nomo_session_predict_row(session, row, 3, probabilities, 2, NULL, &error));
  nomo_session_destroy(session);
  nomo_model_release(model);
#else
  CHECK(strcmp(nomo_status_name(NOMO_ESELFTEST_FLOATING_POINT), "NOMO_ESELFTEST_FLOATING_POINT") == 0);
#endif
}

/* Bytes of any alignment give the same model as the file. */
static void test_memory_equals_file(void) {
  nomo_model *model = open_or_exit(path);
  nomo_model_info wanted = NOMO_MODEL_INFO_INIT, found = NOMO_MODEL_INFO_INIT;
  unsigned char *shifted = malloc(n_bundle + 8);
  size_t shift;
  if (shifted == NULL) abort();
  ACCEPTED(nomo_model_describe(model, &wanted, &error));
  for (shift = 0; shift < 8; shift++) {
    memcpy(shifted + shift, bundle, n_bundle);
    ACCEPTED(open_bytes(shifted + shift, n_bundle));
    ACCEPTED(nomo_model_describe(out.model, &found, &error));
    CHECK(strcmp(wanted.digest, found.digest) == 0);
    nomo_model_release(out.model);
  }
  free(shifted);
  nomo_model_release(model);
}

int main(int argc, char **argv) {
  int i;
  path = "three_members.nomo";
  bundle = read_file(path, &n_bundle);
  if (bundle == NULL || n_bundle == 0) {
    fprintf(stderr, "%s cannot be read\n", path);
    return 2;
  }
  WATCH(out);
  test_version();
  test_statuses();
  test_arguments();
  test_limits();
  test_files();
  test_newer();
  test_log();
  test_references();
  test_self_test();
  test_floating_point();
  test_memory_equals_file();
  for (i = 1; i < argc; i++) test_damaged(argv[i]);
  watch_nothing();
  free(bundle);
  return report();
}
