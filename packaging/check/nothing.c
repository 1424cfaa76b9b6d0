/* Prints its peak memory and does nothing else: the memory of a C program without the library. */
#include "peak.h"

int main(void)
{
    return print_peak();
}
