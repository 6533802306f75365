import { expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import { Random } from "../../src/base/random.ts";
import type { CsvOptions } from "../../src/sources/options.ts";
import { planCsv } from "../../src/sources/csv-plan.ts";
import { resolvePaths } from "../../src/sources/input-files.ts";
import { openSplit } from "../../src/sources/open-split.ts";
import { allBatchedRows, allRows, failure, placedByByte, temporaryFolder, testEnv } from "./fixture.ts";

async function readCsv(
  path: string | string[],
  options: CsvOptions = {},
  minPartitions = 1,
  env = testEnv(),
): Promise<unknown[]> {
  const scan = planCsv(resolvePaths(path), minPartitions, options);
  const rows: unknown[] = [];
  const [first, second] = [new Outcome(), new Outcome()];
  for (const split of scan.splits) {
    await first.read(() => allRows(openSplit(scan.format, split, env)), env);
    // batches hold the same rows, and fail alike
    const other = testEnv();
    const source = openSplit(scan.format, split, other);
    // a file without any columns has none
    if (source.nextBatch !== undefined) await second.read(() => allBatchedRows(source, other), other);
    else source.close();
  }
  expect(second).toEqual(first);
  if (first.thrown !== undefined) throw first.thrown;
  for (const row of first.rows) rows.push(row);
  return rows;
}

/** What reading gave, or how it failed. */
class Outcome {
  readonly rows: unknown[] = [];
  thrown: unknown;
  dropped = 0;

  async read(read: () => Promise<unknown[]>, env: ReturnType<typeof testEnv>): Promise<void> {
    const before = env.counts.rowsDropped;
    try {
      for (const row of await read()) this.rows.push(row);
    } catch (thrown) {
      this.thrown ??= thrown;
    }
    this.dropped += env.counts.rowsDropped - before;
  }
}

async function rowsOf(content: string | Uint8Array, options: CsvOptions = {}, env = testEnv()): Promise<unknown[]> {
  using folder = temporaryFolder();
  return await readCsv(folder.file("in.csv", content), options, 1, env);
}

async function errorOf(content: string, options: CsvOptions = {}): Promise<string> {
  using folder = temporaryFolder();
  const path = folder.file("in.csv", content);
  const error = await failure(readCsv(path, options));
  expect(error.kind).toBe("data");
  const packed = folder.file("in.csv.gz", gzipSync(content));
  const same = placedByByte(await failure(readCsv(packed, options)), packed, content);
  expect(same).toBe(placedByByte(error, path, content));
  return `${same} (${error.hint})`;
}

test("rows are objects keyed by the header, with inferred types", async () => {
  const text = "id,name,ok,score,zip,big,plus\r\n1,Ann,true,1.5,01234,9007199254740993,+49\r\n-2,,FALSE,,99999,1,1\r\n";
  expect(await rowsOf(text)).toEqual([
    { id: 1, name: "Ann", ok: true, score: 1.5, zip: "01234", big: "9007199254740993", plus: "+49" },
    { id: -2, name: null, ok: false, score: null, zip: "99999", big: "1", plus: "1" },
  ]);
  expect(await rowsOf("a\n1\n", { inferSchema: false })).toEqual([{ a: "1" }]);
});

test("quotes hold separators, line ends and doubled quotes; an empty field is null, a quoted one the empty string", async () => {
  expect(await rowsOf('a,b\n"x,y","line 1\r\nline ""2"""\n"",\n')).toEqual([
    { a: "x,y", b: 'line 1\r\nline "2"' },
    { a: "", b: null },
  ]);
  expect(await rowsOf('\ufeff"a","b"\n"1",5" pipe\n')).toEqual([{ a: 1, b: '5" pipe' }]);
  expect(await rowsOf("a;b\n'x;''y';2\n", { separator: ";", quote: "'" })).toEqual([{ a: "x;'y", b: 2 }]);
  expect(await rowsOf('a,b\n1,"2"')).toEqual([{ a: 1, b: 2 }]);
  expect(await rowsOf('a,b\n"1",')).toEqual([{ a: 1, b: null }]);
});

test("header: names, none, or missing ones", async () => {
  expect(await rowsOf("1,x\n2,y\n", { header: ["n", "s"] })).toEqual([
    { n: 1, s: "x" },
    { n: 2, s: "y" },
  ]);
  expect(await rowsOf("1,x\n\n2,y\n", { header: false })).toEqual([
    [1, "x"],
    [2, "y"],
  ]);
  expect(await rowsOf("1,x\n", { header: false, schema: { "0": "string" } })).toEqual([["1", "x"]]);
  expect(await rowsOf("a,,c\n1,2,3\n")).toEqual([{ a: 1, _c1: 2, c: 3 }]);
  expect(await rowsOf("a,b\n")).toEqual([]);
  expect(await rowsOf("")).toEqual([]);
  expect(Object.keys((await rowsOf("__proto__,b\n1,2\n"))[0]!)).toEqual(["__proto__", "b"]);
});

test("schema decides types; the columns it leaves out are inferred", async () => {
  const rows = await rowsOf("day,n,code\n2024-02-29,1,7\n,NaN,8\n", {
    schema: { day: "date", n: "number", code: "string" },
  });
  expect(rows).toEqual([
    { day: new Date("2024-02-29"), n: 1, code: "7" },
    { day: null, n: NaN, code: "8" },
  ]);
});

test("several files share the header of the first; gzip files too", async () => {
  using folder = temporaryFolder();
  const paths = [
    folder.file("a.csv", ""),
    folder.file("b.csv", "x,y\n1,2\n"),
    folder.file("c.csv.gz", gzipSync("x,y\n3,4")),
  ];
  expect(await readCsv(paths)).toEqual([
    { x: 1, y: 2 },
    { x: 3, y: 4 },
  ]);
  expect(await readCsv(paths.slice(2))).toEqual([{ x: 3, y: 4 }]);
  const other = folder.file("d.csv", "y,x\n1,2\n");
  const error = await failure(readCsv([paths[1]!, other], { mode: "drop" }));
  expect(error.message).toBe(
    `malformed CSV in ${other} at line 1, column 1 (byte 0): the header is y,x, the first file's is x,y`,
  );
});

test("malformed records fail with file, line and column", async () => {
  expect(await errorOf("a,b\né,1\n1,2,3\n")).toBe(
    'malformed CSV in FILE at byte 9: a record has 3 fields instead of 2 (use mode: "drop" to leave such records out, or "permissive" to keep what can be read of them)',
  );
  expect(await errorOf('a,b\n"é",1\n1\n')).toStartWith(
    "malformed CSV in FILE at byte 11: a record has 1 field instead of 2",
  );
  expect(await errorOf('a,b\n"x"y,1\n')).toStartWith('malformed CSV in FILE at byte 7: "y" after a closing quote');
  expect(await errorOf('a,b\n1,"x\n2,3\n')).toStartWith(
    "malformed CSV in FILE at byte 6: a quoted field is never closed",
  );
  expect(await errorOf("a,b\n1,2\n3,x\n", { schema: { b: "number" } })).toBe(
    'malformed CSV in FILE at byte 8: column "b" has "x", which is not a number (read the column as text with schema: { "b": "string" }, or use mode: "drop" or "permissive")',
  );
  for (const bad of ["0x10", " ", "1,5", "--1"])
    expect(await errorOf(`a\n"${bad}"\n`, { schema: { a: "number" } })).toContain("is not a number");
  expect(await errorOf("a\nyes\n", { schema: { a: "boolean" } })).toContain("is not a boolean");
  expect(await errorOf("a\nsoon\n", { schema: { a: "date" } })).toContain("is not a date");
  expect(await errorOf(`a\n${"1\n".repeat(1500)}x\n`)).toContain(
    'at byte 3002: column "a" has "x", which is not a number',
  );
});

test('mode "drop" leaves malformed records out and counts them', async () => {
  const env = testEnv();
  const text = 'a,b\n1,2\n1,2,3\n"x"y,"\n",1\n5,six\n7,8\n9,"open';
  expect(await rowsOf(text, { mode: "drop", schema: { a: "number", b: "number" } }, env)).toEqual([
    { a: 1, b: 2 },
    { a: 7, b: 8 },
  ]);
  expect(env.counts.rowsDropped).toBe(4);
});

test("options that make no sense are refused when planned", async () => {
  using folder = temporaryFolder();
  const files = resolvePaths(folder.file("in.csv", "a,a\n1,2\n"));
  expect(() => planCsv(files, 1, {})).toThrow('two CSV columns are named "a"');
  expect(() => planCsv(files, 1, { header: ["a", "b"], schema: { c: "number" } })).toThrow(
    'the schema names a column "c"',
  );
  expect(() => planCsv(files, 1, { header: ["a", "b"], schema: { a: "int" as "number" } })).toThrow(
    'the unknown type "int"',
  );
  expect(() => planCsv(files, 1, { separator: "||" })).toThrow('the CSV separator "||" is not one ASCII character');
  expect(() => planCsv(files, 1, { separator: '"' })).toThrow("the CSV separator and quote are both");
});

test("any CSV file cut into any number of splits gives the same rows in order", async () => {
  using folder = temporaryFolder();
  const pieces = ["a", "é", "12", " ", ",", '"', '""', "\n", "\r\n", "\r", "漢"];
  for (let seed = 1; seed <= 150; seed++) {
    const random = new Random(seed);
    const field = () => Array.from({ length: random.below(5) }, () => pieces[random.below(pieces.length)]!).join("");
    const rows = Array.from({ length: random.below(40) }, () => [field(), field(), field()]);
    const plainRisk = /[",\r\n]/;
    const write = (value: string) =>
      plainRisk.test(value) || random.below(4) === 0 || value === "" ? `"${value.replaceAll('"', '""')}"` : value;
    const lineEnd = random.below(2) === 0 ? "\n" : "\r\n";
    const text =
      ["\ufeffx,y,z", ...rows.map(row => row.map(write).join(","))].join(lineEnd) +
      (random.below(2) === 0 ? lineEnd : "");
    const path = folder.file("in.csv", text);
    const found = await readCsv(path, { inferSchema: false }, 1 + random.below(30));
    expect({ seed, found }).toEqual({ seed, found: rows.map(([x, y, z]) => ({ x, y, z })) });
  }
});

test("odd numbers, booleans and dates are read as JavaScript reads them", async () => {
  const schema = { n: "number", ok: "boolean", day: "date" } as const;
  const schemaOf = (...names: (keyof typeof schema)[]) => Object.fromEntries(names.map(name => [name, schema[name]]));
  const numbers =
    "0|-0|5.|.5|-.5|1e3|1E-3|2.5e+1|1e22|1e23|1e-22|1e-23|9007199254740993|123456789012345678|0.1234567890123456789|NaN|" +
    "Infinity|+5|00012|1e400|1_0|0x1f| 7 |-|.|1e|1.5.2|9007199254740992|1e0005";
  const days = "2024-02-29|2024-02-30|1999-12-31T23:59:59Z|2024-1-5|yesterday|5|2020-01-01 10:00|";
  const quoted = (value: string) => [value, `"${value}"`, `"${value}""`];
  for (const value of numbers.split("|").flatMap(quoted)) {
    for (const mode of ["fail", "drop"] as const) {
      const text = `n,ok\n1,true\n${value},false\n3,TRUE\n`;
      await rowsOf(text, { schema: schemaOf("n", "ok"), mode }).catch(expectMalformed);
    }
  }
  for (const value of days.split("|").flatMap(quoted))
    await rowsOf(`day,n\n2024-01-01,1\n${value},2\n`, { schema: schemaOf("day", "n"), mode: "drop" });
  for (const value of ["true", "False", "yes", "TRUE ", "falsy", ""].flatMap(quoted))
    await rowsOf(`a,ok\n1,true\n"x",${value}\n${value},false`, { schema: schemaOf("ok"), mode: "drop" });
  expect(await rowsOf("n\n9007199254740993\n1e23\n-0\n", { schema: schemaOf("n") })).toEqual([
    { n: 9007199254740992 },
    { n: 1e23 },
    { n: -0 },
  ]);
});

test("any text and any schema: the same rows, errors and counts in batches", async () => {
  const pieces = [
    "1",
    "-2.5",
    "true",
    "x",
    "é",
    " ",
    ",",
    ",",
    '"',
    '""',
    "\n",
    "\n",
    "\r\n",
    "\r",
    "2024-01-02",
    "1e5",
    "\\",
    "#",
  ];
  const types = ["number", "string", "boolean", "date"] as const;
  for (let seed = 1; seed <= 300; seed++) {
    const random = new Random(seed);
    const text = Array.from({ length: random.below(120) }, () => pieces[random.below(pieces.length)]!).join("");
    const bytes = Buffer.from(text);
    if (random.below(4) === 0 && bytes.length > 0) bytes[random.below(bytes.length)] = 0xff;
    const header = ["a", "b"].slice(0, 1 + random.below(2));
    const schema = { a: types[random.below(4)]! };
    const mode = (["fail", "drop", "permissive"] as const)[random.below(3)]!;
    const syntax = random.below(2) === 0 ? {} : { escape: "\\", comment: "#" };
    try {
      await rowsOf(bytes, { header, schema, mode, ...syntax }).catch(expectMalformed);
    } catch (thrown) {
      throw new Error(`seed ${seed}: ${(thrown as Error).message}`, { cause: thrown });
    }
  }
});

function expectMalformed(thrown: Error): void {
  expect(thrown.message).toStartWith("malformed CSV in ");
}

test("many bad cells and records among many rows", async () => {
  const env = testEnv();
  const lines = Array.from({ length: 30_000 }, (_, i) =>
    i % 3 === 0 ? `${i},bad` : i % 7 === 0 ? `${i},1,2` : `${i},"${i}"`,
  );
  const options = { schema: { a: "number", b: "number" }, mode: "drop" } as const;
  const rows = await rowsOf(`a,b\n${lines.join("\n")}`, options, env);
  expect(rows.length).toBe(lines.filter(line => line.endsWith('"')).length);
  expect(env.counts.rowsDropped).toBe(30_000 - rows.length);
});

test("large files are cut at record boundaries near their goals", async () => {
  using folder = temporaryFolder();
  const rows = Array.from({ length: 120_000 }, (_, id) => ({
    id,
    note: id % 10 === 0 ? `"quoted",\n${id}` : "plain note of some length",
  }));
  const text = ["id,note", ...rows.map(row => `${row.id},"${row.note.replaceAll('"', '""')}"`)].join("\n");
  const path = folder.file("in.csv", text);
  const { splits } = planCsv(resolvePaths(path), 4, {});
  expect(splits.length).toBe(4);
  for (const split of splits)
    if (split.kind === "bytes")
      expect(Math.abs(split.end - split.start - text.length / 4)).toBeLessThan(text.length / 100);
  expect(await readCsv(path, {}, 4)).toEqual(rows);
});
