// What the C twins share: the clock, the median of several runs, and the input generator of bench/kernels/harness.ts.
#include <malloc.h>
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

// Word `key` of a vocabulary, 1 … 10 letters; returns its length. bench/kernels/harness.ts has the same ones.
static uint32_t word_of(uint32_t key, uint8_t *out) { return (uint32_t)sprintf((char *)out, "%u", key * 7919u); }

static int by_value(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

// A checksum of values 0, 997, 2 × 997 …, as `sample` in bench/kernels/harness.ts.
#define SAMPLE(sum, values, n) \
  for (size_t i_ = 0; i_ < (size_t)(n); i_ += 997) sum += (double)(values)[i_] * (double)(i_ % 7 + 1)

// Memory that a run frees serves the next one, as in the kernels' benchmarks: no run but the first meets fresh pages.
static void keep_memory(void) {
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 0x7fffffff);
}

// Runs `run` once to warm up and then `times` times; prints the median nanoseconds and the checksum it returned.
static void report(double (*run)(void), int times) {
  keep_memory();
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
