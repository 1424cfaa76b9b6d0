/* LightGBM's C API: the prepared call for single rows, and the one for a matrix. */
#include "worker.h"

#include <stdint.h>

int LGBM_BoosterCreateFromModelfile(const char *path, int *n_iterations, void **booster);
int LGBM_BoosterPredictForMatSingleRowFastInit(void *booster, int predict_type, int start_iteration,
                                               int n_iterations, int data_type, int32_t n_columns,
                                               const char *parameters, void **fast);
int LGBM_BoosterPredictForMatSingleRowFast(void *fast, const void *row, int64_t *out_len,
                                           double *out);
int LGBM_BoosterPredictForMat(void *booster, const void *rows, int data_type, int32_t n_rows,
                              int32_t n_columns, int is_row_major, int predict_type,
                              int start_iteration, int n_iterations, const char *parameters,
                              int64_t *out_len, double *out);
int LGBM_FastConfigFree(void *fast);
int LGBM_BoosterFree(void *booster);
const char *LGBM_GetLastError(void);

enum { FLOAT64 = 1, NORMAL = 0, ALL = -1 };
static const char *const PARAMETERS = "num_threads=1";
static void *booster, *fast;

void open_model(const char *path, size_t n_columns)
{
    int n_iterations;
    require(LGBM_BoosterCreateFromModelfile(path, &n_iterations, &booster) == 0, LGBM_GetLastError());
    int status = LGBM_BoosterPredictForMatSingleRowFastInit(
        booster, NORMAL, 0, ALL, FLOAT64, (int32_t)n_columns, PARAMETERS, &fast);
    require(status == 0, LGBM_GetLastError());
}

void close_model(void)
{
    require(LGBM_FastConfigFree(fast) == 0, LGBM_GetLastError());
    require(LGBM_BoosterFree(booster) == 0, LGBM_GetLastError());
}

void predict_one(const struct rows *rows, size_t row, double *probability)
{
    int64_t len;
    const double *values = rows->values + row * rows->n_columns;
    int status = LGBM_BoosterPredictForMatSingleRowFast(fast, values, &len, probability);
    require(status == 0, LGBM_GetLastError());
}

void predict_many(const struct rows *rows, size_t n_rows, double *probabilities)
{
    int64_t len;
    int status = LGBM_BoosterPredictForMat(
        booster, rows->values, FLOAT64, (int32_t)n_rows, (int32_t)rows->n_columns, 1, NORMAL, 0, ALL,
        PARAMETERS, &len, probabilities);
    require(status == 0, LGBM_GetLastError());
}
