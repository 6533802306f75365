// Twin of bench/kernels/bitmap.bench.ts: bitmap ROWS
#include "bench.h"

static uint32_t rows;
static uint8_t *mask;
static uint32_t *target;

static double run_select(void) {
  uint32_t count = 0;
  uint32_t i = 0;
  for (; i + 16 <= rows; i += 16) {
    uint32_t hits = 0;
    for (uint32_t k = 0; k < 16; k++) hits |= (uint32_t)(mask[i + k] != 0) << k;
    for (; hits; hits &= hits - 1) target[count++] = i + (uint32_t)__builtin_ctz(hits);
  }
  for (; i < rows; i++) {
    if (mask[i]) target[count++] = i;
  }
  double sum = 0;
  SAMPLE(sum, target, count);
  return sum;
}

int main(int argc, char **argv) {
  if (argc < 2) return 2;
  rows = (uint32_t)atoi(argv[1]);
  mask = malloc(rows);
  target = malloc(rows * sizeof(uint32_t));
  for (uint32_t i = 0; i < rows; i++) mask[i] = (uint8_t)scattered_key(i, 2);
  report(run_select, 9);
  return 0;
}
