/**
 * What a row's code does, for a pair of rows. Ways that rows take are masks: a row that was skipped, or is in the other branch of
 * an `if`, is computed along and its result not used. Code that has no vector form makes the pair leave for `alone` when a row
 * would come to it; nothing that matters has been done by then, since cursors move at the end.
 */
import type { Code, F64, I32, Label, Local, Statement, V128, ValueType } from "./code.ts";
import { f64, f64x2, i32, i64x2, local, v128 } from "./operations.ts";
import { bitOf, integerLane, not, NotPairs, PairExpressions, type PairLocal } from "./pair-expressions.ts";

type Assignment = Extract<Statement, { kind: "set" }>;
type Store = Extract<Statement, { kind: "store" }>;
type Choice = Extract<Statement, { kind: "if" }>;

/** Less than this is computed in vain rather than jumped over: a jump that was not foreseen costs more. */
export const nodesUnjumped = 40;

/** A store whose value is computed: what each row stores. */
interface PendingStore {
  readonly store: Store;
  readonly lane: (lane: number) => Code;
}

/** Which rows the pair is. */
export interface PairPlace {
  readonly row: Local;
  /** How many rows behind `row` it begins. */
  readonly ahead: number;
  /** Numbers that the loop counts on, with those of the pair. */
  readonly counters: ReadonlyMap<Local, Local<"v128">>;
}

export interface PairLabels {
  /** Where the pair goes when its rows are better done alone. */
  readonly alone: Label;
  /** Where it goes when both are skipped. */
  readonly none: Label;
}

export interface PairCode {
  readonly code: readonly Statement[];
  /** Where rows are added to totals. */
  readonly sums: readonly Statement[];
  /** How much was written. */
  readonly nodes: number;
  /** Whether there are places where the pair goes to `alone`. */
  readonly leaves: boolean;
}

export class PairWriter {
  private readonly expressions: PairExpressions;
  private readonly varying: ReadonlySet<Local>;
  private readonly inner = new Set<Label>();
  private leaves = false;
  private out: Statement[] = [];
  /** Rows of the pair that are still on this way; undefined: both. */
  private active: V128 | undefined;
  /** Where rows that are skipped go. */
  private skip: Label | undefined;
  private isDropping = false;
  /** Where all rows may have been skipped: a place for a jump, and how much was written before. */
  private readonly skips: { readonly jump: Statement[]; readonly test: I32; readonly nodes: number }[] = [];
  private pending: PendingStore[] = [];
  /** What rows add to totals that go on from row to row, in the order of the code. */
  private readonly additions: { readonly total: Local; readonly value: V128 }[] = [];
  /** Cursors by what they move at the end of a row. */
  private readonly moved = new Set<Local>();

  private readonly row: Local;

  constructor(
    { row, ahead, counters }: PairPlace,
    loop: readonly Statement[],
    private readonly labels: PairLabels,
    private readonly make: <T extends ValueType>(type: T, name: string) => Local<T>,
  ) {
    const varying = new Set<Local>();
    note(loop, varying, this.inner);
    this.varying = varying;
    this.row = row;
    this.expressions = new PairExpressions(row, ahead, varying);
    for (const [counter, vector] of counters) {
      this.expressions.pairs.set(counter, { vector, holds: "number" });
      this.expressions.defined.add(counter);
    }
  }

  /** The pair's code; that of `sums` comes behind it, and both are in a block of the label `none`. */
  write(body: readonly Statement[]): PairCode {
    this.rowBody(flat(body));
    if (this.moved.size === 0 && this.additions.length === 0) throw new NotPairs();
    const code = this.out;
    this.out = [];
    this.addUp();
    for (const { jump, test, nodes } of this.skips)
      if (this.expressions.nodes - nodes > nodesUnjumped) jump.push({ kind: "jump", label: this.labels.none, test });
    return { code, sums: this.out, nodes: this.expressions.nodes, leaves: this.leaves };
  }

  /** A block around all of the rest is where skipped rows go. */
  private rowBody(body: readonly Statement[]): void {
    for (const [i, each] of body.entries()) {
      if (each.kind === "block" && this.skip === undefined && i === body.length - 1) {
        this.skip = each.label;
        this.rowBody(flat(each.body));
      } else this.statement(each);
    }
  }

  private statement(it: Statement): void {
    if (this.moved.size > 0) throw new NotPairs();
    switch (it.kind) {
      case "set":
        return this.set(it);
      case "if":
        return this.choice(it);
      case "jump":
        return this.jump(it.label, it.test);
      case "store":
        return this.store(it);
      default:
        throw new NotPairs();
    }
  }

