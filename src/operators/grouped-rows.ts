/**
 * Rows kept by the group of their key: for each group the rows' positions in the order they came. Values are kept as
 * columns. What groupByKey, cogroup and joins are made of.
 */
import { readColumn } from "../data/batch-reader.ts";
import { Builder } from "../data/builder.ts";
import { type Batch, batchRowsMax, type Column } from "../data/column.ts";
import { hasStorage } from "../data/layout.ts";
import { concat, gather, slice, typeOf } from "../data/move.ts";
import { sliceColumn } from "../data/slice.ts";
import { storeCode } from "../data/store-code.ts";
import type { Allocator } from "../kernel/allocator.ts";
import { Arena } from "../kernel/arena.ts";
import type { Lists } from "../kernel/join-table.ts";
import { nullPtr, offset, type Ptr } from "../kernel/ptr.ts";
import type { ReservedArena } from "../kernel/reserved-arena.ts";
import type { OperatorMemory } from "../kernel/task-memory.ts";
import { BatchList } from "./batch-list.ts";
import type { HashRanges } from "./hash-ranges.ts";
import type { KeyIndex } from "./key-index.ts";
import { pairBatch } from "./pair-buffer.ts";
import { finalRefusal, refusalOf } from "./spill-scope.ts";
import type { TaskEnv } from "./task-env.ts";

export class GroupedRows {
  rows = 0;
  private readonly values: BatchList;
  private ids: Ptr = nullPtr;
  private room = 0;
  private readonly arena: Arena;
  private column: Batch | undefined;
  /** u32[groups + 1]: where each group's rows begin in `indexes`. */
  private starts: Ptr = nullPtr;
  private indexes: Ptr = nullPtr;
  private groups = 0;

  constructor(
    private readonly env: TaskEnv,
    operator: string,
    private readonly memory: OperatorMemory = env.memory.withOperator(operator),
  ) {
    this.values = new BatchList(env, operator, memory);
    this.arena = new Arena(this.memory);
  }

  /** `ids` are the rows' groups. */
  add(ids: Ptr, values: Column): void {
    const { u32 } = this.env.kernels;
    this.reserve(this.rows + values.rows);
    u32.copyWithin(this.ids / 4 + this.rows, ids / 4, ids / 4 + values.rows);
    this.values.add({ rows: values.rows, root: values });
    this.rows += values.rows;
  }

  /** No more rows come; groups are 0 … groups − 1. A refusal changes nothing. */
  finish(groups: number): void {
    const { kernels } = this.env;
    const { run, u32 } = kernels;
    try {
      const column = this.withStorage(concat(kernels, this.arena, [...this.values.batches()]));
      const starts = this.arena.alloc((groups + 1) * 4);
      const cursors = this.arena.alloc((groups + 1) * 4);
      const indexes = this.arena.alloc(Math.max(4, this.rows * 4));
      u32.fill(0, cursors / 4, cursors / 4 + groups + 1);
      inParts(this.rows, (from, rows) => run.histogram(offset(this.ids, from * 4), rows, cursors));
      let start = 0;
      for (let group = 0; group < groups; group++) {
        const count = u32[cursors / 4 + group]!;
        u32[cursors / 4 + group] = start;
        u32[starts / 4 + group] = start;
        start += count;
      }
      u32[starts / 4 + groups] = start;
      inParts(this.rows, (from, rows) => run.scatterIndexes(offset(this.ids, from * 4), rows, from, cursors, indexes));
      [this.groups, this.starts, this.indexes, this.column] = [groups, starts, indexes, column];
    } catch (thrown) {
      this.arena.close();
      throw thrown;
    }
    this.values.free();
  }

  /** The group of every row, which `writeTo` needs, is forgotten. */
  dropIds(): void {
    if (this.room > 0) this.memory.free(this.ids, this.room * 4);
    this.room = 0;
  }

  /** Writes all rows in order, before or after `finish`, each with its group's key. */
  writeTo(ranges: HashRanges, input: number, keys: KeyIndex, scratch: ReservedArena): void {
    let row = 0;
    for (const { root } of this.column === undefined ? this.values.batches() : piecesOf(this.column)) {
      this.writeRows(ranges, input, keys, scratch, root, row);
      row += root.rows;
    }
  }

