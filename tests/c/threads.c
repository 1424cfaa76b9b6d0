/*
 * threads.c - checks what nomogram.h promises about threads.
 *
 *     threads
 *
 * 64 threads share one model, each with a session; other threads then destroy those sessions. Then
 * two threads compete for one session. All bits are those of a single thread. policies.nomo
 * is in the current folder.
 */
#define _POSIX_C_SOURCE 200112L
#include <pthread.h>
#include <sched.h>

#include "outputs.h"

enum { THREADS = 64, ROWS = MAX_ROWS, ROUNDS = 12, LONG = 4000, TRIES = 100000 };

/* Only read once the threads run. */
static nomo_model *model;
static nomo_model_info info = NOMO_MODEL_INFO_INIT;
static double rows[ROWS][N_FEATURES], columns_of_rows[N_FEATURES][ROWS];
static results wanted;

/* One thread, its session, and its results. */
struct job {
  pthread_t thread;
  unsigned number;
  nomo_session *session;
  void *memory; /* of a session in the caller's memory */
  unsigned long right, wrong;
  results found;
};
static struct job jobs[THREADS];

static void note(struct job *job, int is_right) {
  if (is_right) job->right++;
  else job->wrong++;
}

/* No state is shared: an error is about the call of this thread. */
static void fail_once(struct job *job) {
  nomo_error why = NOMO_ERROR_INIT;
  const size_t feature = N_FEATURES + job->number;
  note(job, nomo_session_set_number(job->session, feature, 0, &why) == NOMO_EARGUMENT_FEATURE &&
                why.status == NOMO_EARGUMENT_FEATURE && why.feature == feature);
}

static void predict_rows(struct job *job, nomo_outputs *outputs) {
  nomo_matrix matrix = row_major(rows[0], ROWS, N_FEATURES);
  nomo_column columns[N_FEATURES];
  size_t i;
  for (i = 0; i < N_FEATURES; i++) columns[i] = f64_column(i, columns_of_rows[i], ROWS);
  if (job->number % 2 == 0)
    note(job, nomo_session_predict_matrix(job->session, &matrix, outputs, NULL) == NOMO_OK);
  else
    note(job, nomo_session_predict_columns(job->session, columns, N_FEATURES, ROWS, outputs, NULL) == NOMO_OK);
  for (i = 0; i < ROWS; i++) note(job, same_row(&job->found, i, &wanted, i, &info));
}

static void predict_values(struct job *job, size_t row) {
  nomo_outputs outputs = all_outputs(&job->found, &info, 1);
  double p[2];
  uint32_t c;
  size_t j;
  for (j = 0; j < N_FEATURES; j++)
    if (nomo_session_set_number(job->session, j, rows[row][j], NULL) != NOMO_OK) job->wrong++;
  note(job, nomo_session_predict(job->session, &outputs, NULL) == NOMO_OK &&
                same_row(&job->found, 0, &wanted, row, &info));
  note(job, nomo_session_predict_row(job->session, rows[row], N_FEATURES, p, 2, &c, NULL) == NOMO_OK &&
                same_bits(p, wanted.probabilities + 2 * row, 2) && c == wanted.class_indices[row]);
}

/* The model: described, tested, retained and released by all threads at once. */
static void use_model(struct job *job) {
  nomo_model_info found = NOMO_MODEL_INFO_INIT;
  nomo_model *other = NULL;
  note(job, nomo_model_retain(model) == NOMO_OK);
  note(job, nomo_model_describe(model, &found, NULL) == NOMO_OK && found.name == info.name);
  nomo_model_release(model);
  if (job->number % 8 != 0) return;
  note(job, nomo_model_self_test(model, NULL) == NOMO_OK);
  note(job, nomo_model_open_file("policies.nomo", NULL, &other, NULL) == NOMO_OK && other != model);
  nomo_model_release(other);
}

