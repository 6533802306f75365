/** Lines and tokens of 16 MiB of text, ten words a line. */
import { TextCursor } from "../../src/kernel/text.ts";
import type { Ptr } from "../../src/kernel/ptr.ts";
import { benchMemory, sample, scatteredKey, wordOf, type BenchCase, type BenchRuns } from "./harness.ts";

const textBytes = 16 << 20;
const lineFeed = 10;
const space = 32;

/** Words and lines until `bytes` are full; bench/native/text.h makes the same text. */
export function fillText(target: Uint8Array): void {
  let end = 0;
  for (let i = 0; end < target.length; i++) {
    const text = wordOf(scatteredKey(i, 50_000)) + (i % 10 === 9 ? "\n" : " ");
    end += new TextEncoder().encodeInto(text, target.subarray(end)).written;
  }
}

function prepare(
  piecesMax: number,
  find: (cursor: TextCursor, base: Ptr, out: { starts: Ptr; ends: Ptr; capacity: number }) => number,
  isSeparator: (byte: number) => boolean,
): BenchRuns {
  const { kernels, allocator } = benchMemory(textBytes + piecesMax * 8 + (1 << 20));
  const base = allocator.alloc(textBytes);
  const out = { starts: allocator.alloc(piecesMax * 4), ends: allocator.alloc(piecesMax * 4), capacity: piecesMax };
  const bytes = kernels.u8.subarray(base, base + textBytes);
  fillText(bytes);
  const starts = kernels.u32.subarray(out.starts / 4, out.starts / 4 + piecesMax);
  const ends = kernels.u32.subarray(out.ends / 4, out.ends / 4 + piecesMax);
  return {
    kernel() {
      const cursor = new TextCursor(kernels, allocator);
      const count = find(cursor, base, out);
      cursor.free();
      return count + sample(starts, 0, count) + sample(ends, 0, count);
    },
    jsLoop() {
      let count = 0;
      let start = 0;
      for (let at = 0; at < textBytes; at++) {
        const byte = bytes[at]!;
        if (!isSeparator(byte)) continue;
        starts[count] = start;
        ends[count++] = byte === lineFeed && at > start && bytes[at - 1] === 13 ? at - 1 : at;
        start = at + 1;
      }
      return count + sample(starts, 0, count) + sample(ends, 0, count);
    },
  };
}

const lines: BenchCase = {
  name: "split lines, 16 MiB",
  native: { source: "text.c", args: ["lines", String(textBytes)] },
  prepare: () =>
    prepare(
      1 << 19,
      (cursor, base, out) => cursor.lines(base, textBytes, out),
      byte => byte === lineFeed,
    ),
};

const tokens: BenchCase = {
  name: "split tokens of lines, 16 MiB",
  native: { source: "text.c", args: ["tokens", String(textBytes)] },
  prepare: () =>
    prepare(
      1 << 22,
      (cursor, base, out) => cursor.lineTokens(base, textBytes, space, out),
      byte => byte === lineFeed || byte === space,
    ),
};

export const cases: readonly BenchCase[] = [lines, tokens];
