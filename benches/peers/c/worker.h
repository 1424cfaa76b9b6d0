/* What a library must provide to be timed by worker.c. */
#ifndef WORKER_H
#define WORKER_H

#include <stddef.h>

/* The same rows in both precisions; a library reads the one that it computes with. */
struct rows {
    const double *values;
    const float *single;
    size_t n_columns;
};

/* Opens a model for one thread. */
void open_model(const char *path, size_t n_columns);

/* Frees the model that is open. */
void close_model(void);

/* Writes the probability of the second class of one row, or the number. */
void predict_one(const struct rows *rows, size_t row, double *probability);

/* Writes the same of each of the first rows. */
void predict_many(const struct rows *rows, size_t n_rows, double *probabilities);

/* Ends the process with a message unless `is_ok`. */
void require(int is_ok, const char *message);

#endif
