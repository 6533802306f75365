// Twin of bench/jobs/page-rank.ts: nodes are numbers, so ranks are an array. A node that nothing links to has no rank.
#include "timed.h"

static uint64_t nodes;
static uint32_t (*links)[3];

static void run(char *answer, size_t room) {
  double *ranks = malloc(nodes * 8 + 8), *sums = malloc(nodes * 8 + 8);
  uint8_t *has = malloc(nodes + 1), *got = malloc(nodes + 1);
  for (uint64_t i = 0; i < nodes; i++) ranks[i] = 1;
  memset(has, 1, nodes);
  for (int round = 0; round < 10; round++) {
    memset(sums, 0, nodes * 8);
    memset(got, 0, nodes);
    for (uint64_t i = 0; i < nodes; i++) {
      if (!has[i]) continue;
      for (int k = 0; k < 3; k++) {
        sums[links[i][k]] += ranks[i] / 3;
        got[links[i][k]] = 1;
      }
    }
    for (uint64_t i = 0; i < nodes; i++) ranks[i] = 0.15 + 0.85 * sums[i];
    uint8_t *swap = has;
    has = got;
    got = swap;
  }
  double total = 0;
  for (uint64_t i = 0; i < nodes; i++)
    if (has[i]) total += ranks[i] * ranks[i];
  // ten digits, as toPrecision writes them
  int whole = snprintf(answer, room, "%.0f", total);
  snprintf(answer, room, "%.*f", whole < 10 ? 10 - whole : 0, total);
  free(ranks);
  free(sums);
  free(has);
  free(got);
}

int main(int argc, char **argv) {
  nodes = argc < 2 ? 0 : (uint64_t)atol(argv[1]);
  links = malloc(nodes * sizeof *links + 1);
  for (uint64_t i = 0; i < nodes; i++) {
    links[i][0] = (uint32_t)((i * 7 + 1) % nodes);
    links[i][1] = (uint32_t)((i * 13 + 5) % nodes);
    links[i][2] = (uint32_t)(i * i % nodes);
  }
  return serve_runs(run);
}
