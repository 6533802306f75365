/**
 * The build side of a join in memory, by key, and what it has for rows of the probe side: pairs of rows in the probe side's order; and
 * where those are kept, its rows that no probe row asked for, in the order of their keys' hashes.
 */
import { type Batch, batchRowsMax, type Column } from "../data/column.ts";
import { gather, slice } from "../data/move.ts";
import type { Allocator } from "../kernel/allocator.ts";
import { Arena } from "../kernel/arena.ts";
import { JoinProbe, noRow } from "../kernel/join-table.ts";
import type { Kernels } from "../kernel/kernels.ts";
import { nullPtr, offset, type Ptr } from "../kernel/ptr.ts";
import { GroupedRows } from "./grouped-rows.ts";
import { HashOrdered } from "./hash-ordered.ts";
import { boundsOfHashes, type HashBounds, type HashRanges } from "./hash-ranges.ts";
import { type JoinForm, valuesOfJoin } from "./join-form.ts";
import { KeyIndex } from "./key-index.ts";
import { pairBatch, pairColumns } from "./pair-buffer.ts";
import type { SpillScope } from "./spill-scope.ts";
import { unknownSize } from "./table-sizes.ts";

/** Pairs of rows: of the probe batch, and of the build side. Of forms that test, rows of the probe batch alone. */
export interface Matches {
  readonly rows: number;
  readonly probe: Ptr;
  readonly build: Ptr;
  /** One byte a pair: 0 where the build side has no row. Only for outer joins. */
  readonly present: Ptr;
}

/** Build rows, with the ids of their keys. */
export interface Unmatched {
  readonly rows: number;
  readonly ids: Ptr;
  readonly build: Ptr;
}

/** What a join looks keys up in. */
export interface BuildTable {
  /** Takes all pairs or, when memory is refused, none. */
  add(batch: Batch): void;
  hashBounds(): HashBounds;
  writeTo(ranges: HashRanges, input: number): void;
  /** No more rows come. A refusal changes nothing. */
  finish(): void;
  /** Pairs for the rows of a probe batch; each is valid until the next, and the batch's are given before another's are asked for. */
  matches(keys: Column): Generator<Matches, void, undefined>;
  /** The build side's values of some pairs. */
  valuesOf(matches: Matches, allocator: Allocator): Column;
  /** Rows that no batch matched; each is valid until the next. */
  unmatched(): Generator<Unmatched, void, undefined>;
  /** `[key, value]` of such rows, with nothing for the probe side. */
  unmatchedPairs(rows: Unmatched, allocator: Allocator): Batch;
  free(): void;
}

export class JoinTable implements BuildTable {
  private readonly index: KeyIndex;
  private readonly rows: GroupedRows;
  /** Where build rows without a match are kept: one byte a key, 1 when it was asked for; and the keys by hash. */
  private asked: Ptr = nullPtr;
  private order: HashOrdered | undefined;
  private readonly keeping: Arena;

  constructor(
    private readonly scope: SpillScope,
    private readonly form: JoinForm,
  ) {
    const { env, account } = scope;
    this.index = new KeyIndex(env.kernels, account, unknownSize, scope.work);
    this.rows = new GroupedRows(env, scope.operator, account);
    this.keeping = new Arena(account);
  }

  add(batch: Batch): void {
    const [keys, values] = pairColumns(batch)!;
    this.rows.add(this.index.add(keys), values);
  }

  hashBounds(): HashBounds {
    return boundsOfHashes(this.scope.env.kernels.u32, this.index.hashes, this.index.count);
  }

  writeTo(ranges: HashRanges, input: number): void {
    this.rows.writeTo(ranges, input, this.index, this.scope.scratch);
  }

  finish(): void {
    if (this.form.keepsBuild) this.prepareUnmatched();
    try {
      this.index.finish();
      this.rows.finish(this.index.count);
    } catch (thrown) {
      this.forgetUnmatched();
      throw thrown;
    }
  }

  *matches(keys: Column): Generator<Matches, void, undefined> {
    const { scratch } = this.scope;
    const mark = scratch.mark();
    try {
      yield* this.matchesIn(scratch, keys);
    } finally {
      scratch.release(mark);
    }
  }

  private *matchesIn(scratch: Allocator, keys: Column): Generator<Matches, void, undefined> {
    const { kernels } = this.scope.env;
    const { keepsProbe } = this.form;
    const probe = scratch.alloc(batchRowsMax * 4);
    const build = scratch.alloc(batchRowsMax * 4);
    const present = keepsProbe ? scratch.alloc(batchRowsMax) : nullPtr;
    const pairs = new JoinProbe(kernels, scratch, this.rows.rowLists, keepsProbe ? "leftOuter" : "inner");
    const { ids } = this.index.lookup(keys);
    if (this.order !== undefined) this.markAsked(ids, keys.rows);
    pairs.begin(ids, keys.rows);
    while (!pairs.done) {
      const rows = pairs.next(probe, build, batchRowsMax);
      if (keepsProbe) markPresent(kernels, build, present, rows);
      if (rows > 0) yield { rows, probe, build, present };
    }
  }

  valuesOf(matches: Matches, allocator: Allocator): Column {
    const { rows, build, present } = matches;
    if (this.rows.rows === 0) return { kind: "constant", rows, value: undefined };
    return withAbsent(this.rows.gather(build, rows, allocator, true), present);
  }

