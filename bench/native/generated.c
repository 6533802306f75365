// The loops of bench/generated/loops.ts: generated filter-sum|map-filter-sum ROWS
#include "bench.h"

static uint64_t rows;
static double *quantity, *price, *discount, *day;

static double filter_sum(void) {
  double sum = 0;
  for (uint64_t i = 0; i < rows; i++) {
    if (quantity[i] < 24 && discount[i] >= 5 && discount[i] <= 7 && day[i] >= 366 && day[i] < 731)
      sum += price[i] * discount[i];
  }
  return sum;
}

// Numbers are doubles, as in the function that the engine is given.
static double map_filter_sum(void) {
  double sum = 0;
  for (uint64_t i = 0; i < rows; i++) {
    double tripled = (double)i * 3;
    if ((uint64_t)tripled % 2 == 0) sum += tripled;
  }
  return sum;
}

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  rows = (uint64_t)atol(argv[2]);
  if (strcmp(argv[1], "map-filter-sum") == 0) {
    report(map_filter_sum, 15);
    return 0;
  }
  quantity = malloc(rows * 8);
  price = malloc(rows * 8);
  discount = malloc(rows * 8);
  day = malloc(rows * 8);
  for (uint64_t i = 0; i < rows; i++) {
    quantity[i] = (double)(i * 48271 % 50);
    price[i] = (double)(i * 69069 % 10000);
    discount[i] = (double)(i * 7 % 11);
    day[i] = (double)(i * 16807 % 2557);
  }
  report(filter_sum, 15);
  return 0;
}
