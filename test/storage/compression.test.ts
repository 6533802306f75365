import { afterAll, describe, expect, test } from "bun:test";
import * as nodeFs from "node:fs";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Random } from "../../src/base/random.ts";
import { BumpAllocator } from "../../src/kernel/allocator.ts";
import { compileKernels, createKernelMemory, instantiateKernels } from "../../src/kernel/kernels.ts";
import {
  CompressionChoice,
  type CompressionCosts,
  compressionPays,
  CompressionRates,
  isShortOfRoom,
} from "../../src/storage/compression.ts";
import { spillCodec } from "../../src/storage/spill-codec.ts";
import { SpillWriter } from "../../src/storage/spill-file.ts";
import { SpillReader } from "../../src/storage/spill-reader.ts";

const folder = mkdtempSync(join(tmpdir(), "firesteel-test-"));
afterAll(() => rmSync(folder, { recursive: true }));

const g = 2 ** 30;

describe("compression pays", () => {
  const pageCache: CompressionCosts = { writeNs: 0.4, compressNs: 1.4, ratio: 0.25, isDiskShort: false };

  test.each([
    ["not where the page cache takes the writes", {}, false],
    ["on a disk of 200 MB/s", { writeNs: 5 }, true],
    ["not on that disk, for rows that do not shrink", { writeNs: 5, ratio: 1 }, false],
    ["not on that disk, with a slow codec", { writeNs: 5, compressNs: 20 }, false],
    ["with a codec that costs nothing", { compressNs: 0.1 }, true],
    ["on a short disk, whatever it costs", { isDiskShort: true }, true],
    ["not even there, for rows that do not shrink", { isDiskShort: true, ratio: 0.99 }, false],
    ["not before something was written", { writeNs: undefined }, false],
    ["on a short disk, before something was written", { writeNs: undefined, isDiskShort: true }, true],
  ])("%s", (_, costs, pays) => {
    expect(compressionPays({ ...pageCache, ...costs }, false)).toBe(pays);
  });

  test("the way is kept where there is little to gain", () => {
    const even = { ...pageCache, writeNs: (1.4 * 1.35) / (2 * 0.75) };
    expect([compressionPays(even, false), compressionPays(even, true)]).toEqual([false, true]);
  });

  test("a disk is short of room early", () => {
    expect(isShortOfRoom(7 * g, 20 * g)).toBe(true);
    expect(isShortOfRoom(9 * g, 20 * g)).toBe(false);
    expect(isShortOfRoom(90 * g, 1000 * g)).toBe(true);
  });
});

describe("a writer's choice", () => {
  test("follows what it measures, and tries the codec now and then", () => {
    let nowMs = 0;
    let tries = 0;
    const rates = new CompressionRates(() => nowMs);
    const choice = new CompressionChoice(rates);
    const mebibyte = 2 ** 20;
    const write = (writeNs: number) => {
      const tryCodec = () => {
        tries++;
        nowMs += 65536 * 1.4e-6;
        return [65536, 16384] as const;
      };
      const compresses = choice.compresses(mebibyte, tryCodec, () => false);
      rates.wrote(mebibyte, mebibyte * writeNs * 1e-6);
      return compresses;
    };
    const several = (writeNs: number, n: number) => Array.from({ length: n }, () => write(writeNs)).at(-1);
    expect([several(0.4, 64), tries]).toEqual([false, 16]);
    expect([several(20, 64), tries]).toEqual([true, 32]);
    expect([several(0.4, 256), tries]).toEqual([false, 96]);
  });

  test("one interrupted try does not count", () => {
    const rates = new CompressionRates(() => 0);
    for (const ms of [1, 1, 50, 1, 1]) rates.compressed(1e6, ms);
    expect(rates.compressNs).toBe(1);
  });
});

