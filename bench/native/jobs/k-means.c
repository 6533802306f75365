// Twin of bench/jobs/k-means.ts
#include "timed.h"

static uint64_t count;
static double (*points)[8];

static int nearest(const double *point, double centres[8][8]) {
  int best = 0;
  double best_distance = 1e300;
  for (int k = 0; k < 8; k++) {
    double distance = 0;
    for (int d = 0; d < 8; d++) {
      double apart = point[d] - centres[k][d];
      distance += apart * apart;
    }
    if (distance < best_distance) {
      best_distance = distance;
      best = k;
    }
  }
  return best;
}

static void run(char *answer, size_t room) {
  double centres[8][8], total = 0;
  for (int k = 0; k < 8; k++)
    for (int d = 0; d < 8; d++) centres[k][d] = k * 125 + d;
  for (int round = 0; round < 10; round++) {
    double sums[8][8] = {{0}}, counts[8] = {0};
    for (uint64_t i = 0; i < count; i++) {
      int k = nearest(points[i], centres);
      for (int d = 0; d < 8; d++) sums[k][d] += points[i][d];
      counts[k]++;
    }
    for (int k = 0; k < 8; k++)
      for (int d = 0; d < 8 && counts[k] > 0; d++) centres[k][d] = sums[k][d] / counts[k];
  }
  for (int k = 0; k < 8; k++)
    for (int d = 0; d < 8; d++) total += centres[k][d];
  snprintf(answer, room, "%.17g", total);
}

int main(int argc, char **argv) {
  count = argc < 2 ? 0 : (uint64_t)atol(argv[1]);
  points = malloc(count * sizeof *points + 1);
  for (uint64_t i = 0; i < count; i++)
    for (int d = 0; d < 8; d++) points[i][d] = (double)(i * (uint64_t)(d + 3) * 48271 % 1000);
  return serve_runs(run);
}
