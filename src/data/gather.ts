/** Rows of a column by their indexes, column by column, in new memory. */
import { invariant } from "../base/assert.ts";
import type { Allocator } from "../kernel/allocator.ts";
import type { Kernels } from "../kernel/kernels.ts";
import { offset, type Ptr } from "../kernel/ptr.ts";
import { valueBytes } from "./builder.ts";
import type { BytesColumn, Column } from "./column.ts";
import { concatColumns } from "./concat.ts";
import { sliceColumn } from "./slice.ts";
import { copySpans } from "./spans.ts";

/** Row i of the result is row indexes[i] (u32, `n` of them). Dictionaries of more values than rows are left behind. */
export function gatherColumn(kernels: Kernels, memory: Allocator, column: Column, indexes: Ptr, n: number): Column {
  return new Gatherer(kernels, memory).gather(column, indexes, n);
}

/** The column with the values of its dictionaries in the place of codes; what has none is shared. */
export function withoutDictionaries(kernels: Kernels, memory: Allocator, column: Column): Column {
  switch (column.kind) {
    case "dictionary": {
      const { codes, rows, values } = column;
      if (rows === 0) return sliceColumn(values, 0, 0);
      return withoutDictionaries(kernels, memory, gatherColumn(kernels, memory, values, codes, rows));
    }
    case "struct":
      return { ...column, fields: column.fields.map(field => withoutDictionaries(kernels, memory, field)) };
    case "optional":
      return { ...column, item: withoutDictionaries(kernels, memory, column.item) };
    case "list":
      return { ...column, items: withoutDictionaries(kernels, memory, column.items) };
    default:
      return column;
  }
}

class Gatherer {
  constructor(
    private readonly kernels: Kernels,
    private readonly memory: Allocator,
  ) {}

  gather(column: Column, indexes: Ptr, n: number): Column {
    if (n === 0) return sliceColumn(column, 0, 0);
    switch (column.kind) {
      case "constant":
        return { ...column, rows: n };
      case "utf8":
      case "any":
        return this.bytes(column, indexes, n);
      case "struct":
        return { ...column, rows: n, fields: column.fields.map(field => this.gather(field, indexes, n)) };
      case "optional":
        return {
          ...column,
          rows: n,
          validity: this.fixed(column.validity, 1, indexes, n),
          item: this.gather(column.item, indexes, n),
        };
      case "dictionary": {
        const codes = this.fixed(column.codes, 4, indexes, n);
        // few rows of a large dictionary would carry it along
        if (column.values.rows > n) return this.gather(column.values, codes, n);
        return { ...column, rows: n, codes, values: concatColumns(this.kernels, this.memory, [column.values]) };
      }
      case "list":
        return this.list(column, indexes, n);
      case "spans": {
        const starts = this.fixed(column.starts, 4, indexes, n);
        const ends = this.fixed(column.ends, 4, indexes, n);
        return copySpans(this.kernels, this.memory, { ...column, rows: n, starts, ends });
      }
      default:
        return { ...column, rows: n, values: this.fixed(column.values, valueBytes[column.kind], indexes, n) };
    }
  }

  private fixed(source: Ptr, width: 1 | 4 | 8, indexes: Ptr, n: number): Ptr {
    const { run } = this.kernels;
    const target = this.memory.alloc(n * width);
    const kernel = width === 1 ? run.gather1 : width === 4 ? run.gather4 : run.gather8;
    kernel(source, indexes, n, target);
    return target;
  }

  private bytes(column: BytesColumn, indexes: Ptr, n: number): Column {
    const { run, u32 } = this.kernels;
    const total = run.gatheredLength(column.offsets, indexes, n);
    invariant(total < 0x7fffffff, "gathered rows exceed 2 GiB");
    const offsets = this.memory.alloc((n + 1) * 4);
    const bytes = this.memory.alloc(total);
    for (let done = 0; done < n;) {
      const from = done === 0 ? 0 : u32[(offsets >>> 2) + done]!;
      const rest = offset(indexes, done * 4);
      done +=
        run.gatherBytes(column.offsets, column.bytes, rest, n - done, offset(offsets, done * 4), bytes, from, total) >>>
        0;
    }
    return { ...column, rows: n, offsets, bytes };
  }

  private list(column: Column & { kind: "list" }, indexes: Ptr, n: number): Column {
    const { run, u32 } = this.kernels;
    const total = run.gatheredLength(column.offsets, indexes, n);
    invariant(total < 0x7fffffff, "gathered rows exceed 2³¹ items");
    const offsets = this.memory.alloc((n + 1) * 4);
    const items = this.memory.alloc(total * 4);
    for (let done = 0; done < n;) {
      const from = done === 0 ? 0 : u32[(offsets >>> 2) + done]!;
      done +=
        run.gatherListItems(
          column.offsets,
          offset(indexes, done * 4),
          n - done,
          offset(offsets, done * 4),
          items,
          from,
        ) >>> 0;
    }
    return { ...column, rows: n, offsets, items: this.gather(column.items, items, total) };
  }
}
