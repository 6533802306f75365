import { expect, test } from "bun:test";
import { join } from "node:path";
import { zstdCompressSync } from "node:zlib";
import { makeBatchWriter } from "../../src/data/batch-writer.ts";
import type { ByteSplit, SourceMetrics } from "../../src/sources/contracts.ts";
import { resolvePaths } from "../../src/sources/input-files.ts";
import { batchHeader, fileHeader, fileEnd } from "../../src/sources/object-format.ts";
import { ObjectPart } from "../../src/sources/object-part.ts";
import { planObjects } from "../../src/sources/object-reader.ts";
import { openSplit } from "../../src/sources/open-split.ts";
import type { PartFile } from "../../src/sources/output-committer.ts";
import { difference } from "../data/same.ts";
import { allBatchedRows, allRows, failure, type TemporaryFolder, temporaryFolder, testEnv } from "./fixture.ts";

/** An object file of these batches of rows. */
function objectFile(batches: readonly (readonly unknown[])[], metrics: SourceMetrics = testEnv().metrics): Buffer {
  const env = testEnv();
  const pieces: Buffer[] = [];
  const file: PartFile = {
    write: bytes => void pieces.push(Buffer.from(bytes)),
    commit: () => {},
    abort: () => {},
  };
  const part = new ObjectPart(file, metrics);
  const writer = makeBatchWriter(env.kernels, env.allocator);
  for (const rows of batches) {
    for (const row of rows) writer.push(row);
    part.append(env.kernels, writer.finish());
    writer.reset();
  }
  part.finish();
  return Buffer.concat(pieces);
}

async function readAll(path: string, minPartitions: number, env = testEnv()): Promise<unknown[][]> {
  const { format, splits } = planObjects(resolvePaths(path), minPartitions);
  const parts: unknown[][] = [];
  for (const split of splits) parts.push(await allRows(openSplit(format, split, env)));
  return parts;
}

const values = [
  ...[undefined, null, true, 0, -0, NaN, 1.5, 12n, -(2n ** 70n), "", "é😀", "\ud800", new Date(0), new Date(NaN)],
  ...[[1, "a"], [], { a: { b: [null] } }, new Map([[{ k: 1 }, new Set([1n])]]), /x\/y/giu, new URL("http://a/b?c")],
  ...[new Uint8Array([1, 2]), new Float64Array([0.5, -0]), Buffer.from("b"), new ArrayBuffer(3), new RangeError("r")],
];

test("any values are read back, as rows and as batches", async () => {
  using folder = temporaryFolder();
  const counted = testEnv();
  const batches = [
    values,
    [1, 2, 3],
    [
      ["k", 1],
      ["l", 2],
    ],
    Array.from({ length: 9000 }, (_, i) => ({ i, s: `${i}` })),
  ];
  const file = objectFile(batches, counted.metrics);
  const path = folder.file("part-00000", file);
  expect(counted.counts.rowsWritten).toBe(batches.flat().length);
  const env = testEnv();
  const [rows] = await readAll(path, 1, env);
  expect(difference(rows, batches.flat())).toBeUndefined();
  // all but the header at the file's front, which only speaks where there is no footer
  expect([env.counts.rowsRead, env.counts.bytesRead]).toEqual([batches.flat().length, file.length - 16]);
  const { format, splits } = planObjects(resolvePaths(path), 1);
  const again = testEnv();
  expect(difference(await allBatchedRows(openSplit(format, splits[0]!, again), again), batches.flat())).toBeUndefined();
});

test("every batch is read by one split, wherever files are cut", async () => {
  using folder = temporaryFolder();
  const batches = Array.from({ length: 40 }, (_, b) =>
    Array.from({ length: ((b * 7) % 50) + 1 }, (_, i) => `${b}:${i}`),
  );
  const path = folder.file("part-00000", objectFile(batches));
  for (const minPartitions of [1, 2, 3, 7, 39, 200, 5000]) {
    const parts = await readAll(path, minPartitions);
    expect(parts.flat()).toEqual(batches.flat());
    if (minPartitions === 7) expect(parts.filter(part => part.length > 0).length).toBeGreaterThan(4);
  }
});

