/**
 * Rows kept by the group of their key: for each group the rows' positions in the order they came. Values are kept as
 * columns. What groupByKey, cogroup and joins are made of.
 */
import { readColumn } from "../data/batch-reader.ts";
import { Builder } from "../data/builder.ts";
import type { Column } from "../data/column.ts";
import type { BatchReader } from "../data/contracts.ts";
import { hasStorage } from "../data/layout.ts";
import { concat, typeOf } from "../data/move.ts";
import { sliceColumn } from "../data/slice.ts";
import { storeCode } from "../data/store-code.ts";
import type { Allocator, MemoryRefused } from "../kernel/allocator.ts";
import { Arena } from "../kernel/arena.ts";
import type { Lists } from "../kernel/join-table.ts";
import { nullPtr, offset, type Ptr } from "../kernel/ptr.ts";
import type { ReservedArena } from "../kernel/reserved-arena.ts";
import type { OperatorMemory } from "../kernel/task-memory.ts";
import { BatchList } from "./batch-list.ts";
import { Parts } from "./gather-parts.ts";
import type { HashRanges } from "./hash-ranges.ts";
import type { KeyIndex } from "./key-index.ts";
import { pairBatch } from "./pair-buffer.ts";
import { finalRefusal, refusalOf } from "./spill-scope.ts";
import type { TaskEnv } from "./task-env.ts";

export class GroupedRows {
  rows = 0;
  private readonly values: BatchList;
  /** The groups of each batch's rows. */
  private readonly ids: { readonly ptr: Ptr; readonly rows: number }[] = [];
  private readonly arena: Arena;
  private parts: Parts | undefined;
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

  /** `ids` are the rows' groups. Takes all rows or, when memory is refused, none. */
  add(ids: Ptr, values: Column): void {
    const { rows } = values;
    if (rows === 0) return;
    const { u32 } = this.env.kernels;
    const ptr = this.memory.alloc(rows * 4);
    try {
      this.values.add({ rows, root: values });
    } catch (thrown) {
      this.memory.free(ptr, rows * 4);
      throw thrown;
    }
    u32.copyWithin(ptr / 4, ids / 4, ids / 4 + rows);
    this.ids.push({ ptr, rows });
    this.rows += rows;
  }

  /** No more rows come; groups are 0 … groups − 1. A refusal changes nothing. */
  finish(groups: number): void {
    // values in one piece move faster; in the pieces they came in they need no second room
    if (this.tryFinish(groups, true) === undefined) return;
    const refusal = this.tryFinish(groups, false);
    if (refusal !== undefined) throw refusal;
  }

  private tryFinish(groups: number, inOnePiece: boolean): MemoryRefused | undefined {
    const { kernels } = this.env;
    const pieces = [...this.values.batches()];
    try {
      const batches = inOnePiece ? [concat(kernels, this.arena, pieces)] : pieces;
      this.listRows(groups);
      this.parts = new Parts(kernels, batches);
    } catch (thrown) {
      this.arena.close();
      return refusalOf(thrown);
    }
    if (inOnePiece) this.values.free();
    return undefined;
  }

  /** Orders the rows by group: a counting sort. */
  private listRows(groups: number): void {
    const { run, u32 } = this.env.kernels;
    const starts = this.arena.alloc((groups + 1) * 4);
    const cursors = this.arena.alloc((groups + 1) * 4);
    const indexes = this.arena.alloc(Math.max(4, this.rows * 4));
    u32.fill(0, cursors / 4, cursors / 4 + groups + 1);
    for (const { ptr, rows } of this.ids) run.histogram(ptr, rows, cursors);
    let start = 0;
    for (let group = 0; group < groups; group++) {
      const count = u32[cursors / 4 + group]!;
      u32[cursors / 4 + group] = start;
      u32[starts / 4 + group] = start;
      start += count;
    }
    u32[starts / 4 + groups] = start;
    let row = 0;
    for (const { ptr, rows } of this.ids) {
      run.scatterIndexes(ptr, rows, row, cursors, indexes);
      row += rows;
    }
    [this.groups, this.starts, this.indexes] = [groups, starts, indexes];
  }

