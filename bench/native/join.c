// Twin of bench/kernels/join.bench.ts: join ROWS KEYS
#include "bench.h"
#include "mix.h"

static uint32_t rows;
static double *build, *probe;

typedef struct {
  uint64_t hash;
  uint32_t id; // + 1; 0 marks a free slot
} slot;

static slot *grow(slot *old, uint32_t *capacity) {
  slot *slots = calloc(*capacity * 2, sizeof(slot));
  for (uint32_t i = 0; i < *capacity; i++) {
    if (!old[i].id) continue;
    uint32_t at = (uint32_t)old[i].hash & (*capacity * 2 - 1);
    while (slots[at].id) at = (at + 1) & (*capacity * 2 - 1);
    slots[at] = old[i];
  }
  *capacity *= 2;
  free(old);
  return slots;
}

static double run(void) {
  uint32_t capacity = 512, count = 0;
  slot *slots = calloc(capacity, sizeof(slot));
  uint32_t *ids = malloc(rows * sizeof(uint32_t));
  for (uint32_t row = 0; row < rows; row++) {
    uint64_t hash = hash_number(build[row]);
    if (count == capacity / 2) slots = grow(slots, &capacity);
    uint32_t at = (uint32_t)hash & (capacity - 1);
    while (slots[at].id && slots[at].hash != hash) at = (at + 1) & (capacity - 1);
    if (!slots[at].id) slots[at] = (slot){hash, ++count};
    ids[row] = slots[at].id - 1;
  }
  uint32_t *starts = calloc(count + 2, sizeof(uint32_t)), *lists = malloc(rows * sizeof(uint32_t));
  for (uint32_t row = 0; row < rows; row++) starts[ids[row] + 2]++;
  for (uint32_t id = 1; id < count + 2; id++) starts[id] += starts[id - 1];
  for (uint32_t row = 0; row < rows; row++) lists[starts[ids[row] + 1]++] = row;
  double pairs = 0, checksum = 0;
  for (uint32_t row = 0; row < rows; row++) {
    uint64_t hash = hash_number(probe[row]);
    uint32_t at = (uint32_t)hash & (capacity - 1);
    while (slots[at].id && slots[at].hash != hash) at = (at + 1) & (capacity - 1);
    if (!slots[at].id) continue;
    uint32_t id = slots[at].id - 1;
    for (uint32_t i = starts[id]; i < starts[id + 1]; i++) {
      pairs++;
      checksum += (double)row - lists[i];
    }
  }
  free(slots);
  free(ids);
  free(starts);
  free(lists);
  return checksum + pairs;
}

int main(int argc, char **argv) {
  (void)argc;
  rows = (uint32_t)atoi(argv[1]);
  uint32_t keys = (uint32_t)atoi(argv[2]);
  build = malloc(rows * sizeof(double));
  probe = malloc(rows * sizeof(double));
  for (uint32_t i = 0; i < rows; i++) {
    build[i] = scattered_key(i, keys);
    probe[i] = scattered_key(i + rows, keys);
  }
  report(run, 5);
}
