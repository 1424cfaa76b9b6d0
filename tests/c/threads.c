/*
 * threads.c - checks what nomogram.h promises about threads.
 *
 *     gcc -std=c99 -Wall -Wextra -pedantic -Werror -pthread -Iinclude threads.c -Lpath -lnomogram -o threads
 *     ./threads BUNDLE.nomo
 *
 * Eight threads share one model, each with its own session; then two threads fight for one
 * session. All bits are those of one thread alone. Exit code 1 if a check failed.
 */
#define _POSIX_C_SOURCE 200112L
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nomogram.h"

enum { THREADS = 8, ROWS = 2000, ROUNDS = 200 };

/* Shared by all threads, which only read it after main has set it up. */
struct shared {
  nomo_model *model;
  nomo_session *session; /* the one that two threads fight for */
  pthread_barrier_t barrier;
  size_t nf, nc;
  double *rows;
  double *wanted;
  uint32_t *wanted_class;
};

/* One thread and what it found. */
struct job {
  pthread_t thread;
  struct shared *shared;
  int by_matrix;
  unsigned long right, busy, wrong;
};

static unsigned long passed, failed;

#define CHECK(condition) \
  ((condition) ? (void)passed++ \
               : (void)(failed++, printf("%s:%d: failed: %s\n", __FILE__, __LINE__, #condition)))

static void predict_one(struct job *job, nomo_session *session, size_t row, double *p) {
  const struct shared *s = job->shared;
  uint32_t c = UINT32_MAX;
  int32_t status;
  size_t i;
  for (i = 0; i < s->nc; i++) p[i] = -1;
  status = nomo_session_predict_row(session, s->rows + row * s->nf, s->nf, p, s->nc, &c, NULL);
  if (status == NOMO_OK && c == s->wanted_class[row] &&
      memcmp(p, s->wanted + row * s->nc, s->nc * sizeof *p) == 0)
    job->right++;
  else if (status == NOMO_EBUSY && c == UINT32_MAX && p[0] == -1)
    job->busy++;
  else
    job->wrong++;
}

static void *own_session(void *argument) {
  struct job *job = argument;
  struct shared *s = job->shared;
  nomo_session *session = NULL;
  double *p = malloc(s->nc * sizeof *p);
  size_t row;
  pthread_barrier_wait(&s->barrier);
  if (p == NULL || nomo_session_create(s->model, &session, NULL) != NOMO_OK) job->wrong++;
  else
    for (row = 0; row < ROWS; row++) predict_one(job, session, row, p);
  nomo_session_destroy(session);
  free(p);
  return NULL;
}

static void predict_all(struct job *job, double *p, uint32_t *c) {
  const struct shared *s = job->shared;
  nomo_matrix in = NOMO_MATRIX_INIT;
  nomo_outputs out = NOMO_OUTPUTS_INIT;
  int32_t status;
  in.values = s->rows;
  in.n_values = ROWS * s->nf;
  in.n_rows = ROWS;
  in.n_columns = in.row_stride = s->nf;
  in.column_stride = 1;
  out.probabilities = p;
  out.n_probabilities = ROWS * s->nc;
  out.class_indices = c;
  out.n_class_indices = ROWS;
  p[0] = -1;
  status = nomo_session_predict_matrix(s->session, &in, &out, NULL);
  if (status == NOMO_OK && memcmp(p, s->wanted, ROWS * s->nc * sizeof *p) == 0 &&
      memcmp(c, s->wanted_class, ROWS * sizeof *c) == 0)
    job->right++;
  else if (status == NOMO_EBUSY && p[0] == -1)
    job->busy++;
  else
    job->wrong++;
}

static void *one_session(void *argument) {
  struct job *job = argument;
  struct shared *s = job->shared;
  double *p = malloc(ROWS * s->nc * sizeof *p);
  uint32_t *c = malloc(ROWS * sizeof *c);
  size_t i;
  pthread_barrier_wait(&s->barrier);
  if (p == NULL || c == NULL) job->wrong++;
  else
    for (i = 0; i < ROUNDS * (job->by_matrix ? 1 : 100); i++) {
      if (job->by_matrix) predict_all(job, p, c);
      else predict_one(job, s->session, i % ROWS, p);
    }
  free(c);
  free(p);
  return NULL;
}

static void run(struct shared *s, struct job *jobs, unsigned n, void *(*work)(void *), int by_matrix) {
  unsigned i;
  memset(jobs, 0, n * sizeof *jobs);
  if (pthread_barrier_init(&s->barrier, NULL, n) != 0) abort();
  for (i = 0; i < n; i++) {
    jobs[i].shared = s;
    jobs[i].by_matrix = by_matrix && i == 0; /* the first by matrix, the others row by row */
    if (pthread_create(&jobs[i].thread, NULL, work, &jobs[i]) != 0) abort();
  }
  for (i = 0; i < n; i++) pthread_join(jobs[i].thread, NULL);
  pthread_barrier_destroy(&s->barrier);
}

static void test_own_sessions(struct shared *s) {
  struct job jobs[THREADS];
  unsigned i;
  run(s, jobs, THREADS, own_session, 0);
  for (i = 0; i < THREADS; i++) {
    CHECK(jobs[i].right == ROWS);
    CHECK(jobs[i].busy == 0);
    CHECK(jobs[i].wrong == 0);
  }
}

static void test_one_session(struct shared *s, int by_matrix) {
  struct job jobs[2];
  unsigned i;
  run(s, jobs, 2, one_session, by_matrix);
  for (i = 0; i < 2; i++) {
    CHECK(jobs[i].wrong == 0);
    printf("# one session, thread %u %s: %lu right, %lu busy\n", i,
           jobs[i].by_matrix ? "by matrix" : "by row", jobs[i].right, jobs[i].busy);
  }
  CHECK(jobs[0].right + jobs[1].right > 0);
  memset(&jobs[0], 0, sizeof jobs[0]); /* the session works on */
  jobs[0].shared = s;
  {
    double *p = malloc(s->nc * sizeof *p);
    if (p == NULL) abort();
    predict_one(&jobs[0], s->session, 7, p);
    free(p);
  }
  CHECK(jobs[0].right == 1);
}

static int set_up(struct shared *s, const char *path) {
  nomo_error error = NOMO_ERROR_INIT;
  size_t i, j;
  if (nomo_model_open_file(path, NULL, &s->model, &error) != NOMO_OK ||
      nomo_model_n_features(s->model, &s->nf, &error) != NOMO_OK ||
      nomo_model_n_classes(s->model, &s->nc, &error) != NOMO_OK ||
      nomo_session_create(s->model, &s->session, &error) != NOMO_OK) {
    fprintf(stderr, "%s\n", error.message);
    return 0;
  }
  s->rows = malloc(ROWS * s->nf * sizeof *s->rows);
  s->wanted = malloc(ROWS * s->nc * sizeof *s->wanted);
  s->wanted_class = malloc(ROWS * sizeof *s->wanted_class);
  if (s->rows == NULL || s->wanted == NULL || s->wanted_class == NULL) return 0;
  for (i = 0; i < ROWS; i++) {
    for (j = 0; j < s->nf; j++)
      s->rows[i * s->nf + j] = 3.0 + (double)((i * 37 + j * 101) % 997) / 9.0;
    if (nomo_session_predict_row(s->session, s->rows + i * s->nf, s->nf, s->wanted + i * s->nc,
                                 s->nc, &s->wanted_class[i], &error) != NOMO_OK) {
      fprintf(stderr, "%s\n", error.message);
      return 0;
    }
  }
  return 1;
}

int main(int argc, char **argv) {
  static struct shared s;
  int ready;
  if (argc != 2) {
    fprintf(stderr, "usage: threads BUNDLE.nomo\n");
    return 2;
  }
  ready = set_up(&s, argv[1]);
  CHECK(ready);
  if (ready) {
    test_own_sessions(&s);
    test_one_session(&s, 0);
    test_one_session(&s, 1);
  }
  free(s.wanted_class);
  free(s.wanted);
  free(s.rows);
  nomo_session_destroy(s.session);
  nomo_model_release(s.model);
  printf("%lu passed, %lu failed\n", passed, failed);
  return failed != 0;
}
