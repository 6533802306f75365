// Twin of bench/kernels/parts.bench.ts: parts ROWS
#include "bench.h"

#define PART_ROWS 8000
#define SHIFT 13

static uint32_t rows;
static double *target, **table;
static uint32_t *ids;

static double run(void) {
  uint32_t mask = (1u << SHIFT) - 1;
  for (uint32_t i = 0; i < rows; i++) target[i] = table[ids[i] >> SHIFT][ids[i] & mask];
  double sum = 0;
  SAMPLE(sum, target, rows);
  return sum;
}

int main(int argc, char **argv) {
  if (argc < 2) return 2;
  rows = (uint32_t)atoi(argv[1]);
  uint32_t parts = rows / PART_ROWS;
  target = malloc(rows * sizeof(double));
  ids = malloc(rows * sizeof(uint32_t));
  table = malloc(parts * sizeof(double *));
  for (uint32_t part = 0; part < parts; part++) {
    table[part] = malloc(PART_ROWS * sizeof(double));
    for (uint32_t i = 0; i < PART_ROWS; i++) table[part][i] = part * PART_ROWS + i;
  }
  for (uint32_t i = 0; i < rows; i++) {
    uint32_t row = scattered_key(i, rows);
    ids[i] = (row / PART_ROWS) << SHIFT | row % PART_ROWS;
  }
  report(run, 9);
  return 0;
}
