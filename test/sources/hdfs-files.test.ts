/** Files of HDFS, on a server in the test that speaks WebHDFS. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { planText } from "../../src/sources/byte-splits.ts";
import type { FileSettings } from "../../src/sources/file-settings.ts";
import { findFiles } from "../../src/sources/file-system-glob.ts";
import { fileSystemOf } from "../../src/sources/file-systems.ts";
import { openSplit } from "../../src/sources/open-split.ts";
import { FakeWebHdfs } from "./fake-webhdfs.ts";
import type { OutputCommitter } from "../../src/sources/output-committer.ts";
import { allRows, failure, testEnv } from "./fixture.ts";
import { noMetrics, writePart } from "./written-parts.ts";
import { testSettings } from "./http-server.ts";

let hdfs: FakeWebHdfs;
let settings: FileSettings;
const root = "hdfs://127.0.0.1:8020";
const lines = Array.from({ length: 100_000 }, (_, i) => `line ${i} in HDFS`);

beforeEach(async () => {
  hdfs = await FakeWebHdfs.start();
  settings = testSettings({ "firesteel.hdfs.httpPort": hdfs.port });
});
afterEach(() => hdfs[Symbol.asyncDispose]());

const find = (item: string) => findFiles(item, fileSystemOf(item, settings));
const pathsOf = async (item: string) => (await find(item)).map(file => file.path);

async function rowsOf({ format, splits }: ReturnType<typeof planText>): Promise<unknown[]> {
  const rows: unknown[] = [];
  for (const split of splits)
    rows.push(...(await allRows(openSplit(format, split, { ...testEnv(), files: settings }))));
  return rows;
}

test("files, folders and patterns", async () => {
  for (const path of ["/d/a b.txt", "/d/ü.txt", "/d/_x", "/d/deep/c.txt", "/e/1/p", "/e/2/p", "/e/2/q"])
    hdfs.write(path, "x");
  expect(await pathsOf(`${root}/d`)).toEqual([`${root}/d/a b.txt`, `${root}/d/ü.txt`]);
  expect(await pathsOf(`${root}/d/a b.txt`)).toEqual([`${root}/d/a b.txt`]);
  expect(await pathsOf(`${root}/e/*/p`)).toEqual([`${root}/e/1/p`, `${root}/e/2/p`]);
  expect(await pathsOf(`${root}/e/{1,2}/q`)).toEqual([`${root}/e/2/q`]);
  expect(await pathsOf(`webhdfs://127.0.0.1:${hdfs.port}/e/2`)).toEqual([
    `webhdfs://127.0.0.1:${hdfs.port}/e/2/p`,
    `webhdfs://127.0.0.1:${hdfs.port}/e/2/q`,
  ]);
  const missing = await failure(find(`${root}/d/c.txt`));
  expect(missing.message).toBe(`no such file or folder: ${root}/d/c.txt`);
  expect(missing.hint).toBe(`did you mean ${root}/d/ü.txt?`);
  expect((await failure(find(`${root}/d/*.csv`))).message).toBe(`no file matches ${root}/d/*.csv`);
});

test("splits are blocks, carry their hosts, and are read from the data node", async () => {
  hdfs.write("/a", lines.join("\n"));
  hdfs.hostsOf = (_, block) => [`host-${block}`, "host-all"];
  const files = await find(`${root}/a`);
  const scan = planText(files, 1);
  expect(scan.splits.map(split => [split.kind === "bytes" && split.end, split.hosts])).toEqual([
    [1 << 20, ["host-0", "host-all", "10.0.0.1", "10.0.0.2"]],
    [files[0]!.bytes, ["host-1", "host-all", "10.0.0.1", "10.0.0.2"]],
  ]);
  hdfs.log.length = 0;
  expect(await rowsOf(scan)).toEqual(lines);
  expect(hdfs.log.filter(entry => entry.startsWith("data OPEN"))[0]).toBe("data OPEN /a 0+262144");
  expect(hdfs.log.filter(entry => entry === "GET GETFILESTATUS /a").length).toBe(2);
});

