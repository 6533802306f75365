// Twin of bench/jobs/reduce-by-key.ts: an open table that grows
#include "timed.h"

typedef struct {
  uint32_t key, taken;
  double sum;
} Entry;

static uint64_t rows;

static Entry *find(Entry *table, size_t mask, uint32_t key) {
  size_t at = slot_of(key, mask);
  while (table[at].taken && table[at].key != key) at = (at + 1) & mask;
  return &table[at];
}

static void run(char *answer, size_t room) {
  size_t capacity = 1 << 16, used = 0;
  Entry *table = calloc(capacity, sizeof(Entry));
  for (uint64_t i = 0; i < rows; i++) {
    uint32_t key = (uint32_t)(i * 48271 % 1000000);
    Entry *entry = find(table, capacity - 1, key);
    entry->sum += (double)i;
    if (entry->taken) continue;
    entry->taken = 1;
    entry->key = key;
    if (++used * 2 <= capacity) continue;
    Entry *larger = calloc(capacity * 2, sizeof(Entry));
    for (size_t k = 0; k < capacity; k++)
      if (table[k].taken) *find(larger, capacity * 2 - 1, table[k].key) = table[k];
    free(table);
    table = larger;
    capacity *= 2;
  }
  snprintf(answer, room, "%zu", used);
  free(table);
}

int main(int argc, char **argv) {
  rows = argc < 2 ? 0 : (uint64_t)atol(argv[1]);
  return serve_runs(run);
}
