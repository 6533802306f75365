/** Makes rows of a column that are −0 into 0, in place. Zeros inside tuples and objects stay what they are. */
import type { Column } from "../data/column.ts";
import { tag } from "../data/value-tags.ts";
import type { Kernels } from "../kernel/kernels.ts";

/** The last byte of −0, little-endian; its others are 0. */
const signByte = 0x80;
const numberBytes = 8;

export function makeZerosPositive(kernels: Kernels, column: Column): void {
  const { u8, f64 } = kernels;
  switch (column.kind) {
    case "f64": {
      const values = f64.subarray(column.values / 8, column.values / 8 + column.rows);
      for (let i = 0; i < values.length; i++) if (values[i] === 0) values[i] = 0;
      return;
    }
    case "f32": {
      const values = new Float32Array(kernels.memory.buffer, column.values, column.rows);
      for (let i = 0; i < values.length; i++) if (values[i] === 0) values[i] = 0;
      return;
    }
    case "optional":
      return makeZerosPositive(kernels, column.item);
    case "any": {
      const ends = kernels.i32.subarray(column.offsets / 4, column.offsets / 4 + column.rows + 1);
      for (let i = 0; i < column.rows; i++) {
        const at = column.bytes + ends[i]!;
        if (ends[i + 1]! - ends[i]! !== 1 + numberBytes || u8[at] !== tag.f64 || u8[at + numberBytes] !== signByte)
          continue;
        if (u8.subarray(at + 1, at + numberBytes).every(byte => byte === 0)) u8[at + numberBytes] = 0;
      }
      return;
    }
    default:
      return;
  }
}
