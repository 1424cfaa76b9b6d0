/* XGBoost's C API: prediction in place, from an array in single precision. */
#include "worker.h"

#include <stdint.h>
#include <stdio.h>

int XGBoosterCreate(void *const matrices[], uint64_t n_matrices, void **booster);
int XGBoosterLoadModel(void *booster, const char *path);
int XGBoosterSetParam(void *booster, const char *name, const char *value);
int XGBoosterPredictFromDense(void *booster, const char *array, const char *options, void *proxy,
                              const uint64_t **shape, uint64_t *n_dimensions, const float **out);
const char *XGBGetLastError(void);

static void *booster;
static const char *const OPTIONS =
    "{\"type\": 0, \"training\": false, \"iteration_begin\": 0, \"iteration_end\": 0,"
    " \"strict_shape\": false, \"missing\": NaN, \"cache_id\": 0}";

void open_model(const char *path, size_t n_columns)
{
    (void)n_columns;
    require(XGBoosterCreate(NULL, 0, &booster) == 0, XGBGetLastError());
    require(XGBoosterLoadModel(booster, path) == 0, XGBGetLastError());
    require(XGBoosterSetParam(booster, "nthread", "1") == 0, XGBGetLastError());
}

void close_model(void)
{
    require(XGBoosterFree(booster) == 0, XGBGetLastError());
}

static void predict(const float *values, size_t n_rows, size_t n_columns, double *probabilities)
{
    char array[256];
    const uint64_t *shape;
    uint64_t n_dimensions;
    const float *out;
    snprintf(array, sizeof array,
             "{\"data\": [%zu, true], \"shape\": [%zu, %zu], \"typestr\": \"<f4\", \"version\": 3}",
             (size_t)(uintptr_t)values, n_rows, n_columns);
    int status =
        XGBoosterPredictFromDense(booster, array, OPTIONS, NULL, &shape, &n_dimensions, &out);
    require(status == 0, XGBGetLastError());
    for (size_t i = 0; i < n_rows; i++)
        probabilities[i] = (double)out[i];
}

void predict_one(const struct rows *rows, size_t row, double *probability)
{
    predict(rows->single + row * rows->n_columns, 1, rows->n_columns, probability);
}

void predict_many(const struct rows *rows, size_t n_rows, double *probabilities)
{
    predict(rows->single, n_rows, rows->n_columns, probabilities);
}
