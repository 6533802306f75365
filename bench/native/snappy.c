// Twin of bench/kernels/snappy.bench.ts: snappy BYTES, with the bounds checks of kernels/snappy.ts.
#include "bench.h"
#include "text.h"

static size_t size, packed_size;
static uint8_t *plain, *packed, *out;

static uint32_t word_at(size_t at) {
  uint32_t word;
  memcpy(&word, plain + at, 4);
  return word;
}

static size_t flush(size_t literal, size_t end, size_t to) {
  while (literal < end) {
    size_t length = end - literal < 60 ? end - literal : 60;
    packed[to++] = (uint8_t)((length - 1) << 2);
    memcpy(packed + to, plain + literal, length);
    to += length;
    literal += length;
  }
  return to;
}

static void encode(void) {
  static int32_t table[1 << 14];
  memset(table, 0xff, sizeof table);
  size_t to = 0, literal = 0, at = 0;
  for (size_t rest = size;; rest >>= 7) {
    packed[to++] = (uint8_t)(rest < 128 ? rest : (rest & 127) | 128);
    if (rest < 128) break;
  }
  while (at + 4 <= size) {
    uint32_t slot = (word_at(at) * 0x1e35a7bdu) >> 18;
    int32_t from = table[slot];
    table[slot] = (int32_t)at;
    if (from < 0 || at - (size_t)from > 65535 || word_at((size_t)from) != word_at(at)) {
      at++;
      continue;
    }
    to = flush(literal, at, to);
    size_t length = 4;
    while (length < 64 && at + length < size && plain[(size_t)from + length] == plain[at + length]) length++;
    size_t distance = at - (size_t)from;
    packed[to++] = (uint8_t)(2 | (length - 1) << 2);
    packed[to++] = (uint8_t)distance;
    packed[to++] = (uint8_t)(distance >> 8);
    at += length;
    literal = at;
  }
  packed_size = flush(literal, size, to);
}

static int decode(const uint8_t *src, size_t n, uint8_t *dst, size_t capacity) {
  size_t at = 0, to = 0;
  while (src[at++] >= 128);
  while (at < n) {
    uint32_t tag = src[at++];
    size_t length = (tag >> 2) + 1;
    if ((tag & 3) == 0) {
      if (length > 60 || length > n - at || length > capacity - to) return -1;
      if (length <= 16 && n - at >= 16 && capacity - to >= 16) memcpy(dst + to, src + at, 16);
      else memcpy(dst + to, src + at, length);
      at += length;
      to += length;
      continue;
    }
    if (n - at < 2) return -1;
    size_t distance = src[at] | (size_t)src[at + 1] << 8;
    at += 2;
    if (distance == 0 || distance > to || length > capacity - to) return -1;
    uint8_t *target = dst + to;
    if (distance >= 16 && capacity - to >= length + 16)
      for (size_t k = 0; k < length; k += 16) memcpy(target + k, target + k - distance, 16);
    else if (distance >= 8 && capacity - to >= length + 8)
      for (size_t k = 0; k < length; k += 8) memcpy(target + k, target + k - distance, 8);
    else
      for (size_t k = 0; k < length; k++) target[k] = target[k - distance];
    to += length;
  }
  return to == capacity ? 0 : -1;
}

static double run(void) {
  if (decode(packed, packed_size, out, size) != 0) exit(1);
  double sum = 0;
  SAMPLE(sum, out, size);
  return (double)packed_size + sum;
}

int main(int argc, char **argv) {
  (void)argc;
  size = strtoull(argv[1], NULL, 10);
  plain = malloc(size);
  packed = malloc(size + 1024);
  out = malloc(size);
  fill_text(plain, size);
  encode();
  report(run, 9);
  return 0;
}
