/** Batches of Parquet files hold the rows that the reader gives one by one; their columns are as native as can be. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Random } from "../../src/base/random.ts";
import { FiresteelError } from "../../src/base/errors.ts";
import type { Batch } from "../../src/data/column.ts";
import { printType } from "../../src/data/schema.ts";
import { typeOf } from "../../src/data/type-of.ts";
import type { RowSource, SourceEnv } from "../../src/sources/contracts.ts";
import { resolvePaths } from "../../src/sources/input-files.ts";
import { openSplit } from "../../src/sources/open-split.ts";
import type { ParquetOptions } from "../../src/sources/options.ts";
import { planParquet } from "../../src/sources/parquet-plan.ts";
import { difference } from "../data/same.ts";
import { BudgetAllocator } from "../kernel/fixture.ts";
import { allBatchedRows, allRows, temporaryFolder, testEnv } from "./fixture.ts";

const data = join(import.meta.dirname, "data");
const flights = join(import.meta.dirname, "../../node_modules/vega-datasets/data/flights-3m.parquet");
const files = ["v1-snappy", "v2-zstd", "plain-gzip", "plain-brotli", "v1-lz4", "delta-none"];

async function readBoth(path: string, options: ParquetOptions = {}, splits = Infinity) {
  const scan = planParquet(resolvePaths(path), options);
  const rows: unknown[] = [];
  const batched: unknown[] = [];
  for (const split of scan.splits.slice(0, splits)) {
    for (const row of await allRows(openSplit(scan.format, split, testEnv()))) rows.push(row);
    const env = countedEnv();
    for (const row of await allBatchedRows(openSplit(scan.format, split, env), env)) batched.push(row);
    expect(env.allocator.outstandingBytes).toBe(0);
  }
  return { rows, batched };
}

/** An environment whose allocations are known. */
function countedEnv() {
  const env = testEnv();
  return { ...env, allocator: new BudgetAllocator(env.allocator, Infinity) };
}

