/*
 Predicts once, for callgrind to count the instructions of one function.

 usage: predict BUNDLE ROWS N_ROWS
 ROWS holds doubles, row by row. One row is predicted by nomo_session_predict_row, more by
 nomo_session_predict_matrix.
*/
#include <stdio.h>
#include <stdlib.h>

#include "nomogram.h"

static nomo_error error = NOMO_ERROR_INIT;

static void require(int is_ok, const char *message)
{
    if (!is_ok) {
        fprintf(stderr, "%s\n", message);
        exit(1);
    }
}

static double *read_numbers(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    require(file != NULL && fseek(file, 0, SEEK_END) == 0, "the rows cannot be read");
    *len = (size_t)ftell(file) / sizeof(double);
    rewind(file);
    double *numbers = malloc(*len * sizeof *numbers);
    require(numbers != NULL, "no memory for the rows");
    require(fread(numbers, sizeof *numbers, *len, file) == *len, "the rows cannot be read");
    fclose(file);
    return numbers;
}

int main(int argc, char **argv)
{
    require(argc == 4, "usage: predict BUNDLE ROWS N_ROWS");
    size_t n_rows = strtoul(argv[3], NULL, 10), len;
    double *rows = read_numbers(argv[2], &len);
    double *probabilities = calloc(2 * n_rows, sizeof *probabilities);
    require(n_rows > 0 && len % n_rows == 0 && probabilities != NULL, "wrong number of rows");
    size_t n_columns = len / n_rows;

    nomo_model *model = NULL;
    nomo_session *session = NULL;
    require(nomo_model_open_file(argv[1], NULL, &model, &error) == NOMO_OK, error.message);
    require(nomo_session_create(model, &session, &error) == NOMO_OK, error.message);
    int32_t status;
    if (n_rows == 1) {
        status = nomo_session_predict_row(
            session, rows, n_columns, probabilities, 2, NULL, &error);
    } else {
        nomo_matrix matrix = NOMO_MATRIX_INIT;
        matrix.values = rows;
        matrix.values_len = len;
        matrix.n_rows = n_rows;
        matrix.n_columns = n_columns;
        matrix.row_stride = n_columns;
        matrix.column_stride = 1;
        nomo_outputs outputs = NOMO_OUTPUTS_INIT;
        outputs.probabilities = probabilities;
        outputs.probabilities_len = 2 * n_rows;
        status = nomo_session_predict_matrix(session, &matrix, &outputs, &error);
    }
    require(status == NOMO_OK, error.message);
    nomo_session_destroy(session);
    nomo_model_release(model);
    free(probabilities);
    free(rows);
    return 0;
}
