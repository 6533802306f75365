// Twin of bench/kernels/group.bench.ts: group numbers|words ROWS KEYS
#include "bench.h"
#include "mix.h"

static uint32_t rows, key_count;
static double *keys, *values;
static uint32_t *offsets;
static uint8_t *bytes;

typedef struct {
  uint64_t hash;
  uint32_t id; // + 1; 0 marks a free slot
} slot;

static double checksum(const double *sums, uint32_t count) {
  double sum = 0;
  for (uint32_t i = 0; i < count; i++) sum += sums[i] * (i % 7 + 1);
  return sum + count;
}

static slot *grow(slot *old, uint32_t *capacity, const uint64_t *hashes, uint32_t count) {
  free(old);
  *capacity *= 2;
  slot *slots = calloc(*capacity, sizeof(slot));
  for (uint32_t id = 0; id < count; id++) {
    uint32_t at = (uint32_t)hashes[id] & (*capacity - 1);
    while (slots[at].id) at = (at + 1) & (*capacity - 1);
    slots[at] = (slot){hashes[id], id + 1};
  }
  return slots;
}

static double run_numbers(void) {
  uint32_t capacity = 512, count = 0;
  slot *slots = calloc(capacity, sizeof(slot));
  uint64_t *hashes = malloc(capacity / 2 * sizeof(uint64_t));
  double *sums = malloc(capacity / 2 * sizeof(double));
  for (uint32_t row = 0; row < rows; row++) {
    uint64_t hash = hash_number(keys[row]);
    if (count == capacity / 2) {
      slots = grow(slots, &capacity, hashes, count);
      hashes = realloc(hashes, capacity / 2 * sizeof(uint64_t));
      sums = realloc(sums, capacity / 2 * sizeof(double));
    }
    uint32_t at = (uint32_t)hash & (capacity - 1);
    while (slots[at].id && slots[at].hash != hash) at = (at + 1) & (capacity - 1);
    if (!slots[at].id) {
      hashes[count] = hash;
      sums[count++] = -0.0;
      slots[at] = (slot){hash, count};
    }
    sums[slots[at].id - 1] += values[row];
  }
  double result = checksum(sums, count);
  free(slots);
  free(hashes);
  free(sums);
  return result;
}

static double run_words(void) {
  uint32_t capacity = 512, count = 0, used = 0, room = 1 << 16;
  slot *slots = calloc(capacity, sizeof(slot));
  uint64_t *hashes = malloc(capacity / 2 * sizeof(uint64_t));
  double *counts = malloc(capacity / 2 * sizeof(double));
  uint32_t *starts = malloc((capacity / 2 + 1) * sizeof(uint32_t));
  uint8_t *arena = malloc(room);
  starts[0] = 0;
  for (uint32_t row = 0; row < rows; row++) {
    const uint8_t *key = bytes + offsets[row];
    uint32_t length = offsets[row + 1] - offsets[row];
    uint64_t hash = hash_string(key, length);
    if (count == capacity / 2) {
      slots = grow(slots, &capacity, hashes, count);
      hashes = realloc(hashes, capacity / 2 * sizeof(uint64_t));
      counts = realloc(counts, capacity / 2 * sizeof(double));
      starts = realloc(starts, (capacity / 2 + 1) * sizeof(uint32_t));
    }
    uint32_t at = (uint32_t)hash & (capacity - 1);
    for (; slots[at].id; at = (at + 1) & (capacity - 1)) {
      uint32_t id = slots[at].id - 1;
      if (slots[at].hash == hash && starts[id + 1] - starts[id] == length && memcmp(arena + starts[id], key, length) == 0) break;
    }
    if (!slots[at].id) {
      if (used + length > room) arena = realloc(arena, room *= 2);
      memcpy(arena + used, key, length);
      hashes[count] = hash;
      counts[count++] = 0;
      starts[count] = used += length;
      slots[at] = (slot){hash, count};
    }
    counts[slots[at].id - 1] += 1;
  }
  double result = checksum(counts, count);
  free(slots);
  free(hashes);
  free(counts);
  free(starts);
  free(arena);
  return result;
}

int main(int argc, char **argv) {
  (void)argc;
  rows = (uint32_t)atoi(argv[2]);
  key_count = (uint32_t)atoi(argv[3]);
  if (strcmp(argv[1], "numbers") == 0) {
    keys = malloc(rows * sizeof(double));
    values = malloc(rows * sizeof(double));
    for (uint32_t i = 0; i < rows; i++) {
      keys[i] = scattered_key(i, key_count);
      values[i] = i % 100;
    }
    report(run_numbers, rows > 2000000 ? 3 : 7);
  } else {
    offsets = malloc((rows + 1) * sizeof(uint32_t));
    bytes = malloc(rows * 12 + 32);
    offsets[0] = 0;
    for (uint32_t i = 0; i < rows; i++) offsets[i + 1] = offsets[i] + word_of(scattered_key(i, key_count), bytes + offsets[i]);
    report(run_words, 7);
  }
}
