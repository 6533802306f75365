/**
 * Dense ids for keys of any kind, first seen first. Numbers and strings are compared in their native columns; anything else,
 * and any mix, by canonical key bytes, in which equal values are equal bytes. The index changes kind when the keys do, and
 * ids stay. Gives keys back as they were first seen, but for −0, which comes back as 0 (as from a Map) in any layout.
 */
import { invariant } from "../base/assert.ts";
import { batchRowsMax, type Column } from "../data/column.ts";
import { distinctValues } from "../data/dictionary.ts";
import { encodeKeys, hashColumn } from "../data/keys.ts";
import { concat, gather } from "../data/move.ts";
import { sliceColumn } from "../data/slice.ts";
import { withoutSpans } from "../data/spans.ts";
import type { Allocator } from "../kernel/allocator.ts";
import { Arena } from "../kernel/arena.ts";
import { GroupTableBytes, GroupTableFixed } from "../kernel/group-table.ts";
import type { Kernels } from "../kernel/kernels.ts";
import { nullPtr, offset, type Ptr } from "../kernel/ptr.ts";
import type { ReservedArena } from "../kernel/reserved-arena.ts";
import { Parts } from "./gather-parts.ts";
import { makeZerosPositive } from "./positive-zeros.ts";
import { madeForSize, type TableSize, unknownSize } from "./table-sizes.ts";

type State =
  | { readonly kind: "numbers"; readonly table: GroupTableFixed }
  | { readonly kind: "strings"; readonly table: GroupTableBytes }
  /** `kept` are the keys as first seen, in id order. */
  | { readonly kind: "encoded"; readonly table: GroupTableBytes; readonly kept: Column[] };

const scratchBytesKept = 4 * 1024 * 1024;

export interface KeyIds {
  /** u32[rows] */
  readonly ids: Ptr;
  /** u64[rows] */
  readonly hashes: Ptr;
}

export class KeyIndex {
  private state: State | undefined;
  /** What a call hands out; overwritten by the next. */
  private scratch: Arena;
  private readonly adding: Arena;
  private readonly finding: Arena;
  private readonly keep: Arena;

  constructor(
    private readonly kernels: Kernels,
    private readonly allocator: Allocator,
    private readonly expected: TableSize = unknownSize,
    /** For lookups, which must go on when nothing can be added. */
    work: Allocator = allocator,
  ) {
    this.scratch = this.adding = new Arena(allocator);
    this.finding = new Arena(work);
    this.keep = new Arena(allocator);
  }

  get count(): number {
    return this.state?.table.count ?? 0;
  }

  get size(): TableSize {
    const { kernels, state, count } = this;
    const keyBytes =
      state === undefined || state.kind === "numbers" ? 0 : kernels.u32[state.table.keyOffsets / 4 + count]!;
    return { groups: count, keyBytes };
  }

  /** u64[count]: the keys' hashes, by id. */
  get hashes(): Ptr {
    return this.state?.table.hashes ?? nullPtr;
  }

  /** Ids (u32) of the column's rows, new keys added. Valid until the next call. */
  add(keys: Column): Ptr {
    return this.inScratch(this.adding, () => this.addTo(keys));
  }

  /** Ids of known keys, `noGroup` for others. Adds nothing. */
  lookup(keys: Column): KeyIds {
    return this.inScratch(this.finding, () => this.find(keys));
  }

  /** What a large key took for a moment is not kept. */
  private inScratch<T>(scratch: Arena, find: () => T): T {
    this.scratch = scratch;
    if (scratch === this.finding) scratch.shrink();
    else if (scratch.usedBytes > scratchBytesKept) scratch.close();
    else scratch.reset();
    try {
      return find();
    } catch (thrown) {
      if (scratch === this.finding) scratch.shrink();
      else scratch.close();
      throw thrown;
    }
  }

  /** When all keys are there: the memory that looking for few keys takes is had from now on. */
  finish(): void {
    this.finding.alloc(16);
  }

  private addTo(keys: Column): Ptr {
    const { kernels, scratch } = this;
    const { rows } = keys;
    if (keys.kind === "dictionary" && rows > 0) return this.addCoded(keys);
    const state = this.stateFor(keys);
    const ids = scratch.alloc(rows * 4);
    if (state.kind === "strings") {
      // strings are hashed on the way, and only new ones are copied
      const { starts, ends, bytes } = spansOf(keys);
      state.table.groupsOfSpans(starts, ends, bytes, rows, ids);
      return ids;
    }
    const column = withoutSpans(kernels, scratch, keys);
    const hashes = scratch.alloc(rows * 8);
    hashColumn(kernels, scratch, column, hashes);
    if (state.kind === "numbers") state.table.groups(hashes, rows, ids);
    else this.addEncoded(state, column, hashes, ids);
    return ids;
  }

