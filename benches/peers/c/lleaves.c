/* The functions that lleaves compiled; their object files are linked with this one. */
#include "worker.h"

void forest_one(const double *rows, double *probabilities, int start, int end);
void forest_batch(const double *rows, double *probabilities, int start, int end);

void open_model(const char *path, size_t n_columns)
{
    (void)path;
    (void)n_columns;
}

void close_model(void) {}

void predict_one(const struct rows *rows, size_t row, double *probability)
{
    forest_one(rows->values + row * rows->n_columns, probability, 0, 1);
}

void predict_many(const struct rows *rows, size_t n_rows, double *probabilities)
{
    forest_batch(rows->values, probabilities, 0, (int)n_rows);
}
