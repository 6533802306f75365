// Twin of bench/kernels/text.bench.ts: text lines|tokens BYTES
#include "bench.h"
#include "text.h"
#ifdef __SSE2__
#include <emmintrin.h>
#endif

// Bit k: byte k of 64 is a line feed or `second`.
static uint64_t separators(const uint8_t *at, uint8_t second) {
  uint64_t hits = 0;
#ifdef __SSE2__
  __m128i a = _mm_set1_epi8('\n'), b = _mm_set1_epi8((char)second);
  for (int k = 0; k < 64; k += 16) {
    __m128i v = _mm_loadu_si128((const __m128i *)(at + k));
    __m128i found = _mm_or_si128(_mm_cmpeq_epi8(v, a), _mm_cmpeq_epi8(v, b));
    hits |= (uint64_t)(uint32_t)_mm_movemask_epi8(found) << k;
  }
#else
  for (int k = 0; k < 64; k++) hits |= (uint64_t)((at[k] == '\n') | (at[k] == second)) << k;
#endif
  return hits;
}

static size_t size;
static int with_spaces;
static uint8_t *bytes;
static uint32_t *starts, *ends;

static double run_split(void) {
  uint8_t second = with_spaces ? ' ' : '\n';
  uint32_t count = 0, start = 0;
  for (size_t at = 0; at + 64 <= size; at += 64) {
    for (uint64_t hits = separators(bytes + at, second); hits; hits &= hits - 1) {
      uint32_t cut = (uint32_t)at + (uint32_t)__builtin_ctzll(hits);
      starts[count] = start;
      ends[count++] = cut > start && bytes[cut] == '\n' && bytes[cut - 1] == '\r' ? cut - 1 : cut;
      start = cut + 1;
    }
  }
  double starts_sum = 0, ends_sum = 0;
  SAMPLE(starts_sum, starts, count);
  SAMPLE(ends_sum, ends, count);
  return count + starts_sum + ends_sum;
}

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  with_spaces = strcmp(argv[1], "tokens") == 0;
  size = (size_t)atol(argv[2]); // a multiple of 64
  bytes = malloc(size);
  starts = malloc(sizeof(uint32_t) << 22);
  ends = malloc(sizeof(uint32_t) << 22);
  fill_text(bytes, size);
  report(run_split, 9);
  return 0;
}
