/* Nomogram through its C ABI, with the schema's checks. */
#include "worker.h"

#include <stdlib.h>

#include "nomogram.h"

static nomo_session *session;
/* Probabilities of both classes, of as many rows as were asked for last. */
static double *both;
static size_t both_len;
static nomo_error error = NOMO_ERROR_INIT;

void open_model(const char *path, size_t n_columns)
{
    nomo_model *model = NULL;
    (void)n_columns;
    require(nomo_model_open_file(path, NULL, &model, &error) == NOMO_OK, error.message);
    require(nomo_session_create(model, &session, &error) == NOMO_OK, error.message);
    nomo_model_release(model);
}

void predict_one(const struct rows *rows, size_t row, double *probability)
{
    double pair[2];
    int32_t status = nomo_session_predict_row(
        session, rows->values + row * rows->n_columns, rows->n_columns, pair, 2, NULL, &error);
    require(status == NOMO_OK, error.message);
    *probability = pair[1];
}

void predict_many(const struct rows *rows, size_t n_rows, double *probabilities)
{
    if (both_len != 2 * n_rows) {
        both_len = 2 * n_rows;
        both = realloc(both, both_len * sizeof *both);
        require(both != NULL, "no memory for the probabilities");
    }
    nomo_matrix matrix = NOMO_MATRIX_INIT;
    matrix.values = rows->values;
    matrix.values_len = n_rows * rows->n_columns;
    matrix.n_rows = n_rows;
    matrix.n_columns = rows->n_columns;
    matrix.row_stride = rows->n_columns;
    matrix.column_stride = 1;
    nomo_outputs outputs = NOMO_OUTPUTS_INIT;
    outputs.probabilities = both;
    outputs.probabilities_len = both_len;
    int32_t status = nomo_session_predict_matrix(session, &matrix, &outputs, &error);
    require(status == NOMO_OK, error.message);
    for (size_t i = 0; i < n_rows; i++)
        probabilities[i] = both[2 * i + 1];
}