  /** In halves, where memory is too short for the keys of all. */
  private writeRows(
    ranges: HashRanges,
    input: number,
    keys: KeyIndex,
    scratch: ReservedArena,
    values: Column,
    row: number,
  ): void {
    const { run } = this.env.kernels;
    const { rows } = values;
    const ids = offset(this.ids, row * 4);
    const mark = scratch.mark();
    try {
      let keyColumn: Column;
      const hashes = scratch.alloc(rows * 8);
      run.gather8(keys.hashes, ids, rows, hashes);
      try {
        keyColumn = keys.keysOf(ids, rows, scratch);
      } catch (thrown) {
        const refusal = refusalOf(thrown);
        if (rows === 1) throw finalRefusal(refusal);
        const half = rows >>> 1;
        this.writeRows(ranges, input, keys, scratch, sliceColumn(values, 0, half), row);
        this.writeRows(ranges, input, keys, scratch, sliceColumn(values, half, rows), row + half);
        return;
      }
      ranges.write(input, pairBatch(keyColumn, values), hashes);
    } finally {
      scratch.release(mark);
    }
  }

  /** The rows of each group, after `finish`. */
  get rowLists(): Lists {
    return { groups: this.groups, starts: this.starts, rows: this.indexes };
  }

  countOf(group: number): number {
    if (group >= this.groups) return 0;
    const at = this.starts / 4 + group;
    return this.env.kernels.u32[at + 1]! - this.env.kernels.u32[at]!;
  }

  /** Writes the group's row positions, in order, at `out`; gives how many. */
  copyIndexes(group: number, out: Ptr): number {
    const { u32 } = this.env.kernels;
    if (group >= this.groups) return 0;
    const from = u32[this.starts / 4 + group]!;
    const to = u32[this.starts / 4 + group + 1]!;
    u32.copyWithin(out / 4, this.indexes / 4 + from, this.indexes / 4 + to);
    return to - from;
  }

  /** The values of the rows at `indexes`, as a column. */
  gather(indexes: Ptr, rows: number, allocator: Allocator): Column {
    if (this.column === undefined) return { kind: "constant", rows, value: undefined };
    return gather(this.env.kernels, allocator, this.column, indexes, rows).root;
  }

  /** For each of the groups named by `ids` the array of its values, as a list column. */
  lists(ids: Ptr, groups: number, allocator: Allocator): Column {
    const { u32, i32 } = this.env.kernels;
    const offsets = allocator.alloc((groups + 1) * 4);
    let items = 0;
    for (let i = 0; i < groups; i++) {
      i32[offsets / 4 + i] = items;
      items += this.countOf(u32[ids / 4 + i]!);
    }
    i32[offsets / 4 + groups] = items;
    const indexes = allocator.alloc(Math.max(4, items * 4));
    let at = 0;
    for (let i = 0; i < groups; i++) at += this.copyIndexes(u32[ids / 4 + i]!, offset(indexes, at * 4));
    return { kind: "list", rows: groups, container: "array", offsets, items: this.gather(indexes, items, allocator) };
  }

  free(): void {
    this.values.free();
    this.dropIds();
    this.arena.close();
  }

  /** Lists of items that take no bytes do not exist as columns: such items, all equal or none, are boxed. */
  private withStorage(batch: Batch): Batch {
    if (hasStorage(typeOf(batch.root))) return batch;
    const { kernels } = this.env;
    const builder = new Builder({ kind: "any" }, kernels, this.arena);
    builder.reserveRows(Math.max(1, batch.rows));
    const { store } = storeCode(builder);
    const value = batch.rows === 0 ? undefined : readColumn(kernels, batch.root).get(0);
    for (let i = 0; i < batch.rows; i++) store(value, i);
    return { rows: batch.rows, root: builder.column(batch.rows) };
  }

  private reserve(rows: number): void {
    if (rows <= this.room) return;
    const room = Math.max(8192, rows, this.room * 2);
    const ids = this.memory.alloc(room * 4);
    this.env.kernels.u32.copyWithin(ids / 4, this.ids / 4, this.ids / 4 + this.rows);
    if (this.room > 0) this.memory.free(this.ids, this.room * 4);
    this.ids = ids;
    this.room = room;
  }
}

function* piecesOf(batch: Batch): Generator<Batch, void, undefined> {
  for (let from = 0; from < batch.rows; from += batchRowsMax)
    yield slice(batch, from, Math.min(batch.rows, from + batchRowsMax));
}

const callRows = 1 << 20;

function inParts(rows: number, call: (from: number, rows: number) => void): void {
  for (let from = 0; from < rows; from += callRows) call(from, Math.min(callRows, rows - from));
}
