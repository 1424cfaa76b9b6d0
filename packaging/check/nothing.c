/* Does nothing but to print its peak of memory: what a C program takes without the library. */
#include "peak.h"

int main(void)
{
    return print_peak();
}
