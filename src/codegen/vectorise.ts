/**
 * Loops over rows two rows at a time. In front of a row's code, in the same loop, comes code that does pairs of rows with SIMD as
 * long as it can: more than two rows are left, and neither row of the pair takes a way that has no vector form (gives up, calls
 * JavaScript), which is left to the row's own code. That always does the last row, so what is in locals behind the loop is as before.
 *
 * Rows computed are the same, bit for bit. Rows that a filter drops are computed and written behind the last row of the output,
 * where the next row goes: it must have room for as many rows as there are. Outputs must not overlap inputs.
 * A total that rows are added to gets them one after the other; dropped ones add 0, so that it must not be −0 before the loop.
 */
import type { FunctionCode, I32, Label, Local, Statement, V128, ValueType } from "./code.ts";
import { f64, f64x2, i32, local } from "./operations.ts";
import { NotPairs } from "./pair-expressions.ts";
import { flat, isOneMore, PairWriter } from "./pair-statements.ts";

/** The same function when its loop has no vector form. */
export function vectorise(code: FunctionCode): FunctionCode {
  const locals = [...code.locals];
  const body = withPairs(code.body, locals);
  return body === undefined ? code : { ...code, locals, body };
}

/** With the first loop over rows extended, which adds to `locals`; undefined when there is none. */
function withPairs(body: readonly Statement[], locals: Local[]): readonly Statement[] | undefined {
  for (const [i, each] of body.entries()) {
    if (each.kind !== "block" && each.kind !== "sequence" && each.kind !== "loop") continue;
    const extended = each.kind === "loop" ? extendLoop(each, locals) : withPairs(each.body, locals);
    if (extended !== undefined) return body.with(i, { ...each, body: extended });
  }
  return undefined;
}

type Make = <T extends ValueType>(type: T, name: string) => Local<T>;

function extendLoop(loop: Extract<Statement, { kind: "loop" }>, locals: Local[]): readonly Statement[] | undefined {
  const rows = rowsOf(loop);
  if (rows === undefined) return undefined;
  const count = locals.length;
  try {
    const pairs = pairsOf(rows, loop.body, (type, name) => {
      const made = { type, name, index: locals.length };
      locals.push(made);
      return made;
    });
    return [{ kind: "comment", text: "two rows at a time" }, pairs, ...loop.body];
  } catch (thrown) {
    if (!(thrown instanceof NotPairs)) throw thrown;
    locals.length = count;
    return undefined;
  }
}

/** After a pair that had to be left, as many rows are done alone before pairs are tried again. */
const rowsAlone = 16;

function pairsOf({ row, count, body }: Rows, loop: readonly Statement[], make: Make): Statement {
  const alone: Label = { name: "alone" };
  const left: Label = { name: "left" };
  const again: Label = { name: "pairs" };
  const writer = new PairWriter(row, loop, left, make);
  const code = writer.write(body);
  const { rowNumbers } = writer;
  const next = i32.add(local(row) as I32, i32.const(2));
  const pair: Statement[] = [
    { kind: "jump", label: alone, test: i32.ge_u(next, count) },
    ...code,
    { kind: "set", local: row, value: next },
  ];
  const before: Statement[] = [];
  if (rowNumbers !== undefined) {
    const first = f64x2.splat(f64.convert_i32_u(local(row) as I32));
    before.push({ kind: "set", local: rowNumbers, value: f64x2.add(first, zeroAndOne) });
    pair.push({ kind: "set", local: rowNumbers, value: f64x2.add(local(rowNumbers), f64x2.splat(f64.const(2))) });
  }
  pair.push({ kind: "jump", label: again, test: undefined });
  const pairs: Statement = { kind: "loop", label: again, body: pair };
  if (!writer.leaves) return { kind: "block", label: alone, body: [...before, pairs] };
  const pairsFrom = make("i32", "pairsFrom");
  return {
    kind: "block",
    label: alone,
    body: [
      { kind: "jump", label: alone, test: i32.lt_u(local(row) as I32, local(pairsFrom)) },
      { kind: "block", label: left, body: [...before, pairs] },
      { kind: "set", local: pairsFrom, value: i32.add(local(row) as I32, i32.const(rowsAlone)) },
    ],
  };
}

/** f64x2 of 0 and 1. */
const zeroAndOne: V128 = { kind: "constant", type: "v128", value: 0x3ff0_0000_0000_0000n << 64n };

interface Rows {
  readonly row: Local;
  readonly count: I32;
  /** What is done with a row, but for going on to the next. */
  readonly body: readonly Statement[];
}

/** Of `loop { if (row >= rows) break; …; row += 1; again }`. */
function rowsOf({ label, body }: Extract<Statement, { kind: "loop" }>): Rows | undefined {
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
  return isOfRow && count.kind === "local" ? { row: step.local, count, body: all.slice(1, -2) } : undefined;
}
