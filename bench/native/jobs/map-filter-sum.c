// Twin of bench/jobs/map-filter-sum.ts
#include "timed.h"

static uint32_t rows;

static void run(char *answer, size_t room) {
  double sum = 0;
  for (uint32_t i = 0; i < rows; i++) {
    uint64_t tripled = (uint64_t)i * 3;
    if (tripled % 2 == 0) sum += (double)tripled;
  }
  snprintf(answer, room, "%.0f", sum);
}

int main(int argc, char **argv) {
  rows = argc < 2 ? 0 : (uint32_t)atol(argv[1]);
  return serve_runs(run);
}
