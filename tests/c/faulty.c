/*
 * faulty.c - breaks the contract of nomogram.h, to show that the sanitizers report it.
 *
 *     faulty read | leak | overflow | race
 *
 * Exits with 0 if no tool stops it. policies.nomo is in the current folder.
 */
#include <limits.h>
#include <pthread.h>

#include "outputs.h"

static nomo_model *model;
static double shared[2];

/* The library reads one value beyond the array. */
static void read_beyond(void) {
  nomo_session *session = session_or_exit(model);
  double *row = malloc((N_FEATURES - 1) * sizeof *row);
  if (row == NULL) abort();
  memcpy(row, good_row, (N_FEATURES - 1) * sizeof *row);
  CHECK(nomo_session_predict_row(session, row, N_FEATURES, shared, 2, NULL, NULL) >= 0);
  free(row);
  nomo_session_destroy(session);
}

/* Two threads let the library write to the same place. */
static void *write_shared(void *unused) {
  nomo_session *session = session_or_exit(model);
  int i;
  for (i = 0; i < 1000; i++)
    (void)nomo_session_predict_row(session, good_row, N_FEATURES, shared, 2, NULL, NULL);
  nomo_session_destroy(session);
  return unused;
}

static void race(void) {
  pthread_t threads[2];
  int i;
  for (i = 0; i < 2; i++)
    if (pthread_create(&threads[i], NULL, write_shared, NULL) != 0) abort();
  for (i = 0; i < 2; i++) pthread_join(threads[i], NULL);
}

int main(int argc, char **argv) {
  const char *fault = argc == 2 ? argv[1] : "";
  model = open_or_exit("policies.nomo");
  if (strcmp(fault, "read") == 0) read_beyond();
  if (strcmp(fault, "race") == 0) race();
  if (strcmp(fault, "overflow") == 0) printf("%d\n", INT_MAX - 1 + argc);
  if (strcmp(fault, "leak") == 0) model = NULL;
  nomo_model_release(model);
  return 0;
}
