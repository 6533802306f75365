// Twin of bench/kernels/planes.bench.ts: planes split|join CHUNKS
#include "bench.h"

#define CHUNK (62u * 1024)
#define WORDS (CHUNK / 8)
static size_t chunks;
static uint8_t *plain, *planes;

static double run_split(void) {
  for (size_t at = 0; at < chunks * CHUNK; at += CHUNK)
    for (size_t i = 0; i < WORDS; i++)
      for (size_t j = 0; j < 8; j++) planes[at + j * WORDS + i] = plain[at + i * 8 + j];
  double sum = 0;
  SAMPLE(sum, planes, chunks * CHUNK);
  return sum;
}

static double run_join(void) {
  for (size_t at = 0; at < chunks * CHUNK; at += CHUNK)
    for (size_t i = 0; i < WORDS; i++)
      for (size_t j = 0; j < 8; j++) plain[at + i * 8 + j] = planes[at + j * WORDS + i];
  double sum = 0;
  SAMPLE(sum, plain, chunks * CHUNK);
  return sum;
}

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  chunks = (size_t)atoi(argv[2]);
  plain = malloc(chunks * CHUNK);
  planes = malloc(chunks * CHUNK);
  for (size_t i = 0; i < chunks * WORDS; i++) ((double *)plain)[i] = scattered_key((uint32_t)i, 1 << 20);
  run_split();
  report(strcmp(argv[1], "split") == 0 ? run_split : run_join, 9);
  return 0;
}
