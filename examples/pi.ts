/**
 * Estimates π by throwing points at a square and counting those inside the circle (Monte Carlo). Each partition throws from a
 * seed of its own, so the same arguments give the same estimate.
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
      let state = index * 2654435761 + 1;
      const random = () => {
        // mulberry32
        state = (state + 0x6d2b79f5) | 0;
        let t = Math.imul(state ^ (state >>> 15), 1 | state);
        t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
        return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
      };
      let hits = 0;
      for (const _ of rows) if (Math.hypot(random(), random()) < 1) hits++;
      return [hits];
    })
    .sum();
  console.log(`π is about ${(4 * inside) / points}`);
}
