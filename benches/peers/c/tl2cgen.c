/* The function that TL2cgen wrote; its sources are linked with this one. */
#include "worker.h"

#include <stdlib.h>

/* As the generated header declares it; NUMBER is the type that the model computes with. */
union Entry {
    int missing;
    NUMBER fvalue;
    int qvalue;
};
void predict(union Entry *row, int pred_margin, NUMBER *result);

static union Entry *entries;

void open_model(const char *path, size_t n_columns)
{
    (void)path;
    entries = calloc(n_columns, sizeof *entries);
    require(entries != NULL, "no memory for a row");
}

void close_model(void)
{
    free(entries);
}

void predict_one(const struct rows *rows, size_t row, double *probability)
{
    const double *values = rows->values + row * rows->n_columns;
    const float *single = rows->single + row * rows->n_columns;
    NUMBER result[2] = {0};
    for (size_t i = 0; i < rows->n_columns; i++)
        entries[i].fvalue = sizeof(NUMBER) == sizeof(float) ? single[i] : (NUMBER)values[i];
    predict(entries, 0, result);
    *probability = (double)result[N_RESULTS - 1];
}

void predict_many(const struct rows *rows, size_t n_rows, double *probabilities)
{
    for (size_t i = 0; i < n_rows; i++)
        predict_one(rows, i, probabilities + i);
}
