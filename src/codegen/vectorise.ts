/**
 * Loops over rows two rows at a time. In front of a row's code, in the same loop, comes code that does pairs of rows with SIMD as
 * long as it can: more rows are left than it does, and neither row of the pair takes a way that has no vector form (gives up, calls
 * JavaScript), which is left to the row's own code. That always does the last row, so what is in locals behind the loop is as before.
 * Where rows take little, two pairs are done in each round: the loop's own instructions are then a good part of all.
 *
 * Rows computed are the same, bit for bit. Rows that a filter drops are computed and written behind the last row of the output,
 * where the next row goes: it must have room for as many rows as there are. Outputs must not overlap inputs.
 * A total that rows are added to gets them one after the other; dropped ones add 0, so that it must not be −0 before the loop.
 */
import type { F64, FunctionCode, I32, Label, Local, Statement, V128, ValueType } from "./code.ts";
import { f64, f64x2, i32, local } from "./operations.ts";
import { NotPairs } from "./pair-expressions.ts";
import { addedTo, flat, isOneMore, nodesUnjumped, type PairCode, PairWriter } from "./pair-statements.ts";

/**
 * The same function when its loop has no vector form. `counters`: locals to which the loop adds a number, the same each time, at
 * the end of each row. No sum of that may be rounded, as it is reached by other steps here.
 */
export function vectorise(code: FunctionCode, counters: readonly Local<"f64">[] = []): FunctionCode {
  const locals = [...code.locals];
  const body = withPairs(code.body, locals, counters);
  return body === undefined ? code : { ...code, locals, body };
}

/** With the first loop over rows extended, which adds to `locals`; undefined when there is none. */
function withPairs(
  body: readonly Statement[],
  locals: Local[],
  counters: readonly Local[],
): readonly Statement[] | undefined {
  for (const [i, each] of body.entries()) {
    if (each.kind !== "block" && each.kind !== "sequence" && each.kind !== "loop") continue;
    const extended = each.kind === "loop" ? extendLoop(each, locals, counters) : withPairs(each.body, locals, counters);
    if (extended !== undefined) return body.with(i, { ...each, body: extended });
  }
  return undefined;
}

type Loop = Extract<Statement, { kind: "loop" }>;
type Make = <T extends ValueType>(type: T, name: string) => Local<T>;

function extendLoop(loop: Loop, locals: Local[], counters: readonly Local[]): readonly Statement[] | undefined {
  const rows = rowsOf(loop, counters);
  if (rows === undefined) return undefined;
  const count = locals.length;
  try {
    const pairs = pairsOf(rows, loop.body, (type, name) => {
      const made = { type, name, index: locals.length };
      locals.push(made);
      return made;
    });
    return [...pairs, ...loop.body];
  } catch (thrown) {
    if (!(thrown instanceof NotPairs)) throw thrown;
    locals.length = count;
    return undefined;
  }
}

/** After a pair that had to be left, as many rows are done alone before pairs are tried again. */
const rowsAlone = 16;

/** A pair's code, and its numbers that are counted on. */
interface Pair extends PairCode {
  readonly ahead: number;
  readonly counters: ReadonlyMap<Local, Local<"v128">>;
}

