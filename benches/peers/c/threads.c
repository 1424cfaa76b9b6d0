/*
 Compares two threads with one: each thread predicts batches of its own rows with a session of its own. One thread
 and two take turns for a round, many rounds; the best one of each counts, by the clock.

 usage: threads MODEL ROWS N_COLUMNS
 ROWS holds doubles, row by row. Prints rows in a second, and how many times as fast two threads are.
 Needs a machine with two free processors.

 cc -O2 -std=gnu11 -I../../../include threads.c -L FOLDER -lnomogram -lpthread -o threads
*/
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "nomogram.h"

enum { N_THREADS = 2, N_ROUNDS = 25, N_ROWS = 10000 };

struct thread {
    nomo_session *session;
    double *rows, *probabilities;
};

static size_t n_columns, n_calls = 1;

static void require(int is_ok, const char *message)
{
    if (!is_ok) {
        fprintf(stderr, "%s\n", message);
        exit(1);
    }
}

static void *predict(void *argument)
{
    const struct thread *thread = argument;
    nomo_error error = NOMO_ERROR_INIT;
    nomo_matrix matrix = NOMO_MATRIX_INIT;
    matrix.values = thread->rows;
    matrix.values_len = N_ROWS * n_columns;
    matrix.n_rows = N_ROWS;
    matrix.n_columns = matrix.row_stride = n_columns;
    matrix.column_stride = 1;
    nomo_outputs outputs = NOMO_OUTPUTS_INIT;
    outputs.probabilities = thread->probabilities;
    outputs.probabilities_len = 2 * N_ROWS;
    for (size_t call = 0; call < n_calls; call++) {
        int32_t status = nomo_session_predict_matrix(thread->session, &matrix, &outputs, &error);
        require(status == NOMO_OK, error.message);
    }
    return NULL;
}

static double seconds_of(struct thread *threads, size_t n_threads)
{
    struct timespec start, end;
    pthread_t ids[N_THREADS];
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (size_t i = 0; i < n_threads; i++)
        require(pthread_create(&ids[i], NULL, predict, &threads[i]) == 0, "no thread");
    for (size_t i = 0; i < n_threads; i++)
        pthread_join(ids[i], NULL);
    clock_gettime(CLOCK_MONOTONIC, &end);
    return (double)(end.tv_sec - start.tv_sec) + 1e-9 * (double)(end.tv_nsec - start.tv_nsec);
}

int main(int argc, char **argv)
{
    require(argc == 4, "usage: threads MODEL ROWS N_COLUMNS");
    n_columns = strtoul(argv[3], NULL, 10);
    size_t n_values = N_ROWS * n_columns;
    nomo_error error = NOMO_ERROR_INIT;
    nomo_model *model = NULL;
    require(nomo_model_open_file(argv[1], NULL, &model, &error) == NOMO_OK, error.message);
    struct thread threads[N_THREADS];
    for (size_t i = 0; i < N_THREADS; i++) {
        threads[i].rows = malloc(n_values * sizeof(double));
        threads[i].probabilities = malloc(2 * N_ROWS * sizeof(double));
        require(threads[i].rows != NULL && threads[i].probabilities != NULL, "no memory");
        FILE *file = fopen(argv[2], "rb");
        require(file != NULL && fread(threads[i].rows, sizeof(double), n_values, file) == n_values,
                "the file of rows cannot be read, or has fewer than 10,000");
        fclose(file);
        require(nomo_session_create(model, &threads[i].session, &error) == NOMO_OK, error.message);
    }
    /* About a tenth of a second for a thread and round, so that starting it takes no visible part. */
    n_calls += (size_t)(0.1 / seconds_of(threads, 1));
    double best[N_THREADS] = {1e9, 1e9};
    for (int round = 0; round < N_ROUNDS; round++) {
        for (size_t n = 1; n <= N_THREADS; n++) {
            double seconds = seconds_of(threads, n);
            best[n - 1] = seconds < best[n - 1] ? seconds : best[n - 1];
        }
    }
    double rows = (double)(N_ROWS * n_calls);
    printf("one thread %.0f rows/s, two %.0f: %.2f times\n", rows / best[0], N_THREADS * rows / best[1],
           N_THREADS * best[0] / best[1]);
    for (size_t i = 0; i < N_THREADS; i++) {
        nomo_session_destroy(threads[i].session);
        free(threads[i].rows);
        free(threads[i].probabilities);
    }
    nomo_model_release(model);
    return 0;
}
