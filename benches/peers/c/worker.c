/*
 Times one library: opens a model, then predicts as often as standard input asks.

 usage: worker MODEL ROWS N_COLUMNS
 ROWS holds doubles, row by row. The first line that is printed is `SECONDS KIB`: processor time of
 opening, and the largest resident memory after one prediction. The commands are
   time N REPEATS   print the processor seconds of REPEATS calls with N rows each
   check N PATH     write the probabilities of N rows to a file, as doubles
   open             close the model, open it again, and print the processor seconds of that
*/
#define _DEFAULT_SOURCE
#include "worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

/* Single rows are taken in turn from this many, which fit into the cache. */
enum { N_SINGLE_ROWS = 1000 };

void require(int is_ok, const char *message)
{
    if (!is_ok) {
        fprintf(stderr, "%s\n", message);
        exit(1);
    }
}

static double processor_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static long peak_kib(void)
{
    char line[256];
    long kib = 0;
    FILE *status = fopen("/proc/self/status", "r");
    require(status != NULL, "/proc/self/status cannot be read");
    while (fgets(line, sizeof line, status) && !sscanf(line, "VmHWM: %ld", &kib)) {
    }
    fclose(status);
    return kib;
}

/* Memory in large pages where the system has them, as numpy asks for. */
static void *large_pages(size_t len)
{
    const size_t page = (size_t)2 << 20;
    void *memory = NULL;
    len = (len + page - 1) / page * page;
    require(posix_memalign(&memory, page, len) == 0, "no memory for the rows");
    madvise(memory, len, MADV_HUGEPAGE);
    return memory;
}

static struct rows read_rows(const char *path, size_t n_columns, size_t *n_rows)
{
    /* Into memory, as a host has them. */
    FILE *file = fopen(path, "rb");
    require(file != NULL && fseek(file, 0, SEEK_END) == 0, "the rows cannot be read");
    size_t len = (size_t)ftell(file) / sizeof(double);
    double *values = large_pages(len * sizeof(double));
    float *single = large_pages(len * sizeof(float));
    rewind(file);
    require(fread(values, sizeof(double), len, file) == len, "the rows cannot be read");
    fclose(file);
    for (size_t i = 0; i < len; i++)
        single[i] = (float)values[i];
    *n_rows = len / n_columns;
    return (struct rows){values, single, n_columns};
}

static double time_calls(const struct rows *rows, size_t n, size_t repeats, double *out)
{
    /* Untimed first: the system may have taken memory from a process that waited for its turn. */
    if (n > 1)
        predict_many(rows, n, out);
    for (size_t i = 0; n == 1 && i < repeats && i < N_SINGLE_ROWS; i++)
        predict_one(rows, i, out);
    double start = processor_seconds();
    for (size_t i = 0; i < repeats; i++) {
        if (n == 1)
            predict_one(rows, i % N_SINGLE_ROWS, out);
        else
            predict_many(rows, n, out);
    }
    return processor_seconds() - start;
}

static double time_opening(const char *path, size_t n_columns)
{
    double start = processor_seconds();
    open_model(path, n_columns);
    return processor_seconds() - start;
}

static void write_predictions(const struct rows *rows, size_t n, const char *path, double *out)
{
    /* Both ways of predicting must agree; single rows may differ in the last digits. */
    predict_many(rows, n, out);
    for (size_t i = 0; i < n; i++) {
        double one;
        predict_one(rows, i, &one);
        double difference = one > out[i] ? one - out[i] : out[i] - one;
        require(difference <= 1e-6, "one row and a batch differ");
    }
    FILE *file = fopen(path, "wb");
    require(file != NULL && fwrite(out, sizeof *out, n, file) == n && fclose(file) == 0,
            "the predictions cannot be written");
}

int main(int argc, char **argv)
{
    require(argc == 4, "usage: worker MODEL ROWS N_COLUMNS");
    size_t n_columns = strtoul(argv[3], NULL, 10), n_rows, n, repeats;
    double *zeros = calloc(n_columns, sizeof(double)), first;
    float *single_zeros = calloc(n_columns, sizeof(float));
    require(zeros != NULL && single_zeros != NULL, "no memory for a row");
    double opening = time_opening(argv[1], n_columns);
    predict_one(&(struct rows){zeros, single_zeros, n_columns}, 0, &first);
    printf("%.9f %ld\n", opening, peak_kib());
    fflush(stdout);

    struct rows rows = read_rows(argv[2], n_columns, &n_rows);
    double *out = calloc(n_rows, sizeof(double));
    require(out != NULL, "no memory for the predictions");
    char line[4096], path[4000];
    while (fgets(line, sizeof line, stdin)) {
        if (sscanf(line, "time %zu %zu", &n, &repeats) == 2 && n <= n_rows) {
            printf("%.9f\n", time_calls(&rows, n, repeats, out));
        } else if (sscanf(line, "check %zu %3999s", &n, path) == 2 && n <= n_rows) {
            write_predictions(&rows, n, path, out);
            printf("done\n");
        } else if (strcmp(line, "open\n") == 0) {
            close_model();
            printf("%.9f\n", time_opening(argv[1], n_columns));
        } else {
            require(0, "unknown command");
        }
        fflush(stdout);
    }
    return 0;
}