test("a split over several blocks goes to who has most of it", async () => {
  hdfs.blockBytes = 1000;
  hdfs.write("/a", "x".repeat(2500));
  hdfs.hostsOf = (_, block) => [["a", "b"], ["b"], ["c"]][block]!;
  const [file] = await find(`${root}/a`);
  // three blocks in one split: of an unsplittable file
  const scan = planText([{ ...file!, wholeOnly: true }], 1);
  // of 2,500 bytes the address, which the server gives to each block's first, has all, b 2,000, a 1,000, c 500
  expect(scan.splits[0]?.hosts).toEqual(["10.0.0.1", "b"]);
});

test("a file that was written anew since it was planned is refused", async () => {
  hdfs.write("/a", "one\ntwo\n");
  const scan = planText(await find(`${root}/a`), 1);
  hdfs.write("/a", "two\none\n");
  expect((await failure(rowsOf(scan))).message).toBe(`cannot read ${root}/a: it has changed since the job was planned`);
  hdfs.files.delete("/a");
  expect((await failure(rowsOf(scan))).message).toBe(`cannot read ${root}/a: it is gone since the job was planned`);
});

test("a name node that tells no blocks is no hindrance", async () => {
  hdfs.write("/a", "one\n");
  hdfs.refuse.set("GETFILEBLOCKLOCATIONS /a", { status: 400, exception: "IllegalArgumentException", message: "?" });
  const scan = planText(await find(`${root}/a`), 1);
  expect(scan.splits[0]?.hosts).toBeUndefined();
  expect(await rowsOf(scan)).toEqual(["one"]);
});

test("of several name nodes behind one name the active one answers, and is asked first from then on", async () => {
  await using standby = await FakeWebHdfs.start();
  for (const operation of ["GETFILESTATUS", "GETFILEBLOCKLOCATIONS", "OPEN", "MKDIRS", "CREATE"])
    standby.refuseAll.set(operation, { status: 403, exception: "StandbyException", message: "read from standby" });
  const nameNodes = `prod=127.0.0.1:9,prod=127.0.0.1:${standby.port},prod=127.0.0.1:${hdfs.port},test=127.0.0.1:9`;
  settings = testSettings({ "firesteel.hdfs.nameNodes": nameNodes, "firesteel.files.retries": 0 });
  hdfs.write("/a", "one\ntwo\n");
  expect(await rowsOf(planText(await find("hdfs://prod/a"), 1))).toEqual(["one", "two"]);
  expect(standby.log.length).toBe(1);
  const output = fileSystemOf("hdfs://prod/out", settings).output!;
  const folder = await output.createOutput("hdfs://prod/out");
  await writePart(output, folder, "part-00000", 1, [Buffer.from("three\n")]);
  await output.commitOutput(folder, [{ file: "part-00000", attempt: 1 }]);
  expect(hdfs.files.get("/out/part-00000")?.bytes.toString()).toBe("three\n");
  expect(standby.log.length).toBe(1);
  expect((await failure(find("hdfs://test/a"))).message).toBe("cannot read hdfs://test/a: the connection was refused");
  settings = testSettings({ "firesteel.hdfs.nameNodes": "nn1.example" });
  expect((await failure(find("hdfs://prod/a"))).message).toBe(
    'firesteel.hdfs.nameNodes has "nn1.example", which is not name=host:port',
  );
});

