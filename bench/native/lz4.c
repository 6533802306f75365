// Twin of bench/kernels/lz4.bench.ts: lz4 compress|decompress BLOCKS, with the matches and bounds checks of kernels/lz4.ts.
#include "bench.h"
#include "text.h"

#define BLOCK (1u << 20)
#define SLOT (BLOCK + BLOCK / 255 + 64)
#define TABLE_BITS 13
static uint32_t blocks;
static uint8_t *plain, *packed;
static uint32_t *sizes;

static uint32_t load32(const uint8_t *at) {
  uint32_t word;
  memcpy(&word, at, 4);
  return word;
}

static uint64_t load64(const uint8_t *at) {
  uint64_t word;
  memcpy(&word, at, 8);
  return word;
}

static uint32_t slot_of(uint64_t word) {
  return ((uint32_t)word * 0x9e3779b1u + ((uint32_t)(word >> 32) & 0xff) * 0x85ebca6bu) >> (32 - TABLE_BITS);
}

static uint8_t *write_length(uint8_t *to, uint32_t rest) {
  for (; rest >= 255; rest -= 255) *to++ = 255;
  *to++ = (uint8_t)rest;
  return to;
}

static uint8_t *write_literals(const uint8_t *from, uint32_t literals, uint8_t *to, const uint8_t *limit, uint32_t low) {
  *to++ = (uint8_t)((literals < 15 ? literals : 15) << 4 | low);
  if (literals >= 15) to = write_length(to, literals - 15);
  if (literals <= 16 && limit - to >= 16) memcpy(to, from, 16);
  else memcpy(to, from, literals);
  return to + literals;
}

static uint32_t compress(const uint8_t *src, uint32_t n, uint8_t *dst, uint32_t capacity) {
  static uint32_t table[1 << TABLE_BITS];
  memset(table, 0, sizeof table);
  uint32_t anchor = 0, at = 1, misses = 64, last_start = n - 12;
  uint8_t *to = dst;
  while (at <= last_start) {
    uint64_t word = load64(src + at);
    uint32_t *entry = table + slot_of(word), from = *entry;
    *entry = at;
    if (load32(src + from) != (uint32_t)word || at - from > 65535) {
      at += misses++ >> 6;
      continue;
    }
    misses = 64;
    while (at > anchor && from > 0 && src[at - 1] == src[from - 1]) at--, from--;
    uint32_t length = 4, end = n - 5;
    uint64_t differing = 0;
    while (at + length + 8 <= end && (differing = load64(src + at + length) ^ load64(src + from + length)) == 0) length += 8;
    if (differing) length += (uint32_t)__builtin_ctzll(differing) >> 3;
    else while (at + length < end && src[at + length] == src[from + length]) length++;
    uint32_t literals = at - anchor, rest = length - 4;
    if ((uint64_t)(to - dst) + literals + literals / 255 + length / 255 + 5 > capacity) return 0;
    to = write_literals(src + anchor, literals, to, dst + capacity, rest < 15 ? rest : 15);
    *to++ = (uint8_t)(at - from);
    *to++ = (uint8_t)((at - from) >> 8);
    if (rest >= 15) to = write_length(to, rest - 15);
    at += length;
    anchor = at;
    if (at <= last_start) table[slot_of(load64(src + at - 2))] = at - 2;
  }
  if ((uint64_t)(to - dst) + (n - anchor) + (n - anchor) / 255 + 2 > capacity) return 0;
  return (uint32_t)(write_literals(src + anchor, n - anchor, to, to, 0) - dst);
}

static void copy_match(uint8_t *to, uint32_t distance, uint32_t length, uint32_t writable) {
  const uint8_t *from = to - distance;
  if (distance >= 16 && length + 16 <= writable) {
    for (uint32_t k = 0; k < length; k += 16) memcpy(to + k, from + k, 16);
  } else if (distance >= 8 && length + 8 <= writable) {
    for (uint32_t k = 0; k < length; k += 8) memcpy(to + k, from + k, 8);
  } else {
    for (uint32_t k = 0; k < length; k++) to[k] = from[k];
  }
}

static int32_t decompress(const uint8_t *src, uint32_t n, uint8_t *dst, uint32_t capacity) {
  uint32_t at = 0, to = 0;
  while (at < n) {
    uint32_t token = src[at++], literals = token >> 4, more;
    if (literals == 15) {
      do {
        if (at == n) return -1;
        literals += more = src[at++];
      } while (more == 255);
    }
    if (literals > n - at || literals > capacity - to) return -1;
    if (literals <= 16 && n - at >= 16 && capacity - to >= 16) memcpy(dst + to, src + at, 16);
    else memcpy(dst + to, src + at, literals);
    at += literals;
    to += literals;
    if (at == n) return (int32_t)to;
    if (n - at < 2) return -1;
    uint32_t distance = src[at] | (uint32_t)src[at + 1] << 8;
    at += 2;
    if (distance == 0 || distance > to) return -1;
    uint32_t length = (token & 15) + 4;
    if (length == 19) {
      do {
        if (at == n) return -1;
        length += more = src[at++];
      } while (more == 255);
    }
    if (length > capacity - to) return -1;
    copy_match(dst + to, distance, length, capacity - to);
    to += length;
  }
  return -1;
}

static double run_compress(void) {
  double checksum = 0;
  for (uint32_t b = 0; b < blocks; b++) {
    sizes[b] = compress(plain + (size_t)b * BLOCK, BLOCK, packed + (size_t)b * SLOT, SLOT);
    checksum += sizes[b];
    SAMPLE(checksum, packed + (size_t)b * SLOT, sizes[b]);
  }
  return checksum;
}

static double run_decompress(void) {
  for (uint32_t b = 0; b < blocks; b++) {
    if (decompress(packed + (size_t)b * SLOT, sizes[b], plain + (size_t)b * BLOCK, BLOCK) != (int32_t)BLOCK) return -1;
  }
  double sum = 0;
  SAMPLE(sum, plain, (size_t)blocks * BLOCK);
  return sum;
}

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  blocks = (uint32_t)atoi(argv[2]);
  plain = malloc((size_t)blocks * BLOCK);
  packed = malloc((size_t)blocks * SLOT);
  sizes = malloc(blocks * sizeof(uint32_t));
  fill_text(plain, (size_t)blocks * BLOCK);
  run_compress();
  report(strcmp(argv[1], "compress") == 0 ? run_compress : run_decompress, 9);
  return 0;
}
