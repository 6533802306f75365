/** Writes go elsewhere when a local dir fails, also in the middle of writing. */
import { afterAll, expect, test } from "bun:test";
import * as nodeFs from "node:fs";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { FiresteelError } from "../../src/base/errors.ts";
import { BumpAllocator } from "../../src/kernel/allocator.ts";
import { createKernelMemory } from "../../src/kernel/kernels.ts";
import { newFileKey } from "../../src/storage/file-cipher.ts";
import { type LocalDirs, nameLocalDirs } from "../../src/storage/local-dirs.ts";
import type { SpillFs } from "../../src/storage/spill-file.ts";
import { SpillOutput } from "../../src/storage/spill-output.ts";
import { SpillReader } from "../../src/storage/spill-reader.ts";

const folder = mkdtempSync(join(tmpdir(), "firesteel-test-"));
afterAll(() => rmSync(folder, { recursive: true }));

const wasm = createKernelMemory(4 * 2 ** 20);
const u8 = new Uint8Array(wasm.buffer);
const memory = new BumpAllocator(65536, u8.length);
const ptr = memory.alloc(100_000);
const target = memory.alloc(100_000);
let names = 0;

function dirsOf(...parents: string[]): LocalDirs {
  return nameLocalDirs(parents.map(parent => join(folder, parent)));
}

function outputIn(dirs: LocalDirs, fs: SpillFs = nodeFs): SpillOutput {
  const place = { dirs, folder: "task-1", name: () => `spill-${names++}` };
  return new SpillOutput(u8, place, { fs, what: "rows of sortByKey" });
}

function fill(value: number): void {
  u8.fill(value, ptr, ptr + 100_000);
}

/** Writes to files below some of the folders fail once so many bytes have been written there. */
function failing(roomOf: Record<string, number>, code: string) {
  const left = new Map(Object.entries(roomOf));
  const placeOf = new Map<number, string>();
  let fired = 0;
  const fs: SpillFs = {
    ...nodeFs,
    openSync: ((file: string, ...rest: [string, number]) => {
      const fd = nodeFs.openSync(file, ...rest);
      placeOf.set(fd, [...left.keys()].find(parent => file.startsWith(join(folder, parent))) ?? "");
      return fd;
    }) as typeof nodeFs.openSync,
    writeSync: ((fd: number, buffer: Uint8Array, from: number, bytes: number, at: number) => {
      const place = placeOf.get(fd)!;
      const room = left.get(place) ?? Number.POSITIVE_INFINITY;
      if (room === 0) {
        fired++;
        throw Object.assign(new Error(`${code}: injected, write`), { code });
      }
      const part = Math.min(bytes, room);
      left.set(place, room - part);
      return nodeFs.writeSync(fd, buffer, from, part, at);
    }) as typeof nodeFs.writeSync,
  };
  return { fs, fired: () => fired, give: (parent: string, bytes: number) => void left.set(parent, bytes) };
}

for (const code of ["ENOSPC", "EIO", "EROFS"]) {
  for (const key of [undefined, newFileKey()]) {
    test(`${code} in the middle of a block: it is written again elsewhere${key ? ", encrypted" : ""}`, () => {
      const dirs = { ...dirsOf("m1", "m2"), key };
      const fault = failing({ m1: 250_000, m2: 250_000 }, code);
      const output = outputIn(dirs, fault.fs);
      const segments = [1, 2, 3, 4].map(value => {
        fill(value);
        return output.append(ptr, 100_000);
      });
      expect(fault.fired()).toBe(1);
      expect(output.failures).toBe(1);
      expect(new Set(segments.map(({ file }) => file)).size).toBe(2);
      const reader = new SpillReader(u8, { key });
      for (const [i, segment] of segments.entries()) {
        reader.read(segment, target);
        expect(u8[target]).toBe(i + 1);
        expect(u8[target + 99_999]).toBe(i + 1);
      }
      reader.close();
      output.abort();
      expect(segments.some(({ file }) => existsSync(file))).toBe(false);
    });
  }
}

