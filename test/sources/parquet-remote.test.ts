/** Parquet files over ranges give what they give locally: as rows and as batches, all columns and some, and their errors. */
import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { InputFile } from "../../src/sources/contracts.ts";
import { findFiles } from "../../src/sources/file-system-glob.ts";
import { fileSystemOf } from "../../src/sources/file-systems.ts";
import { resolvePaths } from "../../src/sources/input-files.ts";
import { openSplit } from "../../src/sources/open-split.ts";
import type { ParquetOptions } from "../../src/sources/options.ts";
import { planParquet } from "../../src/sources/parquet-plan.ts";
import { allBatchedRows, allRows, failure, testEnv } from "./fixture.ts";
import { sendRange, serve, testSettings, type TestServer } from "./http-server.ts";

const settings = testSettings();
const data = join(import.meta.dirname, "data");
const names = readdirSync(data).filter(name => name.endsWith(".parquet"));

const serveData = () =>
  serve((request, response) => sendRange(request, response, readFileSync(join(data, request.url!)), { etag: '"1"' }));

/** As the driver has it, whose thread would stand still. */
async function remote(server: TestServer, name: string): Promise<InputFile> {
  const url = `${server.url}/${name}`;
  const [file] = await findFiles(url, fileSystemOf(url, settings));
  const bytes = readFileSync(join(data, name));
  return { ...file!, readForPlan: (from, to) => bytes.subarray(from, to) };
}

async function rowsOf(files: readonly InputFile[], options: ParquetOptions, asBatches: boolean): Promise<unknown[]> {
  const { format, splits } = planParquet(files, options);
  const rows: unknown[] = [];
  for (const split of splits) {
    const env = { ...testEnv(), files: settings };
    const source = openSplit(format, split, env);
    rows.push(...(await (asBatches ? allBatchedRows(source, env) : allRows(source))));
  }
  return rows;
}

test.each(names)("%s", async name => {
  await using server = await serveData();
  const local = resolvePaths(join(data, name));
  const far = [await remote(server, name)];
  for (const asBatches of [false, true]) {
    const rows = await rowsOf(local, {}, asBatches);
    expect(rows.length).toBeGreaterThan(0);
    expect(await rowsOf(far, {}, asBatches)).toEqual(rows);
  }
  const columns = Object.keys((await rowsOf(local, {}, false))[0] as object).slice(1, 3);
  expect(await rowsOf(far, { columns }, false)).toEqual(await rowsOf(local, { columns }, false));
});

test("of some columns only those are fetched", async () => {
  await using server = await serveData();
  const file = await remote(server, "v1-snappy.parquet");
  const [{ format, splits }, whole] = [planParquet([file], { columns: ["i32"] }), planParquet([file])];
  const fetched = async (scan: typeof whole) => {
    const env = { ...testEnv(), files: settings };
    await allRows(openSplit(scan.format, scan.splits[0]!, env));
    return env.counts.bytesRead;
  };
  expect(await fetched({ format, splits })).toBeLessThan((await fetched(whole)) / 2);
});

test("a file that changed since it was planned is refused", async () => {
  let etag = '"1"';
  const bytes = readFileSync(join(data, "v1-snappy.parquet"));
  await using server = await serve((request, response) => sendRange(request, response, bytes, { etag }));
  const file = await remote(server, "v1-snappy.parquet");
  etag = '"2"';
  expect((await failure(rowsOf([file], {}, false))).message).toBe(
    `cannot read ${server.url}/v1-snappy.parquet: it has changed since the job was planned`,
  );
});
