/* Opens the bundle that is its argument, predicts one row of tens, prints the probabilities and its
   peak of memory. */
#include "nomogram.h"

#include "peak.h"

enum { MOST_FEATURES = 64, MOST_CLASSES = 16 };

static nomo_error error = NOMO_ERROR_INIT;

static int predict(nomo_model *model)
{
    double row[MOST_FEATURES], probabilities[MOST_CLASSES];
    nomo_model_info info = NOMO_MODEL_INFO_INIT;
    size_t i;
    nomo_session *session = NULL;
    int32_t status;
    if (nomo_model_describe(model, &info, &error) != NOMO_OK)
        return 1;
    if (info.n_features > MOST_FEATURES || info.n_outputs > MOST_CLASSES) {
        strcpy(error.message, "the bundle is too large for this program");
        return 1;
    }
    for (i = 0; i < info.n_features; i++)
        row[i] = 10.0;
    if (nomo_session_create(model, &session, &error) != NOMO_OK)
        return 1;
    status = nomo_session_predict_row(session, row, info.n_features, probabilities, info.n_outputs,
                                      NULL, &error);
    nomo_session_destroy(session);
    if (status != NOMO_OK)
        return 1;
    for (i = 0; i < info.n_outputs; i++)
        printf("%.17g\n", probabilities[i]);
    return 0;
}

int main(int n_arguments, char **arguments)
{
    nomo_model *model = NULL;
    int failed;
    if (n_arguments != 2) {
        fprintf(stderr, "usage: predict_row BUNDLE\n");
        return 2;
    }
    failed = nomo_model_open_file(arguments[1], NULL, &model, &error) != NOMO_OK || predict(model);
    nomo_model_release(model);
    if (failed) {
        fprintf(stderr, "%s\n", error.message);
        return 1;
    }
    return print_peak();
}
