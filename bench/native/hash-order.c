// Twin of bench/kernels/hash-order.bench.ts: hash-order GROUPS
#include "bench.h"
#include "mix.h"

static uint32_t groups;
static uint64_t *hashes;
static uint32_t *ids;

static int after(uint64_t a, uint64_t b) {
  if ((a ^ b) >> 32) return a > b;
  uint64_t x = hashes[(uint32_t)a], y = hashes[(uint32_t)b];
  return x == y ? a > b : x > y;
}

// Three passes over the top 24 bits of (high half of the hash, id), then insertion.
static double run(void) {
  uint64_t *from = malloc(groups * sizeof(uint64_t)), *to = malloc(groups * sizeof(uint64_t));
  uint32_t counts[3][256] = {0};
  for (uint32_t id = 0; id < groups; id++) {
    from[id] = hashes[id] >> 32 << 32 | id;
    for (int digit = 0; digit < 3; digit++) counts[digit][from[id] >> (40 + 8 * digit) & 255]++;
  }
  for (int digit = 0; digit < 3; digit++) {
    uint32_t sum = 0;
    for (int i = 0; i < 256; i++) {
      uint32_t count = counts[digit][i];
      counts[digit][i] = sum;
      sum += count;
    }
    for (uint32_t i = 0; i < groups; i++) to[counts[digit][from[i] >> (40 + 8 * digit) & 255]++] = from[i];
    uint64_t *swap = from;
    from = to;
    to = swap;
  }
  for (uint32_t i = 1; i < groups; i++) {
    uint64_t entry = from[i];
    uint32_t at = i;
    for (; at > 0 && after(from[at - 1], entry); at--) from[at] = from[at - 1];
    from[at] = entry;
  }
  for (uint32_t i = 0; i < groups; i++) ids[i] = (uint32_t)from[i];
  free(from);
  free(to);
  double sum = 0;
  SAMPLE(sum, ids, groups);
  return sum;
}

int main(int argc, char **argv) {
  (void)argc;
  groups = (uint32_t)atoi(argv[1]);
  hashes = malloc(groups * sizeof(uint64_t));
  ids = malloc(groups * sizeof(uint32_t));
  for (uint32_t i = 0; i < groups; i++) hashes[i] = hash_number(i);
  report(run, 7);
}