test("files with no rows, or of no partition's, are read as none", async () => {
  using folder = temporaryFolder();
  expect(await readAll(folder.file("none", objectFile([])), 3)).toEqual([[], [], []]);
  // a name is no compression here
  expect(await readAll(folder.file("part.gz", objectFile([["a"]])), 1)).toEqual([["a"]]);
});

test("a file that was cut anywhere is an error that says so", async () => {
  using folder = temporaryFolder();
  const whole = objectFile([
    ["some", "rows"],
    [1, 2, 3],
  ]);
  for (let bytes = 8; bytes < whole.length; bytes += bytes < 40 ? 1 : 11) {
    const path = folder.file("cut", whole.subarray(0, bytes));
    const error = await failure(readAll(path, 1));
    expect(error.message).toBe(`broken object file ${path}: it ends at byte ${bytes}, before its index`);
    expect(error.hint).toBe("the file was cut short; copy it again");
  }
});

test("a byte that changed anywhere is an error that names a byte, or was of no meaning", async () => {
  using folder = temporaryFolder();
  const rows = ["some", "rows", { of: ["any", "kind"] }];
  const whole = objectFile([rows, rows]);
  const seen = new Set<string>();
  for (let at = 0; at < whole.length; at++) {
    const changed = Buffer.from(whole);
    changed[at]! ^= 1 << (at % 8);
    const path = folder.file("changed", changed);
    // the header at its front is only looked at when there is no footer
    if (at < 16) continue;
    const error = await failure(readAll(path, 1));
    expect(error.kind).toBe("data");
    expect(error.message).toContain(path);
    seen.add(error.message.replace(path, "").replace(/\d+/g, "#"));
  }
  expect([...seen].sort()).toEqual([
    "broken object file : a batch does not begin as it should, at byte #",
    "broken object file : it ends at byte #, before its index",
    "broken object file : the checksum of a batch does not match, at byte #",
    "broken object file : the checksum of a batch's header does not match, at byte #",
    "broken object file : the checksum of its footer does not match, at byte #",
    "broken object file : the checksum of its index does not match, at byte #",
  ]);
});

test("foreign files, and those of newer versions, say what they are", async () => {
  using folder = temporaryFolder();
  for (const content of ["just some text, longer than a footer is\n", "", "FSO", zstdCompressSync("x")]) {
    const path = folder.file("foreign", content);
    const expected = content === "FSO" ? `broken object file ${path}: it ends at byte 3, before its index` : undefined;
    const error = await failure(readAll(path, 1));
    expect(error.message).toBe(expected ?? `${path} is no object file: it does not begin as one`);
  }
  const newer = objectFile([["a"]]);
  const footer = newer.subarray(newer.length - 32);
  footer.writeUInt32LE(2, 16);
  footer.writeUInt32LE(Bun.hash.crc32(footer.subarray(0, 20)), 20);
  const path = folder.file("newer", newer);
  const error = await failure(readAll(path, 1));
  expect([error.message, error.hint]).toEqual([
    `${path} is an object file of version 2, and this Firesteel reads version 1`,
    "read it with the Firesteel that wrote it, or a newer one",
  ]);
  const cutNewer = Buffer.concat([fileHeader(), batchHeader(Buffer.alloc(16)), fileEnd([], 0)]).subarray(0, 40);
  cutNewer.writeUInt32LE(3, 8);
  cutNewer.writeUInt32LE(Bun.hash.crc32(cutNewer.subarray(0, 12)), 12);
  expect((await failure(readAll(folder.file("cut", cutNewer), 1))).message).toContain("an object file of version 3");
});

test("a file that shrinks after planning is an error", async () => {
  using folder = temporaryFolder();
  const path = folder.file("part", objectFile([["a"]]));
  const { format, splits } = planObjects(resolvePaths(path), 1);
  shrink(folder, path);
  const [split] = splits as [ByteSplit];
  const read = async () => allRows(openSplit(format, split, testEnv()));
  expect((await failure(read())).message).toContain("has become shorter since the job was planned");
});

function shrink(folder: TemporaryFolder, path: string): void {
  expect(folder.file("part", "short")).toBe(join(path));
}