  private set({ local: to, value }: Assignment): void {
    if (isOneMore(to, value)) return this.move(to);
    let pair = this.expressions.pairs.get(to);
    // of what the row before left
    const added = pair === undefined ? addedTo(to, value) : undefined;
    if (added !== undefined) return this.add(to, added);
    if (to === this.row) throw new NotPairs();
    // a copy of a cursor, which only the row's own code reads
    if (pair === undefined && value.kind === "local" && this.isCursor(value.local)) return;
    const { holds, code } = this.pairOf(to, value);
    if (pair !== undefined && pair.holds !== holds) throw new NotPairs();
    const isFirst = pair === undefined;
    if (pair === undefined) {
      pair = { vector: this.make("v128", to.name), holds };
      this.expressions.pairs.set(to, pair);
    }
    // what the other branch has set is kept for the rows that are in that one
    const isWhole = isFirst || this.branches === 0 || this.active === undefined;
    if (!isWhole && holds === "integer") throw new NotPairs();
    const merged = isWhole ? code : v128.bitselect(code, local(pair.vector), this.active!);
    this.emit({ kind: "set", local: pair.vector, value: merged });
    this.expressions.defined.add(to);
  }

  private add(total: Local, value: Code): void {
    if (this.branches > 0) throw new NotPairs();
    this.additions.push({ total, value: this.keep(this.expressions.number(value), "added") });
  }

  /** Row by row, as they would be alone. Dropped rows add 0, which changes no total but −0. */
  private addUp(): void {
    const { additions } = this;
    const kept = additions.map(({ value }) =>
      this.isDropping ? this.keep(v128.and(value, this.active!), "added") : value,
    );
    for (const lane of [0, 1]) {
      additions.forEach(({ total }, i) => {
        const sum = f64.add(local(total) as F64, f64x2.extract_lane(lane, kept[i]!));
        this.emit({ kind: "set", local: total, value: sum });
      });
    }
  }

  private isCursor(of: Local): boolean {
    return of.type === "i32" && this.varying.has(of) && !this.expressions.pairs.has(of);
  }

  private pairOf(to: Local, value: Code): { readonly holds: PairLocal["holds"]; readonly code: V128 } {
    const { expressions } = this;
    if (to.type === "f64") return { holds: "number", code: expressions.number(value) };
    if (to.type !== "i32") throw new NotPairs();
    const known = expressions.pairs.get(to)?.holds;
    const isFlag = known === undefined ? expressions.isFlag(value) : known === "flag";
    if (isFlag && !expressions.isFlag(value)) throw new NotPairs();
    return isFlag
      ? { holds: "flag", code: expressions.flag(value) }
      : { holds: "integer", code: expressions.integer(value) };
  }

  /** How many `if`s there are around. */
  private branches = 0;

  private choice({ test, then, otherwise }: Choice): void {
    const mask = this.keep(this.expressions.flag(test), "test");
    const before = new Set(this.expressions.defined);
    const first = this.branch(then, mask);
    const afterThen = new Set(this.expressions.defined);
    this.define(before);
    const second = otherwise.length === 0 || this.branch(otherwise, this.keep(not(mask), "otherwise"));
    if (!first && !second) throw new NotPairs();
    // defined is what both branches define; one that is left to the row's own code is none
    if (!second) this.define(afterThen);
    else if (first) this.define(new Set([...this.expressions.defined].filter(each => afterThen.has(each))));
  }

  private define(locals: ReadonlySet<Local>): void {
    this.expressions.defined.clear();
    for (const each of locals) this.expressions.defined.add(each);
  }

  /** Whether it has a vector form; if not, pairs that come to it are done alone. */
  private branch(body: readonly Statement[], mask: V128): boolean {
    const { out, active, pending } = this;
    const pairs = new Map(this.expressions.pairs);
    const path = active === undefined ? mask : v128.and(active, mask);
    this.out = [];
    this.pending = [...pending];
    this.active = path;
    this.branches++;
    try {
      for (const each of body) this.branchStatement(each);
      out.push(...this.out);
      return true;
    } catch (thrown) {
      if (!(thrown instanceof NotPairs)) throw thrown;
      this.expressions.pairs.clear();
      for (const [key, pair] of pairs) this.expressions.pairs.set(key, pair);
      this.leaves = true;
      out.push({ kind: "jump", label: this.labels.alone, test: anyOf(path) });
      return false;
    } finally {
      this.out = out;
      this.active = active;
      this.pending = pending;
      this.branches--;
    }
  }

  /** In a branch, rows neither store nor move on nor end. */
  private branchStatement(it: Statement): void {
    if (it.kind === "sequence") it.body.forEach(each => this.branchStatement(each));
    else if (it.kind === "set" && !isOneMore(it.local, it.value)) this.set(it);
    else if (it.kind === "if") this.choice(it);
    else if (it.kind !== "comment") throw new NotPairs();
  }