describe("spill file of a writer that chooses", () => {
  const wasm = createKernelMemory(4 * 2 ** 20);
  const u8 = new Uint8Array(wasm.buffer);
  const memory = new BumpAllocator(65536, u8.length);
  const openCodec = spillCodec(instantiateKernels(wasm, compileKernels()), "lz4");
  const codec = openCodec(memory);
  const [source, target] = [memory.alloc(300_000), memory.alloc(300_000)];
  const roomy = { ...nodeFs, statfsSync: (() => ({ bavail: 1e9, bsize: 4096, blocks: 1e9 })) as never };

  test("has plain segments and compressed ones, and both are read back", () => {
    const seed = Date.now() & 0xffff;
    const random = new Random(seed);
    let nowMs = 0;
    let writeMs = 0.01;
    const rates = new CompressionRates(() => nowMs);
    const fs = {
      ...roomy,
      writeSync: ((...args: Parameters<typeof nodeFs.writeSync>) => {
        nowMs += writeMs;
        return nodeFs.writeSync(...args);
      }) as typeof nodeFs.writeSync,
    };
    const slowCodec = {
      ...codec,
      compress: (...args: Parameters<typeof codec.compress>) => {
        nowMs += 0.1;
        return codec.compress(...args);
      },
    };
    const file = join(folder, "mixed");
    const writer = new SpillWriter(u8, file, { codec: slowCodec, rates, fs });
    const written = [];
    for (let i = 0; i < 60; i++) {
      if (i === 20) writeMs = 100;
      const bytes = 1 + random.below(300_000);
      for (let at = 0; at < bytes; at++) u8[source + at] = (at + i) >> 9;
      written.push({ segment: writer.append(source, bytes), plain: u8.slice(source, source + bytes) });
    }
    writer.close();
    const isPlain = written.map(({ segment }) => segment.length === segment.rawLength);
    expect({ seed, first: isPlain[1], last: isPlain.at(-1) }).toEqual({ seed, first: true, last: false });
    expect(statSync(file).size).toBe(writer.length);
    const reader = new SpillReader(u8, { codec });
    for (const { segment, plain } of written) {
      reader.read(segment, target);
      expect({ seed, same: Buffer.compare(u8.subarray(target, target + plain.length), plain) }).toEqual({
        seed,
        same: 0,
      });
    }
    reader.close();
  });

  test("compresses what a full disk has no room for", () => {
    let room = 250_000;
    const fs = {
      ...roomy,
      writeSync: ((fd: number, from: Uint8Array, at: number, bytes: number, to: number) => {
        const part = Math.min(bytes, room - to);
        if (part <= 0) throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
        return nodeFs.writeSync(fd, from, at, part, to);
      }) as typeof nodeFs.writeSync,
    };
    const writer = new SpillWriter(u8, join(folder, "full"), { codec, rates: new CompressionRates(() => 0), fs });
    const random = new Random(7);
    for (let at = 0; at < 200_000; at++) u8[source + at] = at >> 9;
    const plain = u8.slice(source, source + 200_000);
    const segments = [writer.append(source, 200_000), writer.append(source, 200_000), writer.append(source, 200_000)];
    expect(segments.map(({ length, rawLength }) => length < rawLength)).toEqual([false, true, true]);
    const reader = new SpillReader(u8, { codec });
    for (const segment of segments) {
      reader.read(segment, target);
      expect(Buffer.compare(u8.subarray(target, target + 200_000), plain)).toBe(0);
    }
    reader.close();
    room = writer.length + 1000;
    for (let at = 0; at < 200_000; at++) u8[source + at] = random.uint32();
    expect(() => writer.append(source, 200_000)).toThrow("disk full while spilling");
  });

  test("chunks that come to the length of plain bytes are written plain", () => {
    // two chunks' heads take what the codec saves
    const exact = { ...codec, compress: (_: number, bytes: number) => bytes - 4 };
    const writer = new SpillWriter(u8, join(folder, "even"), { codec: exact });
    for (let at = 0; at < 100_000; at++) u8[source + at] = at >> 3;
    const plain = u8.slice(source, source + 100_000);
    const segment = writer.append(source, 100_000);
    writer.close();
    expect(segment.length).toBe(100_000);
    const reader = new SpillReader(u8, { codec: exact });
    reader.read(segment, target);
    expect(Buffer.compare(u8.subarray(target, target + 100_000), plain)).toBe(0);
    reader.close();
  });
});
