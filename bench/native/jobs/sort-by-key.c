// Twin of bench/jobs/sort-by-key.ts: radix sort by the keys' four bytes
#include "timed.h"

typedef struct {
  uint32_t key;
  double value;
} Pair;

static uint64_t rows;

static void run(char *answer, size_t room) {
  Pair *from = malloc(rows * sizeof(Pair) + 1), *to = malloc(rows * sizeof(Pair) + 1);
  for (uint64_t i = 0; i < rows; i++) from[i] = (Pair){(uint32_t)(i * 69069), (double)i};
  for (int shift = 0; shift < 32; shift += 8) {
    size_t starts[257] = {0};
    for (uint64_t i = 0; i < rows; i++) starts[(from[i].key >> shift & 255) + 1]++;
    for (int digit = 0; digit < 256; digit++) starts[digit + 1] += starts[digit];
    for (uint64_t i = 0; i < rows; i++) to[starts[from[i].key >> shift & 255]++] = from[i];
    Pair *swap = from;
    from = to;
    to = swap;
  }
  size_t length = 0;
  answer[0] = 0;
  for (uint64_t i = 0; i < rows && i < 3; i++)
    length += (size_t)snprintf(answer + length, room - length, i ? ",%u" : "%u", from[i].key);
  free(from);
  free(to);
}

int main(int argc, char **argv) {
  rows = argc < 2 ? 0 : (uint64_t)atol(argv[1]);
  return serve_runs(run);
}
