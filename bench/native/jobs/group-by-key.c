// Twin of bench/jobs/group-by-key.ts: keys are counted first, then every group's values lie side by side
#include "timed.h"

#define KEYS 1000000u

static uint64_t rows;

static void run(char *answer, size_t room) {
  uint64_t *ends = calloc(KEYS + 1, sizeof(uint64_t));
  double *values = malloc(rows * sizeof(double));
  for (uint64_t i = 0; i < rows; i++) ends[i * 48271 % KEYS + 1]++;
  for (uint32_t key = 0; key < KEYS; key++) ends[key + 1] += ends[key];
  // from here on ends[key] moves from the group's beginning to its end
  for (uint64_t i = 0; i < rows; i++) values[ends[i * 48271 % KEYS]++] = (double)i;
  uint64_t total = 0, begin = 0;
  volatile double last = 0;
  for (uint32_t key = 0; key < KEYS; key++) {
    total += ends[key] - begin;
    if (ends[key] > begin) last = values[ends[key] - 1];
    begin = ends[key];
  }
  (void)last;
  snprintf(answer, room, "%llu", (unsigned long long)total);
  free(ends);
  free(values);
}

int main(int argc, char **argv) {
  rows = argc < 2 ? 0 : (uint64_t)atol(argv[1]);
  return serve_runs(run);
}
