/**
 * The values of each key, input by input, as a table that can spill: what groupByKey and cogroup are made of. Batches are pairs;
 * a row leaves memory with its key as that was first seen.
 */
import type { Batch, Column } from "../data/column.ts";
import type { Allocator } from "../kernel/allocator.ts";
import type { Chunk } from "./chunk.ts";
import type { Emission } from "./emission.ts";
import { GroupedRows } from "./grouped-rows.ts";
import { boundsOfHashes, type HashBounds, type HashRanges } from "./hash-ranges.ts";
import { batchOf, HashOrdered } from "./hash-ordered.ts";
import { hotGroups } from "./hot-groups.ts";
import { KeyIndex } from "./key-index.ts";
import { pairBatch, pairColumns } from "./pair-buffer.ts";
import type { SpillScope } from "./spill-scope.ts";
import { type KeyedTable, SpillingTable, type TableKind } from "./spilling-table.ts";

/** What groups' lists, one an input, become beside their keys: of many groups, or of one. */
export interface GroupForm {
  column(lists: readonly Column[]): Column;
  row(lists: readonly (readonly unknown[])[]): unknown;
}

export function spillingGroups(scope: SpillScope, inputs: number, form: GroupForm, check: () => void): SpillingTable {
  const kind: TableKind = {
    inputs,
    make: () => new GroupedTable(scope, inputs, form),
    keysOf: batch => pairColumns(batch)![0],
    fromDisk: open => hotGroups(scope, inputs, form, open, check),
  };
  return new SpillingTable(scope, kind, check);
}

class GroupedTable implements KeyedTable {
  private readonly index: KeyIndex;
  private readonly sides: readonly GroupedRows[];

  constructor(
    private readonly scope: SpillScope,
    inputs: number,
    private readonly form: GroupForm,
  ) {
    const { env, account } = scope;
    this.index = new KeyIndex(env.kernels, account);
    this.sides = Array.from({ length: inputs }, () => new GroupedRows(env, scope.operator, account));
  }

  add(input: number, batch: Batch): void {
    const [keys, values] = pairColumns(batch)!;
    this.sides[input]!.add(this.index.add(keys), values);
  }

  hashBounds(): HashBounds {
    return boundsOfHashes(this.scope.env.kernels.u32, this.index.hashes, this.index.count);
  }

  writeTo(ranges: HashRanges): void {
    for (const [input, side] of this.sides.entries()) side.writeTo(ranges, input, this.index, this.scope.scratch);
  }

  finish(): Emission {
    const { kernels } = this.scope.env;
    for (const side of this.sides) side.finish(this.index.count);
    const order = new HashOrdered(kernels, this.scope.account, this.index);
    for (const side of this.sides) side.dropIds();
    return new GroupedEmission(this.index, this.sides, order, this.form);
  }

  free(): void {
    for (const side of this.sides) side.free();
    this.index.free();
  }
}

class GroupedEmission implements Emission {
  constructor(
    private readonly index: KeyIndex,
    private readonly sides: readonly GroupedRows[],
    private readonly order: HashOrdered,
    private readonly form: GroupForm,
  ) {}

  next(scratch: Allocator, rowsMax: number, inPlace: boolean): Chunk | undefined {
    const { order, sides } = this;
    const groups = this.groupsThatFit(batchOf(order.left, rowsMax), rowsMax * itemsOfRow);
    if (groups === 0) return undefined;
    const keys = order.keys(groups, scratch, inPlace);
    const value = this.form.column(sides.map(side => side.lists(order.ids, groups, scratch, inPlace)));
    order.advance(groups);
    return { kind: "batch", batch: pairBatch(keys, value) };
  }

  nextAsValue(): unknown {
    const { order, sides } = this;
    const id = order.idAt(0);
    const row = [order.keyValue(), this.form.row(sides.map(side => side.valuesOf(id)))];
    order.advance(1);
    return row;
  }

  free(): void {
    this.order.free();
    for (const side of this.sides) side.free();
    this.index.free();
  }

  /** As many of the next groups as have `itemsMax` values together, one at least. */
  private groupsThatFit(groupsMax: number, itemsMax: number): number {
    let items = 0;
    for (let i = 0; i < groupsMax; i++) {
      for (const side of this.sides) items += side.countOf(this.order.idAt(i));
      if (items > itemsMax) return Math.max(1, i);
    }
    return groupsMax;
  }
}

/** Lists of 8 values on average make a batch of as many groups as rows are asked for; longer ones a smaller batch. */
const itemsOfRow = 8;
