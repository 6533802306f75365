/** What is kept, written, read, piped or computed together, beside plain-array twins: no rows come back as others. */
import { type Rdd, StorageLevel, taskContext } from "firesteel";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { SuiteTools } from "../suite.ts";
import { conformanceCases, type Input } from "./conformance-cases.ts";
import { slices } from "./rows.ts";

const levels = Object.values(StorageLevel).filter(level => level !== StorageLevel.NONE);
const recordBytes = 64;

/** What a Map, a Set or a typed array is in JSON. */
function plain(_: string, value: unknown): unknown {
  if (value instanceof Map || value instanceof Set) return [...value];
  if (ArrayBuffer.isView(value)) return [...(value as Uint8Array)];
  return typeof value === "bigint" ? Number(value) : value instanceof RegExp ? String(value) : value;
}

/** A row as saveAsTextFile and pipe write it. Lone surrogates are no UTF-8. */
function lineOf(row: unknown): string {
  if (row instanceof Date) return Number.isNaN(row.getTime()) ? "Invalid Date" : row.toISOString();
  const isJson = typeof row === "object" && row !== null && !(row instanceof RegExp);
  return (isJson ? JSON.stringify(row, plain) : String(row)).toWellFormed();
}

function textOf(lines: readonly string[]): string {
  return lines.map(line => `${line}\n`).join("");
}

