/**
 * One accumulator a key, as a table that can spill: pairs of key and accumulator, or rows to fold. An accumulator or key that is too
 * large to be copied is written by way of the heap, and folded there where no table has room for it.
 */
import type { Batch, Column } from "../data/column.ts";
import { makeBatchWriter, makePairWriter } from "../data/batch-writer.ts";
import { sealRowsOnHeap } from "../data/heap-block.ts";
import { readColumn } from "../data/batch-reader.ts";
import { gather } from "../data/move.ts";
import type { BatchWriter } from "../data/contracts.ts";
import { sliceColumn } from "../data/slice.ts";
import type { Allocator } from "../kernel/allocator.ts";
import type { Kernels } from "../kernel/kernels.ts";
import { offset } from "../kernel/ptr.ts";
import type { ReservedArena } from "../kernel/reserved-arena.ts";
import { Aggregator } from "./aggregator.ts";
import type { Chunk } from "./chunk.ts";
import type { Emission } from "./emission.ts";
import type { Fold, FoldedValues } from "./folded-values.ts";
import { hotFolds } from "./hot-folds.ts";
import { boundsOfHashes, type HashBounds, type HashRanges } from "./hash-ranges.ts";
import { batchOf, HashOrdered } from "./hash-ordered.ts";
import { knownRows } from "./known-rows.ts";
import { pairBatch, pairColumns } from "./pair-buffer.ts";
import { refusalOf, type SpillScope } from "./spill-scope.ts";
import { noteTableSize, sizeOfLastTable, unknownSize } from "./table-sizes.ts";
import { type KeyedTable, type Remainder, SpillingTable, type TableKind } from "./spilling-table.ts";

/** Accumulators written at once; and what must be left of what is set aside, for cutting them and what waits before them. */
const writtenBytesMax = 96 * 1024;
const leftBytesMin = 48 * 1024;
const accumulators = 0;
/** Batches of pairs to fold. */
export const rowsToFold = 1;

/** A spilling aggregate; feed it `rowsToFold`. */
export function spillingAggregate(scope: SpillScope, fold: Fold, check: () => void): SpillingTable {
  const kind: TableKind = {
    inputs: 2,
    make: isPart => new AggregatedTable(scope, fold, isPart),
    keysOf: batch => pairColumns(batch)![0],
    fromDisk: open => hotFolds(scope, fold, accumulators, open, check),
  };
  return new SpillingTable(scope, kind, check);
}

class AggregatedTable implements KeyedTable {
  private readonly aggregator: Aggregator;

  constructor(
    private readonly scope: SpillScope,
    fold: Fold,
    private readonly isPart: boolean,
  ) {
    const { kernels, metrics } = scope.env;
    const expected = isPart ? unknownSize : sizeOfLastTable(kernels, scope.operator);
    this.aggregator = new Aggregator(kernels, scope.account, fold, metrics, expected);
  }

  add(input: number, batch: Batch): void {
    const [keys, values] = pairColumns(batch)!;
    this.aggregator.values.chargeHeap();
    if (input === rowsToFold) {
      this.aggregator.add(keys, values);
      return;
    }
    // keys were unlike where they come from, and come before any row: each is a new group
    this.aggregator.keys.add(keys);
    this.aggregator.values.restore(values);
  }

  addKnown(input: number, batch: Batch, scratch: ReservedArena): Remainder {
    const [keys, values] = pairColumns(batch)!;
    const { rows } = batch;
    const { kernels } = this.scope.env;
    this.aggregator.values.chargeHeap();
    const { ids, hashes } = this.aggregator.keys.lookup(keys);
    const { groups } = this.aggregator.values;
    const split = knownRows(kernels, scratch, ids, rows, input === accumulators ? 0 : groups);
    if (split.known === rows) this.aggregator.values.add(ids, values, groups);
    else if (split.known > 0) {
      const known = gather(kernels, scratch, { rows, root: values }, split.knownIndexes, split.known).root;
      this.aggregator.values.add(split.knownIds, known, groups);
    }
    return { hashes, indexes: split.otherIndexes, rows: rows - split.known };
  }

