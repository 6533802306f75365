// Twin of bench/kernels/parquet.bench.ts: parquet codes|strings ROWS.
#include "bench.h"

#define WIDTH 11
#define DICTIONARY (1u << WIDTH)
static uint32_t rows;
static size_t n;
static uint8_t *packed, *bytes;
static uint32_t *codes, *ends;
static double *dictionary, *out;

static void pack(void) {
  uint32_t held = 0, bits = 0;
  for (uint32_t rest = (rows / 8) << 1 | 1;; rest >>= 7) {
    packed[n++] = (uint8_t)(rest < 128 ? rest : (rest & 127) | 128);
    if (rest < 128) break;
  }
  for (uint32_t i = 0; i < rows; i++) {
    bits |= scattered_key(i, DICTIONARY) << held;
    for (held += WIDTH; held >= 8; held -= 8, bits >>= 8) packed[n++] = (uint8_t)bits;
  }
}

static double run_codes(void) {
  size_t at = 0;
  while (packed[at++] >= 128);
  for (uint32_t from = 0; from < rows; from += 8192) {
    uint32_t highest = 0;
    for (uint32_t i = 0; i < 8192; i++) {
      uint64_t bit = (uint64_t)(from + i) * WIDTH, word = 0;
      size_t byte = at + (bit >> 3);
      if (byte + 8 <= n) memcpy(&word, packed + byte, 8);
      else memcpy(&word, packed + byte, n - byte);
      codes[i] = (uint32_t)(word >> (bit & 7)) & (DICTIONARY - 1);
    }
    for (uint32_t i = 0; i < 8192; i++) highest = codes[i] > highest ? codes[i] : highest;
    if (highest >= DICTIONARY) exit(1);
    for (uint32_t i = 0; i < 8192; i++) out[from + i] = dictionary[codes[i]];
  }
  double sum = 0;
  SAMPLE(sum, out, rows);
  return sum;
}

static double run_strings(void) {
  uint32_t end = 0;
  size_t at = 0;
  ends[0] = 0;
  for (uint32_t i = 0; i < rows; i++) {
    uint32_t length;
    if (n - at < 4) exit(1);
    memcpy(&length, packed + at, 4);
    at += 4;
    if (length > n - at) exit(1);
    at += length;
    ends[i + 1] = end += length;
  }
  at = 0;
  for (uint32_t i = 0; i < rows; i++) {
    uint32_t length = ends[i + 1] - ends[i];
    if (length <= 16) memcpy(bytes + ends[i], packed + at + 4, 16);
    else memcpy(bytes + ends[i], packed + at + 4, length);
    at += 4 + length;
  }
  double sum = 0, text = 0;
  SAMPLE(sum, ends, rows + 1);
  SAMPLE(text, bytes, end);
  return sum + text;
}

int main(int argc, char **argv) {
  (void)argc;
  rows = (uint32_t)strtoul(argv[2], NULL, 10);
  packed = malloc((size_t)rows * 16 + 32);
  if (strcmp(argv[1], "codes") == 0) {
    codes = malloc(8192 * sizeof *codes);
    dictionary = malloc(DICTIONARY * sizeof *dictionary);
    out = malloc(rows * sizeof *out);
    for (uint32_t i = 0; i < DICTIONARY; i++) dictionary[i] = i * 0.5;
    pack();
    report(run_codes, 9);
    return 0;
  }
  ends = malloc((rows + 1) * sizeof *ends);
  bytes = malloc((size_t)rows * 12 + 32);
  for (uint32_t i = 0; i < rows; i++) {
    uint8_t word[16];
    uint32_t length = word_of(scattered_key(i, 50000), word);
    memcpy(packed + n, &length, 4);
    memcpy(packed + n + 4, word, length);
    n += 4 + length;
  }
  report(run_strings, 9);
  return 0;
}
