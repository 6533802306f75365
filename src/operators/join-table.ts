/** The right side of a join in memory, by key, and what it has for rows of the left side: pairs of rows in the left side's order. */
import { type Batch, batchRowsMax, type Column } from "../data/column.ts";
import { gather } from "../data/move.ts";
import type { Allocator } from "../kernel/allocator.ts";
import { Arena } from "../kernel/arena.ts";
import { JoinProbe, noRow } from "../kernel/join-table.ts";
import type { Kernels } from "../kernel/kernels.ts";
import { nullPtr, offset, type Ptr } from "../kernel/ptr.ts";
import { GroupedRows } from "./grouped-rows.ts";
import { boundsOfHashes, type HashBounds, type HashRanges } from "./hash-ranges.ts";
import { KeyIndex } from "./key-index.ts";
import { pairBatch, pairColumns } from "./pair-buffer.ts";
import type { SpillScope } from "./spill-scope.ts";

/** Pairs of rows: of the left batch, and of the right side. */
export interface Matches {
  readonly rows: number;
  readonly left: Ptr;
  readonly right: Ptr;
  /** One byte a pair: 0 where the right side has no row. Only for left joins. */
  readonly present: Ptr;
}

export class JoinTable {
  private readonly index: KeyIndex;
  private readonly rows: GroupedRows;
  private readonly scratch: Arena;

  constructor(
    private readonly scope: SpillScope,
    private readonly keepsLeft: boolean,
  ) {
    const { env, account } = scope;
    this.index = new KeyIndex(env.kernels, account);
    this.rows = new GroupedRows(env, scope.operator, account);
    this.scratch = new Arena(account);
  }

  /** Takes all pairs or, when memory is refused, none. */
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

  /** No more rows come. A refusal changes nothing. */
  finish(): void {
    this.rows.finish(this.index.count);
  }

  /** Pairs for the rows of a left batch; each is valid until the next, and the batch's are given before another's are asked for. */
  *matches(keys: Column): Generator<Matches, void, undefined> {
    const { kernels } = this.scope.env;
    const { scratch } = this;
    scratch.reset();
    const left = scratch.alloc(batchRowsMax * 4);
    const right = scratch.alloc(batchRowsMax * 4);
    const present = this.keepsLeft ? scratch.alloc(batchRowsMax) : nullPtr;
    const probe = new JoinProbe(kernels, scratch, this.rows.rowLists, this.keepsLeft ? "leftOuter" : "inner");
    probe.begin(this.index.lookup(keys).ids, keys.rows);
    while (!probe.done) {
      const rows = probe.next(left, right, batchRowsMax);
      if (this.keepsLeft) markPresent(kernels, right, present, rows);
      if (rows > 0) yield { rows, left, right, present };
    }
  }

  /** The right side's values of some pairs. */
  valuesOf(matches: Matches, allocator: Allocator): Column {
    const { rows, right, present } = matches;
    if (this.rows.rows === 0) return { kind: "constant", rows, value: undefined };
    return withAbsent(this.rows.gather(right, rows, allocator), present);
  }

  free(): void {
    this.index.free();
    this.rows.free();
    this.scratch.close();
  }
}

/** A part of some pairs. */
export function partOf(matches: Matches, from: number, rows: number): Matches {
  const { left, right, present } = matches;
  return {
    rows,
    left: offset(left, from * 4),
    right: offset(right, from * 4),
    present: present === nullPtr ? nullPtr : offset(present, from),
  };
}

/** `[key, [left value, right value]]` of some pairs of rows. */
export function joinedPairs(
  kernels: Kernels,
  allocator: Allocator,
  left: Batch,
  matches: Matches,
  right: Column,
): Batch {
  const [keys, values] = pairColumns(gather(kernels, allocator, left, matches.left, matches.rows))!;
  return pairBatch(keys, pairBatch(values, right).root);
}

/** The same behind the left rows' numbers, from a batch of `[number, [key, value]]`. */
export function numberedPairs(
  kernels: Kernels,
  allocator: Allocator,
  left: Batch,
  matches: Matches,
  right: Column,
): Batch {
  const { rows } = matches;
  const [numbers, pairs] = pairColumns(gather(kernels, allocator, left, matches.left, rows))!;
  const [keys, values] = pairColumns({ rows, root: pairs })!;
  return pairBatch(numbers, pairBatch(keys, pairBatch(values, right).root).root);
}

/** The keys of a batch of `[number, [key, value]]`. */
export function keysOfNumbered(batch: Batch): Column {
  return pairColumns({ rows: batch.rows, root: pairColumns(batch)![1] })![0];
}

export function withAbsent(item: Column, present: Ptr): Column {
  if (present === nullPtr || (item.kind === "constant" && item.value === undefined)) return item;
  return { kind: "optional", rows: item.rows, absent: undefined, validity: present, item };
}

/** Says which pairs have a right row, and gives the others row 0, which is then not looked at. */
function markPresent(kernels: Kernels, right: Ptr, present: Ptr, rows: number): void {
  const { u32, u8 } = kernels;
  for (let i = 0; i < rows; i++) {
    const has = u32[right / 4 + i] !== noRow;
    u8[present + i] = has ? 1 : 0;
    if (!has) u32[right / 4 + i] = 0;
  }
}
