// What the C twins share: the clock, the median of several runs, and the input generator of bench/kernels/harness.ts.
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static uint32_t scattered_key(uint32_t i, uint32_t keys) {
  uint32_t x = (i + 1) * 0x9e3779b1u;
  x = (x ^ (x >> 15)) * 0x85ebca6bu;
  return (x ^ (x >> 13)) % keys;
}

static int by_value(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

// Runs `run` once to warm up and then `times` times; prints the median nanoseconds and the checksum it returned.
static void report(double (*run)(void), int times) {
  double checksum = run();
  double *ns = malloc(sizeof(double) * (size_t)times);
  for (int i = 0; i < times; i++) {
    double started = now_ns();
    checksum = run();
    ns[i] = now_ns() - started;
  }
  qsort(ns, (size_t)times, sizeof(double), by_value);
  printf("%.0f %.17g\n", ns[times / 2], checksum);
  free(ns);
}
