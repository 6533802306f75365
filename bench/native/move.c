// Twin of bench/kernels/move.bench.ts: move numbers|words ROWS
#include "bench.h"

static uint32_t rows;
static double *source, *target;
static uint32_t *indexes, *offsets, *target_offsets;
static uint8_t *bytes, *target_bytes;

static double run_numbers(void) {
  for (uint32_t i = 0; i < rows; i++) target[i] = source[indexes[i]];
  double sum = 0;
  SAMPLE(sum, target, rows);
  return sum;
}

static double run_words(void) {
  size_t length = 0;
  for (uint32_t i = 0; i < rows; i++) length += offsets[indexes[i] + 1] - offsets[indexes[i]];
  uint32_t to = 0;
  for (uint32_t i = 0; i < rows; i++) {
    target_offsets[i] = to;
    uint32_t start = offsets[indexes[i]], size = offsets[indexes[i] + 1] - start;
    if (size <= 16 && to + 16 <= length) memcpy(target_bytes + to, bytes + start, 16);
    else memcpy(target_bytes + to, bytes + start, size);
    to += size;
  }
  target_offsets[rows] = to;
  double sum = 0;
  SAMPLE(sum, target_bytes, to);
  return sum;
}

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  rows = (uint32_t)atoi(argv[2]);
  indexes = malloc(rows * sizeof(uint32_t));
  for (uint32_t i = 0; i < rows; i++) indexes[i] = scattered_key(i, rows);
  if (strcmp(argv[1], "numbers") == 0) {
    source = malloc(rows * sizeof(double));
    target = malloc(rows * sizeof(double));
    for (uint32_t i = 0; i < rows; i++) source[i] = i;
    report(run_numbers, 9);
  } else {
    offsets = malloc((rows + 1) * sizeof(uint32_t));
    target_offsets = malloc((rows + 1) * sizeof(uint32_t));
    bytes = malloc((size_t)rows * 10 + 32);
    target_bytes = malloc((size_t)rows * 10 + 32);
    offsets[0] = 0;
    for (uint32_t i = 0; i < rows; i++) offsets[i + 1] = offsets[i] + word_of(i, bytes + offsets[i]);
    report(run_words, 9);
  }
  return 0;
}