  private find(given: Column): KeyIds {
    const { kernels, scratch } = this;
    const keys = withoutSpans(kernels, scratch, given);
    const { rows } = keys;
    if (keys.kind === "dictionary" && rows > 0) return this.findCoded(keys);
    const hashes = scratch.alloc(rows * 8);
    hashColumn(kernels, scratch, keys, hashes);
    const ids = scratch.alloc(rows * 4);
    const state = this.stateFor(keys);
    if (state.kind === "numbers") state.table.lookup(hashes, rows, ids);
    else if (state.kind === "strings") {
      invariant(keys.kind === "utf8", "string keys");
      state.table.lookup(keys.offsets, keys.bytes, hashes, rows, ids);
    } else {
      const encoded = encodeKeys(kernels, scratch, keys);
      state.table.lookup(encoded.offsets, encoded.bytes, hashes, rows, ids);
    }
    return { ids, hashes };
  }

  /** Once for each of a dictionary's values that the rows have, first seen first. */
  private addCoded(keys: Column & { kind: "dictionary" }): Ptr {
    const { kernels, scratch } = this;
    const { values, local } = distinctValues(kernels, scratch, keys);
    const found = this.addTo(values);
    const ids = scratch.alloc(keys.rows * 4);
    kernels.run.gather4(found, local, keys.rows, ids);
    return ids;
  }

  private findCoded(keys: Column & { kind: "dictionary" }): KeyIds {
    const { kernels, scratch } = this;
    const { rows } = keys;
    const { values, local } = distinctValues(kernels, scratch, keys);
    const found = this.find(values);
    const ids = scratch.alloc(rows * 4);
    const hashes = scratch.alloc(rows * 8);
    kernels.run.gather4(found.ids, local, rows, ids);
    kernels.run.gather8(found.hashes, local, rows, hashes);
    return { ids, hashes };
  }

  /** The keys of the first `count` ids, in id order, some thousands at a time; each column is valid until the next. */
  *parts(
    count: number,
    scratch: ReservedArena,
  ): Generator<{ readonly from: number; readonly keys: Column }, void, undefined> {
    const { state, kernels } = this;
    if (state === undefined) return;
    if (state.kind === "encoded") {
      yield* partsOf(state.kept, count);
      return;
    }
    for (let from = 0; from < count; from += batchRowsMax) {
      const rows = Math.min(batchRowsMax, count - from);
      const mark = scratch.mark();
      if (state.kind === "strings") {
        yield {
          from,
          keys: { kind: "utf8", rows, offsets: offset(state.table.keyOffsets, from * 4), bytes: state.table.keyBytes },
        };
      } else {
        const values = scratch.alloc(rows * 8);
        state.table.writeNumbers(from, rows, values);
        yield { from, keys: { kind: "f64", rows, values } };
      }
      scratch.release(mark);
    }
  }

  /** The keys of the ids u32[rows], as they were first seen. */
  keysOf(ids: Ptr, rows: number, allocator: Allocator): Column {
    const { state, kernels } = this;
    invariant(state !== undefined, "ids come from keys");
    if (rows === 1 && state.kind !== "numbers") return this.keyOf(state, kernels.u32[ids / 4]!);
    switch (state.kind) {
      case "numbers": {
        const values = allocator.alloc(rows * 8);
        kernels.run.gather8(state.table.hashes, ids, rows, values);
        kernels.run.unhashF64(values, rows, values);
        return { kind: "f64", rows, values };
      }
      case "strings":
        return gather(kernels, allocator, { rows: state.table.count, root: this.keys(allocator) }, ids, rows).root;
      case "encoded":
        return new Parts(
          kernels,
          state.kept.map(root => ({ rows: root.rows, root })),
        ).gather(allocator, ids, rows).root;
    }
  }

  /** One key where it lies: it may be too large to be copied. */
  private keyOf(state: Exclude<State, { kind: "numbers" }>, id: number): Column {
    if (state.kind === "strings") {
      const { keyOffsets, keyBytes } = state.table;
      return { kind: "utf8", rows: 1, offsets: offset(keyOffsets, id * 4), bytes: keyBytes };
    }
    const kept = state.kept.map(root => ({ rows: root.rows, root }));
    return new Parts(this.kernels, kept).row(id).root;
  }

