/*
 * contract_monitor.c - checks what nomogram.h promises about monitors.
 *
 *     contract_monitor
 *
 * The bundles of nomogram-testkit are in the current folder.
 */
#include "outputs.h"

enum { ROOM = 1 << 15 };

static nomo_model *policies, *number, *no_profile;
static nomo_session *session, *other_session; /* of `policies` */
static nomo_monitor *monitor;                 /* of `policies` */
static size_t memory_len, bytes_len;
static struct {
  nomo_monitor *monitor;
  size_t memory_len, bytes_len;
  unsigned char bytes[ROOM];
} out;

/* The number of predicted rows, and of rows that were refused for a missing value. */
static uint64_t cell(const unsigned char *bytes, size_t index) {
  const unsigned char *at = bytes + 40 + 8 * index;
  uint64_t n = 0;
  int i;
  for (i = 7; i >= 0; i--) n = n << 8 | at[i];
  return n;
}

static void written(nomo_monitor *m, unsigned char *bytes) {
  ACCEPTED(nomo_monitor_write(m, 1, bytes, bytes_len, &error));
}

static int32_t predict(nomo_session *s, double age) {
  double row[N_FEATURES], p[2];
  memcpy(row, good_row, sizeof row);
  row[0] = age;
  return nomo_session_predict_row(s, row, N_FEATURES, p, 2, NULL, NULL);
}

static int32_t create_with(nomo_error *e) { return nomo_monitor_create(NULL, &out.monitor, e); }

static void test_create(void) {
  static unsigned char memory[ROOM];
  size_t shift, i;
  fill_watched();
  REFUSED(NOMO_EARGUMENT_NULL, nomo_monitor_size(NULL, &out.memory_len, &out.bytes_len, &error));
  REFUSED(NOMO_EARGUMENT_NULL, nomo_monitor_size(policies, NULL, &out.bytes_len, &error));
  REFUSED(NOMO_EARGUMENT_NULL, nomo_monitor_size(policies, &out.memory_len, NULL, &error));
  REFUSED(NOMO_EUNSUPPORTED_PROFILE, nomo_monitor_size(no_profile, &out.memory_len, &out.bytes_len, &error));
  REFUSED(NOMO_EARGUMENT_NULL, nomo_monitor_create(NULL, &out.monitor, &error));
  REFUSED(NOMO_EARGUMENT_NULL, nomo_monitor_create(policies, NULL, &error));
  REFUSED(NOMO_EUNSUPPORTED_PROFILE, nomo_monitor_create(no_profile, &out.monitor, &error));
  check_error_struct(create_with, NOMO_EARGUMENT_NULL, __LINE__);
  ACCEPTED(nomo_monitor_size(policies, &memory_len, &bytes_len, &error));
  CHECK(memory_len + 64 < ROOM && bytes_len < ROOM && bytes_len <= N_FEATURES * 1024);
  fill_watched();
  REFUSED(NOMO_EARGUMENT_NULL, nomo_monitor_create_in(policies, NULL, memory_len, &out.monitor, &error));
  REFUSED(NOMO_EARGUMENT_NULL, nomo_monitor_create_in(policies, memory, memory_len, NULL, &error));
  REFUSED(NOMO_EUNSUPPORTED_PROFILE,
          nomo_monitor_create_in(no_profile, memory, sizeof memory, &out.monitor, &error));
  for (shift = 0; shift < 32; shift++) { /* any alignment, and not a byte beside it */
    memset(memory, PATTERN, sizeof memory);
    REFUSED(NOMO_EBUFFER_MEMORY, nomo_monitor_create_in(policies, memory + shift, memory_len - 1, &out.monitor, &error));
    ACCEPTED(nomo_monitor_create_in(policies, memory + shift, memory_len, &out.monitor, &error));
    ACCEPTED(nomo_session_set_monitor(session, out.monitor, &error));
    CHECK(predict(session, 40) == NOMO_OK);
    written(out.monitor, out.bytes);
    CHECK(cell(out.bytes, 0) == 1);
    ACCEPTED(nomo_session_set_monitor(session, NULL, &error));
    nomo_monitor_destroy(out.monitor);
    for (i = 0; i < shift && memory[i] == PATTERN; i++) {}
    CHECK(i == shift);
    for (i = shift + memory_len; i < sizeof memory && memory[i] == PATTERN; i++) {}
    CHECK(i == sizeof memory);
  }
  nomo_monitor_destroy(NULL);
}

