/* Nomogram through its C ABI, with the schema's checks. */
#include "worker.h"

#include <stdlib.h>

#include "nomogram.h"

static nomo_session *session;
/* All outputs, of as many rows as were asked for last: the probabilities of both classes, or a number. */
static double *all;
static size_t all_len, n_outputs;
static nomo_error error = NOMO_ERROR_INIT;

void open_model(const char *path, size_t n_columns)
{
    nomo_model *model = NULL;
    nomo_model_info info = NOMO_MODEL_INFO_INIT;
    (void)n_columns;
    require(nomo_model_open_file(path, NULL, &model, &error) == NOMO_OK, error.message);
    require(nomo_session_create(model, &session, &error) == NOMO_OK, error.message);
    require(nomo_model_describe(model, &info, &error) == NOMO_OK, error.message);
    n_outputs = info.n_outputs;
    require(n_outputs <= 2, "more than two outputs");
    nomo_model_release(model);
}

void close_model(void)
{
    nomo_session_destroy(session);
}

void predict_one(const struct rows *rows, size_t row, double *probability)
{
    double pair[2];
    int32_t status = nomo_session_predict_row(
        session, rows->values + row * rows->n_columns, rows->n_columns, pair, n_outputs, NULL, &error);
    require(status == NOMO_OK, error.message);
    *probability = pair[n_outputs - 1];
}

void predict_many(const struct rows *rows, size_t n_rows, double *probabilities)
{
    if (all_len != n_outputs * n_rows) {
        all_len = n_outputs * n_rows;
        all = realloc(all, all_len * sizeof *all);
        require(all != NULL, "no memory for the outputs");
    }
    nomo_matrix matrix = NOMO_MATRIX_INIT;
    matrix.values = rows->values;
    matrix.values_len = n_rows * rows->n_columns;
    matrix.n_rows = n_rows;
    matrix.n_columns = rows->n_columns;
    matrix.row_stride = rows->n_columns;
    matrix.column_stride = 1;
    nomo_outputs outputs = NOMO_OUTPUTS_INIT;
    outputs.probabilities = all;
    outputs.probabilities_len = all_len;
    int32_t status = nomo_session_predict_matrix(session, &matrix, &outputs, &error);
    require(status == NOMO_OK, error.message);
    for (size_t i = 0; i < n_rows; i++)
        probabilities[i] = all[(i + 1) * n_outputs - 1];
}
