// Twin of bench/jobs/filter-sum.ts: four columns of doubles
#include "timed.h"

static uint64_t rows;
static double *quantity, *price, *discount, *day;

static void run(char *answer, size_t room) {
  double sum = 0;
  for (uint64_t i = 0; i < rows; i++) {
    if (quantity[i] < 24 && discount[i] >= 5 && discount[i] <= 7 && day[i] >= 366 && day[i] < 731)
      sum += price[i] * discount[i];
  }
  snprintf(answer, room, "%.0f", sum);
}

int main(int argc, char **argv) {
  rows = argc < 2 ? 0 : (uint64_t)atol(argv[1]);
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
  return serve_runs(run);
}