static void test_count(void) {
  static unsigned char first[ROOM], sum[ROOM];
  nomo_monitor *of_number;
  ACCEPTED(nomo_monitor_create(policies, &monitor, &error));
  REFUSED(NOMO_EARGUMENT_NULL, nomo_session_set_monitor(NULL, monitor, &error));
  REFUSED(NOMO_EARGUMENT_ALIGNMENT, nomo_session_set_monitor(session, off(monitor), &error));
  CHECK(predict(session, 40) == NOMO_OK); /* not counted */
  ACCEPTED(nomo_session_set_monitor(session, monitor, &error));
  ACCEPTED(nomo_session_set_monitor(other_session, monitor, &error));
  CHECK(predict(session, 40) == NOMO_OK && predict(other_session, 50) == NOMO_OK);
  CHECK(NOMO_STATUS_CLASS(predict(session, not_a_number())) == NOMO_EVALUE ||
        predict(session, HUGE_VAL) != NOMO_OK);
  written(monitor, first);
  CHECK(cell(first, 0) >= 2);

  /* Added twice: every count is doubled. */
  ACCEPTED(nomo_monitor_create(policies, &out.monitor, &error));
  ACCEPTED(nomo_monitor_add(out.monitor, first, bytes_len, &error));
  written(out.monitor, sum);
  CHECK(memcmp(first, sum, bytes_len) == 0);
  ACCEPTED(nomo_monitor_add(out.monitor, first, bytes_len, &error));
  written(out.monitor, sum);
  CHECK(cell(sum, 0) == 2 * cell(first, 0));

  /* Bytes that were changed, cut, or are of another bundle. */
  written(out.monitor, out.bytes);
  out.bytes[60] ^= 1;
  REFUSED(NOMO_EFORMAT_COUNTERS, nomo_monitor_add(out.monitor, out.bytes, bytes_len, &error));
  out.bytes[60] ^= 1;
  REFUSED(NOMO_EFORMAT_COUNTERS, nomo_monitor_add(out.monitor, out.bytes, bytes_len - 1, &error));
  REFUSED(NOMO_EFORMAT_COUNTERS, nomo_monitor_add(out.monitor, NULL, 0, &error));
  REFUSED(NOMO_EARGUMENT_NULL, nomo_monitor_add(out.monitor, NULL, bytes_len, &error));
  REFUSED(NOMO_EARGUMENT_NULL, nomo_monitor_add(NULL, out.bytes, bytes_len, &error));
  written(out.monitor, out.bytes);
  CHECK(memcmp(sum, out.bytes, bytes_len) == 0);
  if (nomo_monitor_create(number, &of_number, NULL) == NOMO_OK) {
    REFUSED(NOMO_EFORMAT_COUNTERS, nomo_session_set_monitor(session, of_number, &error));
    REFUSED(NOMO_EFORMAT_COUNTERS, nomo_monitor_add(of_number, sum, bytes_len, &error));
    REFUSED(NOMO_EARGUMENT_OPTION, nomo_monitor_add_outcome(of_number, 0.5, 1, &error));
    nomo_monitor_destroy(of_number);
  } else {
    CHECK(0 && "number.nomo has a profile");
  }

  /* A new period. */
  REFUSED(NOMO_EARGUMENT_NULL, nomo_monitor_clear(NULL, &error));
  ACCEPTED(nomo_monitor_clear(out.monitor, &error));
  written(out.monitor, out.bytes);
  CHECK(cell(out.bytes, 0) == 0);
  nomo_monitor_destroy(out.monitor);
}

static void test_outcomes_and_writing(void) {
  size_t i;
  ACCEPTED(nomo_monitor_clear(monitor, &error));
  fill_watched();
  REFUSED(NOMO_EARGUMENT_NULL, nomo_monitor_add_outcome(NULL, 0.5, 1, &error));
  REFUSED(NOMO_EARGUMENT_OPTION, nomo_monitor_add_outcome(monitor, 1.5, 1, &error));
  REFUSED(NOMO_EARGUMENT_OPTION, nomo_monitor_add_outcome(monitor, not_a_number(), 1, &error));
  REFUSED(NOMO_EARGUMENT_OPTION, nomo_monitor_add_outcome(monitor, 0.5, 2, &error));
  REFUSED(NOMO_EARGUMENT_NULL, nomo_monitor_write(NULL, 1, out.bytes, bytes_len, &error));
  REFUSED(NOMO_EARGUMENT_NULL, nomo_monitor_write(monitor, 1, NULL, bytes_len, &error));
  REFUSED(NOMO_EARGUMENT_OPTION, nomo_monitor_write(monitor, 0, out.bytes, bytes_len, &error));
  REFUSED(NOMO_EBUFFER_LENGTH, nomo_monitor_write(monitor, 1, out.bytes, bytes_len - 1, &error));
  REFUSED(NOMO_EBUFFER_LENGTH, nomo_monitor_write(monitor, 1, out.bytes, bytes_len + 1, &error));
  for (i = 0; i < 3; i++) ACCEPTED(nomo_monitor_add_outcome(monitor, 0.25, i == 0, &error));
  for (i = 0; i < 7; i++) CHECK(predict(session, 40) == NOMO_OK);
  ACCEPTED(nomo_monitor_write(monitor, 5, out.bytes, bytes_len, &error));
  CHECK(cell(out.bytes, 0) == 5); /* 7 rows, rounded */
  for (i = 0; 40 + 8 * i + 32 < bytes_len; i++)
    CHECK(cell(out.bytes, i) % 5 == 0 || cell(out.bytes, i) > UINT32_MAX / 100); /* a sum of probabilities */
  written(monitor, out.bytes);
  CHECK(cell(out.bytes, 0) == 7);
}

int main(void) {
  if (nomo_model_open_file("policies.nomo", NULL, &policies, NULL) != NOMO_OK ||
      nomo_model_open_file("number.nomo", NULL, &number, NULL) != NOMO_OK ||
      nomo_model_open_file("three_members.nomo", NULL, &no_profile, NULL) != NOMO_OK ||
      nomo_session_create(policies, &session, NULL) != NOMO_OK ||
      nomo_session_create(policies, &other_session, NULL) != NOMO_OK) {
    puts("a bundle does not open");
    return 1;
  }
  WATCH(out);
  test_create();
  test_count();
  test_outcomes_and_writing();
  watch_nothing();
  nomo_session_destroy(other_session);
  nomo_session_destroy(session);
  nomo_monitor_destroy(monitor);
  nomo_model_release(no_profile);
  nomo_model_release(number);
  nomo_model_release(policies);
  return report();
}
