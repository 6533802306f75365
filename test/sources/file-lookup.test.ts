/** Remote files for plans: the asking thread stands still, and is never left to. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { planText } from "../../src/sources/byte-splits.ts";
import { planCsv } from "../../src/sources/csv-plan.ts";
import { resolvePaths } from "../../src/sources/input-files.ts";
import { openSplit } from "../../src/sources/open-split.ts";
import { planParquet } from "../../src/sources/parquet-plan.ts";
import { allRows, temporaryFolder, testEnv } from "./fixture.ts";
import { testSettings } from "./http-server.ts";

const settings = testSettings();
const body = Buffer.from(`n,text\n${Array.from({ length: 50_000 }, (_, i) => `${i},"text of ${i}"`).join("\n")}\n`);
let server: Worker;
let url: string;

beforeAll(async () => {
  server = new Worker(new URL("./range-server-thread.ts", import.meta.url), { workerData: { body } });
  const [port] = (await once(server, "message")) as [number];
  url = `http://127.0.0.1:${port}`;
});
afterAll(() => server.terminate());

const resolve = (path: string | readonly string[], of = settings) => resolvePaths(path, () => of);

test("paths of both kinds are found together, without a turn of the event loop", async () => {
  let turned = false;
  setImmediate(() => (turned = true));
  const files = resolve([`${url}/a.csv`, import.meta.path]);
  expect(turned).toBe(false);
  expect(files.map(file => file.path)).toEqual([`${url}/a.csv`, import.meta.path]);
  expect(planText(files, 3).splits[0]).toMatchObject({ path: `${url}/a.csv`, version: '"1"', start: 0 });
});

test("a CSV file is planned from its bytes, and cut at records", async () => {
  const { format, splits } = planCsv(resolve(`${url}/a.csv`), 3);
  expect(splits.length).toBeGreaterThan(2);
  const rows: unknown[] = [];
  for (const split of splits)
    rows.push(...(await allRows(openSplit(format, split, { ...testEnv(), files: settings }))));
  expect(rows).toEqual(Array.from({ length: 50_000 }, (_, i) => ({ n: i, text: `text of ${i}` })));
});

test("a CSV file that is looked through piece by piece is cut as a local one", async () => {
  using folder = temporaryFolder();
  const rows = Array.from({ length: 600_000 }, (_, i) => `${i},"text\n${"x".repeat(i % 40)}"\n`);
  const large = Buffer.from(`n,text\n${rows.join("")}`);
  const path = folder.file("large.csv", large);
  const own = new Worker(new URL("./range-server-thread.ts", import.meta.url), { workerData: { body: large } });
  const [port] = (await once(own, "message")) as [number];
  const boundsOf = (name: string) =>
    planCsv(resolve(name), 7).splits.map(split => split.kind === "bytes" && [split.start, split.end]);
  const local = boundsOf(path);
  expect(local.length).toBe(7);
  expect(boundsOf(`http://127.0.0.1:${port}/large.csv`)).toEqual(local);
  await own.terminate();
});

test("what is no Parquet file is refused when the plan is made", () => {
  expect(() => planParquet(resolve(`${url}/a.parquet`))).toThrow(
    `cannot read ${url}/a.parquet as Parquet: it does not end in PAR1`,
  );
});

test("errors are those of the file system, with kind and hint", () => {
  expect(() => resolve(`${url}/missing`)).toThrow(`no such file: ${url}/missing`);
  const quick = testSettings({ "firesteel.files.timeout": "1s" });
  expect(() => resolve(`${url}/silent`, quick)).toThrow(`cannot read ${url}/silent: nothing was heard for 1 s`);
  expect(() => resolve("s3:///key")).toThrow("s3:///key names no bucket");
  expect(() => resolve("s3://box/key")).toThrow("cannot read s3://box/key: there is no access key");
  expect(() => resolve("hdfs:///a")).toThrow("hdfs:///a names no host");
  expect(() => resolve("http://")).toThrow("http:// is no address of a web server");
});