  hashBounds(): HashBounds {
    const { keys, values } = this.aggregator;
    return boundsOfHashes(this.scope.env.kernels.u32, keys.hashes, values.groups);
  }

  writeTo(ranges: HashRanges): void {
    const { scope } = this;
    if (!this.isPart) noteTableSize(scope.env.kernels, scope.operator, unknownSize);
    const { keys, values } = this.aggregator;
    values.releaseHeap();
    for (const part of keys.parts(values.groups, scope.scratch)) this.writeGroups(ranges, part.from, part.keys);
  }

  finish(): Emission {
    const { scope, aggregator } = this;
    const { kernels } = scope.env;
    const order = new HashOrdered(kernels, scope.account, aggregator.keys);
    if (!this.isPart) noteTableSize(kernels, scope.operator, aggregator.keys.size);
    return new AggregatedEmission(kernels, aggregator, order);
  }

  free(): void {
    this.aggregator.free();
  }

  /** Groups from … on, in halves where memory is too short for their accumulators. */
  private writeGroups(ranges: HashRanges, from: number, keys: Column): void {
    const { rows } = keys;
    if (this.wroteGroups(ranges, from, keys)) return;
    if (rows === 1) return this.writeLarge(ranges, from, keys);
    const half = rows >>> 1;
    this.writeGroups(ranges, from, sliceColumn(keys, 0, half));
    this.writeGroups(ranges, from + half, sliceColumn(keys, half, rows));
  }

  private writeLarge(ranges: HashRanges, group: number, key: Column): void {
    const { kernels } = this.scope.env;
    const { values, keys } = this.aggregator;
    const row = [readColumn(kernels, key).get(0), values.get(group)];
    const block = sealRowsOnHeap([row], heap => makePairWriter(heap.kernels, heap.allocator, this.scope.operator));
    ranges.writePlain(accumulators, block, offset(keys.hashes, group * 8));
  }

  /** False when there is no memory for so many. What is written is made where memory was set aside: it is to make room. */
  private wroteGroups(ranges: HashRanges, from: number, keys: Column): boolean {
    const { scratch, env, operator } = this.scope;
    const { values, keys: index } = this.aggregator;
    const mark = scratch.mark();
    const writer = makeBatchWriter(env.kernels, scratch, { what: `the accumulators of ${operator}` });
    try {
      const column = columnOf(values, from, keys.rows, writer);
      if (column === undefined || (keys.rows > 1 && scratch.leftBytes < leftBytesMin)) return false;
      ranges.write(accumulators, pairBatch(keys, column), offset(index.hashes, from * 8));
      return true;
    } finally {
      writer.free();
      scratch.release(mark);
    }
  }
}

/** Undefined when they take too much memory. */
function columnOf(values: FoldedValues, from: number, rows: number, writer: BatchWriter): Column | undefined {
  try {
    const column = values.column(from, rows, writer);
    return writer.bytes > writtenBytesMax && rows > 1 ? undefined : column;
  } catch (thrown) {
    refusalOf(thrown);
    return undefined;
  }
}

/** `[key, accumulator]` rows in hash order. */
class AggregatedEmission implements Emission {
  constructor(
    private readonly kernels: Kernels,
    private readonly aggregator: Aggregator,
    private readonly order: HashOrdered,
  ) {}

  next(scratch: Allocator, rowsMax: number, inPlace: boolean): Chunk | undefined {
    const { kernels, order } = this;
    const { values } = this.aggregator;
    const rows = batchOf(order.left, rowsMax);
    if (rows === 0) return undefined;
    const keys = order.keys(rows, scratch, inPlace);
    const accumulators = values.gather(order.ids, rows, scratch);
    let chunk: Chunk;
    if (accumulators === undefined) {
      const ids = kernels.u32.subarray(order.ids / 4, order.ids / 4 + rows);
      chunk = {
        kind: "rows",
        rows: readColumn(kernels, keys)
          .toArray()
          .map((key, i) => [key, values.take(ids[i]!)]),
      };
    } else chunk = { kind: "batch", batch: pairBatch(keys, accumulators) };
    order.advance(rows);
    return chunk;
  }

  free(): void {
    this.order.free();
    this.aggregator.free();
  }
}
