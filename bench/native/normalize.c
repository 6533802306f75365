// Twin of bench/kernels/normalize.bench.ts: normalize ROWS
#include "bench.h"

static uint32_t rows;
static double *source;
static uint64_t *target;

static double run_normalize(void) {
  for (uint32_t i = 0; i < rows; i++) {
    double value = source[i];
    if (value != value) {
      target[i] = 0xfff8000000000000u;
      continue;
    }
    value += 0.0;
    int64_t bits;
    memcpy(&bits, &value, 8);
    target[i] = (uint64_t)bits ^ ((uint64_t)(bits >> 63) | 0x8000000000000000u);
  }
  double sum = 0;
  SAMPLE(sum, (uint32_t *)target, (size_t)rows * 2);
  return sum;
}

int main(int argc, char **argv) {
  if (argc < 2) return 2;
  rows = (uint32_t)atoi(argv[1]);
  source = malloc(rows * sizeof(double));
  target = malloc(rows * sizeof(uint64_t));
  for (uint32_t i = 0; i < rows; i++) source[i] = (double)scattered_key(i, 2000000) - 1000000;
  report(run_normalize, 9);
  return 0;
}
