// Twin of bench/kernels/key-bytes.bench.ts: key-bytes ROWS
#include "bench.h"

static uint32_t rows;
static double *values;
static uint32_t *offsets, *cursors;
static uint8_t *bytes, *target;

static double run_key_bytes(void) {
  uint32_t length = 0;
  for (uint32_t i = 0; i < rows; i++) {
    uint32_t nuls = 0;
    for (uint32_t at = offsets[i]; at < offsets[i + 1]; at++) nuls += bytes[at] == 0;
    cursors[i] = length;
    length += 14 + offsets[i + 1] - offsets[i] + nuls;
  }
  for (uint32_t i = 0; i < rows; i++) {
    uint8_t *to = target + cursors[i];
    *to++ = 0x38;
    *to++ = 0x10;
    uint64_t key;
    memcpy(&key, values + i, 8);
    key ^= (uint64_t)((int64_t)key >> 63) | 0x8000000000000000u;
    key = __builtin_bswap64(key);
    memcpy(to, &key, 8);
    to += 8;
    *to++ = 0x20;
    for (uint32_t at = offsets[i]; at < offsets[i + 1]; at++) {
      *to++ = bytes[at];
      if (bytes[at] == 0) *to++ = 0xff;
    }
    *to++ = 0;
    *to++ = 1;
    *to++ = 0;
  }
  double sum = 0;
  SAMPLE(sum, target, length);
  return sum;
}

int main(int argc, char **argv) {
  if (argc < 2) return 2;
  rows = (uint32_t)atoi(argv[1]);
  values = malloc(rows * sizeof(double));
  offsets = malloc((rows + 1) * sizeof(uint32_t));
  cursors = malloc(rows * sizeof(uint32_t));
  bytes = malloc((size_t)rows * 10 + 16);
  target = malloc((size_t)rows * 24 + 16);
  offsets[0] = 0;
  for (uint32_t i = 0; i < rows; i++) {
    values[i] = scattered_key(i, 1000);
    offsets[i + 1] = offsets[i] + word_of(i, bytes + offsets[i]);
  }
  report(run_key_bytes, 9);
  return 0;
}
