/**
 * Collects rows into columns whose layout follows the values (contracts.ts, BatchWriter). The first row gives the layout a
 * first guess; a row that does not fit widens it, with the rows so far, and is stored again. A row that is refused, for
 * want of memory or because it cannot ship, is not counted and leaves the writer as it was.
 */
import type { Batch } from "./column.ts";
import type { BatchWriter, WriterOptions } from "./contracts.ts";
import { readBuilder } from "./batch-reader.ts";
import { Builder } from "./builder.ts";
import { widen } from "./convert.ts";
import { layoutOf, typeKey, unify } from "./layout.ts";
import { type ColumnType, tuple } from "./schema.ts";
import { storeCode, type Store, type StoreCode, type UsedBytes } from "./store-code.ts";
import { settle } from "./store-text.ts";
import { ships, unshippable } from "./unshippable.ts";
import type { Allocator } from "../kernel/allocator.ts";
import type { Kernels } from "../kernel/kernels.ts";

/** A layout that a single odd row widened to *any* is guessed afresh this often before it stays. */
const guessesMax = 4;

export function makeBatchWriter(kernels: Kernels, allocator: Allocator, options: WriterOptions = {}): BatchWriter {
  return new Writer(kernels, allocator, options);
}

/** For rows that are known to be pairs. Keys and values have layouts of their own: a batch's root is always a tuple of two. */
export function makePairWriter(kernels: Kernels, allocator: Allocator, operator: string): BatchWriter {
  return new PairWriter(kernels, allocator, { what: operator });
}

class Writer implements BatchWriter {
  rows = 0;
  private cap = 0;
  private root: Builder | undefined = undefined;
  private store: Store = () => false;
  private used: UsedBytes = () => 0;
  private guesses = 1;

  constructor(
    private readonly kernels: Kernels,
    private readonly allocator: Allocator,
    protected readonly options: WriterOptions,
  ) {}

  get bytes(): number {
    return this.used(this.rows);
  }

  push(row: unknown): void {
    const i = this.rows;
    if (i === this.cap) this.growRows();
    if (!this.store(row, i)) this.fit(row);
    this.rows = i + 1;
  }

  /** Makes the layout fit a row, and stores it. */
  private fit(row: unknown): void {
    const { root } = this;
    const own = this.layoutOf(row);
    const type = root === undefined ? own : unify(settle(root, this.rows), own);
    if (root === undefined) this.adopt(this.freshBuilder(type));
    else if (typeKey(root.type) !== typeKey(type)) this.adopt(widen(root, this.rows, type));
    if (!this.store(row, this.rows)) throw this.refusal(row);
  }

  protected layoutOf(row: unknown): ColumnType {
    return layoutOf(row);
  }

  protected codeFor(root: Builder): StoreCode {
    return storeCode(root);
  }

  /** Why a row cannot ship. */
  protected refusal(row: unknown): Error {
    return unshippable(row, "row", this.options.what);
  }

  private freshBuilder(type: ColumnType): Builder {
    const builder = new Builder(type, this.kernels, this.allocator);
    try {
      builder.reserveRows(1);
    } catch (thrown) {
      builder.free();
      throw thrown;
    }
    return builder;
  }

  private adopt(root: Builder): void {
    this.root = root;
    this.cap = root.cap;
    const code = this.codeFor(root);
    this.store = code.store;
    this.used = code.usedBytes;
  }

  private growRows(): void {
    if (this.root === undefined) return;
    this.root.reserveRows(this.rows + 1);
    this.cap = this.root.cap;
  }

  finish(): Batch {
    this.settle();
    const { rows, root } = this;
    if (root === undefined) return { rows: 0, root: { kind: "constant", rows: 0, value: undefined } };
    return { rows, root: root.column(rows) };
  }

  values(): unknown[] {
    return this.root === undefined ? [] : readBuilder(this.root, this.rows).toArray();
  }

  settle(): void {
    // what is widened because of one string may have others that wait
    for (let { root } = this; root !== undefined; root = this.root) {
      const type = settle(root, this.rows);
      if (type === root.type) return;
      this.adopt(widen(root, this.rows, type));
    }
  }

  reset(): void {
    const rows = this.rows;
    this.rows = 0;
    if (this.root === undefined || rows === 0) return;
    if (hasAny(this.root.type) && this.guesses < guessesMax) {
      this.guesses++;
      this.free();
    }
  }

  free(): void {
    this.root?.free();
    this.root = undefined;
    this.rows = 0;
    this.cap = 0;
    this.store = () => false;
    this.used = () => 0;
  }
}

class PairWriter extends Writer {
  protected override layoutOf(pair: readonly unknown[]): ColumnType {
    return tuple(layoutOf(pair[0]), layoutOf(pair[1]));
  }

  protected override codeFor(root: Builder): StoreCode {
    return storeCode(root, "pair");
  }

  protected override refusal(pair: readonly unknown[]): Error {
    const { what } = this.options;
    return ships(pair[0])
      ? unshippable(pair[1], "value", `the values of ${what}`)
      : unshippable(pair[0], "key", `the keys of ${what}`);
  }
}

function hasAny(type: ColumnType): boolean {
  switch (type.kind) {
    case "any":
      return true;
    case "struct":
      return type.fields.some(hasAny);
    case "list":
    case "optional":
      return hasAny(type.item);
    default:
      return false;
  }
}
