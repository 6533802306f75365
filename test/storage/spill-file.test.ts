import { afterAll, describe, expect, test } from "bun:test";
import * as nodeFs from "node:fs";
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FiresteelError } from "../../src/base/errors.ts";
import { Random } from "../../src/base/random.ts";
import { BumpAllocator } from "../../src/kernel/allocator.ts";
import { compileKernels, createKernelMemory, instantiateKernels } from "../../src/kernel/kernels.ts";
import { type Ptr } from "../../src/kernel/ptr.ts";
import { newFileKey } from "../../src/storage/file-cipher.ts";
import { spillCodec } from "../../src/storage/spill-codec.ts";
import { type Segment, type SpillOptions, SpillWriter } from "../../src/storage/spill-file.ts";
import { SpillReader } from "../../src/storage/spill-reader.ts";

const folder = mkdtempSync(join(tmpdir(), "firesteel-test-"));
afterAll(() => rmSync(folder, { recursive: true }));

const wasm = createKernelMemory(16 * 2 ** 20);
const u8 = new Uint8Array(wasm.buffer);
const memory = new BumpAllocator(65536, u8.length);

const kernels = instantiateKernels(wasm, compileKernels());
const codecs = { raw: undefined, lz4: spillCodec(kernels, "lz4"), zstd: spillCodec(kernels, "zstd") };

const key = newFileKey();
const ways = Object.entries(codecs).flatMap(([name, openCodec]) => [
  { name, openCodec, key: undefined },
  { name: `${name}, encrypted`, openCodec, key },
]);

/** With a reader of its own, which leaves no file open. */
function readOnce(segment: Segment, to: Ptr, options: SpillOptions = {}): void {
  const reader = new SpillReader(u8, options);
  try {
    reader.read(segment, to);
  } finally {
    reader.close();
  }
}

describe("spill file", () => {
  for (const { name, openCodec, key } of ways) {
    test(`gives back what was written, ${name}`, () => {
      const codec = openCodec?.(memory);
      const seed = Date.now() & 0xffff;
      const random = new Random(seed);
      const file = join(folder, `a-${name}`);
      const writer = new SpillWriter(u8, file, { codec, key });
      const source = memory.alloc(400_000);
      const written: { segment: Segment; plain: Uint8Array }[] = [];
      for (const bytes of [16, 0, 100_000, 62 * 1024, 62 * 1024 + 16, 400_000, 32]) {
        const even = bytes === 400_000 || random.below(2) === 0;
        for (let i = 0; i < bytes; i++) u8[source + i] = even ? i >> 10 : random.uint32();
        written.push({ segment: writer.append(source, bytes), plain: u8.slice(source, source + bytes) });
      }
      writer.close();
      const plainBytes = written.reduce((sum, { plain }) => sum + plain.length, 0);
      if (codec === undefined) expect(writer.length).toBe(plainBytes + (key === undefined ? 0 : written.length * 28));
      else expect(writer.length).toBeLessThan(plainBytes);
      const reader = new SpillReader(u8, { codec, key });
      const target = memory.alloc(400_000);
      for (const { segment, plain } of written.reverse()) {
        reader.read(segment, target);
        expect({ seed, same: Buffer.compare(u8.subarray(target, target + plain.length), plain) }).toEqual({
          seed,
          same: 0,
        });
      }
      reader.close();
    });
  }

  test("a flipped bit, a short file and a missing file are data errors that say where", () => {
    const file = join(folder, "b");
    const writer = new SpillWriter(u8, file);
    const ptr = memory.alloc(64);
    u8.fill(5, ptr, ptr + 64);
    writer.append(ptr, 32);
    const segment = writer.append(ptr, 64);
    writer.close();
    const bytes = readFileSync(file);
    bytes[40]! ^= 1;
    writeFileSync(file, bytes);
    const read = () => readOnce(segment, ptr);
    expect(read).toThrow(`a spilled block cannot be read back (${file}, bytes 32 to 96): its checksum is`);
    truncateSync(file, 50);
    expect(read).toThrow("the file is shorter than it was");
    rmSync(file);
    expect(read).toThrow("ENOENT");
    try {
      read();
    } catch (thrown) {
      expect(thrown).toMatchObject({ kind: "data", hint: expect.stringContaining("firesteel.local.dirs") });
    }
  });

  for (const { name, openCodec, key } of ways) {
    test(`any damage to a file is found, ${name}`, () => {
      const seed = Date.now() & 0xffff;
      const random = new Random(seed);
      const codec = openCodec?.(memory);
      const file = join(folder, `d-${name}`);
      const writer = new SpillWriter(u8, file, { codec, key });
      const ptr = memory.alloc(150_000);
      for (let i = 0; i < 150_000; i++) u8[ptr + i] = (i >> 3) * 7;
      const segment = writer.append(ptr, 150_000);
      writer.close();
      const whole = readFileSync(file);
      for (let round = 0; round < 40; round++) {
        const bytes = Buffer.from(whole);
        const at = random.below(bytes.length);
        bytes[at]! ^= 1 << random.below(8);
        writeFileSync(file, bytes);
        let kind = "none";
        try {
          readOnce(segment, ptr, { codec, key });
        } catch (error) {
          kind = (error as FiresteelError).kind;
        }
        // A codec may have bits that mean nothing; the rows must then be the right ones.
        if (key !== undefined) expect({ seed, at, kind }).toEqual({ seed, at, kind: "data" });
        else if (kind === "none")
          expect({ seed, at, same: u8[ptr + 149_999] === ((149_999 >> 3) * 7) % 256 }).toEqual({
            seed,
            at,
            same: true,
          });
        else expect({ seed, at, kind }).toEqual({ seed, at, kind: "data" });
      }
      writeFileSync(file, whole);
      readOnce(segment, ptr, { codec, key });
    });
  }

  test("a full disk is a resource error with advice; what was written before can be read", () => {
    let room = 100;
    const fs = {
      ...nodeFs,
      writeSync: ((fd: number, buffer: Uint8Array, from: number, bytes: number, at: number) => {
        if (room === 0) throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
        const part = Math.min(bytes, room);
        room -= part;
        return nodeFs.writeSync(fd, buffer, from, part, at);
      }) as typeof nodeFs.writeSync,
    };
    const full = mkdtempSync(join(folder, "full-"));
    const writer = new SpillWriter(u8, join(full, "c"), { fs, what: "the rows of sortByKey" });
    const ptr: Ptr = memory.alloc(64);
    const whole = writer.append(ptr, 64);
    expect(readdirSync(full)).toEqual(["c"]);
    let thrown: unknown;
    try {
      writer.append(ptr, 64);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({
      kind: "resource",
      message: `disk full while spilling the rows of sortByKey to ${full}`,
      hint: "set firesteel.local.dirs to folders with more room, or raise firesteel.executor.memory to spill less",
    });
    readOnce(whole, memory.alloc(64));
    writer.abort();
    expect(readdirSync(full)).toEqual([]);
  });
});