test("only when all dirs fail the write does, with each one's reason; later the dirs are tried again", () => {
  const dirs = dirsOf("a1", "a2", "a3");
  const fault = failing({ a1: 0, a2: 120_000, a3: 0 }, "ENOSPC");
  const output = outputIn(dirs, fault.fs);
  output.append(ptr, 100_000);
  let thrown: unknown;
  try {
    output.append(ptr, 100_000);
  } catch (error) {
    thrown = error;
  }
  expect(fault.fired()).toBeGreaterThanOrEqual(3);
  const { kind, message, hint } = thrown as FiresteelError;
  const parents = message.slice(message.indexOf("dirs: ") + 6).split("; ");
  expect(new Set(parents)).toEqual(new Set(["a1", "a2", "a3"].map(name => `${join(folder, name)}: disk full`)));
  expect({ kind, hint, message: message.slice(0, message.indexOf(": ")) }).toEqual({
    kind: "resource",
    message: "spilling rows of sortByKey failed in every one of the local dirs",
    hint: "set firesteel.local.dirs to folders with more room, or raise firesteel.executor.memory to spill less",
  });
  fault.give("a3", 1e6);
  fill(9);
  const segment = output.append(ptr, 100_000);
  expect(segment.file).toStartWith(join(folder, "a3"));
  new SpillReader(u8).read(segment, target);
  output.abort();
});

test("a file in a folder's place is passed over, and named when nothing else is left", () => {
  const file = join(folder, "no-folder");
  writeFileSync(file, "");
  const output = outputIn(dirsOf("no-folder", "good"));
  for (let i = 0; i < 3; i++) expect(output.append(ptr, 1000).file).toStartWith(join(folder, "good"));
  output.abort();
  writeFileSync(join(folder, "no-folder-2"), "");
  const none = outputIn(dirsOf("no-folder", "no-folder-2"));
  expect(() => none.append(ptr, 1000)).toThrow(
    /no-folder: a part of the path.*no-folder-2: a part|no-folder-2: a part of the path.*no-folder: a part/,
  );
});

test("a dir that vanishes while it is written to: its rows can still be read, and are written again elsewhere", () => {
  const dirs = dirsOf("v1", "v2");
  const output = outputIn(dirs);
  fill(1);
  const first = output.append(ptr, 100_000);
  rmSync(dirname(dirname(first.file)), { recursive: true });
  writeFileSync(dirname(dirname(first.file)), "in its place");
  fill(2);
  const second = output.append(ptr, 100_000);
  expect(second.file).toBe(first.file);
  const open = new SpillReader(u8, { descriptorOf: file => output.descriptorOf(file) });
  for (const [i, segment] of [first, second].entries()) {
    open.read(segment, target);
    expect(u8[target]).toBe(i + 1);
  }
  const settled = [first, second].map(segment => output.settled(segment));
  output.close();
  expect(settled.map(({ file }) => dirname(dirname(dirname(file))))).not.toContain(
    dirname(dirname(dirname(first.file))),
  );
  const reader = new SpillReader(u8);
  for (const [i, segment] of settled.entries()) {
    reader.read(segment, target);
    expect(u8[target + 5]).toBe(i + 1);
  }
  reader.close();
});

test("nothing readable is in an encrypted file", () => {
  const dirs = { ...dirsOf("e1"), key: newFileKey() };
  const output = outputIn(dirs);
  const text = Buffer.from("attack at dawn, ".repeat(1000));
  u8.set(text, ptr);
  const one = output.append(ptr, text.length);
  const two = output.append(ptr, text.length);
  const bytes = nodeFs.readFileSync(one.file);
  expect(bytes.includes("attack")).toBe(false);
  // the same rows twice are not the same bytes
  const [a, b] = [one, two].map(({ offset, length }) => bytes.subarray(offset, offset + length));
  expect(a!.equals(b!)).toBe(false);
  expect(() => new SpillReader(u8, { key: newFileKey() }).read(one, target)).toThrow("it is not what was encrypted");
  expect(readdirSync(dirs.paths[0]!).sort()).toEqual(["host", "task-1"]);
  output.abort();
});
