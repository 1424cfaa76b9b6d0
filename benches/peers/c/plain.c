/* Plain C that plain.py wrote for one model; it is linked with this file. */
#include "worker.h"

double plain_row(const double *row);

void open_model(const char *path, size_t n_columns)
{
    (void)path;
    (void)n_columns;
}

void close_model(void) {}

void predict_one(const struct rows *rows, size_t row, double *probability)
{
    *probability = plain_row(rows->values + row * rows->n_columns);
}

void predict_many(const struct rows *rows, size_t n_rows, double *probabilities)
{
    for (size_t i = 0; i < n_rows; i++)
        probabilities[i] = plain_row(rows->values + i * rows->n_columns);
}
