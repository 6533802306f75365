import { expect, test } from "bun:test";
import { makeBatchWriter } from "../../src/data/batch-writer.ts";
import type { Column } from "../../src/data/column.ts";
import { typeKey } from "../../src/data/layout.ts";
import { isOfType, typeOf } from "../../src/data/type-of.ts";
import { CheckedAllocator, testKernels } from "./test-kernels.ts";

const rows: readonly (readonly unknown[])[] = [
  [1, 2.5],
  ["a", "b"],
  [true, false],
  [1n, 2n],
  [null, null],
  [undefined],
  [1, "a"],
  [
    [1, "a"],
    [2, "b"],
  ],
  [
    [1, 2],
    [2, 3],
  ],
  [
    { a: 1, b: "x" },
    { a: 2, b: "y" },
  ],
  [{ b: 1, a: "x" }],
  [1, null],
  [
    [1, null],
    [2, 3],
  ],
  [[[1, 2, 3]], [[4]]],
  [new Date(0)],
];

test("a column has its own type, and no other's", () => {
  const columns = rows.map(each => columnOf(each));
  for (const column of columns) expect(isOfType(column, typeOf(column))).toBe(true);
  for (const column of columns) {
    for (const other of columns) {
      const type = typeOf(other);
      if (isOfType(column, type)) expect(typeKey(typeOf(column))).toBe(typeKey(type));
    }
  }
});

function columnOf(values: readonly unknown[]): Column {
  const writer = makeBatchWriter(testKernels, new CheckedAllocator());
  for (const value of values) writer.push(value);
  return writer.finish().root as Column;
}
