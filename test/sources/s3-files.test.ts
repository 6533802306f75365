/** S3 against servers that check every signature, moto and MinIO, where they are: finding, reading, writing. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { planText } from "../../src/sources/byte-splits.ts";
import type { FileSettings } from "../../src/sources/file-settings.ts";
import { findFiles } from "../../src/sources/file-system-glob.ts";
import { fileSystemOf } from "../../src/sources/file-systems.ts";
import { openSplit } from "../../src/sources/open-split.ts";
import { S3Client } from "../../src/sources/s3-client.ts";
import { S3Files } from "../../src/sources/s3-files.ts";
import { parseListing } from "../../src/sources/s3-xml.ts";
import { allRows, failure, testEnv } from "./fixture.ts";
import { testSettings } from "./http-server.ts";
import { noMetrics, writePart } from "./written-parts.ts";
import { minioMissing, startMinio } from "./minio-server.ts";
import { type CheckingServer, motoMissing, startCheckingMoto } from "./moto-server.ts";

interface S3Server {
  readonly name: string;
  readonly missing: string | undefined;
  start(): Promise<CheckingServer>;
  /** Of a listing. */
  readonly pageKeys: number;
}

const servers: readonly S3Server[] = [
  {
    name: "moto",
    missing: motoMissing,
    // its own 1,000 would take a while to fill
    start: () => startCheckingMoto({ MOTO_S3_DEFAULT_MAX_KEYS: "20" }),
    pageKeys: 20,
  },
  { name: "MinIO", missing: minioMissing, start: startMinio, pageKeys: 1000 },
];

for (const { name, missing } of servers)
  if (missing !== undefined) console.log(`S3 is not tried on ${name}: ${missing}`);

