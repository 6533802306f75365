// Twin of bench/kernels/sort.bench.ts: sort integers|words ROWS
// Integers as kernels/sort.ts does: split by the 6 topmost bits that differ while a segment is larger than the cache, then LSD
// by 8-bit digits. Words by an LSD sort of their first seven bytes and insertion among those that agree in them.
#include "bench.h"

#define CACHE_ROWS 131072
static uint32_t rows;
static int32_t *values;
static uint64_t *words, *other;

static void sort_segment(uint64_t *home, uint64_t *away, uint32_t from, uint32_t to, int is_away);

static void sort_cached(uint64_t *home, uint64_t *away, uint32_t from, uint32_t to, int is_away, int shift, int span) {
  static uint32_t tables[9 * 512];
  int passes = (span + 7) >> 3;
  if ((passes & 1) != is_away) passes += passes > 1 && span <= (passes - 1) * 9 ? -1 : 1;
  int bits = (span + passes - 1) / passes;
  uint64_t mask = (1u << bits) - 1;
  memset(tables, 0, sizeof(uint32_t) * (size_t)passes << bits);
  uint64_t *src = is_away ? away : home, *dst = is_away ? home : away;
  for (uint32_t i = from; i < to; i++) {
    for (int pass = 0; pass < passes; pass++) tables[((uint32_t)pass << bits) + ((src[i] >> (shift + pass * bits)) & mask)]++;
  }
  for (int pass = 0; pass < passes; pass++) {
    uint32_t *table = tables + ((uint32_t)pass << bits), sum = from;
    for (uint32_t d = 0; d <= mask; d++) {
      uint32_t count = table[d];
      table[d] = sum;
      sum += count;
    }
    for (uint32_t i = from; i < to; i++) dst[table[(src[i] >> (shift + pass * bits)) & mask]++] = src[i];
    uint64_t *swap = src;
    src = dst;
    dst = swap;
  }
  if (src != home) memcpy(home + from, src + from, (to - from) * sizeof(uint64_t));
}

static void sort_segment(uint64_t *home, uint64_t *away, uint32_t from, uint32_t to, int is_away) {
  uint64_t *src = is_away ? away : home, *dst = is_away ? home : away;
  uint64_t or = 0, and = ~(uint64_t)0, last = 0;
  int descends = 0;
  for (uint32_t i = from; i < to; i++) {
    uint64_t key = src[i] >> 32;
    or |= key;
    and &= key;
    descends |= key < last;
    last = key;
  }
  if (!descends) {
    if (is_away) memcpy(home + from, src + from, (to - from) * sizeof(uint64_t));
    return;
  }
  uint64_t differing = (or ^ (and & 0xffffffffu)) << 32;
  int shift = __builtin_ctzll(differing), top = 64 - __builtin_clzll(differing);
  if (to - from <= CACHE_ROWS) {
    sort_cached(home, away, from, to, is_away, shift, top - shift);
    return;
  }
  int bits = top - shift < 6 ? top - shift : 6;
  uint32_t table[64] = {0}, sum = from;
  uint64_t mask = (1u << bits) - 1;
  for (uint32_t i = from; i < to; i++) table[(src[i] >> (top - bits)) & mask]++;
  for (uint32_t d = 0; d <= mask; d++) {
    uint32_t count = table[d];
    table[d] = sum;
    sum += count;
  }
  for (uint32_t i = from; i < to; i++) dst[table[(src[i] >> (top - bits)) & mask]++] = src[i];
  for (uint32_t d = 0; d <= mask; d++) {
    if (table[d] > from) sort_segment(home, away, from, table[d], !is_away);
    from = table[d];
  }
}

static double run_integers(void) {
  for (uint32_t i = 0; i < rows; i++) words[i] = (uint64_t)((uint32_t)values[i] ^ 0x80000000u) << 32 | i;
  sort_segment(words, other, 0, rows, 0);
  double sum = 0;
  SAMPLE(sum, (uint32_t *)words, (size_t)rows * 2);
  return sum;
}

static uint32_t *offsets, *indexes, *other_indexes;
static uint8_t *bytes;

static uint64_t prefix_word(const uint8_t *at, uint32_t length) {
  uint64_t word;
  memcpy(&word, at, 8); // the bytes end with room
  word = __builtin_bswap64(word);
  if (length >= 8) return (word & ~(uint64_t)0xff) | 8;
  if (length == 0) return 0;
  return (word & (~(uint64_t)0 << (64 - length * 8)) & ~(uint64_t)0xff) | length;
}

static int is_above(uint32_t a, uint32_t b) {
  uint32_t size_a = offsets[a + 1] - offsets[a], size_b = offsets[b + 1] - offsets[b];
  int order = memcmp(bytes + offsets[a], bytes + offsets[b], size_a < size_b ? size_a : size_b);
  return order != 0 ? order > 0 : size_a > size_b;
}

static double run_words(void) {
  static uint32_t tables[8][256];
  memset(tables, 0, sizeof tables);
  uint64_t *src = words, *dst = other;
  uint32_t *src_indexes = indexes, *dst_indexes = other_indexes;
  for (uint32_t i = 0; i < rows; i++) {
    src_indexes[i] = i;
    src[i] = prefix_word(bytes + offsets[i], offsets[i + 1] - offsets[i]);
    for (int pass = 0; pass < 8; pass++) tables[pass][(src[i] >> (pass * 8)) & 255]++;
  }
  for (int pass = 0; pass < 8; pass++) {
    uint32_t sum = 0;
    for (int d = 0; d < 256; d++) {
      uint32_t count = tables[pass][d];
      tables[pass][d] = sum;
      sum += count;
    }
    for (uint32_t i = 0; i < rows; i++) {
      uint32_t at = tables[pass][(src[i] >> (pass * 8)) & 255]++;
      dst[at] = src[i];
      dst_indexes[at] = src_indexes[i];
    }
    uint64_t *swap = src;
    src = dst;
    dst = swap;
    uint32_t *swap_indexes = src_indexes;
    src_indexes = dst_indexes;
    dst_indexes = swap_indexes;
  }
  for (uint32_t from = 0; from < rows;) {
    uint32_t to = from + 1;
    while (to < rows && src[to] == src[from]) to++;
    if ((src[from] & 255) == 8) {
      for (uint32_t i = from + 1; i < to; i++) {
        uint32_t index = src_indexes[i], at = i;
        for (; at > from && is_above(src_indexes[at - 1], index); at--) src_indexes[at] = src_indexes[at - 1];
        src_indexes[at] = index;
      }
    }
    from = to;
  }
  double sum = 0;
  SAMPLE(sum, src_indexes, rows);
  return sum;
}

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  rows = (uint32_t)atoi(argv[2]);
  words = malloc(rows * sizeof(uint64_t));
  other = malloc(rows * sizeof(uint64_t));
  if (strcmp(argv[1], "integers") == 0) {
    values = malloc(rows * sizeof(int32_t));
    for (uint32_t i = 0; i < rows; i++) values[i] = (int32_t)scattered_key(i, 0xffffffffu);
    report(run_integers, 7);
  } else {
    offsets = malloc((rows + 1) * sizeof(uint32_t));
    indexes = malloc(rows * sizeof(uint32_t));
    other_indexes = malloc(rows * sizeof(uint32_t));
    bytes = malloc((size_t)rows * 10 + 16);
    offsets[0] = 0;
    for (uint32_t i = 0; i < rows; i++) offsets[i + 1] = offsets[i] + word_of(scattered_key(i, rows), bytes + offsets[i]);
    report(run_words, 7);
  }
  return 0;
}