static void *work(void *argument) {
  struct job *job = argument;
  nomo_outputs outputs = all_outputs(&job->found, &info, ROWS);
  size_t n = 0, round;
  if (job->number % 3 == 0) {
    note(job, nomo_session_size(model, &n, NULL) == NOMO_OK && (job->memory = malloc(n)) != NULL);
    note(job, nomo_session_create_in(model, job->memory, n, &job->session, NULL) == NOMO_OK);
  } else {
    note(job, nomo_session_create(model, &job->session, NULL) == NOMO_OK);
  }
  for (round = 0; round < ROUNDS && job->wrong == 0; round++) {
    predict_rows(job, &outputs);
    predict_values(job, round % ROWS);
    fail_once(job);
    use_model(job);
  }
  nomo_model_release(model); /* the session keeps the model alive */
  return NULL;
}

/* Destroys the session of another thread. */
static void *end_session(void *argument) {
  struct job *job = argument, *other = &jobs[(job->number + 1) % THREADS];
  nomo_session_destroy(other->session);
  free(other->memory);
  return NULL;
}

static void run(void *(*start)(void *)) {
  unsigned i;
  for (i = 0; i < THREADS; i++) {
    jobs[i].number = i;
    if (pthread_create(&jobs[i].thread, NULL, start, &jobs[i]) != 0) abort();
  }
  for (i = 0; i < THREADS; i++) pthread_join(jobs[i].thread, NULL);
}

static void test_own_sessions(void) {
  unsigned i;
  for (i = 0; i < THREADS; i++)
    if (nomo_model_retain(model) != NOMO_OK) abort();
  run(work);
  for (i = 0; i < THREADS; i++) {
    CHECK(jobs[i].wrong == 0);
    CHECK(jobs[i].right > ROUNDS * ROWS);
  }
  run(end_session);
}

/* ---- One session, two threads ------------------------------------------------------------ */

static struct {
  pthread_mutex_t mutex;
  nomo_session *session;
  int has_begun, is_over;
  double *values, *probabilities;
  unsigned long right, busy, wrong;
} fight = {PTHREAD_MUTEX_INITIALIZER, NULL, 0, 0, NULL, NULL, 0, 0, 0};

static int get(const int *shared) {
  int value;
  pthread_mutex_lock(&fight.mutex);
  value = *shared;
  pthread_mutex_unlock(&fight.mutex);
  return value;
}

static void set(int *shared) {
  pthread_mutex_lock(&fight.mutex);
  *shared = 1;
  pthread_mutex_unlock(&fight.mutex);
}

/* Keeps the session busy. */
static void *predict_long(void *unused) {
  nomo_matrix matrix = row_major(fight.values, LONG, N_FEATURES);
  nomo_outputs outputs = NOMO_OUTPUTS_INIT;
  size_t i;
  (void)unused;
  outputs.probabilities = fight.probabilities;
  outputs.probabilities_len = 2 * LONG;
  while (!get(&fight.is_over)) {
    set(&fight.has_begun);
    int32_t s = nomo_session_predict_matrix(fight.session, &matrix, &outputs, NULL);
    for (i = 0; s == NOMO_OK && i < LONG; i++)
      if (!same_bits(fight.probabilities + 2 * i, wanted.probabilities + 2 * (i % ROWS), 2)) s = -1;
    if (s == NOMO_OK) fight.right++;
    else if (s == NOMO_EBUSY) fight.busy++;
    else fight.wrong++;
  }
  return NULL;
}

static struct {
  results results;
  double p[2];
  uint32_t c;
} out;