describe.each(servers.filter(({ missing }) => missing === undefined))("on $name", ({ start, pageKeys }) => {
  let server: CheckingServer;
  let settings: FileSettings;
  let client: S3Client;
  const put = (key: string, body: string | Uint8Array) =>
    client.call({ bucket: "box", key, method: "PUT", body: Buffer.from(body), expected: [200], doing: "write to" });
  const bucket = (name: string) =>
    client.call({ bucket: name, key: "", method: "PUT", expected: [200], doing: "write to" });
  const find = async (item: string) => (await findFiles(item, fileSystemOf(item, settings))).map(file => file.path);

  beforeAll(async () => {
    server = await start();
    settings = testSettings({
      "firesteel.s3.endpoint": server.url,
      "firesteel.s3.accessKey": server.accessKey,
      "firesteel.s3.secretKey": server.secretKey,
      "firesteel.files.timeout": "10s",
    });
    client = new S3Client(settings);
    await bucket("box");
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test("objects, folders and patterns give the files that local paths would", async () => {
    const keys = ["a/1.txt", "a/2.txt", "a/_hidden", "a/.x", "a/deep/3.txt", "a-b.txt", "c/x=1/p.txt", "c/x=2/p.txt"];
    for (const key of keys) await put(key, key);
    // marks of folders, as consoles make them
    await put("a/", "");
    expect(await find("s3://box/a/1.txt")).toEqual(["s3://box/a/1.txt"]);
    expect(await find("s3a://box/a")).toEqual(["s3://box/a/1.txt", "s3://box/a/2.txt"]);
    expect(await find("s3://box/a/")).toEqual(["s3://box/a/1.txt", "s3://box/a/2.txt"]);
    expect(await find("s3://box/a/*.txt")).toEqual(["s3://box/a/1.txt", "s3://box/a/2.txt"]);
    expect(await find("s3://box/a/_*")).toEqual(["s3://box/a/_hidden"]);
    expect(await find("s3://box/{a,c/x=*}/{1,p}.txt")).toEqual([
      "s3://box/a/1.txt",
      "s3://box/c/x=1/p.txt",
      "s3://box/c/x=2/p.txt",
    ]);
    expect(await find("s3://box/c/*")).toEqual(["s3://box/c/x=1/p.txt", "s3://box/c/x=2/p.txt"]);
    expect(await find("s3://box/")).toEqual(["s3://box/a-b.txt"]);
  });

  test("keys may have any characters", async () => {
    const names = ["ä b+c&d.txt", "100%.txt", "q?x=1#y.txt", "(paren)'quote'!.txt", "日本.txt", 'a<b>"c.txt'];
    for (const name of names) await put(`odd/${name}`, name);
    const files = await findFiles("s3://box/odd", fileSystemOf("s3:", settings));
    expect(files.map(file => file.path)).toEqual(names.map(name => `s3://box/odd/${name}`).sort());
    for (const file of files) {
      const [row] = await rowsOf(planText([file], 1));
      expect(file.path).toBe(`s3://box/odd/${row}`);
    }
  });

  test("long listings are followed page by page", async () => {
    const names = Array.from({ length: pageKeys * 3 + 1 }, (_, i) => `many/${String(i).padStart(5, "0")}`);
    await Promise.all(names.map(name => put(name, "x")));
    const query = { "list-type": "2", prefix: "many/" };
    const first = await client.call({ bucket: "box", key: "", method: "GET", query, expected: [200], doing: "list" });
    expect(Buffer.from(first!.bytes).toString()).toContain("<IsTruncated>true</IsTruncated>");
    expect(await find("s3://box/many")).toEqual(names.map(name => `s3://box/${name}`));
  });

  const rowsOf = async ({ format, splits }: ReturnType<typeof planText>): Promise<unknown[]> => {
    const rows: unknown[] = [];
    for (const split of splits)
      rows.push(...(await allRows(openSplit(format, split, { ...testEnv(), files: settings }))));
    return rows;
  };

  test("an object is read by ranges, and refused when it has changed", async () => {
    const lines = Array.from({ length: 40_000 }, (_, i) => `row ${i} of an object`);
    await put("big.txt", lines.join("\n"));
    const scan = planText(await findFiles("s3://box/big.txt", fileSystemOf("s3:", settings)), 4);
    expect(scan.splits.length).toBe(4);
    expect(await rowsOf(scan)).toEqual(lines);
    await put("big.txt", lines.join("\r\n"));
    expect((await failure(rowsOf(scan))).message).toBe(
      "cannot read s3://box/big.txt: it has changed since the job was planned",
    );
  });

  test("a signature with another secret, and a key that nobody has, are refused by name", async () => {
    const withKey = (accessKey: string, secretKey: string) =>
      failure(findFiles("s3://box/a", new S3Files({ ...settings, s3: { ...settings.s3, accessKey, secretKey } })));
    const { accessKey } = server;
    expect((await withKey(accessKey, "other")).message).toBe(
      `cannot list s3://box/: it is denied to the access key ${accessKey} (SignatureDoesNotMatch)`,
    );
    expect((await withKey("AKIANOBODY", "other")).message).toBe(
      "cannot list s3://box/: it is denied to the access key AKIANOBODY (InvalidAccessKeyId)",
    );
  });

  test("what is not there is named, with what is near", async () => {
    const missing = await failure(find("s3://box/a/1.tx"));
    expect(missing.message).toBe("no such file or folder: s3://box/a/1.tx");
    expect(missing.hint).toBe("did you mean s3://box/a/1.txt?");
    const noBucket = await failure(find("s3://nope/a"));
    expect(noBucket.message).toBe("cannot list s3://nope/: there is no bucket nope");
    expect(noBucket.hint).toBe(`check its name; buckets are looked for at ${server.url}`);
    expect((await failure(find("s3://box/zzz*"))).message).toBe("no file matches s3://box/zzz*");
  });

  test("an output is seen at its commit, whole, and nothing else of it ever", async () => {
    const output = fileSystemOf("s3:", settings).output!;
    const folder = await output.createOutput("s3a://box/out/");
    expect(folder).toEqual({ path: "s3://box/out" });
    expect((await failure((async () => output.createOutput("s3://box/out"))())).message).toBe(
      "cannot create the output directory s3://box/out: it already exists",
    );
    const large = Buffer.alloc(20 << 20, Buffer.from(Array.from({ length: 251 }, (_, i) => (i * 31) % 251)));
    const pieces = Array.from({ length: 80 }, (_, i) => large.subarray(i << 18, (i + 1) << 18));
    await writePart(output, folder, "part-00000", 1, [Buffer.from("one\n")]);
    await writePart(output, folder, "part-00001", 2, pieces);
    await writePart(output, folder, "part-00002", 3, []);
    // another attempt at the same part
    await writePart(output, folder, "part-00000", 4, [Buffer.from("other\n")]);
    // servers whose folders are real ones do not list what is below an object
    const keys = await keysBelow("out/");
    expect(keys.filter(key => keys.some(other => other.startsWith(`${key}/`)))).toEqual([]);
    expect(keys.length).toBe(5);
    await expect(find("s3://box/out/part-*")).rejects.toThrow("no file matches");
    expect((await failure(find("s3://box/out"))).message).toContain("_temporary is there, _SUCCESS is not");
    const parts = [1, 2, 3].map((attempt, i) => ({ file: `part-0000${i}`, attempt }));
    await output.commitOutput(folder, parts);
    const files = await findFiles("s3://box/out", fileSystemOf("s3:", settings));
    expect(files.map(({ path, bytes }) => [path, bytes])).toEqual([
      ["s3://box/out/part-00000", 4],
      ["s3://box/out/part-00001", 20 << 20],
      ["s3://box/out/part-00002", 0],
    ]);
    expect(await find("s3://box/out/_*")).toEqual(["s3://box/out/_SUCCESS"]);
    expect((await keysBelow("out/")).length).toBe(4);
    const { path, bytes, version } = files[1]!;
    const read = await fileSystemOf("s3:", settings).read({ path, bytes, version: version! }, 0, bytes);
    expect(Buffer.compare(read, large)).toBe(0);
    expect(await openUploads()).toBe(0);
  });

  test("an aborted output leaves nothing, an aborted part neither", async () => {
    const output = fileSystemOf("s3:", settings).output!;
    const folder = await output.createOutput("s3://box/gone");
    const part = await output.openPart(folder, "part-00000", 1, noMetrics);
    part.write(Buffer.alloc(9 << 20));
    expect(await openUploads()).toBe(1);
    await part.abort();
    expect(await openUploads()).toBe(0);
    await writePart(output, folder, "part-00000", 2, [Buffer.from("one\n")]);
    expect(await openUploads()).toBe(1);
    await output.abortOutput(folder);
    expect(await openUploads()).toBe(0);
    await expect(find("s3://box/gone")).rejects.toThrow("no such file or folder: s3://box/gone");
  });

  async function keysBelow(prefix: string): Promise<string[]> {
    const query = { "list-type": "2", prefix };
    const call = { bucket: "box", key: "", method: "GET", query, expected: [200], doing: "list" };
    const { objects } = parseListing(Buffer.from((await client.call(call))!.bytes).toString());
    return objects.map(({ key }) => key);
  }

  async function openUploads(): Promise<number> {
    const call = { bucket: "box", key: "", method: "GET", query: { uploads: "" }, expected: [200], doing: "list" };
    const answer = await client.call(call);
    return (
      Buffer.from(answer!.bytes)
        .toString()
        .match(/<UploadId>/g)?.length ?? 0
    );
  }
});
