/** A gigabyte grouped, sorted or joined, once: `name rows partitions`. Prints seconds and an answer that all rows went into. */
import type { Context, Rdd } from "firesteel";

const jobs: Readonly<Record<string, (ctx: Context, rows: number, partitions: number) => Promise<unknown>>> = {
  "group-by-key": (ctx, rows, partitions) =>
    records(ctx, rows, partitions, Math.ceil(rows / 10))
      .groupByKey(partitions)
      .map(([key, texts]) => key * texts.length)
      .sum(),
  sort: (ctx, rows, partitions) =>
    records(ctx, rows, partitions, 4294967296)
      .sortByKey(true, partitions)
      .map(([key, text]) => key + text.length)
      .sum(),
  join: (ctx, rows, partitions) => {
    const keys = rows;
    const [left, right] = [0, 1].map(() => records(ctx, rows / 2, partitions, keys)) as [Records, Records];
    return left
      .join(right, partitions)
      .map(([key, [a, b]]) => key + a.length + b.length)
      .sum();
  },
};

type Records = Rdd<[number, string]>;

/** Of about 100 bytes, in no order of their keys. */
function records(ctx: Context, rows: number, partitions: number, keys: number): Records {
  const padding = "FIRESTEEL ".repeat(8);
  return ctx.range(0, rows, 1, partitions).map(i => [(i * 69069) % keys, `${i} ${padding}`]);
}

export default async function main(ctx: Context, [name, rows, partitions]: [string, string, string]): Promise<void> {
  const startMs = performance.now();
  const answer = await jobs[name]!(ctx, Number(rows), Number(partitions));
  console.log((performance.now() - startMs) / 1000, String(answer));
}
