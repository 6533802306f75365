/** Key bytes of rows (number, word), batch by batch as operators make them. */
import { KeyBytes, keyTags } from "../../src/kernel/key-bytes.ts";
import { offset } from "../../src/kernel/ptr.ts";
import { benchMemory, sample, scatteredKey, wordOf, type BenchCase } from "./harness.ts";

const rows = 1_000_000;
const batchRows = 8192;

const pairs: BenchCase = {
  name: "key bytes of (f64, word), 1M rows",
  native: { source: "key-bytes.c", args: [String(rows)] },
  prepare() {
    const { kernels, allocator } = benchMemory(rows * 70 + (1 << 20));
    const [values, offsets, bytes] = [
      allocator.alloc(rows * 8),
      allocator.alloc(rows * 4 + 4),
      allocator.alloc(rows * 10),
    ];
    let end = 0;
    for (let i = 0; i < rows; i++) {
      kernels.f64[values / 8 + i] = scatteredKey(i, 1000);
      kernels.u32[offsets / 4 + i] = end;
      end += new TextEncoder().encodeInto(wordOf(i), kernels.u8.subarray(bytes + end)).written;
    }
    kernels.u32[offsets / 4 + rows] = end;
    const dest = allocator.alloc(rows * 24);
    const { u8, u32, f64 } = kernels;
    return {
      kernel() {
        let length = 0;
        for (let from = 0; from < rows; from += batchRows) {
          const keys = new KeyBytes(kernels, allocator, Math.min(batchRows, rows - from));
          const [numbers, words] = [offset(values, from * 8), offset(offsets, from * 4)];
          keys.addFixed(11);
          keys.addUtf8(words, bytes);
          const keyBytes = keys.layOut();
          keys.writeTo(offset(dest, length));
          keys.writeByte(keyTags.array);
          keys.writeNumbers("f64", numbers);
          keys.writeUtf8(words, bytes);
          keys.writeByte(keyTags.end);
          keys.free();
          allocator.free(keys.offsets, keys.offsetsBytes);
          length += keyBytes;
        }
        return sample(u8, dest, length);
      },
      jsLoop() {
        const view = new DataView(kernels.memory.buffer);
        let to: number = dest;
        for (let i = 0; i < rows; i++) {
          u8[to++] = 0x38;
          u8[to++] = 0x10;
          view.setFloat64(to, f64[values / 8 + i]!);
          u8[to]! ^= 0x80; // none is negative
          to += 8;
          u8[to++] = 0x20;
          const stop = u32[offsets / 4 + i + 1]!;
          for (let from = u32[offsets / 4 + i]!; from < stop; from++) {
            const byte = u8[bytes + from]!;
            u8[to++] = byte;
            if (byte === 0) u8[to++] = 0xff;
          }
          u8[to++] = 0;
          u8[to++] = 1;
          u8[to++] = 0;
        }
        return sample(u8, dest, to - dest);
      },
    };
  },
};

export const cases: readonly BenchCase[] = [pairs];
