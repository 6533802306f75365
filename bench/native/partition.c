// Twin of bench/kernels/partition.bench.ts: partition ROWS
#include "bench.h"

#define PARTS 256
static uint32_t rows;
static uint64_t *hashes;
static double *source, *target;
static uint32_t *ids;

static double run_partition(void) {
  uint32_t starts[PARTS] = {0};
  for (uint32_t i = 0; i < rows; i++) ids[i] = (uint32_t)(((hashes[i] >> 32) * PARTS) >> 32);
  for (uint32_t i = 0; i < rows; i++) starts[ids[i]]++;
  uint32_t sum = 0;
  for (uint32_t p = 0; p < PARTS; p++) {
    uint32_t count = starts[p];
    starts[p] = sum;
    sum += count;
  }
  for (uint32_t i = 0; i < rows; i++) ids[i] = starts[ids[i]]++;
  for (uint32_t i = 0; i < rows; i++) target[ids[i]] = source[i];
  double checksum = 0;
  SAMPLE(checksum, target, rows);
  return checksum;
}

int main(int argc, char **argv) {
  if (argc < 2) return 2;
  rows = (uint32_t)atoi(argv[1]);
  hashes = malloc(rows * sizeof(uint64_t));
  source = malloc(rows * sizeof(double));
  target = malloc(rows * sizeof(double));
  ids = malloc(rows * sizeof(uint32_t));
  for (uint32_t i = 0; i < rows; i++) {
    hashes[i] = (uint64_t)scattered_key(i, 0xffffffffu) << 32;
    source[i] = i;
  }
  report(run_partition, 7);
  return 0;
}
