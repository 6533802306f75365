/** Against files that pyarrow 26.0.1 wrote (data/make-parquet.py), and the flights, whose answers DuckDB 2.0.0 gave. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Random } from "../../src/base/random.ts";
import { FiresteelError } from "../../src/base/errors.ts";
import type { ParquetOptions } from "../../src/sources/options.ts";
import { resolvePaths } from "../../src/sources/input-files.ts";
import { openSplit } from "../../src/sources/open-split.ts";
import { planParquet } from "../../src/sources/parquet-plan.ts";
import { allRows, failure, temporaryFolder, testEnv } from "./fixture.ts";

const data = join(import.meta.dirname, "data");
const files = ["v1-snappy", "v2-zstd", "plain-gzip", "plain-brotli", "v1-lz4", "delta-none"];

async function readParquet(path: string, options: ParquetOptions = {}, env = testEnv()): Promise<unknown[]> {
  const scan = planParquet(resolvePaths(path), options);
  const rows: unknown[] = [];
  for (const split of scan.splits) for (const row of await allRows(openSplit(scan.format, split, env))) rows.push(row);
  return rows;
}

function uuid(i: number): string {
  const byte = (i % 256).toString(16).padStart(2, "0");
  return [4, 2, 2, 2, 6].map(bytes => byte.repeat(bytes)).join("-");
}

function expectedRow(i: number): Record<string, unknown> {
  const some = <T>(value: T) => (i % 5 === 0 ? null : value);
  const big = 9007199254740990n + BigInt(i);
  return {
    i32: i - 150,
    u32: 4294967295 - i,
    i64: some(i * 1_000_000_007 - 5),
    big: big > 9007199254740991n ? big : Number(big),
    u64: i % 2 === 1 ? 18446744073709551615n - BigInt(i) : i,
    f64: some(i / 4),
    f32: i / 8,
    yes: some(i % 3 === 0),
    ascii: some(`name ${i % 17}`),
    text: `né ${i} 漢`,
    bytes: new Uint8Array([i % 256, 255]),
    day: some(new Date(Date.UTC(1969, 11, 1 + i))),
    millis: new Date(i * 86_400_000 + 250),
    micros: some(new Date(-1 + Math.floor(i / 1000))),
    nanos: new Date(-1),
    price: (i * 7) / 100,
    wide: (i * 1001 - 5) / 1000,
    list: i % 7 === 0 ? null : [i, null, i + 1].slice(0, i % 4),
    point: { x: i, label: i % 3 === 0 ? null : `p${i}` },
    deep:
      i % 11 === 0
        ? null
        : [Array.from({ length: i % 3 }, () => ({ d: new Date(i * 1000), s: i % 2 === 1 ? null : "s" })), null],
    map:
      i % 6 === 0
        ? null
        : Object.fromEntries(
            [
              ["k", i],
              ["n", null],
            ].slice(0, i % 3),
          ),
    maybe: i % 4 === 0 ? null : { in: i % 5 === 0 ? null : { x: i } },
    id: uuid(i),
    time: i * 1000,
    none: null,
    ["__proto__"]: i,
  };
}

for (const name of files) {
  test(`${name}: every type, encoding and null`, async () => {
    const env = testEnv();
    const rows = (await readParquet(join(data, `${name}.parquet`), {}, env)) as Record<string, unknown>[];
    expect(rows.length).toBe(300);
    for (let i = 0; i < 300; i++) expect({ name, i, row: rows[i] }).toEqual({ name, i, row: expectedRow(i) });
    expect(Object.keys(rows[0]!)).toEqual(Object.keys(expectedRow(0)));
    expect(env.counts.rowsRead).toBe(300);
  });
}

test("columns are read in the order asked for, and no bytes of others", async () => {
  const path = join(data, "v2-zstd.parquet");
  const [all, two] = [testEnv(), testEnv()];
  await readParquet(path, {}, all);
  const rows = (await readParquet(path, { columns: ["text", "i64"] }, two)) as Record<string, unknown>[];
  expect(Object.keys(rows[1]!)).toEqual(["text", "i64"]);
  expect(rows[1]).toEqual({ text: "né 1 漢", i64: 1_000_000_002 });
  expect(two.counts.bytesRead).toBeLessThan(all.counts.bytesRead / 4);
});

test("an unknown column, and files that are not Parquet, are refused when planned", () => {
  using folder = temporaryFolder();
  const path = join(data, "v1-snappy.parquet");
  expect(() => planParquet(resolvePaths(path), { columns: ["txt"] })).toThrow(`${path} has no column "txt"`);
  const text = folder.file("a.parquet", "this is not a Parquet file");
  expect(() => planParquet(resolvePaths(text))).toThrow(`cannot read ${text} as Parquet: it does not end in PAR1`);
  expect(() => planParquet(resolvePaths(folder.file("b.parquet", "")))).toThrow("it does not end in PAR1");
  const long = folder.file("c.parquet", Buffer.concat([Buffer.from([255, 255, 0, 0]), Buffer.from("PAR1")]));
  expect(() => planParquet(resolvePaths(long))).toThrow("its footer should be 65543 bytes long, the file has 8");
});

test("damaged pages are data errors that name file and column, or give other rows, but never crash", async () => {
  using folder = temporaryFolder();
  let failures = 0;
  for (const name of files) {
    const whole = readFileSync(join(data, `${name}.parquet`));
    for (let seed = 1; seed <= 25; seed++) {
      const random = new Random(seed);
      const bytes = Buffer.from(whole);
      for (let i = 0; i < 8; i++) bytes[4 + random.below(bytes.length / 2)] = random.below(256);
      const path = folder.file(`${name}-${seed}.parquet`, bytes);
      try {
        await readParquet(path);
      } catch (thrown) {
        failures++;
        const { kind, message } = thrown as FiresteelError;
        expect({ name, seed, thrown: thrown instanceof FiresteelError, kind }).toEqual({
          name,
          seed,
          thrown: true,
          kind: "data",
        });
        expect(message).toStartWith(`cannot read ${path} as Parquet: column `);
      }
    }
  }
  expect(failures).toBeGreaterThan(30);
});

test("a file that lost its middle is a data error", async () => {
  using folder = temporaryFolder();
  const whole = readFileSync(join(data, "v1-snappy.parquet"));
  const path = folder.file("short.parquet", whole.subarray(whole.length / 2));
  expect((await failure(readParquet(path))).kind).toBe("data");
});

test("three million flights agree with DuckDB", async () => {
  const path = join(import.meta.dirname, "../../node_modules/vega-datasets/data/flights-3m.parquet");
  const scan = planParquet(resolvePaths(path));
  expect(scan.splits.length).toBe(11);
  const found = { rows: 0, delay: 0, distance: 0, dates: 0, first: Infinity, last: -Infinity };
  const origins = new Map<string, number>();
  const destinations = new Set<string>();
  for (const split of scan.splits) {
    const source = openSplit(scan.format, split, testEnv());
    for (let chunk = source.nextChunk(); chunk !== undefined; chunk = source.nextChunk()) {
      for (const row of chunk as {
        date: Date;
        delay: number;
        distance: number;
        origin: string;
        destination: string;
      }[]) {
        const time = row.date.getTime();
        found.rows++;
        found.delay += row.delay;
        found.distance += row.distance;
        found.dates += time / 1000 - 978307200;
        found.first = Math.min(found.first, time);
        found.last = Math.max(found.last, time);
        origins.set(row.origin, (origins.get(row.origin) ?? 0) + 1);
        destinations.add(row.destination);
      }
    }
    source.close();
  }
  expect({ ...found, origins: origins.size, destinations: destinations.size }).toEqual({
    rows: 3_000_000,
    delay: 20_003_603,
    distance: 2_194_861_208,
    dates: 23_601_082_120_320,
    first: 978_307_260_000,
    last: 993_945_600_000,
    origins: 229,
    destinations: 228,
  });
  expect([...origins].sort((a, b) => b[1] - a[1]).slice(0, 4)).toEqual([
    ["ORD", 166341],
    ["DFW", 157162],
    ["ATL", 124711],
    ["LAX", 115245],
  ]);
});
