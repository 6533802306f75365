// Twin of bench/kernels/aggregate.bench.ts: aggregate sums|moments|stats ROWS
#include "bench.h"

static uint32_t rows;
static uint32_t *ids;
static double *columns[5];

static double checksum(const double *states, uint32_t n) {
  double sum = 0;
  for (uint32_t i = 0; i < n; i++) sum += states[i] * (i % 7 + 1);
  return sum;
}

static double run_sums(void) {
  double sums[8][5] = {0};
  const double *a = columns[0], *b = columns[1], *c = columns[2], *d = columns[3], *e = columns[4];
  for (uint32_t i = 0; i < rows; i++) {
    double *at = sums[ids[i]];
    at[0] += a[i];
    at[1] += b[i];
    at[2] += c[i];
    at[3] += d[i];
    at[4] += e[i];
  }
  return checksum(&sums[0][0], 40);
}

static double run_moments(void) {
  static double states[1000][3];
  memset(states, 0, sizeof states);
  for (uint32_t i = 0; i < rows; i++) {
    double *at = states[ids[i]];
    double delta = columns[0][i] - at[1];
    at[0] += 1;
    at[1] += delta / at[0];
    at[2] += delta * (columns[0][i] - at[1]);
  }
  return checksum(&states[0][0], 3000);
}

// Eight lanes that the compiler can keep in vectors, merged in pairs: as the kernel.
static double run_stats(void) {
  double sums[8] = {0}, means[8] = {0}, m2s[8] = {0}, least[8], greatest[8];
  for (int lane = 0; lane < 8; lane++) least[lane] = INFINITY, greatest[lane] = -INFINITY;
  for (uint32_t i = 0; i + 8 <= rows; i += 8) {
    double share = 1 / (double)(i / 8 + 1);
    for (int lane = 0; lane < 8; lane++) {
      double value = columns[0][i + lane], delta = value - means[lane];
      sums[lane] += value;
      means[lane] += delta * share;
      m2s[lane] += delta * (value - means[lane]);
      least[lane] = value < least[lane] ? value : least[lane];
      greatest[lane] = value > greatest[lane] ? value : greatest[lane];
    }
  }
  double count = rows / 8;
  for (int width = 1; width < 8; width *= 2, count *= 2) {
    for (int lane = 0; lane < 8; lane += 2 * width) {
      int other = lane + width;
      double delta = means[other] - means[lane];
      sums[lane] += sums[other];
      means[lane] += delta / 2;
      m2s[lane] += m2s[other] + delta * delta * count / 2;
      if (least[other] < least[lane]) least[lane] = least[other];
      if (greatest[other] > greatest[lane]) greatest[lane] = greatest[other];
    }
  }
  return rows + sums[0] + least[0] + greatest[0] + round(means[0] * 1000) + round(m2s[0] / 1000);
}

int main(int argc, char **argv) {
  (void)argc;
  rows = (uint32_t)atoi(argv[2]);
  int sums = strcmp(argv[1], "sums") == 0, stats = strcmp(argv[1], "stats") == 0;
  ids = malloc(rows * sizeof(uint32_t));
  for (uint32_t i = 0; i < rows; i++) ids[i] = scattered_key(i, sums ? 8 : 1000);
  for (int c = 0; c < (sums ? 5 : 1); c++) {
    columns[c] = malloc(rows * sizeof(double));
    for (uint32_t i = 0; i < rows; i++) columns[c][i] = stats ? scattered_key(i, 1000) : (i + (uint32_t)c) % 100;
  }
  report(sums ? run_sums : stats ? run_stats : run_moments, 9);
}
