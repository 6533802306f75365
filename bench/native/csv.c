// Twin of bench/kernels/csv.bench.ts: csv RECORDS. Numbers are exact by one division, as in kernels/csv.ts.
#include "bench.h"

#define RUN 8192
static uint32_t records;
static uint8_t *text;
static size_t *starts, runs;
static double *ids, *decimals;
static uint32_t *offsets;
static uint8_t *words;

static void fill(void) {
  size_t end = 0;
  for (uint32_t i = 0; i < records; i++) {
    if (i % RUN == 0) starts[runs++] = end;
    uint32_t key = scattered_key(i, 50000);
    uint8_t word[16];
    uint32_t length = word_of(key, word);
    end += (size_t)sprintf((char *)text + end, "%u,%.*s,%u.%u\n", i, (int)length, word, key, 10 + i % 90);
  }
  starts[runs] = end;
}

static const uint8_t *number(const uint8_t *at, double *value) {
  uint64_t mantissa = 0;
  double scale = 1;
  for (; (uint8_t)(*at - '0') <= 9; at++) mantissa = mantissa * 10 + (uint8_t)(*at - '0');
  if (*at == '.')
    for (at++; (uint8_t)(*at - '0') <= 9; at++, scale *= 10) mantissa = mantissa * 10 + (uint8_t)(*at - '0');
  *value = (double)mantissa / scale;
  return at;
}

static double run(void) {
  double sum = 0;
  for (size_t r = 0; r < runs; r++) {
    const uint8_t *at = text + starts[r], *end = text + starts[r + 1];
    uint32_t row = 0;
    offsets[0] = 0;
    for (; at < end; row++) {
      at = number(at, &ids[row]);
      if (*at++ != ',') exit(1);
      const uint8_t *word = at;
      while (*at != ',' && *at != '\n') at++;
      uint32_t length = (uint32_t)(at - word);
      memcpy(words + offsets[row], word, length);
      offsets[row + 1] = offsets[row] + length;
      if (*at++ != ',') exit(1);
      at = number(at, &decimals[row]);
      if (*at++ != '\n') exit(1);
    }
    sum += ids[row - 1] + decimals[row - 1];
    sum += offsets[row];
  }
  return sum;
}

int main(int argc, char **argv) {
  (void)argc;
  records = (uint32_t)strtoul(argv[1], NULL, 10);
  text = malloc((size_t)records * 40 + 64);
  starts = malloc((records / RUN + 2) * sizeof *starts);
  ids = malloc(RUN * sizeof *ids);
  decimals = malloc(RUN * sizeof *decimals);
  offsets = malloc((RUN + 1) * sizeof *offsets);
  words = malloc(RUN * 16);
  fill();
  report(run, 9);
  return 0;
}
