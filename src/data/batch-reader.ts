/**
 * Rows of a batch as JavaScript values, through getters generated for its layout. The strings of a column are decoded in
 * one piece when the first is read, and cut from that. Values are the reader's own: nothing it returns points into
 * kernel memory.
 */
import type { Kernels } from "../kernel/kernels.ts";
import { type Builder, valuesView, isFixed } from "./builder.ts";
import type { Batch, Column } from "./column.ts";
import type { BatchReader } from "./contracts.ts";
import { loadCode } from "./load-code.ts";
import { SpanSource } from "./spans.ts";
import { typeOf } from "./type-of.ts";
import { TextSource, WaitingText } from "./text-source.ts";
import { AnySource } from "./any-source.ts";

/** What generated code reads from: one a column, in preorder. */
export type ColumnSource =
  ArrayLike<unknown> | TextSource | WaitingText | SpanSource | AnySource | DictionarySource | undefined;

export function readBatch(kernels: Kernels, batch: Batch): BatchReader {
  return readColumn(kernels, batch.root, batch.rows);
}

export function readColumn(kernels: Kernels, column: Column, rows = column.rows): BatchReader {
  return reader(kernels, column, rows, undefined);
}

/** For who keeps some of the values: each string is decoded by itself, and keeps no other's text alive. Slower. */
export function readToKeep(kernels: Kernels, column: Column): BatchReader {
  return reader(kernels, column, column.rows, undefined, true);
}

/** The first rows of a builder, strings that wait included. */
export function readBuilder(builder: Builder, rows: number): BatchReader {
  return reader(builder.kernels, builder.column(rows), rows, builder);
}

function reader(
  kernels: Kernels,
  column: Column,
  rows: number,
  builder: Builder | undefined,
  toKeep = false,
): BatchReader {
  const sources: ColumnSource[] = [];
  collectSources(kernels, column, sources, toKeep, builder);
  const { get, toArray } = loadCode(typeOf(column), sources);
  return {
    rows,
    get,
    toArray: (from = 0, to = rows) => toArray(from, to),
  };
}

/** The values of a dictionary, each decoded once; objects anew for every row, because rows are the job's to change. */
export class DictionarySource {
  private readonly reader: BatchReader;
  private readonly values: unknown[] = [];
  constructor(
    kernels: Kernels,
    column: Column,
    readonly codes: Int32Array,
  ) {
    this.reader = readColumn(kernels, column);
  }

  get(i: number): unknown {
    const code = this.codes[i]!;
    const known = this.values[code];
    if (known !== undefined) return known;
    const value = this.reader.get(code);
    if (typeof value !== "object") this.values[code] = value;
    return value;
  }
}

function collectSources(
  kernels: Kernels,
  column: Column,
  into: ColumnSource[],
  toKeep: boolean,
  builder?: Builder,
): void {
  const { buffer } = kernels.memory;
  switch (column.kind) {
    case "constant":
      into.push(undefined);
      return;
    case "utf8":
      into.push(builder === undefined ? new TextSource(kernels, column, toKeep) : new WaitingText(builder, column));
      return;
    case "spans":
      into.push(new SpanSource(kernels, column, toKeep));
      return;
    case "any":
      into.push(new AnySource(kernels, column, toKeep));
      return;
    case "dictionary":
      into.push(new DictionarySource(kernels, column.values, new Int32Array(buffer, column.codes, column.rows)));
      return;
    case "struct":
      into.push(undefined);
      for (const [k, field] of column.fields.entries())
        collectSources(kernels, field, into, toKeep, builder?.children[k]);
      return;
    case "list":
      into.push(new Int32Array(buffer, column.offsets, column.rows === 0 ? 0 : column.rows + 1));
      collectSources(kernels, column.items, into, toKeep, builder?.children[0]);
      return;
    case "optional":
      into.push(new Uint8Array(buffer, column.validity, column.rows));
      collectSources(kernels, column.item, into, toKeep, builder?.children[0]);
      return;
    default:
      if (isFixed(column.kind))
        into.push(valuesView(buffer, column.kind, column.values, column.rows) as ArrayLike<unknown>);
  }
}
