// Twin of bench/kernels/hash.bench.ts: hash f64|words ROWS
#include "bench.h"
#include "mix.h"

static uint32_t rows;
static double *numbers;
static uint32_t *offsets;
static uint8_t *bytes;
static uint64_t *hashes;

static double checksum(void) {
  double sum = 0;
  for (size_t i = 0; i < rows; i += 997) sum += (double)(uint32_t)hashes[i] * (double)(i % 7 + 1);
  return sum;
}

static double run_numbers(void) {
  for (uint32_t i = 0; i < rows; i++) hashes[i] = hash_number(numbers[i]);
  return checksum();
}

static double run_words(void) {
  for (uint32_t i = 0; i < rows; i++) hashes[i] = hash_string(bytes + offsets[i], offsets[i + 1] - offsets[i]);
  return checksum();
}

int main(int argc, char **argv) {
  rows = (uint32_t)atoi(argv[argc - 1]);
  hashes = malloc(rows * sizeof(uint64_t));
  if (strcmp(argv[1], "f64") == 0) {
    numbers = malloc(rows * sizeof(double));
    for (uint32_t i = 0; i < rows; i++) numbers[i] = scattered_key(i, 1 << 20);
    report(run_numbers, 9);
  } else {
    offsets = malloc((rows + 1) * sizeof(uint32_t));
    bytes = malloc(rows * 12 + 32);
    offsets[0] = 0;
    for (uint32_t i = 0; i < rows; i++) offsets[i + 1] = offsets[i] + word_of(scattered_key(i, 100000), bytes + offsets[i]);
    report(run_words, 9);
  }
}
