/** Partitions' parts of an exact sample add up to it, and are as large as chance makes them. */
import { expect, test } from "bun:test";
import { Random } from "../../src/base/random.ts";
import { shareOf } from "../../src/operators/sample-shares.ts";

test("parts add up to what is wanted, and none is larger than its partition", () => {
  for (let seed = 1; seed <= 200; seed++) {
    const random = new Random(seed);
    const counts = Array.from({ length: 1 + random.below(20) }, () => random.below(4) * random.below(30));
    const all = counts.reduce((sum, count) => sum + count, 0);
    for (const withReplacement of [false, true]) {
      const wanted = all === 0 ? 0 : random.below(withReplacement ? 3 * all : all + 1);
      const parts = counts.map((_, i) => shareOf(counts, i, { wanted, withReplacement }, seed, 0));
      expect({ seed, sum: parts.reduce((sum, part) => sum + part, 0) }).toEqual({ seed, sum: wanted });
      parts.forEach((part, i) => {
        if (counts[i] === 0) expect(part).toBe(0);
        if (!withReplacement) expect(part).toBeLessThanOrEqual(counts[i]!);
      });
    }
  }
});

test("each partition's part is hypergeometric, or binomial", () => {
  const counts = [10, 40, 0, 25, 25];
  for (const withReplacement of [false, true]) {
    const draws = Array.from({ length: 8000 }, (_, seed) =>
      counts.map((_, i) => shareOf(counts, i, { wanted: 20, withReplacement }, seed, 3)),
    );
    counts.forEach((count, i) => {
      const [mean, p] = [count / 5, count / 100];
      const variance = 20 * p * (1 - p) * (withReplacement ? 1 : 80 / 99);
      const found = draws.reduce((sum, parts) => sum + parts[i]!, 0) / draws.length;
      const spread = draws.reduce((sum, parts) => sum + (parts[i]! - mean) ** 2, 0) / draws.length;
      expect(Math.abs(found - mean)).toBeLessThanOrEqual(6 * Math.sqrt(variance / draws.length));
      if (count > 0) expect(Math.abs(spread / variance - 1)).toBeLessThan(0.1);
    });
  }
});