function pairsOf(rows: Rows, loop: readonly Statement[], make: Make): readonly Statement[] {
  const alone: Label = { name: "alone" };
  const left: Label = { name: "left" };
  const none: Label = { name: "none" };
  const again: Label = { name: "pairs" };
  const { row, count } = rows;
  const pairAt = (ahead: number): Pair => {
    const counters = new Map(rows.counters.map(each => [each.local, make("v128", each.local.name)]));
    const writer = new PairWriter({ row, ahead, counters }, loop, { alone: left, none }, make);
    return { ahead, counters, ...writer.write(rows.body) };
  };
  const first = pairAt(0);
  const { leaves, nodes } = first;
  // one that is left must be the first that is not done, and one with much to do may be jumped over by itself
  const pairs = leaves || nodes > nodesUnjumped ? [first] : [first, pairAt(2)];
  const rowsAtOnce = 2 * pairs.length;
  const next = i32.add(local(row) as I32, i32.const(rowsAtOnce));
  const counting = countingOf(rows, pairs, make);
  const loopOfPairs: Statement = {
    kind: "loop",
    label: again,
    body: [
      { kind: "jump", label: alone, test: i32.ge_u(next, count) },
      // each addition waits for the one before, and what stands between them may delay them
      { kind: "block", label: none, body: [...pairs.flatMap(each => each.code), ...pairs.flatMap(each => each.sums)] },
      { kind: "set", local: row, value: next },
      ...counting.on,
      { kind: "jump", label: again, test: undefined },
    ],
  };
  const comment: Statement = { kind: "comment", text: `${pairs.length === 1 ? "two" : "four"} rows at a time` };
  if (!leaves)
    return [comment, { kind: "block", label: alone, body: [...counting.before, loopOfPairs] }, ...counting.after];
  const pairsFrom = make("i32", "pairsFrom");
  const notYet: Label = { name: "notYet" };
  const body: Statement[] = [
    { kind: "jump", label: notYet, test: i32.lt_u(local(row) as I32, local(pairsFrom)) },
    {
      kind: "block",
      label: alone,
      body: [
        { kind: "block", label: left, body: [...counting.before, loopOfPairs] },
        { kind: "set", local: pairsFrom, value: i32.add(local(row) as I32, i32.const(rowsAlone)) },
      ],
    },
    ...counting.after,
  ];
  return [comment, { kind: "block", label: notYet, body }];
}

/** What sets the numbers that are counted on: for the pairs before their loop and in it, for the row's own code behind it. */
function countingOf({ counters }: Rows, pairs: readonly Pair[], make: Make) {
  const [before, on, after]: [Statement[], Statement[], Statement[]] = [[], [], []];
  for (const { local: counter, step } of counters) {
    const by = make("v128", "by");
    before.push({ kind: "set", local: by, value: f64x2.splat(f64.mul(step, f64.const(2 * pairs.length))) });
    for (const { ahead, counters: vectors } of pairs) {
      const vector = vectors.get(counter)!;
      const behind = f64x2.mul(f64x2.splat(step), rowsFrom(ahead));
      before.push({ kind: "set", local: vector, value: f64x2.add(f64x2.splat(local(counter) as F64), behind) });
      on.push({ kind: "set", local: vector, value: f64x2.add(local(vector), local(by)) });
      if (ahead === 0) after.push({ kind: "set", local: counter, value: f64x2.extract_lane(0, local(vector)) });
    }
  }
  return { before, on, after };
}

/** f64x2 of a number and the next. */
function rowsFrom(first: number): V128 {
  const [low, high] = new BigUint64Array(new Float64Array([first, first + 1]).buffer);
  return { kind: "constant", type: "v128", value: low! | (high! << 64n) };
}

interface Rows {
  readonly row: Local;
  readonly count: I32;
  /** What is done with a row, but for going on to the next. */
  readonly body: readonly Statement[];
  readonly counters: readonly Counter[];
}

interface Counter {
  readonly local: Local;
  readonly step: F64;
}

/** Of `loop { if (row >= rows) break; …; counter += step; row += 1; again }`. */
function rowsOf({ label, body }: Loop, known: readonly Local[]): Rows | undefined {
  const all = flat(body);
  const [first] = all;
  const step = all.at(-2);
  const last = all.at(-1);
  if (first?.kind !== "jump" || last?.kind !== "jump" || step?.kind !== "set") return undefined;
  if (last.label !== label || last.test !== undefined || first.label === label) return undefined;
  const { test } = first;
  if (test?.kind !== "operation" || test.op !== "i32.ge_u" || !isOneMore(step.local, step.value)) return undefined;
  const [row, count] = test.args as readonly [I32, I32];
  const isOfRow = row.kind === "local" && row.local === step.local;
  if (!isOfRow || count.kind !== "local") return undefined;
  const end = all.length - 2 - known.length;
  const counters = all.slice(end, -2).flatMap(each => counterOf(each, known));
  return counters.length === known.length ? { row: step.local, count, body: all.slice(1, end), counters } : undefined;
}

function counterOf(it: Statement, known: readonly Local[]): Counter[] {
  if (it.kind !== "set" || !known.includes(it.local)) return [];
  const step = addedTo(it.local, it.value);
  return step === undefined ? [] : [{ local: it.local, step: step as F64 }];
}
