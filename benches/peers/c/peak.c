/*
 Prints what limits a core: additions and multiplications of doubles, not fused, in a second (networks); bytes read
 in a second from memory of some sizes (linear models, large batches); and what a mispredicted branch costs (walks
 through trees).

 cc -O3 -march=native -mprefer-vector-width=512 -ffp-contract=off -funroll-all-loops peak.c -o peak
*/
#define _DEFAULT_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

enum { N_LANES = 8, N_SUMS = 12, N_STEPS = 2000000, N_ROUNDS = 15, N_BRANCHES = 1 << 22 };
typedef double lanes __attribute__((vector_size(N_LANES * sizeof(double))));

static double processor_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Several sums at a time, as many as hide the latency of an operation. */
static void arithmetic(void)
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
}

/* Reads `len` bytes from the first to the last, again and again. */
static void bandwidth(size_t len, const char *name)
{
    const size_t page = (size_t)2 << 20;
    size_t n = len / sizeof(lanes), n_passes = ((size_t)64 << 20) / len + 1;
    double best = 1e9, total = 0;
    void *memory = NULL;
    if (posix_memalign(&memory, page, (len + page - 1) / page * page) != 0)
        exit(1);
    madvise(memory, len, MADV_HUGEPAGE);
    memset(memory, 0, len);
    lanes *values = memory;
    for (int round = 0; round < N_ROUNDS; round++) {
        lanes sums[8] = {{0}};
        double start = processor_seconds();
        for (size_t pass = 0; pass < n_passes; pass++) {
            for (size_t i = 0; i + 8 <= n; i += 8) {
                for (int j = 0; j < 8; j++)
                    sums[j] += values[i + j];
            }
            values[pass % n][0] += 1e-9;
        }
        double seconds = processor_seconds() - start;
        best = seconds < best ? seconds : best;
        for (int j = 0; j < 8; j++)
            total += sums[j][0];
    }
    printf("%-8s %6.1f GB/s (sum %g)\n", name, (double)(len * n_passes) / best / 1e9, total);
    free(memory);
}

/* The same loop with branches that follow a pattern, and with random ones. */
static double branches(unsigned mask)
{
    static unsigned char taken[N_BRANCHES];
    unsigned state = 1;
    volatile unsigned count = 0;
    double best = 1e9;
    for (int i = 0; i < N_BRANCHES; i++) {
        state = state * 1664525u + 1013904223u;
        taken[i] = (unsigned char)(state >> 24 & mask & 1);
    }
    for (int round = 0; round < N_ROUNDS; round++) {
        double start = processor_seconds();
        for (int i = 0; i < N_BRANCHES; i++) {
            if (taken[i])
                count++;
            else
                __asm__ volatile("" ::: "memory");
        }
        double seconds = processor_seconds() - start;
        best = seconds < best ? seconds : best;
    }
    return best / N_BRANCHES * 1e9;
}

int main(void)
{
    arithmetic();
    bandwidth((size_t)16 << 10, "16 KiB");
    bandwidth((size_t)512 << 10, "512 KiB");
    bandwidth((size_t)16 << 20, "16 MiB");
    bandwidth((size_t)256 << 20, "256 MiB");
    /* Half of the random branches are mispredicted. */
    printf("%.1f ns a mispredicted branch\n", 2 * (branches(1) - branches(0)));
    return 0;
}