/* Every function that takes a session. */
static int32_t use_session(size_t function, size_t row) {
  nomo_session *s = fight.session;
  nomo_outputs one = all_outputs(&out.results, &info, 1), several = all_outputs(&out.results, &info, ROWS);
  nomo_matrix matrix = row_major(rows[0], ROWS, N_FEATURES);
  several.on_refusal = one.on_refusal = NOMO_ON_REFUSAL_GO_ON;
  switch (function) {
    case 0: return nomo_session_clear(s, &error);
    case 1: return nomo_session_set_number(s, AGE, 40, &error);
    case 2: return nomo_session_set_number_in(s, AGE, 480, "mo", &error);
    case 3: return nomo_session_set_integer(s, AGE, 40, &error);
    case 4: return nomo_session_set_boolean(s, SMOKER, 1, &error);
    case 5: return nomo_session_set_text(s, STAGE, "II", &error);
    case 6: return nomo_session_set_missing(s, GRADE, "masked", &error);
    case 7: return nomo_session_predict(s, &one, &error);
    case 8: return nomo_session_predict_row(s, rows[row], N_FEATURES, out.p, 2, &out.c, &error);
    case 9: return nomo_session_predict_matrix(s, &matrix, &several, &error);
    default: return nomo_session_predict_columns(s, NULL, 0, ROWS, &several, &error);
  }
}

static void test_one_session(void) {
  pthread_t thread;
  size_t function, i;
  fight.session = session_or_exit(model);
  fight.values = malloc(LONG * sizeof good_row);
  fight.probabilities = malloc(2 * LONG * sizeof(double));
  if (fight.values == NULL || fight.probabilities == NULL) abort();
  for (i = 0; i < LONG; i++) memcpy(fight.values + i * N_FEATURES, rows[i % ROWS], sizeof good_row);
  WATCH(out);
  if (pthread_create(&thread, NULL, predict_long, NULL) != 0) abort();
  while (!get(&fight.has_begun)) sched_yield();
  for (function = 0; function < 11; function++) {
    unsigned long busy = 0;
    for (i = 0; i < TRIES && busy < 3; i++) {
      begin();
      status = use_session(function, i % ROWS);
      if (status == NOMO_EBUSY) {
        busy++;
        after_refused(1, 1, __LINE__, "a busy session");
        CHECK(error.row == NOMO_PLACE_NONE && error.feature == NOMO_PLACE_NONE);
      } else {
        CHECK(status == NOMO_OK && error_is_same());
        if (function == 8) CHECK(same_bits(out.p, wanted.probabilities + 2 * (i % ROWS), 2));
      }
      sched_yield();
    }
    if (!CHECK(busy > 0)) printf("  function %zu never returned NOMO_EBUSY\n", function);
  }
  set(&fight.is_over);
  pthread_join(thread, NULL);
  CHECK(fight.right > 0 && fight.wrong == 0);
  printf("# one session: the long thread predicted %lu times and got NOMO_EBUSY %lu times\n",
         fight.right, fight.busy);
  for (i = 0; i < ROWS; i++) { /* the session still works */
    ACCEPTED(use_session(8, i));
    CHECK(same_bits(out.p, wanted.probabilities + 2 * i, 2));
  }
  watch_nothing();
  nomo_session_destroy(fight.session);
  free(fight.values);
  free(fight.probabilities);
}

int main(void) {
  nomo_outputs outputs;
  nomo_matrix matrix = row_major(rows[0], ROWS, N_FEATURES);
  nomo_session *session;
  size_t i, j;
  model = open_or_exit("policies.nomo");
  session = session_or_exit(model);
  for (i = 0; i < ROWS; i++)
    for (j = 0; j < N_FEATURES; j++) {
      rows[i][j] = good_row[j];
      if (j == AGE || j == TEMPERATURE) rows[i][j] += 3.5 * (double)i;
      if (j == SMOKER) rows[i][j] = (double)(i % 2);
      columns_of_rows[j][i] = rows[i][j];
    }
  ACCEPTED(nomo_model_describe(model, &info, &error));
  outputs = all_outputs(&wanted, &info, ROWS);
  ACCEPTED(nomo_session_predict_matrix(session, &matrix, &outputs, &error));
  nomo_session_destroy(session);
  test_own_sessions();
  test_one_session();
  nomo_model_release(model);
  return report();
}
