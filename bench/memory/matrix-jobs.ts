/**
 * Jobs whose answers must be the same bytes at any memory: `scale partitions [name,…]`. Prints a line of JSON for each, with a sha256
 * of all rows in order, seconds, bytes spilled and the most memory that a task accounted for; then one with what the processes
 * held at most.
 */
import { createHash } from "node:crypto";
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, readSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Context, Rdd } from "firesteel";

interface Size {
  readonly rows: number;
  readonly partitions: number;
}

const padding = "p".repeat(200);

/** Pairs of `keys` keys in an order that is neither theirs nor sorted. */
function texts(ctx: Context, { rows, partitions }: Size, keys: number): Rdd<[string, string]> {
  return ctx.range(0, rows, 1, partitions).map(i => [`key ${(i * 48271) % keys}`, `${i}${padding}`]);
}

const jobs: Readonly<Record<string, (ctx: Context, size: Size) => Rdd<unknown> | Promise<string[]>>> = {
  aggregateByKey: (ctx, size) =>
    texts(ctx, size, size.rows >> 1)
      .map(([key, text]) => [key + padding, text])
      .aggregateByKey(
        { n: 0, last: "" },
        (sum, text) => ({ n: sum.n + 1, last: text.slice(0, 9) }),
        (a, b) => ({ n: a.n + b.n, last: b.last }),
        size.partitions,
      ),
  groupByKey: (ctx, size) => texts(ctx, size, size.rows >> 3).groupByKey(size.partitions),
  join: (ctx, { rows, partitions }) => {
    const half = { rows: rows >> 1, partitions };
    return texts(ctx, half, rows >> 1).join(texts(ctx, half, rows >> 1), partitions);
  },
  cogroup: (ctx, { rows, partitions }) => {
    const half = { rows: rows >> 1, partitions };
    return texts(ctx, half, rows >> 3).cogroup(texts(ctx, half, rows >> 2), partitions);
  },
  sortByKey: (ctx, size) => texts(ctx, size, size.rows >> 1).sortByKey(true, size.partitions),
  distinct: (ctx, size) =>
    texts(ctx, size, size.rows >> 1)
      .map(([key]) => key + padding)
      .distinct(size.partitions),
  "reduceByKey of strings": (ctx, size) =>
    texts(ctx, size, size.rows >> 1)
      .map(([key, text]) => [key + padding, text.slice(0, 8)])
      .reduceByKey((a, b) => a + b, size.partitions),
  "skewed key": (ctx, size) => {
    const left = texts(ctx, size, 1 << 20).map(([key, text]) => [text.length % 3 === 0 ? "hot" : key, text]);
    const right = texts(ctx, { ...size, rows: size.rows >> 3 }, size.rows >> 3).map(([key, text]) => [
      key === "key 7" ? "hot" : key,
      text.slice(0, 20),
    ]);
    return (left as Rdd<[string, string]>).leftOuterJoin(right as Rdd<[string, string]>, size.partitions);
  },
  "floats summed": (ctx, { rows, partitions }) =>
    ctx
      .range(0, rows * 8, 1, partitions)
      .map(i => [(i * 48271) % (rows * 7 + 1), i / 3])
      .reduceByKey((a, b) => a + b / 7, partitions),
  "nested objects": (ctx, size) =>
    texts(ctx, size, size.rows >> 3)
      .map(([key, text]) => ({ id: { key, half: text.length % 2 }, parts: [text, { n: key.length }] }))
      .groupBy(row => row.id, size.partitions),
  "cached and used again": async (ctx, size) => {
    const cached = texts(ctx, size, size.rows >> 2)
      .partitionBy(size.partitions)
      .cache();
    const before = await cached.count();
    const sorted = await digests(cached.sortByKey(false, size.partitions));
    const lengths = await cached
      .mapValues(text => text.length)
      .reduceByKey((a, b) => a + b, size.partitions)
      .values()
      .sum();
    cached.unpersist();
    return [String(before), ...sorted, String(lengths)];
  },
  "saved as text": (ctx, size) => savedParts(path => lines(ctx, size).saveAsTextFile(path)),
  "saved as gzipped text": (ctx, size) => savedParts(path => lines(ctx, size).saveAsTextFile(path, { codec: "gzip" })),
  "saved as object file": (ctx, size) =>
    savedParts(path =>
      texts(ctx, size, size.rows >> 1)
        .repartition(size.partitions)
        // strings that are longer as bytes, and a row now and then that fits no layout but its own
        .map(([key, text]) => (text.startsWith("77") ? [key, text] : { key, text, signs: "é".repeat(text.length % 7) }))
        .saveAsObjectFile(path),
    ),
};

