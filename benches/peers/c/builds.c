/*
 Times builds of the C library beside each other, and plain C that plain.py wrote: each in turn for a
 round, many rounds; the best one of each counts.

 usage: builds MODEL ROWS N_COLUMNS LIBRARY...
 ROWS holds doubles, row by row. A library is a shared one of Nomogram, or of plain C. Prints processor
 nanoseconds a row, and how many times as fast as the first library each is. With GO_ON in the
 environment, batches are predicted with NOMO_ON_REFUSAL_GO_ON.
*/
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "nomogram.h"

enum { MAX_LIBRARIES = 8, N_ROUNDS = 25, N_SINGLE_ROWS = 1000 };

struct library {
    nomo_session *session;
    __typeof__(&nomo_session_predict_row) predict_row;
    __typeof__(&nomo_session_predict_matrix) predict_matrix;
    double (*plain_row)(const double *row);
};

static double *rows, *probabilities;
static int32_t *row_status;
static size_t n_columns, n_rows;
static nomo_error error = NOMO_ERROR_INIT;

static void require(int is_ok, const char *message)
{
    if (!is_ok) {
        fprintf(stderr, "%s\n", message);
        exit(1);
    }
}

static struct library load(const char *path, const char *model_path)
{
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    require(handle != NULL, dlerror());
    struct library library = {.plain_row = (double (*)(const double *))dlsym(handle, "plain_row")};
    if (library.plain_row)
        return library;
    __typeof__(&nomo_model_open_file) open_file = dlsym(handle, "nomo_model_open_file");
    __typeof__(&nomo_session_create) create = dlsym(handle, "nomo_session_create");
    library.predict_row = dlsym(handle, "nomo_session_predict_row");
    library.predict_matrix = dlsym(handle, "nomo_session_predict_matrix");
    nomo_model *model = NULL;
    require(open_file(model_path, NULL, &model, &error) == NOMO_OK, error.message);
    require(create(model, &library.session, &error) == NOMO_OK, error.message);
    return library;
}

static void predict(const struct library *library, size_t first, size_t n)
{
    const double *values = rows + first * n_columns;
    if (library->plain_row) {
        for (size_t i = 0; i < n; i++)
            probabilities[i] = library->plain_row(values + i * n_columns);
        return;
    }
    if (n == 1) {
        int32_t status = library->predict_row(library->session, values, n_columns, probabilities, 2,
                                              NULL, &error);
        require(status == NOMO_OK, error.message);
        return;
    }
    nomo_matrix matrix = NOMO_MATRIX_INIT;
    matrix.values = values;
    matrix.values_len = n * n_columns;
    matrix.n_rows = n;
    matrix.n_columns = matrix.row_stride = n_columns;
    matrix.column_stride = 1;
    nomo_outputs outputs = NOMO_OUTPUTS_INIT;
    outputs.probabilities = probabilities;
    outputs.probabilities_len = 2 * n;
    if (getenv("GO_ON")) {
        outputs.on_refusal = NOMO_ON_REFUSAL_GO_ON;
        outputs.row_status = row_status;
        outputs.row_status_len = n;
    }
    int32_t status = library->predict_matrix(library->session, &matrix, &outputs, &error);
    require(status == NOMO_OK, error.message);
}

static double seconds_of_calls(const struct library *library, size_t n, size_t n_calls)
{
    struct timespec start, end;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
    for (size_t i = 0; i < n_calls; i++)
        predict(library, n == 1 ? i % N_SINGLE_ROWS : 0, n);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
    return (double)(end.tv_sec - start.tv_sec) + 1e-9 * (double)(end.tv_nsec - start.tv_nsec);
}

static void read_rows(const char *path)
{
    FILE *file = fopen(path, "rb");
    require(file != NULL && fseek(file, 0, SEEK_END) == 0, "the rows cannot be read");
    size_t len = (size_t)ftell(file) / sizeof(double);
    rewind(file);
    rows = malloc(len * sizeof *rows);
    require(rows != NULL && fread(rows, sizeof *rows, len, file) == len, "the rows cannot be read");
    fclose(file);
    n_rows = len / n_columns;
    probabilities = malloc(2 * n_rows * sizeof *probabilities);
    row_status = malloc(n_rows * sizeof *row_status);
    require(probabilities != NULL && row_status != NULL, "no memory for the outputs");
}

int main(int argc, char **argv)
{
    static const size_t sizes[] = {1, 16, 1000, 10000, 100000};
    struct library libraries[MAX_LIBRARIES];
    int n_libraries = argc - 4;
    require(n_libraries > 0 && n_libraries <= MAX_LIBRARIES,
            "usage: builds MODEL ROWS N_COLUMNS LIBRARY...");
    n_columns = strtoul(argv[3], NULL, 10);
    read_rows(argv[2]);
    for (int i = 0; i < n_libraries; i++)
        libraries[i] = load(argv[4 + i], argv[1]);
    for (size_t size = 0; size < sizeof sizes / sizeof *sizes && sizes[size] <= n_rows; size++) {
        size_t n = sizes[size], n_calls = n < 1000 ? 20000 / n : 1 + 20000 / n;
        double best[MAX_LIBRARIES];
        for (int round = 0; round < N_ROUNDS; round++) {
            for (int i = 0; i < n_libraries; i++) {
                double seconds = seconds_of_calls(&libraries[i], n, n_calls);
                double per_row = seconds / (double)(n * n_calls);
                best[i] = round == 0 || per_row < best[i] ? per_row : best[i];
            }
        }
        printf("%6zu rows a call:", n);
        for (int i = 0; i < n_libraries; i++)
            printf("  %8.1f ns (%.2f)", 1e9 * best[i], best[0] / best[i]);
        printf("\n");
    }
    return 0;
}
