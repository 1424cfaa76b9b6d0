/* Uses two static libraries that both contain the Rust standard library. */
#include "nomogram.h"

#include <stdio.h>

int second_catches_a_panic(void);

int main(int n_arguments, char **arguments)
{
    nomo_error error = NOMO_ERROR_INIT;
    nomo_model *model = NULL;
    int32_t status = NOMO_OK;
    int length = second_catches_a_panic();
    if (n_arguments == 2)
        status = nomo_model_open_file(arguments[1], NULL, &model, &error);
    nomo_model_release(model);
    printf("%d %s\n", length, nomo_status_name(status));
    return 0;
}
