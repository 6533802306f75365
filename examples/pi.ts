/**
 * Estimates π by throwing points at a square and counting those inside its quarter circle. Each partition throws from a seed of its
 * own, so the same arguments give the same estimate.
 *
 *   firesteel run examples/pi.ts [POINTS] [PARTITIONS]
 */
import type { Context } from "firesteel";

export default async function main(ctx: Context, args: string[]): Promise<void> {
  const points = Number(args[0] ?? 4_000_000);
  const partitions = Number(args[1] ?? 8);
  const inside = await ctx
    .range(0, points, 1, partitions)
    .mapPartitionsWithIndex((index, rows) => {
      const random = randomFrom(index);
      let hits = 0;
      for (const _ of rows) if (random() ** 2 + random() ** 2 < 1) hits++;
      return [hits];
    })
    .sum();
  console.log(`π is about ${(4 * inside) / points}`);
}

/** Numbers from 0 to 1 by mulberry32, a generator of 32 bits of state. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
