/** CSV options beyond separator and quote: escapes, comments, texts for null, and what mode "permissive" keeps. */
import { expect, test } from "bun:test";
import { Random } from "../../src/base/random.ts";
import { planCsv } from "../../src/sources/csv-plan.ts";
import { resolvePaths } from "../../src/sources/input-files.ts";
import { openSplit } from "../../src/sources/open-split.ts";
import type { CsvOptions } from "../../src/sources/options.ts";
import { allBatchedRows, allRows, failure, temporaryFolder, testEnv } from "./fixture.ts";

async function readCsv(path: string, options: CsvOptions, minPartitions = 1): Promise<unknown[]> {
  const { format, splits } = planCsv(resolvePaths(path), minPartitions, options);
  const rows: unknown[] = [];
  for (const split of splits) {
    const chunk = await allRows(openSplit(format, split, testEnv()));
    const env = testEnv();
    const source = openSplit(format, split, env);
    if (source.nextBatch !== undefined) expect(await allBatchedRows(source, env)).toEqual(chunk);
    else source.close();
    rows.push(...chunk);
  }
  return rows;
}

async function rowsOf(content: string, options: CsvOptions): Promise<unknown[]> {
  using folder = temporaryFolder();
  return await readCsv(folder.file("in.csv", content), options);
}

test("an escape takes a quote or itself; before others it is a character", async () => {
  const text = String.raw`a,b
"say \"hi\"","c:\\dir"
"tab\t","x""y"
\,plain\"
"a\
b",c
`;
  expect(await rowsOf(text, { escape: "\\" })).toEqual([
    { a: 'say "hi"', b: "c:\\dir" },
    { a: "tab\\t", b: 'x"y' },
    { a: "\\", b: 'plain\\"' },
    { a: "a\\\nb", b: "c" },
  ]);
  expect(await rowsOf('a\n"x""y"\n', { escape: '"' })).toEqual([{ a: 'x"y' }]);
});

test("escapes in cells of numbers, booleans and dates, which JavaScript reads", async () => {
  const text = String.raw`n,ok,day
"\"1\"",true,2024-01-02
"12","tr""ue",2024-01-02
1,false,"2024-01-02"
`.replaceAll(String.raw`\\`, "\\");
  const schema = { n: "number", ok: "boolean", day: "date" } as const;
  expect(await rowsOf(text, { escape: "\\", schema, mode: "drop" })).toEqual([
    { n: 1, ok: false, day: new Date("2024-01-02") },
  ]);
  expect(await rowsOf(text, { escape: "\\", schema: { ...schema, n: "string", ok: "string" } })).toMatchObject([
    { n: '"1"' },
    { ok: 'tr"ue' },
    { ok: "false" },
  ]);
});

test("lines that begin with the comment are no records, quotes in them are nothing", async () => {
  const text = '# one "quote\na,b\n1,2\n#3,4\n\n"#5",6\n7,#8\n# last "';
  const rows = [
    { a: "1", b: "2" },
    { a: "#5", b: "6" },
    { a: "7", b: "#8" },
  ];
  expect(await rowsOf(text, { comment: "#", inferSchema: false })).toEqual(rows);
  expect(await rowsOf(`\ufeff${text.replaceAll("\n", "\r\n")}`, { comment: "#", inferSchema: false })).toEqual(rows);
});

test("nullValue is null in every type, and no reason for a column of strings", async () => {
  const text = 'n,s,ok\n1,NA,true\nNA,"NA",NA\n,x,false\n';
  expect(await rowsOf(text, { nullValue: "NA" })).toEqual([
    { n: 1, s: null, ok: true },
    { n: null, s: null, ok: null },
    { n: null, s: "x", ok: false },
  ]);
});

test("any records with escapes and comments, cut into any number of splits, are the same rows in order", async () => {
  using folder = temporaryFolder();
  const pieces = ["a", "é", "12", " ", ",", '"', "\\", "#", "\n", "\r\n", '\\"', "漢"];
  for (let seed = 1; seed <= 150; seed++) {
    const random = new Random(seed);
    const field = () => Array.from({ length: random.below(5) }, () => pieces[random.below(pieces.length)]!).join("");
    const rows = Array.from({ length: random.below(40) }, () => [field(), field(), field()]);
    const write = (value: string) =>
      /[",\\\r\n#]/.test(value) || random.below(4) === 0 || value === ""
        ? `"${value.replace(/["\\]/g, c => (c === '"' && random.below(2) === 0 ? '""' : `\\${c}`))}"`
        : value;
    const lineEnd = random.below(2) === 0 ? "\n" : "\r\n";
    const lines = rows.flatMap(row => [
      ...(random.below(5) === 0 ? [`# "${random.below(1000)}, \\`] : []),
      row.map(write).join(","),
    ]);
    const path = folder.file(
      "in.csv",
      ["\ufeffx,y,z", ...lines].join(lineEnd) + (random.below(2) === 0 ? lineEnd : ""),
    );
    const options = { escape: "\\", comment: "#", inferSchema: false };
    const found = await readCsv(path, options, 1 + random.below(30));
    expect({ seed, found }).toEqual({ seed, found: rows.map(([x, y, z]) => ({ x, y, z })) });
  }
});

test('mode "permissive" keeps the fields that can be read', async () => {
  const text = 'a,b,c\n1,x,true\n2\n3,y,false,more\nfour,z,maybe\n"5"6,q,true\n7,"open\n8,w,true\n';
  const schema = { a: "number", b: "string", c: "boolean" } as const;
  const rows = [
    { a: 1, b: "x", c: true },
    { a: 2, b: null, c: null },
    { a: 3, b: "y", c: false },
    { a: null, b: "z", c: null },
    { a: null, b: null, c: null },
    { a: null, b: null, c: null },
  ];
  expect(await rowsOf(text, { schema, mode: "permissive" })).toEqual(rows);
  const texts = [null, "2", "3,y,false,more", "four,z,maybe", '"5"6,q,true', '7,"open\n8,w,true'];
  expect(await rowsOf(text, { schema, mode: "permissive", corruptRecord: "_corrupt" })).toEqual(
    rows.map((row, i) => ({ ...row, _corrupt: texts[i] })),
  );
  expect(await rowsOf("1,2\n3\n", { header: false, mode: "permissive", corruptRecord: "why" })).toEqual([
    [1, 2, null],
    [3, null, "3"],
  ]);
});

test("options that make no sense together are refused when planned", async () => {
  const refused = (options: CsvOptions) => failure((async () => planCsv([], 1, options))());
  expect((await refused({ escape: "," })).message).toBe('the CSV separator and escape are both ","');
  expect((await refused({ comment: "##" })).message).toBe(
    'the CSV comment "##" is not one ASCII character other than a line end',
  );
  expect((await refused({ comment: '"' })).message).toBe('the CSV quote and comment are both "\\""');
  expect((await refused({ nullValue: 0 as never })).message).toBe("the CSV nullValue 0 is not a string");
  expect((await refused({ corruptRecord: "x" })).message).toBe(
    'corruptRecord is for mode "permissive"; with "fail" no such record is a row',
  );
  expect((await refused({ corruptRecord: "a", header: ["a"], mode: "permissive" })).message).toBe(
    'the column "a" for malformed records is there already',
  );
});
