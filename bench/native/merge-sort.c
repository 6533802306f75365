// Twin of bench/kernels/merge-sort.bench.ts: merge-sort ROWS RUNS
#include "bench.h"

static uint32_t rows;
static uint8_t *bytes;
static uint64_t *words, *other;
static uint32_t *indexes, *other_indexes;

/** All strings have eight bytes: the first seven, then the last. */
static int is_above(uint64_t key_a, uint32_t a, uint64_t key_b, uint32_t b) {
  if (key_a != key_b) return key_a > key_b;
  return bytes[(size_t)a * 8 + 7] > bytes[(size_t)b * 8 + 7];
}

static double run_sort(void) {
  for (uint32_t i = 0; i < rows; i++) {
    uint64_t word;
    memcpy(&word, bytes + (size_t)i * 8, 8);
    word = (__builtin_bswap64(word) & ~(uint64_t)0xff) | 8;
    uint32_t at = i;
    for (; at > i - i % 8 && is_above(words[at - 1], indexes[at - 1], word, i); at--) {
      words[at] = words[at - 1];
      indexes[at] = indexes[at - 1];
    }
    words[at] = word;
    indexes[at] = i;
  }
  uint64_t *src = words, *dst = other;
  uint32_t *src_indexes = indexes, *dst_indexes = other_indexes;
  for (uint32_t width = 8; width < rows; width *= 2) {
    for (uint32_t from = 0; from < rows; from += 2 * width) {
      uint32_t middle = from + width < rows ? from + width : rows, end = middle + width < rows ? middle + width : rows;
      uint32_t left = from, right = middle;
      for (uint32_t at = from; at < end; at++) {
        int takes_right = left == middle || (right < end && is_above(src[left], src_indexes[left], src[right], src_indexes[right]));
        uint32_t row = takes_right ? right++ : left++;
        dst[at] = src[row];
        dst_indexes[at] = src_indexes[row];
      }
    }
    uint64_t *swap = src;
    src = dst;
    dst = swap;
    uint32_t *swap_indexes = src_indexes;
    src_indexes = dst_indexes;
    dst_indexes = swap_indexes;
  }
  double sum = 0;
  SAMPLE(sum, src_indexes, rows);
  return sum;
}

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  rows = (uint32_t)atoi(argv[1]);
  uint32_t run_rows = rows / (uint32_t)atoi(argv[2]);
  bytes = malloc((size_t)rows * 8 + 16);
  words = malloc(rows * sizeof(uint64_t));
  other = malloc(rows * sizeof(uint64_t));
  indexes = malloc(rows * sizeof(uint32_t));
  other_indexes = malloc(rows * sizeof(uint32_t));
  for (uint32_t i = 0; i < rows; i++) {
    sprintf((char *)bytes + (size_t)i * 8, "%u", 10000000u + (i % run_rows) * 97 + i / run_rows);
  }
  report(run_sort, 9);
  return 0;
}
