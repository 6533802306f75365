// Twin of bench/jobs/join.ts: a table with chains over the left rows, probed by the right ones; what matches is written
#include "timed.h"

typedef struct {
  uint32_t key;
  double left, right;
} Match;

static uint32_t rows;

static void run(char *answer, size_t room) {
  size_t slots = 1 << 16;
  while (slots < rows) slots *= 2;
  uint32_t *heads = calloc(slots, 4), *next = malloc((size_t)rows * 4 + 4), *keys = malloc((size_t)rows * 4 + 4);
  for (uint32_t i = rows; i-- > 0;) {
    keys[i] = (uint32_t)((uint64_t)i * 7 % 1000003);
    uint32_t *head = &heads[slot_of(keys[i], slots - 1)];
    next[i] = *head;
    *head = i + 1;
  }
  size_t room_for = rows + 1, count = 0;
  Match *matches = malloc(room_for * sizeof(Match));
  for (uint32_t i = 0; i < rows; i++) {
    uint32_t key = (uint32_t)((uint64_t)i * 11 % 1000003);
    for (uint32_t at = heads[slot_of(key, slots - 1)]; at; at = next[at - 1]) {
      if (keys[at - 1] != key) continue;
      if (count == room_for) matches = realloc(matches, (room_for *= 2) * sizeof(Match));
      matches[count++] = (Match){key, at - 1, i};
    }
  }
  snprintf(answer, room, "%zu", count);
  volatile double kept = count ? matches[count - 1].left : 0;
  (void)kept;
  free(heads);
  free(next);
  free(keys);
  free(matches);
}

int main(int argc, char **argv) {
  rows = argc < 2 ? 0 : (uint32_t)atol(argv[1]);
  return serve_runs(run);
}