  /** The group of every row, which `writeTo` needs, is forgotten. */
  dropIds(): void {
    for (const { ptr, rows } of this.ids) this.memory.free(ptr, rows * 4);
    this.ids.length = 0;
  }

  /** Writes all rows in order, before or after `finish`, each with its group's key. */
  writeTo(ranges: HashRanges, input: number, keys: KeyIndex, scratch: ReservedArena): void {
    const batches = this.parts?.batches ?? [...this.values.batches()];
    let row = 0;
    for (const [i, { ptr, rows }] of this.ids.entries()) {
      const inPieces = batches.length === this.ids.length;
      const values = inPieces ? batches[i]!.root : sliceColumn(batches[0]!.root, row, row + rows);
      this.writeRows(ranges, input, keys, scratch, ptr, values);
      row += rows;
    }
  }

  /** In halves, where memory is too short for the keys of all. */
  private writeRows(
    ranges: HashRanges,
    input: number,
    keys: KeyIndex,
    scratch: ReservedArena,
    ids: Ptr,
    values: Column,
  ): void {
    const { rows } = values;
    const mark = scratch.mark();
    try {
      let keyColumn: Column;
      const hashes = scratch.alloc(rows * 8);
      this.env.kernels.run.gather8(keys.hashes, ids, rows, hashes);
      try {
        keyColumn = keys.keysOf(ids, rows, scratch);
      } catch (thrown) {
        const refusal = refusalOf(thrown);
        if (rows === 1) throw finalRefusal(refusal);
        const half = rows >>> 1;
        this.writeRows(ranges, input, keys, scratch, ids, sliceColumn(values, 0, half));
        this.writeRows(ranges, input, keys, scratch, offset(ids, half * 4), sliceColumn(values, half, rows));
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

  /** The values of the rows at `indexes`, as a column; `inPlace`: of one row, which may be large, where it lies. */
  gather(indexes: Ptr, rows: number, allocator: Allocator, inPlace: boolean): Column {
    if (this.parts === undefined) return { kind: "constant", rows, value: undefined };
    if (rows === 1 && inPlace) return this.parts.row(this.env.kernels.u32[indexes / 4]!).root;
    return this.parts.gather(allocator, indexes, rows).root;
  }

  /** The values of a group as JavaScript's own, for which no memory is needed here. */
  valuesOf(group: number): unknown[] {
    const values: unknown[] = [];
    if (group >= this.groups) return values;
    const { kernels } = this.env;
    const { u32 } = kernels;
    const batches = this.parts?.batches ?? [];
    let [part, first] = [0, 0];
    let reader: BatchReader | undefined;
    // rows of a group are in the order of the parts
    for (let i = this.starts / 4 + group, at = u32[i]!; at < u32[i + 1]!; at++) {
      const row = u32[this.indexes / 4 + at]!;
      for (; row >= first + batches[part]!.rows; part++) {
        first += batches[part]!.rows;
        reader = undefined;
      }
      reader ??= readColumn(kernels, batches[part]!.root);
      values.push(reader.get(row - first));
    }
    return values;
  }

  /** For each of the groups named by `ids` the array of its values, as a list column. */
  lists(ids: Ptr, groups: number, allocator: Allocator, inPlace: boolean): Column {
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
    const column = this.withStorage(this.gather(indexes, items, allocator, inPlace), allocator);
    return { kind: "list", rows: groups, container: "array", offsets, items: column };
  }

  free(): void {
    this.values.free();
    this.dropIds();
    this.arena.close();
  }

  /** Lists of items that take no bytes do not exist as columns: such items, all equal or none, are boxed. */
  private withStorage(column: Column, allocator: Allocator): Column {
    if (hasStorage(typeOf(column))) return column;
    const { kernels } = this.env;
    const { rows } = column;
    const builder = new Builder({ kind: "any" }, kernels, allocator);
    builder.reserveRows(Math.max(1, rows));
    const { store } = storeCode(builder);
    const value = rows === 0 ? undefined : readColumn(kernels, column).get(0);
    for (let i = 0; i < rows; i++) store(value, i);
    return builder.column(rows);
  }
}
