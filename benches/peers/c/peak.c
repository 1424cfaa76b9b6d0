/*
 Prints how many additions and multiplications of doubles a core does in a second, without fused ones: what
 limits networks. Several sums at a time, as many as hide the latency of an operation.

 cc -O3 -march=native -mprefer-vector-width=512 -ffp-contract=off -funroll-all-loops peak.c -o peak
*/
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <time.h>

enum { N_LANES = 8, N_SUMS = 12, N_STEPS = 2000000, N_ROUNDS = 15 };
typedef double lanes __attribute__((vector_size(N_LANES * sizeof(double))));

static double processor_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

int main(void)
{
    lanes sums[N_SUMS], factor = {0}, addend = {0};
    double best = 1e9, total = 0;
    factor += 0.999999;
    addend += 1e-6;
    for (int i = 0; i < N_SUMS; i++)
        sums[i] = addend * i;
    for (int round = 0; round < N_ROUNDS; round++) {
        double start = processor_seconds();
        for (int step = 0; step < N_STEPS; step++) {
            for (int i = 0; i < N_SUMS; i++)
                sums[i] = sums[i] * factor + addend;
        }
        double seconds = processor_seconds() - start;
        best = seconds < best ? seconds : best;
    }
    for (int i = 0; i < N_SUMS; i++)
        total += sums[i][0];
    double n = 2.0 * N_STEPS * N_SUMS * N_LANES;
    printf("%.1f GFLOP/s (sum %g)\n", n / best / 1e9, total);
    return 0;
}
