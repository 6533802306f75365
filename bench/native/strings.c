// Twin of bench/kernels/strings.bench.ts: strings units|count BYTES
#define _GNU_SOURCE
#include "bench.h"
#ifdef __SSE2__
#include <emmintrin.h>
#endif

static const char *needle = "7919";
static size_t size;
static uint8_t *bytes;

static double run_units(void) {
  size_t count = 0;
  for (size_t k = 0; k < size; k++) count += ((bytes[k] & 0xc0) != 0x80) + (bytes[k] >= 0xf0);
  return (double)count;
}

// Places where the first and the last byte are, compared whole.
static double run_count(void) {
  size_t length = strlen(needle), count = 0, at = 0, end = size - length;
#ifdef __SSE2__
  __m128i first = _mm_set1_epi8(needle[0]), last = _mm_set1_epi8(needle[length - 1]);
  size_t next = 0;
  for (; at + 16 + length <= size; at += 16) {
    __m128i a = _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(bytes + at)), first);
    __m128i b = _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(bytes + at + length - 1)), last);
    for (uint32_t hits = (uint32_t)_mm_movemask_epi8(_mm_and_si128(a, b)); hits; hits &= hits - 1) {
      size_t found = at + (size_t)__builtin_ctz(hits);
      if (found < next || memcmp(bytes + found, needle, length) != 0) continue;
      next = found + length;
      count++;
    }
  }
  if (at < next) at = next;
#endif
  while (at <= end) {
    const uint8_t *found = memmem(bytes + at, size - at, needle, length);
    if (!found) break;
    count++;
    at = (size_t)(found - bytes) + length;
  }
  return (double)count;
}

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  size = (size_t)atol(argv[2]);
  bytes = malloc(size);
  size_t end = 0;
  for (uint32_t i = 0; end + 16 <= size; i++) {
    end += word_of(scattered_key(i, 50000), bytes + end);
    if (i % 50 == 49) {
      bytes[end++] = 0xc3;
      bytes[end++] = 0xa9;
    }
    bytes[end++] = ' ';
  }
  memset(bytes + end, ' ', size - end);
  report(strcmp(argv[1], "units") == 0 ? run_units : run_count, 9);
  return 0;
}
