// Twin of bench/kernels/dictionary.bench.ts: dictionary ROWS VALUES.
#include "bench.h"

#define BATCH 8192
static uint32_t rows, values;
static uint32_t *codes, *local, *seen, *order;

static double run(void) {
  double count = 0, sum = 0;
  for (uint32_t from = 0; from < rows; from += BATCH) {
    uint32_t found = 0;
    memset(seen, 0xff, values * sizeof *seen);
    for (uint32_t i = from; i < from + BATCH; i++) {
      uint32_t place = seen[codes[i]];
      if (place == UINT32_MAX) {
        place = seen[codes[i]] = found;
        order[found++] = codes[i];
      }
      local[i] = place;
    }
    count += found;
  }
  SAMPLE(sum, local, rows);
  return count + sum;
}

int main(int argc, char **argv) {
  (void)argc;
  rows = (uint32_t)strtoul(argv[1], NULL, 10);
  values = (uint32_t)strtoul(argv[2], NULL, 10);
  codes = malloc(rows * sizeof *codes);
  local = malloc(rows * sizeof *local);
  seen = malloc(values * sizeof *seen);
  order = malloc(values * sizeof *order);
  for (uint32_t i = 0; i < rows; i++) codes[i] = scattered_key(i, values);
  report(run, 9);
  return 0;
}
