/** Snappy over 16 MiB of text, decompression beside a JavaScript loop; a small greedy encoder makes the input. */
import { offset } from "../../src/kernel/ptr.ts";
import { snappyDecompress } from "../../src/kernel/snappy.ts";
import { benchMemory, sample, type BenchCase } from "./harness.ts";
import { fillText } from "./text.bench.ts";

const plainBytes = 16 << 20;

/** Matches of four bytes and more, found by one hash table; bench/native/snappy.c makes the same block. */
function encode(plain: Uint8Array, block: Uint8Array): number {
  const table = new Int32Array(1 << 14).fill(-1);
  const word = (at: number) =>
    (plain[at]! | (plain[at + 1]! << 8) | (plain[at + 2]! << 16) | (plain[at + 3]! << 24)) >>> 0;
  let to = 0;
  for (let rest = plain.length; ; rest >>>= 7) {
    block[to++] = rest < 128 ? rest : (rest & 127) | 128;
    if (rest < 128) break;
  }
  let literal = 0;
  const flush = (end: number) => {
    while (literal < end) {
      const length = Math.min(60, end - literal);
      block[to++] = (length - 1) << 2;
      for (let k = 0; k < length; k++) block[to++] = plain[literal++]!;
    }
  };
  for (let at = 0; at + 4 <= plain.length;) {
    const slot = Math.imul(word(at), 0x1e35a7bd) >>> 18;
    const from = table[slot]!;
    table[slot] = at;
    if (from < 0 || at - from > 65535 || word(from) !== word(at)) {
      at++;
      continue;
    }
    flush(at);
    let length = 4;
    while (length < 64 && at + length < plain.length && plain[from + length] === plain[at + length]) length++;
    block[to++] = 2 | ((length - 1) << 2);
    block[to++] = (at - from) & 255;
    block[to++] = (at - from) >>> 8;
    at += length;
    literal = at;
  }
  flush(plain.length);
  return to;
}

/** Without bounds checks. */
function decode(block: Uint8Array, out: Uint8Array): void {
  let at = 0;
  let to = 0;
  while (block[at++]! >= 128);
  while (at < block.length) {
    const tag = block[at++]!;
    const length = (tag >>> 2) + 1;
    if ((tag & 3) === 0) {
      for (let k = 0; k < length; k++) out[to++] = block[at++]!;
      continue;
    }
    const distance = block[at]! | (block[at + 1]! << 8);
    at += 2;
    for (let k = 0; k < length; k++, to++) out[to] = out[to - distance]!;
  }
}

const decompress: BenchCase = {
  name: "snappy decompress, 16 MiB",
  native: { source: "snappy.c", args: [String(plainBytes)] },
  prepare() {
    const { kernels, allocator } = benchMemory(plainBytes * 3 + (1 << 20));
    const [packed, out] = [allocator.alloc(plainBytes + 1024), allocator.alloc(plainBytes)];
    const plain = new Uint8Array(plainBytes);
    fillText(plain);
    const block = kernels.u8.subarray(packed, packed + plainBytes + 1024);
    const n = encode(plain, block);
    const output = kernels.u8.subarray(out, offset(out, plainBytes));
    return {
      kernel() {
        if (!snappyDecompress(kernels, allocator, packed, n, out, plainBytes)) throw new Error("a damaged block");
        return n + sample(output, 0, plainBytes);
      },
      jsLoop() {
        decode(block.subarray(0, n), output);
        return n + sample(output, 0, plainBytes);
      },
    };
  },
};

export const cases: readonly BenchCase[] = [decompress];
