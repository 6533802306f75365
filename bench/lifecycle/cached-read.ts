/**
 * What reading cached numbers costs, in nanoseconds a row, by level and action: `firesteel run bench/lifecycle/cached-read.ts [millions]`.
 * Best of several rounds, by the clock and in processor time of the whole process. With --master local[1] it is a thread's own cost.
 */
import { type Context, type Rdd, StorageLevel } from "firesteel";

const rounds = 7;

export default async function main(ctx: Context, [millions = "8"]: string[]): Promise<void> {
  const rows = Number(millions) * 1e6;
  const levels = [StorageLevel.MEMORY_ONLY, StorageLevel.MEMORY_ONLY_SER, StorageLevel.DISK_ONLY];
  console.log(`ns a row, ${rows.toLocaleString("en")} rows, best of ${rounds}`);
  for (const level of levels) {
    const numbers = ctx
      .range(0, rows, 1, 2)
      .map(i => i * 1.5)
      .persist(level);
    const pairs = ctx
      .range(0, rows, 1, 2)
      .map(i => [i % 1000, i * 0.5])
      .persist(level);
    await measure(level.name, rows, {
      "numbers: count": () => numbers.count(),
      "numbers: sum": () => numbers.sum(),
      "numbers: map, sum": () => numbers.map(x => x + 1).sum(),
      "pairs: count": () => pairs.count(),
      "pairs: values, sum": () => (pairs as Rdd<[number, number]>).values().sum(),
      "pairs: map, sum": () => pairs.map(([key, value]) => key! + value!).sum(),
    });
    await numbers.unpersist({ blocking: true });
    await pairs.unpersist({ blocking: true });
  }
}

async function measure(level: string, rows: number, actions: Record<string, () => Promise<number>>): Promise<void> {
  const best = new Map<string, { clock: number; processor: number }>();
  for (let round = 0; round <= rounds; round++) {
    for (const [name, act] of Object.entries(actions)) {
      const [startMs, before] = [performance.now(), process.cpuUsage()];
      await act();
      const clock = ((performance.now() - startMs) * 1e6) / rows;
      const { user, system } = process.cpuUsage(before);
      const processor = ((user + system) * 1e3) / rows;
      const known = best.get(name) ?? { clock: Infinity, processor: Infinity };
      // the first round fills the cache
      if (round > 0)
        best.set(name, { clock: Math.min(known.clock, clock), processor: Math.min(known.processor, processor) });
    }
  }
  for (const [name, { clock, processor }] of best)
    console.log(`${level.padEnd(16)} ${name.padEnd(20)} ${clock.toFixed(2)}, processor ${processor.toFixed(2)}`);
}