  /** All keys as one column, in id order, in `allocator` or in the index itself; valid until the next `add`. */
  keys(allocator: Allocator): Column {
    const { kernels, state } = this;
    if (state === undefined) return { kind: "constant", rows: 0, value: undefined };
    const rows = state.table.count;
    switch (state.kind) {
      case "numbers": {
        const values = allocator.alloc(Math.max(8, rows * 8));
        state.table.writeNumbers(0, rows, values);
        return { kind: "f64", rows, values };
      }
      case "strings":
        return { kind: "utf8", rows, offsets: state.table.keyOffsets, bytes: state.table.keyBytes };
      case "encoded":
        return concat(
          kernels,
          allocator,
          state.kept.map(root => ({ rows: root.rows, root })),
        ).root;
    }
  }

  free(): void {
    this.state?.table.free();
    this.state = undefined;
    this.adding.close();
    this.finding.close();
    this.keep.close();
  }

  private stateFor(keys: Column): State {
    const kind = kindOf(keys);
    if (this.state === undefined) this.state = this.make(kind);
    else if (this.state.kind !== kind && this.state.kind !== "encoded") this.state = this.encodeState();
    return this.state;
  }

  private make(kind: State["kind"]): State {
    const { kernels, allocator } = this;
    return madeForSize(this.expected, ({ groups, keyBytes }) => {
      if (kind === "numbers") return { kind, table: new GroupTableFixed(kernels, allocator, groups) };
      const table = new GroupTableBytes(kernels, allocator, groups, keyBytes);
      return kind === "strings" ? { kind, table } : { kind, table, kept: [] };
    });
  }

  /** The same keys under the same ids, by canonical bytes. */
  private encodeState(): State {
    const { kernels, allocator } = this;
    const before = this.state!;
    const arena = new Arena(allocator);
    let table: GroupTableBytes | undefined;
    try {
      const column = this.keys(this.keep);
      const kept =
        before.kind === "strings" ? concat(kernels, this.keep, [{ rows: column.rows, root: column }]).root : column;
      table = new GroupTableBytes(kernels, allocator, before.table.count);
      if (kept.rows > 0) {
        const encoded = encodeKeys(kernels, arena, kept);
        table.groups(encoded.offsets, encoded.bytes, before.table.hashes, kept.rows, arena.alloc(kept.rows * 4));
      }
      before.table.free();
      return { kind: "encoded", table, kept: kept.rows > 0 ? [kept] : [] };
    } catch (thrown) {
      table?.free();
      this.keep.close();
      throw thrown;
    } finally {
      arena.close();
    }
  }

  private addEncoded(state: Extract<State, { kind: "encoded" }>, keys: Column, hashes: Ptr, ids: Ptr): void {
    const { kernels, scratch } = this;
    const encoded = encodeKeys(kernels, scratch, keys);
    const before = state.table.count;
    const firstRows = scratch.alloc(keys.rows * 4);
    const added = state.table.groups(encoded.offsets, encoded.bytes, hashes, keys.rows, ids, firstRows) - before;
    if (added === 0) return;
    const { root } = gather(kernels, this.keep, { rows: keys.rows, root: keys }, firstRows, added);
    makeZerosPositive(kernels, root);
    state.kept.push(root);
  }
}

/** The first `count` rows of some columns, at most a batch of them at a time. */
function* partsOf(
  columns: readonly Column[],
  count: number,
): Generator<{ readonly from: number; readonly keys: Column }, void, undefined> {
  let first = 0;
  for (const column of columns) {
    const rows = Math.min(column.rows, count - first);
    for (let from = 0; from < rows; from += batchRowsMax) {
      yield { from: first + from, keys: sliceColumn(column, from, Math.min(rows, from + batchRowsMax)) };
    }
    first += column.rows;
    if (first >= count) return;
  }
}

/** Where strings start and end: in a column, each where the one before ends. */
function spansOf(keys: Column): { readonly starts: Ptr; readonly ends: Ptr; readonly bytes: Ptr } {
  if (keys.kind === "spans") return keys;
  invariant(keys.kind === "utf8", "string keys");
  return { starts: keys.offsets, ends: offset(keys.offsets, 4), bytes: keys.bytes };
}

function kindOf(keys: Column): State["kind"] {
  switch (keys.kind) {
    case "f64":
    case "f32":
    case "i32":
      return "numbers";
    case "utf8":
    case "spans":
      return "strings";
    default:
      return "encoded";
  }
}