function firstDifference(a: readonly unknown[], b: readonly unknown[]): string | undefined {
  if (a.length !== b.length) return `${a.length} rows are not ${b.length}`;
  for (let i = 0; i < a.length; i++) {
    const found = difference(a[i], b[i], `row ${i}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

function firstBatch(source: RowSource): Batch {
  return source.nextBatch!() as Batch;
}

function layout(path: string, env: SourceEnv, options: ParquetOptions = {}): string {
  const scan = planParquet(resolvePaths(path), options);
  const source = openSplit(scan.format, scan.splits[0]!, env);
  const type = printType(typeOf(firstBatch(source).root));
  source.close();
  return type;
}

for (const name of files) {
  test(`${name}: the same rows, and nothing is kept`, async () => {
    const { rows, batched } = await readBoth(join(data, `${name}.parquet`));
    expect(firstDifference(batched, rows)).toBeUndefined();
    expect(rows.length).toBe(300);
  });
}

test("pages: nulls from some row on, dictionaries given up, values beyond the native type", async () => {
  const path = join(data, "pages.parquet");
  const { rows, batched } = await readBoth(path);
  expect(firstDifference(batched, rows)).toBeUndefined();
  expect(rows.length).toBe(12_000);
  const scan = planParquet(resolvePaths(path));
  const source = openSplit(scan.format, scan.splits[0]!, testEnv());
  const layouts: string[] = [];
  for (let batch = source.nextBatch!(); batch !== undefined; batch = source.nextBatch!())
    layouts.push(`${(batch as Batch).rows} ${printType(typeOf((batch as Batch).root))}`);
  const some = "some: dictionary<utf8> | null";
  const rest = "flag: bool | null, broken: utf8, absent: utf8 | null";
  // strings of a dictionary that is too large for codes, then plain ones
  expect(layouts).toEqual([
    `5000 {late: f64, many: utf8, ${some}, big: f64, ${rest}}`,
    `5000 {late: f64 | null, many: utf8, ${some}, big: any, ${rest}}`,
    `2000 {late: f64 | null, many: dictionary<utf8>, ${some}, big: i64, ${rest}}`,
  ]);
});

test("numbers, times, booleans and strings are native columns, dictionaries stay", () => {
  const columns = ["i32", "u32", "i64", "f64", "f32", "yes", "ascii", "text", "day", "millis", "price", "none"];
  expect(layout(join(data, "v1-snappy.parquet"), testEnv(), { columns })).toBe(
    "{i32: i32, u32: f64, i64: f64 | null, f64: f64 | null, f32: f32, yes: bool | null, " +
      "ascii: dictionary<utf8> | null, text: dictionary<utf8>, day: date | null, millis: date, price: f64, none: utf8 | null}",
  );
  expect(layout(join(data, "delta-none.parquet"), testEnv(), { columns: ["ascii", "text"] })).toBe(
    "{ascii: utf8 | null, text: utf8}",
  );
  expect(layout(flights, testEnv())).toBe(
    "{date: date, delay: f64, distance: f64, origin: dictionary<utf8>, destination: dictionary<utf8>}",
  );
});

test("columns beyond native types are read by values beside the others", () => {
  expect(layout(join(data, "v2-zstd.parquet"), testEnv(), { columns: ["i32", "big", "list", "point", "bytes"] })).toBe(
    "{i32: i32, big: any, list: f64 | null[] | null, point: {x: f64, label: utf8 | null}, bytes: Uint8Array}",
  );
});

test("columns asked for twice, and in another order", async () => {
  const { rows, batched } = await readBoth(join(data, "v2-zstd.parquet"), { columns: ["text", "i64", "text"] });
  expect(firstDifference(batched, rows)).toBeUndefined();
});

test("rows are counted, and closing half-way frees everything", () => {
  const env = countedEnv();
  const scan = planParquet(resolvePaths(flights));
  const source = openSplit(scan.format, scan.splits[0]!, env);
  expect([firstBatch(source).rows, firstBatch(source).rows]).toEqual([8192, 8192]);
  expect(env.counts.rowsRead).toBe(16384);
  source.close();
  source.close();
  expect(env.allocator.outstandingBytes).toBe(0);
  expect(source.nextBatch!()).toBeUndefined();
});

test("a row group of flights is the same in batches", async () => {
  const { rows, batched } = await readBoth(flights, {}, 1);
  expect(firstDifference(batched, rows)).toBeUndefined();
  expect(rows.length).toBe(272_727);
});

test("columns whose pages memory is too short for are read by values", async () => {
  const scan = planParquet(resolvePaths(flights), { columns: ["delay", "date"] });
  const [split] = scan.splits;
  const rows = await allRows(openSplit(scan.format, split!, testEnv()));
  const env = { ...testEnv(), allocator: new BudgetAllocator(testEnv().allocator, 600_000) };
  const batched = await allBatchedRows(openSplit(scan.format, split!, env), env);
  expect(env.allocator.refusals).toBeGreaterThan(0);
  expect(firstDifference(batched, rows)).toBeUndefined();
  expect(env.allocator.outstandingBytes).toBe(0);
});

test("damaged pages are data errors that name file and column, or give other rows", async () => {
  using folder = temporaryFolder();
  let failures = 0;
  for (const name of files) {
    const whole = readFileSync(join(data, `${name}.parquet`));
    for (let seed = 1; seed <= 40; seed++) {
      const random = new Random(seed);
      const bytes = Buffer.from(whole);
      for (let i = 0; i < 8; i++) bytes[4 + random.below(bytes.length / 2)] = random.below(256);
      const path = folder.file(`${name}-${seed}.parquet`, bytes);
      const scan = planParquet(resolvePaths(path));
      const env = countedEnv();
      try {
        for (const split of scan.splits) await allBatchedRows(openSplit(scan.format, split, env), env);
      } catch (thrown) {
        failures++;
        const { kind, message } = thrown as FiresteelError;
        const found = { name, seed, firesteel: thrown instanceof FiresteelError, kind };
        expect(found).toEqual({ name, seed, firesteel: true, kind: "data" });
        expect(message).toStartWith(`cannot read ${path} as Parquet: column `);
      }
      expect(env.allocator.outstandingBytes).toBe(0);
    }
  }
  expect(failures).toBeGreaterThan(50);
});
