/* Predicts one row: the example of README.md. */
#include <stdio.h>
#include "nomogram.h"

int main(int argc, char **argv)
{
    double patient[30] = {
        11.42, 20.38, 77.58, 386.1, 0.1425, 0.2839, 0.2414, 0.1052, 0.2597, 0.09744,
        0.4956, 1.156, 3.445, 27.23, 0.00911, 0.07458, 0.05661, 0.01867, 0.05963, 0.009208,
        14.91, 26.5, 98.87, 567.7, 0.2098, 0.8663, 0.6869, 0.2575, 0.6638, 0.173 };
    double probabilities[2];
    nomo_error error = NOMO_ERROR_INIT;
    nomo_model *model = NULL;
    nomo_session *session = NULL;
    int done = nomo_model_open_file(argc > 1 ? argv[1] : "wdbc.nomo", NULL, &model, &error) == NOMO_OK
        && nomo_session_create(model, &session, &error) == NOMO_OK
        && nomo_session_predict_row(session, patient, 30, probabilities, 2, NULL, &error) == NOMO_OK;
    if (done)
        printf("probability of malignancy: %.17g\n", probabilities[1]);
    else
        fprintf(stderr, "%s\n", error.message);
    nomo_session_destroy(session);
    nomo_model_release(model);
    return done ? 0 : 1;
}
