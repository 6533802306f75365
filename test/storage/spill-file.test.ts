import { afterAll, describe, expect, test } from "bun:test";
import * as nodeFs from "node:fs";
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Random } from "../../src/base/random.ts";
import { BumpAllocator } from "../../src/kernel/allocator.ts";
import { createKernelMemory } from "../../src/kernel/kernels.ts";
import { type Ptr } from "../../src/kernel/ptr.ts";
import { type Segment, type SpillCodec, SpillReader, SpillWriter } from "../../src/storage/spill-file.ts";

const folder = mkdtempSync(join(tmpdir(), "firesteel-test-"));
afterAll(() => rmSync(folder, { recursive: true }));

const u8 = new Uint8Array(createKernelMemory(8 * 2 ** 20).buffer);
const memory = new BumpAllocator(65536, u8.length);

/** A toy codec: runs of one byte become (count, byte) pairs; enough to take both ways through the chunks. */
const runLength: SpillCodec = {
  scratch: memory.alloc(65536),
  compress(from, bytes, to) {
    let out = 0;
    for (let i = 0; i < bytes; ) {
      let n = 1;
      while (n < 255 && i + n < bytes && u8[from + i + n] === u8[from + i]) n++;
      if (out + 2 >= bytes) return bytes;
      u8[to + out++] = n;
      u8[to + out++] = u8[from + i]!;
      i += n;
    }
    return out;
  },
  decompress(from, bytes, to) {
    let out = 0;
    for (let i = 0; i < bytes; i += 2) for (let n = u8[from + i]!; n > 0; n--) u8[to + out++] = u8[from + i + 1]!;
    return out;
  },
  free() {},
};

describe("spill file", () => {
  for (const codec of [undefined, runLength]) {
    test(`gives back what was written, ${codec === undefined ? "raw" : "compressed"}`, () => {
      const seed = Date.now() & 0xffff;
      const random = new Random(seed);
      const file = join(folder, `a-${codec === undefined}`);
      const writer = new SpillWriter(u8, file, { codec });
      const source = memory.alloc(400_000);
      const written: { segment: Segment; plain: Uint8Array }[] = [];
      for (const bytes of [16, 0, 100_000, 62 * 1024, 62 * 1024 + 16, 400_000, 32]) {
        const even = random.below(2) === 0;
        for (let i = 0; i < bytes; i++) u8[source + i] = even ? i >> 10 : random.uint32();
        written.push({ segment: writer.append(source, bytes), plain: u8.slice(source, source + bytes) });
      }
      writer.close();
      const reader = new SpillReader(u8, { codec });
      const target = memory.alloc(400_000);
      for (const { segment, plain } of written.reverse()) {
        reader.read(segment, target);
        expect({ seed, same: Buffer.compare(u8.subarray(target, target + plain.length), plain) }).toEqual({ seed, same: 0 });
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
    const read = () => new SpillReader(u8).read(segment, ptr);
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

  test("a full disk is a resource error with advice, and leaves no file", () => {
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
    writer.append(ptr, 64);
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
    expect(readdirSync(full)).toEqual([]);
  });
});