test("refusals say who may not, and who is asked", async () => {
  const refuse = (exception: string, status = 403) =>
    hdfs.refuse.set("/a", { status, exception, message: "told by the name node" });
  refuse("AccessControlException");
  expect(await failure(find(`${root}/a`))).toMatchObject({
    message: `cannot read ${root}/a: it is denied to the user me`,
    hint: "set firesteel.hdfs.user to someone who may; clusters with Kerberos are not supported",
  });
  refuse("StandbyException");
  expect(await failure(find(`${root}/a`))).toMatchObject({
    message: `cannot read ${root}/a: this name node stands by for another`,
    hint: "name the active one, or all of them in firesteel.hdfs.nameNodes",
  });
  refuse("RuntimeException", 500);
  expect((await failure(find(`${root}/a`))).message).toBe(
    `cannot read ${root}/a: the server answered 500 Internal Server Error (RuntimeException: told by the name node)`,
  );
  settings = testSettings({ "firesteel.hdfs.httpPort": 9 });
  expect(await failure(find(`${root}/a`))).toMatchObject({
    message: `cannot read ${root}/a: the connection was refused`,
    hint: "check the name node's host, and firesteel.hdfs.httpPort, which is 9",
  });
});

test("an output is renamed into place by the job's commit, and counts from then on", async () => {
  const output = fileSystemOf(root, settings).output!;
  const folder = await output.createOutput(`${root}/out/`);
  expect(folder).toEqual({ path: `${root}/out` });
  expect(await failure(create(output))).toMatchObject({
    message: `cannot create the output directory ${root}/out: it already exists`,
    hint: "remove it, or write to another path",
  });
  const large = Buffer.alloc(20 << 20, "x");
  await writePart(output, folder, "part-00000", 1, [Buffer.from("one\n")]);
  await writePart(
    output,
    folder,
    "part-00001",
    2,
    Array.from({ length: 80 }, (_, i) => large.subarray(i << 18, (i + 1) << 18)),
  );
  await writePart(output, folder, "part-00002", 3, []);
  // taken for lost, and committed all the same
  await writePart(output, folder, "part-00000", 4, [Buffer.from("other\n")]);
  expect((await failure(find(`${root}/out/part-*`))).message).toBe(`no file matches ${root}/out/part-*`);
  expect((await failure(find(`${root}/out`))).message).toContain("_temporary is there, _SUCCESS is not");
  const parts = [1, 2, 3].map((attempt, i) => ({ file: `part-0000${i}`, attempt }));
  await output.commitOutput(folder, parts);
  const names = ["_SUCCESS", "part-00000", "part-00001", "part-00002"];
  expect([...hdfs.files.keys()].sort()).toEqual(names.map(name => `/out/${name}`));
  expect(hdfs.files.get("/out/part-00000")!.bytes.toString()).toBe("one\n");
  expect(hdfs.files.get("/out/part-00001")!.bytes.equals(large)).toBe(true);
  expect(hdfs.files.get("/out/part-00002")!.bytes.length).toBe(0);
});

test("an aborted output leaves nothing; an aborted part neither", async () => {
  const output = fileSystemOf(root, settings).output!;
  const folder = await output.createOutput(`${root}/out`);
  const part = await output.openPart(folder, "part-00000", 1, noMetrics);
  part.write(Buffer.alloc(1 << 20));
  await part.drain?.();
  await part.abort();
  expect([...hdfs.files.keys()]).toEqual([]);
  await writePart(output, folder, "part-00000", 2, [Buffer.from("one\n")]);
  await output.abortOutput(folder);
  expect([...hdfs.files.keys(), ...hdfs.folders]).toEqual(["/"]);
});

test("a part that is not written whole is an error at its commit, or while it is written", async () => {
  const output = fileSystemOf(root, settings).output!;
  const folder = await output.createOutput(`${root}/out`);
  hdfs.lose = 3;
  expect((await failure(writePart(output, folder, "part-00000", 1, [Buffer.from("one two\n")]))).message).toBe(
    `cannot write to ${root}/out/_temporary/attempt-1/part-00000: 5 of 8 bytes arrived`,
  );
  const path = "/out/_temporary/attempt-2/part-00000";
  hdfs.refuse.set(path, { status: 403, exception: "AccessControlException", message: "quota" });
  expect((await failure(writePart(output, folder, "part-00000", 2, [Buffer.alloc(1 << 20)]))).message).toBe(
    `cannot write to ${root}${path}: it is denied to the user me`,
  );
});

async function create(output: OutputCommitter) {
  return output.createOutput(`${root}/out`);
}