  private jump(label: Label, test: I32 | undefined): void {
    if (test === undefined) throw new NotPairs();
    const goes = this.expressions.flag(test);
    if (!this.inner.has(label)) {
      const path = this.active === undefined ? goes : v128.and(this.active, goes);
      this.leaves = true;
      return this.emit({ kind: "jump", label: this.labels.alone, test: anyOf(path) });
    }
    if (label !== this.skip) throw new NotPairs();
    const stays = not(goes);
    this.active = this.keep(this.active === undefined ? stays : v128.and(this.active, stays), "kept");
    this.isDropping = true;
    const jump: Statement[] = [];
    this.emit({ kind: "sequence", body: jump });
    this.skips.push({ jump, test: i32.eqz(anyOf(this.active)), nodes: this.expressions.nodes });
  }

  private store(it: Store): void {
    const { expressions } = this;
    const { index, shift } = expressions.cellOf(it.address);
    if (!this.isCursor(index)) throw new NotPairs();
    if (it.op === "f64.store" && shift === 3) {
      const value = this.keep(expressions.number(it.value), "value");
      this.pending.push({ store: it, lane: lane => f64x2.extract_lane(lane, value) });
    } else if (it.op === "i32.store8" && shift === 0 && expressions.isFlag(it.value)) {
      const bits = this.make("i32", "flags");
      this.emit({ kind: "set", local: bits, value: i64x2.bitmask(expressions.flag(it.value)) });
      this.pending.push({ store: it, lane: lane => bitOf(local(bits), lane) });
    } else if ((it.op === "i32.store8" && shift === 0) || (it.op === "i32.store" && shift === 2)) {
      const value = this.keep(expressions.integer(it.value), "value");
      this.pending.push({ store: it, lane: lane => integerLane(value, lane) });
    } else throw new NotPairs();
  }

  /** The end of the row: what it stores is stored, at the cursor, which then moves. */
  private move(cursor: Local): void {
    if (!this.isCursor(cursor) || cursor === this.row) throw new NotPairs();
    for (const { store } of this.pending)
      if (this.expressions.cellOf(store.address).index !== cursor) throw new NotPairs();
    this.moved.add(cursor);
    const at = local(cursor) as I32;
    if (!this.isDropping) {
      for (const each of this.pending) this.storePair(each);
      return this.emit({ kind: "set", local: cursor, value: i32.add(at, i32.const(2)) });
    }
    const bits = this.make("i32", "kept");
    this.emit({ kind: "set", local: bits, value: i64x2.bitmask(this.active!) });
    for (const lane of [0, 1]) {
      for (const { store, lane: value } of this.pending) this.emit({ ...store, value: value(lane) });
      this.emit({ kind: "set", local: cursor, value: i32.add(at, bitOf(local(bits), lane)) });
    }
  }

  private storePair({ store, lane }: PendingStore): void {
    const first = lane(0);
    if (store.op === "f64.store" && first.kind === "lane")
      return this.emit({ ...store, op: "v128.store", value: first.args[0]! });
    const bytes = 1 << this.expressions.cellOf(store.address).shift;
    this.emit({ ...store, value: first });
    this.emit({ ...store, value: lane(1), offset: store.offset + bytes });
  }

  private keep(value: V128, name: string): V128 {
    if (value.kind === "local" || value.kind === "constant") return value;
    const kept = this.make("v128", name);
    this.emit({ kind: "set", local: kept, value });
    return local(kept);
  }

  private emit(statement: Statement): void {
    this.out.push(statement);
  }
}

function anyOf(mask: V128): I32 {
  return { kind: "operation", type: "i32", op: "v128.any_true", args: [mask] };
}

/** `local += 1` */
export function isOneMore(to: Local, value: Code): boolean {
  if (value.kind !== "operation" || value.op !== "i32.add") return false;
  const [left, right] = value.args as readonly [Code, Code];
  return left.kind === "local" && left.local === to && right.kind === "constant" && right.value === 1;
}

/** Of `local += …`, f64s. */
export function addedTo(to: Local, value: Code): Code | undefined {
  if (value.kind !== "operation" || value.op !== "f64.add") return undefined;
  const [before, added] = value.args as readonly [Code, Code];
  return before.kind === "local" && before.local === to ? added : undefined;
}

/** Locals that are set, and labels that there are. */
function note(body: readonly Statement[], locals: Set<Local>, labels: Set<Label>): void {
  for (const each of body) {
    if (each.kind === "set") locals.add(each.local);
    if (each.kind === "block" || each.kind === "loop") labels.add(each.label);
    if (each.kind === "if") {
      note(each.then, locals, labels);
      note(each.otherwise, locals, labels);
    } else if (each.kind === "block" || each.kind === "loop" || each.kind === "sequence")
      note(each.body, locals, labels);
  }
}

export function flat(body: readonly Statement[]): readonly Statement[] {
  return body.flatMap(each => (each.kind === "sequence" ? flat(each.body) : each.kind === "comment" ? [] : [each]));
}
