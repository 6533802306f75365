/** Dictionary codes of 11 bits to numbers, and plain strings to a column: what most of a Parquet file is. */
import { gather } from "../../src/kernel/move.ts";
import { copyPlain, HybridCursor, plainEnds } from "../../src/kernel/parquet.ts";
import { nullPtr, offset } from "../../src/kernel/ptr.ts";
import { benchMemory, sample, scatteredKey, wordOf, type BenchCase } from "./harness.ts";

const rows = 4 << 20;
const width = 11;
const dictionaryRows = 1 << width;
const batchRows = 8192;

/** One bit-packed run of all codes; bench/native/parquet.c packs the same. */
function packCodes(bytes: Uint8Array): number {
  let to = 0;
  for (let rest = ((rows / 8) << 1) | 1; ; rest >>>= 7) {
    bytes[to++] = rest < 128 ? rest : (rest & 127) | 128;
    if (rest < 128) break;
  }
  let held = 0;
  let bits = 0;
  for (let i = 0; i < rows; i++) {
    bits |= scatteredKey(i, dictionaryRows) << held;
    for (held += width; held >= 8; held -= 8) {
      bytes[to++] = bits & 255;
      bits >>>= 8;
    }
  }
  return to;
}

const numbers: BenchCase = {
  name: "numbers by 11-bit codes, 4M rows",
  native: { source: "parquet.c", args: ["codes", String(rows)] },
  prepare() {
    const { kernels, allocator } = benchMemory(rows * 12 + (1 << 20));
    const packed = allocator.alloc(rows * 2);
    const dictionary = allocator.alloc(dictionaryRows * 8);
    const codes = allocator.alloc(batchRows * 4);
    const out = allocator.alloc(rows * 8);
    const cursor = new HybridCursor(kernels, allocator);
    const bytes = packCodes(kernels.u8.subarray(packed, packed + rows * 2));
    for (let i = 0; i < dictionaryRows; i++) kernels.f64[dictionary / 8 + i] = i * 0.5;
    const output = kernels.f64.subarray(out / 8, out / 8 + rows);
    const values = kernels.f64.slice(dictionary / 8, dictionary / 8 + dictionaryRows);
    const input = kernels.u8.slice(packed, packed + bytes);
    return {
      kernel() {
        cursor.start(packed, bytes, width);
        for (let at = 0; at < rows; at += batchRows) {
          if (!cursor.codes(batchRows, dictionaryRows, codes)) throw new Error("too few codes");
          gather(kernels, 8, dictionary, codes, batchRows, offset(out, at * 8));
        }
        return sample(output, 0, rows);
      },
      jsLoop() {
        let at = 0;
        while (input[at++]! >= 128);
        let bits = 0;
        let held = 0;
        for (let i = 0; i < rows; i++) {
          for (; held < width; held += 8) bits |= input[at++]! << held;
          output[i] = values[bits & (dictionaryRows - 1)]!;
          bits >>>= width;
          held -= width;
        }
        return sample(output, 0, rows);
      },
    };
  },
};

const stringRows = 1 << 20;

const strings: BenchCase = {
  name: "plain strings, 1M rows",
  native: { source: "parquet.c", args: ["strings", String(stringRows)] },
  prepare() {
    const { kernels, allocator } = benchMemory(stringRows * 40 + (1 << 20));
    const plain = allocator.alloc(stringRows * 16);
    const offsets = allocator.alloc((stringRows + 1) * 4);
    const out = allocator.alloc(stringRows * 12);
    const input = Buffer.from(kernels.memory.buffer as unknown as ArrayBuffer, plain, stringRows * 16);
    let n = 0;
    for (let i = 0; i < stringRows; i++) {
      const length = input.write(wordOf(scatteredKey(i, 50_000)), n + 4, "latin1");
      n = input.writeUInt32LE(length, n) + length;
    }
    const ends = kernels.u32.subarray(offsets >>> 2, (offsets >>> 2) + stringRows + 1);
    const output = kernels.u8.subarray(out, out + stringRows * 12);
    const checksum = () => sample(ends, 0, stringRows + 1) + sample(output, 0, ends[stringRows]!);
    return {
      kernel() {
        const from = { src: plain, n, at: 0, validity: nullPtr, rows: stringRows };
        plainEnds(kernels, from, offsets, 0, stringRows * 12);
        copyPlain(kernels, from, offsets, out, stringRows * 12);
        return checksum();
      },
      jsLoop() {
        let at = 0;
        let end = 0;
        for (let i = 0; i < stringRows; i++) {
          const length = input.readUInt32LE(at);
          at += 4;
          for (let k = 0; k < length; k++) output[end + k] = input[at + k]!;
          at += length;
          end += length;
          ends[i + 1] = end;
        }
        ends[0] = 0;
        return checksum();
      },
    };
  },
};

export const cases: readonly BenchCase[] = [numbers, strings];
