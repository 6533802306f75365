// Twin of bench/kernels/merge.bench.ts: merge RUNS ROWS-OF-A-RUN (runs a power of two)
#include "bench.h"

typedef struct {
  uint64_t key;
  uint32_t rank; // the run, or beyond all runs when it has ended
} player;

static uint32_t runs, run_rows;
static uint64_t *keys;
static uint32_t *out_runs, *out_rows;
static player *tree;

static int is_before(player a, player b) { return (a.key < b.key) | ((a.key == b.key) & (a.rank < b.rank)); }

static player play(uint32_t node) {
  if (node >= runs) return (player){keys[(size_t)(node - runs) * run_rows], node - runs};
  player left = play(node * 2), right = play(node * 2 + 1);
  int left_wins = is_before(left, right);
  tree[node] = left_wins ? right : left;
  return left_wins ? left : right;
}

static double run_merge(void) {
  uint32_t *at = calloc(runs, sizeof(uint32_t));
  player winner = play(1);
  uint32_t emitted = 0;
  while (winner.rank < runs) {
    uint32_t run = winner.rank, row = at[run]++;
    out_runs[emitted] = run;
    out_rows[emitted++] = row;
    if (row + 1 < run_rows) winner.key = keys[(size_t)run * run_rows + row + 1];
    else winner = (player){~(uint64_t)0, run + runs};
    for (uint32_t node = (run + runs) >> 1; node > 0; node >>= 1) {
      player other = tree[node];
      if (!is_before(other, winner)) continue;
      tree[node] = winner;
      winner = other;
    }
  }
  free(at);
  double rows_sum = 0, runs_sum = 0;
  SAMPLE(rows_sum, out_rows, emitted);
  SAMPLE(runs_sum, out_runs, emitted);
  return rows_sum + runs_sum;
}

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  runs = (uint32_t)atoi(argv[1]);
  run_rows = (uint32_t)atoi(argv[2]);
  uint32_t rows = runs * run_rows;
  keys = malloc(rows * sizeof(uint64_t));
  out_runs = malloc(rows * sizeof(uint32_t));
  out_rows = malloc(rows * sizeof(uint32_t));
  tree = malloc(runs * sizeof(player));
  for (uint32_t i = 0; i < rows; i++) keys[i] = (uint64_t)(i % run_rows) * 1000 + scattered_key(i, 1000);
  report(run_merge, 9);
  return 0;
}