function lines(ctx: Context, size: Size): Rdd<string> {
  return texts(ctx, size, size.rows >> 1)
    .repartition(size.partitions)
    .map(([key, text]) => `${key}\t${text}`);
}

/** Of each file that `save` makes. */
async function savedParts(save: (path: string) => Promise<void>): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), "firesteel-saved-"));
  try {
    const path = join(folder, "out");
    await save(path);
    const parts = readdirSync(path).filter(name => name.startsWith("part-"));
    return parts.sort().map(name => `${name} ${sha256OfFile(join(path, name))}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Read piece by piece: what the process holds is measured. */
function sha256OfFile(path: string): string {
  const hash = createHash("sha256");
  const piece = new Uint8Array(64 * 1024);
  const file = openSync(path, "r");
  try {
    for (let read = readSync(file, piece); read > 0; read = readSync(file, piece)) hash.update(piece.subarray(0, read));
  } finally {
    closeSync(file);
  }
  return hash.digest("hex");
}

function sha256(bytes: Uint8Array | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Of each partition's rows, in order. */
function digests(rdd: Rdd<unknown>): Promise<string[]> {
  return rdd
    .mapPartitions(rows => {
      const hash = createHash("sha256");
      for (const row of rows) hash.update(JSON.stringify(row));
      return [hash.digest("hex")];
    })
    .collect();
}

interface StageFigures {
  readonly memoryBytesSpilled: number;
  readonly peakExecutionMemory: number;
}

async function stageFigures(ctx: Context): Promise<readonly StageFigures[]> {
  const applications = `${ctx.uiWebUrl}/api/v1/applications`;
  const [application] = (await (await fetch(applications)).json()) as { readonly id: string }[];
  return (await (await fetch(`${applications}/${application!.id}/stages`)).json()) as StageFigures[];
}

function statusOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/status`, "latin1");
  } catch {
    return ""; // it has ended
  }
}

/** The most memory of this process and of each that it started. */
function residentPeaks(): number[] {
  const parents = new Map<string, string>();
  for (const pid of readdirSync("/proc").filter(name => /^\d+$/.test(name)))
    parents.set(pid, /PPid:\s*(\d+)/.exec(statusOf(pid))?.[1] ?? "");
  const family = [String(process.pid)];
  for (const pid of family) for (const [child, parent] of parents) if (parent === pid) family.push(child);
  return family.map(pid => Number(/VmHWM:\s*(\d+)/.exec(statusOf(pid))?.[1] ?? 0) * 1024);
}

export default async function main(ctx: Context, [scale, partitions, names]: string[]): Promise<void> {
  const size = { rows: Math.round(240_000 * Number(scale)), partitions: Number(partitions) };
  let before = 0;
  for (const name of names === undefined ? Object.keys(jobs) : names.split(",")) {
    const startMs = performance.now();
    const made = jobs[name]!(ctx, size);
    const lines = made instanceof Promise ? await made : await digests(made);
    const seconds = (performance.now() - startMs) / 1000;
    const stages = await stageFigures(ctx);
    const spilledBytes = stages.reduce((sum, stage) => sum + stage.memoryBytesSpilled, 0);
    const peakBytes = stages.reduce((most, stage) => Math.max(most, stage.peakExecutionMemory), 0);
    const figures = { name, sha256: sha256(lines.join("\n")), seconds, spilledBytes: spilledBytes - before, peakBytes };
    console.log(JSON.stringify(figures));
    before = spilledBytes;
  }
  console.log(JSON.stringify({ residentBytes: residentPeaks() }));
}
