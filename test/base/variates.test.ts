/** Random counts have the mean, the variance and the bounds of their distributions; streams do not resemble each other. */
import { expect, test } from "bun:test";
import { Random } from "../../src/base/random.ts";
import { binomial, hypergeometric, poisson } from "../../src/base/variates.ts";

function moments(draw: (random: Random) => number, seed: number) {
  const random = Random.stream(seed, 1);
  const draws = Array.from({ length: 20_000 }, () => draw(random));
  const mean = draws.reduce((sum, x) => sum + x, 0) / draws.length;
  const variance = draws.reduce((sum, x) => sum + (x - mean) ** 2, 0) / draws.length;
  return { mean, variance, least: Math.min(...draws), most: Math.max(...draws) };
}

const cases: [string, (random: Random) => number, number, number][] = [
  ["poisson 0.05", random => poisson(random, 0.05), 0.05, 0.05],
  ["poisson 3.5", random => poisson(random, 3.5), 3.5, 3.5],
  ["poisson 4000", random => poisson(random, 4000), 4000, 4000],
  ["binomial of 100", random => binomial(random, 100, 0.03), 3, 2.91],
  ["binomial of 1e6", random => binomial(random, 1e6, 0.6), 6e5, 2.4e5],
  ["hypergeometric of 50", random => hypergeometric(random, 50, 30, 20), 12, (12 * 0.4 * 30) / 49],
  ["hypergeometric of 1e9", random => hypergeometric(random, 1e9, 2e8, 1e5), 2e4, 1.6e4 * (1 - 1e-4)],
];

test.each(cases)("%s", (_, draw, mean, variance) => {
  const found = moments(draw, 4);
  expect(Math.abs(found.mean - mean)).toBeLessThan(6 * Math.sqrt(variance / 20_000));
  expect(Math.abs(found.variance / variance - 1)).toBeLessThan(variance < 1 ? 0.2 : 0.06);
  expect(found.least).toBeGreaterThanOrEqual(0);
});

test("counts keep to what is possible", () => {
  const random = new Random(1);
  for (let i = 0; i < 2000; i++) {
    const all = 1 + random.below(30);
    const [good, draws] = [random.below(all + 1), random.below(all + 1)];
    const count = hypergeometric(random, all, good, draws);
    expect(count).toBeGreaterThanOrEqual(Math.max(0, draws + good - all));
    expect(count).toBeLessThanOrEqual(Math.min(draws, good));
  }
  expect([binomial(random, 7, 1), binomial(random, 7, 0), binomial(random, 0, 0.5), poisson(random, 0)]).toEqual([
    7, 0, 0, 0,
  ]);
});

test("streams of one seed, and the same stream of other seeds, start with numbers that are spread evenly", () => {
  const families: ((i: number) => Random)[] = [
    i => Random.stream(5, i),
    i => Random.stream(i, 3),
    i => Random.stream(i * 2 ** 32, 3),
    i => Random.stream(5, -1, 2, i),
  ];
  for (const family of families) {
    const buckets = new Uint32Array(16);
    for (let i = 0; i < 16_000; i++) buckets[Math.floor(family(i).float() * 16)]!++;
    const chi = buckets.reduce((sum, n) => sum + (n - 1000) ** 2 / 1000, 0);
    // 15 degrees of freedom: more is once in 100,000
    expect(chi).toBeLessThan(51);
  }
  expect(Random.stream(-7, 2).uint32()).toBe(Random.stream(-7, 2).uint32());
  expect(Random.stream(1, 2).uint32()).not.toBe(Random.stream(2, 1).uint32());
});