export default function conformanceKept(tools: SuiteTools): void {
  const { ctx, same, group, sameGroups, expect, newFolder } = tools;
  const { over, exact, gives } = conformanceCases(tools);
  const folder = newFolder();
  ctx.setCheckpointDir(join(folder, "checkpoints"));
  let places = 0;
  const place = () => join(folder, String(places++));
  /** Files of these contents in a new folder, in the order of their names. */
  const written = (contents: readonly (string | Uint8Array)[]): string => {
    const path = place();
    mkdirSync(path);
    contents.forEach((content, i) => writeFileSync(join(path, `file-${String(i).padStart(2, "0")}`), content));
    return path;
  };

  // ---- kept
  over("persist and unpersist", async ({ pairs, pairParts, pairRows, parts, set }) => {
    // all levels come to all kinds of rows by turns
    const level = levels[(parts.length + set.name.length) % levels.length]!;
    const kept = pairs.map(pair => pair).persist(level);
    same(await kept.glom().collect(), pairParts);
    same(await kept.glom().collect(), pairParts);
    sameGroups(await kept.groupByKey(3).collect(), group(pairRows));
    await kept.unpersist({ blocking: true });
    same(await kept.collect(), pairRows);
  });
  over("checkpoint", async ({ pairs, pairParts }) => {
    const cut = pairs.map(pair => pair);
    cut.checkpoint();
    same(await cut.glom().collect(), pairParts);
    expect([cut.isCheckpointed, cut.numPartitions]).toEqual([true, pairParts.length]);
    same(await cut.glom().collect(), pairParts);
  });
  over("localCheckpoint", async ({ rdd, parts }) => {
    const cut = rdd.map(row => row).localCheckpoint();
    same(await cut.glom().collect(), parts);
    expect(cut.isCheckpointed).toBe(true);
    same(await cut.glom().collect(), parts);
  });

  // ---- written and read
  over("saveAsTextFile and textFile", async ({ rdd, rows, parts }) => {
    const path = place();
    await rdd.saveAsTextFile(path);
    const files = readdirSync(path).filter(name => name.startsWith("part-"));
    same(
      files.sort().map(name => readFileSync(join(path, name), "utf8")),
      parts.map(part => textOf(part.map(lineOf))),
    );
    same(await ctx.textFile(path, 5).collect(), rows.map(lineOf));
  });
  over("saveAsObjectFile and objectFile", async ({ rdd, rows, set }) => {
    const path = place();
    if (set.name === "instances") {
      expect((await tools.failure(() => rdd.saveAsObjectFile(path))).message).toContain("Point");
      return;
    }
    await rdd.saveAsObjectFile(path);
    same(await ctx.objectFile(path, 5).collect(), rows);
  });
  const filesOf = ({ parts }: Input) => parts.map(part => textOf(part.map(lineOf)));
  over("wholeTextFiles and binaryFiles", async input => {
    const texts = filesOf(input);
    const path = written(texts);
    const names = readdirSync(path).map(name => join(path, name));
    same(
      await ctx.wholeTextFiles(path, 3).collect(),
      names.sort().map((name, i) => [name, texts[i]]),
    );
    const binary = await ctx.binaryFiles(path, 3).collect();
    same(
      binary.map(([name, bytes]) => [name, new TextDecoder().decode(bytes)]),
      names.map((name, i) => [name, texts[i]]),
    );
  });
  over("binaryRecords", async ({ rows }) => {
    const records = rows.map((row, i) =>
      Buffer.from(`${i} ${lineOf(row)}`.padEnd(recordBytes)).subarray(0, recordBytes),
    );
    const path = written([Buffer.concat(records)]);
    same(
      await ctx.binaryRecords(path, recordBytes).collect(),
      records.map(bytes => new Uint8Array(bytes)),
    );
  });
  gives(
    "csvFile",
    ({ parts }) => {
      const quoted = (row: unknown) => `"${lineOf(row).replaceAll('"', '""')}"`;
      const texts = parts.map(part => textOf(["text,n", ...part.map((row, i) => `${quoted(row)},${i}`)]));
      return ctx.csvFile(written(texts), { schema: { text: "string", n: "number" } }).collect();
    },
    ({ parts }) => parts.flatMap(part => part.map((row, n) => ({ text: lineOf(row), n }))),
  );
  const jsonOf = (row: unknown) => JSON.stringify({ row }, plain);
  gives(
    "jsonFile",
    ({ parts }) => ctx.jsonFile(written(parts.map(part => textOf(part.map(jsonOf))))).collect(),
    ({ rows }) => rows.map(row => JSON.parse(jsonOf(row)) as unknown),
  );

  // ---- elsewhere, and all at once
  exact(
    "pipe",
    ({ rdd }) => rdd.pipe("cat").glom(),
    ({ parts }) => parts.map(part => part.map(lineOf)),
  );
  exact(
    "union of what a Context has, and emptyRdd",
    ({ rdd, pairs }) => ctx.union<unknown>([rdd, ctx.emptyRdd(), pairs, rdd]),
    ({ rows, pairRows }) => [...rows, ...pairRows, ...rows],
  );
  tools.test("a union of what is no array is refused", async () => {
    const { message, hint } = await tools.failure(() => ctx.union(ctx.range(3) as never));
    expect([message, hint]).toEqual(["a Context's union needs an array of Rdds", "ctx.union([a, b]), or a.union(b)"]);
  });
  over("emptyRdd", async ({ rdd, rows }) => {
    const nothing = ctx.emptyRdd<unknown>();
    expect([nothing.numPartitions, await nothing.count()]).toEqual([0, 0]);
    same(await nothing.union(rdd).collect(), rows);
    same(await rdd.cartesian(nothing).collect(), []);
  });
  /** In as many partitions as have a core each. */
  const together = ({ rdd, parts }: Input): { few: Rdd<unknown>; fewParts: unknown[][] } => {
    const count = Math.min(parts.length, ctx.defaultParallelism);
    return { few: rdd.coalesce(count), fewParts: slices(parts, count).map(group => group.flat(1)) };
  };
  exact(
    "barrier and mapPartitions",
    input =>
      together(input)
        .few.barrier()
        .mapPartitions(async rows => {
          const own = [...rows];
          const lengths = await taskContext().allGather(String(own.length));
          return [lengths.join(), ...own];
        }),
    input => {
      const { fewParts } = together(input);
      const lengths = fewParts.map(part => part.length).join();
      return fewParts.flatMap(part => [lengths, ...part]);
    },
  );
  exact(
    "mapPartitionsWithIndex of a barrier",
    input =>
      together(input)
        .few.barrier()
        .mapPartitionsWithIndex((i, rows) => rows.map(row => [i, row])),
    input => together(input).fewParts.flatMap((part, i) => part.map(row => [i, row])),
  );
}
