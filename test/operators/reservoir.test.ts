/** Samples are uniform, and the same however the rows come. */
import { expect, test } from "bun:test";
import { Random } from "../../src/base/random.ts";
import { Reservoir } from "../../src/operators/reservoir.ts";

/** The sampled row numbers when the rows come in chunks of `sizes`. */
function sampled(size: number, seed: number, sizes: Iterable<number>): { rows: number; sample: number[] } {
  const reservoir = new Reservoir(size, new Random(seed));
  const sample: number[] = [];
  let first = 0;
  for (const rows of sizes) {
    for (let from = 0; from < rows;) {
      const skipped = reservoir.passes(rows - from);
      if (skipped < 0) break;
      from += skipped + 1;
      sample[reservoir.take()] = first + from - 1;
    }
    first += rows;
  }
  return { rows: reservoir.rows, sample };
}

test("a sample does not depend on how the rows are cut into chunks", () => {
  for (let seed = 1; seed <= 50; seed++) {
    const random = new Random(seed);
    const sizes = Array.from({ length: random.below(30) }, () => random.below(300));
    const rows = sizes.reduce((sum, n) => sum + n, 0);
    const size = 1 + random.below(60);
    const whole = sampled(size, seed, [rows]);
    expect(whole.rows).toBe(rows);
    expect(sampled(size, seed, sizes)).toEqual(whole);
    expect(sampled(size, seed, new Array(rows).fill(1))).toEqual(whole);
    expect(whole.sample).toHaveLength(Math.min(rows, size));
    expect(new Set(whole.sample).size).toBe(whole.sample.length);
  }
});

test("every row is as likely as another", () => {
  const [rows, size, rounds] = [200, 10, 4000];
  const counts = new Uint32Array(rows);
  for (let seed = 1; seed <= rounds; seed++) for (const row of sampled(size, seed, [rows]).sample) counts[row]!++;
  // 200 draws are expected a row, with a deviation of 14
  for (const count of counts) {
    expect(count).toBeGreaterThan(125);
    expect(count).toBeLessThan(275);
  }
});
