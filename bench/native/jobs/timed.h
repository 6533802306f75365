// One run for every line on stdin, each answered by "seconds answer": what bench/jobs/timed.ts does for JavaScript.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double seconds_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

// `run` writes its answer as text.
static int serve_runs(void (*run)(char *answer, size_t room)) {
  char line[64], answer[256];
  while (fgets(line, sizeof line, stdin)) {
    double started = seconds_now();
    run(answer, sizeof answer);
    printf("%.9f %s\n", seconds_now() - started, answer);
    fflush(stdout);
  }
  return 0;
}

// Where key k begins to be looked for in a table of a power of two slots.
static inline size_t slot_of(uint32_t key, size_t mask) {
  uint64_t x = key * 0x9e3779b97f4a7c15ull;
  return (x ^ (x >> 32)) & mask;
}
