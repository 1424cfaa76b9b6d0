/* The same program in C++. */
#include "predict_row.c"