  *unmatched(): Generator<Unmatched, void, undefined> {
    const { order } = this;
    if (order === undefined) return;
    const { scratch } = this.scope;
    const mark = scratch.mark();
    try {
      yield* this.unmatchedIn(scratch, order);
    } finally {
      scratch.release(mark);
    }
  }

  private *unmatchedIn(scratch: Allocator, order: HashOrdered): Generator<Unmatched, void, undefined> {
    const { u8, u32 } = this.scope.env.kernels;
    const lists = this.rows.rowLists;
    const ids = scratch.alloc(batchRowsMax * 4);
    const build = scratch.alloc(batchRowsMax * 4);
    let rows = 0;
    for (; order.left > 0; order.advance(1)) {
      const id = order.idAt(0);
      if (u8[this.asked + id] !== 0) continue;
      const to = u32[lists.starts / 4 + id + 1]!;
      for (let at = u32[lists.starts / 4 + id]!; at < to; at++) {
        u32[ids / 4 + rows] = id;
        u32[build / 4 + rows] = u32[lists.rows / 4 + at]!;
        if (++rows < batchRowsMax) continue;
        yield { rows, ids, build };
        rows = 0;
      }
    }
    if (rows > 0) yield { rows, ids, build };
  }

  unmatchedPairs({ rows, ids, build }: Unmatched, allocator: Allocator): Batch {
    const keys = this.index.keysOf(ids, rows, allocator);
    const none: Column = { kind: "constant", rows, value: undefined };
    return pairBatch(keys, valuesOfJoin(this.form, none, this.rows.gather(build, rows, allocator, true)));
  }

  free(): void {
    this.forgetUnmatched();
    this.index.free();
    this.rows.free();
  }

  /** All that memory is needed for comes before the first probe row. */
  private prepareUnmatched(): void {
    const { env, account } = this.scope;
    const { count } = this.index;
    try {
      this.asked = this.keeping.alloc(Math.max(16, count));
      env.kernels.u8.fill(0, this.asked, this.asked + count);
      this.order = new HashOrdered(env.kernels, account, this.index);
    } catch (thrown) {
      this.forgetUnmatched();
      throw thrown;
    }
  }

  private forgetUnmatched(): void {
    this.order?.free();
    this.order = undefined;
    this.keeping.close();
  }

  private markAsked(ids: Ptr, rows: number): void {
    const { u8, u32 } = this.scope.env.kernels;
    const { count } = this.index;
    for (let i = ids / 4; i < ids / 4 + rows; i++) {
      const id = u32[i]!;
      if (id < count) u8[this.asked + id] = 1;
    }
  }
}

/** A part of some pairs. */
export function partOf(matches: Matches, from: number, rows: number): Matches {
  const { probe, build, present } = matches;
  return {
    rows,
    probe: offset(probe, from * 4),
    build: offset(build, from * 4),
    present: present === nullPtr ? nullPtr : offset(present, from),
  };
}

/** A part of some rows. */
export function partOfUnmatched({ ids, build }: Unmatched, from: number, rows: number): Unmatched {
  return { rows, ids: offset(ids, from * 4), build: offset(build, from * 4) };
}

/** `[key, value of the join]` of some pairs of rows. */
export function joinedPairs(
  kernels: Kernels,
  allocator: Allocator,
  form: JoinForm,
  probe: Batch,
  matches: Matches,
  build: Column,
): Batch {
  const taken = probeRows(kernels, allocator, probe, matches);
  if (form.tests !== undefined) return taken;
  const [keys, values] = pairColumns(taken)!;
  return pairBatch(keys, valuesOfJoin(form, values, build));
}

/** One row, which may be large, is not copied. */
function probeRows(kernels: Kernels, allocator: Allocator, batch: Batch, { rows, probe }: Matches): Batch {
  if (rows > 1) return gather(kernels, allocator, batch, probe, rows);
  const row = kernels.u32[probe / 4]!;
  return slice(batch, row, row + 1);
}

/** The same behind the probe rows' numbers, from a batch of `[number, [key, value]]`. */
export function numberedPairs(
  kernels: Kernels,
  allocator: Allocator,
  form: JoinForm,
  probe: Batch,
  matches: Matches,
  build: Column,
): Batch {
  const { rows } = matches;
  const taken = probeRows(kernels, allocator, probe, matches);
  if (form.tests !== undefined) return taken;
  const [numbers, pairs] = pairColumns(taken)!;
  const [keys, values] = pairColumns({ rows, root: pairs })!;
  return pairBatch(numbers, pairBatch(keys, valuesOfJoin(form, values, build)).root);
}

/** The keys of a batch of `[number, [key, value]]`. */
export function keysOfNumbered(batch: Batch): Column {
  return pairColumns({ rows: batch.rows, root: pairColumns(batch)![1] })![0];
}

export function withAbsent(item: Column, present: Ptr): Column {
  if (present === nullPtr || (item.kind === "constant" && item.value === undefined)) return item;
  return { kind: "optional", rows: item.rows, absent: undefined, validity: present, item };
}

/** Says which pairs have a build row, and gives the others row 0, which is then not looked at. */
function markPresent(kernels: Kernels, build: Ptr, present: Ptr, rows: number): void {
  const { u32, u8 } = kernels;
  for (let i = 0; i < rows; i++) {
    const has = u32[build / 4 + i] !== noRow;
    u8[present + i] = has ? 1 : 0;
    if (!has) u32[build / 4 + i] = 0;
  }
}
