/** Code units, and how often a word is found, in 16 MiB of text; every 50th word has a letter of two bytes. */
import { searchGivenUp } from "../../src/kernel/strings.ts";
import type { Ptr } from "../../src/kernel/ptr.ts";
import { benchMemory, scatteredKey, wordOf, type BenchCase, type BenchRuns } from "./harness.ts";

const textBytes = 16 << 20;
const needle = "7919";

/** Words, as bench/native/strings.c writes them. What does not fit is spaces. */
function fillWords(target: Uint8Array): void {
  let end = 0;
  for (let i = 0; end + 16 <= target.length; i++) {
    const word = wordOf(scatteredKey(i, 50_000)) + (i % 50 === 49 ? "é " : " ");
    end += new TextEncoder().encodeInto(word, target.subarray(end)).written;
  }
  target.fill(32, end);
}

type Kernels = ReturnType<typeof benchMemory>["kernels"];

function prepare(
  kernel: (kernels: Kernels, text: Ptr, needle: Ptr) => number,
  jsLoop: (bytes: Uint8Array) => number,
): BenchRuns {
  const { kernels, allocator } = benchMemory(textBytes + (1 << 20));
  const text = allocator.alloc(textBytes);
  const wanted = allocator.alloc(64);
  const bytes = kernels.u8.subarray(text, text + textBytes);
  fillWords(bytes);
  kernels.u8.set(new TextEncoder().encode(needle), wanted);
  return { kernel: () => kernel(kernels, text, wanted), jsLoop: () => jsLoop(bytes) };
}

const units: BenchCase = {
  name: "code units, 16 MiB",
  native: { source: "strings.c", args: ["units", String(textBytes)] },
  prepare: () =>
    prepare(
      ({ run }, text) => run.textLength(text, textBytes),
      bytes => {
        let count = 0;
        for (let at = 0; at < bytes.length; at++) {
          const byte = bytes[at]!;
          if ((byte & 0xc0) !== 0x80) count += byte >= 0xf0 ? 2 : 1;
        }
        return count;
      },
    ),
};

const find: BenchCase = {
  name: "count a word, 16 MiB",
  native: { source: "strings.c", args: ["count", String(textBytes)] },
  prepare: () =>
    prepare(
      ({ run }, text, wanted) => {
        const count = run.textCount(text, textBytes, wanted, needle.length);
        if (count === searchGivenUp) throw new Error("the search was given up");
        return count;
      },
      bytes => {
        const wanted = new TextEncoder().encode(needle);
        let count = 0;
        for (let at = 0; at + wanted.length <= bytes.length; at++) {
          let k = 0;
          while (k < wanted.length && bytes[at + k] === wanted[k]) k++;
          if (k < wanted.length) continue;
          count++;
          at += wanted.length - 1;
        }
        return count;
      },
    ),
};

export const cases: readonly BenchCase[] = [units, find];
