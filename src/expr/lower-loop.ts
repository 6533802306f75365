/**
 * Loops that count: `for (let i = 0; i < n; i++)` where nothing else assigns to `i`. It is then a whole number between known
 * bounds, in an i32; and where the number of rounds is known and small, each is written by itself, with `i` a constant.
 */
import type { I32, Local } from "../codegen/code.ts";
import { i32, local } from "../codegen/operations.ts";
import type { Expr, Statement } from "./ir.ts";
import { roundsMax } from "./generator.ts";
import type { Lower } from "./lower-block.ts";
import { childrenOf } from "./lower-depth.ts";
import type { Frame } from "./lowering.ts";
import { constantOf, int32Range, numberConstant, type NumberValue, ofInt32 } from "./lower-number.ts";
import { toInt32 } from "./lower-bits.ts";
import { allStatements, expressionsIn, statementsIn } from "./statements.ts";
import type { IntegerRange, Value } from "./value.ts";

type Loop = Extract<Statement, { do: "loop" }>;

/** Rounds, and expressions in all of them, that are written one by one. */
const unrolledRoundsMax = 64;
const unrolledMax = 640;
const stepMax = 64;

/** Of a loop's variable that is only ever counted up or down: by how much. */
export function countedBy({ update, body }: Loop, declared: Statement): number | undefined {
  const [counting, more] = update;
  if (declared.do !== "variable" || counting?.do !== "assign" || more !== undefined) return undefined;
  if (counting.local !== declared.local) return undefined;
  for (const each of allStatements(body)) if (each.do === "assign" && each.local === declared.local) return undefined;
  return addedTo(declared.local, counting.value);
}

/** `+x + 1`, `x - 2` */
function addedTo(variable: number, value: Expr): number | undefined {
  if (value.op !== "binary" || (value.operator !== "+" && value.operator !== "-")) return undefined;
  const left = value.left.op === "unary" && value.left.operator === "+" ? value.left.operand : value.left;
  if (left.op !== "variable" || left.local !== variable || value.right.op !== "constant") return undefined;
  const by = value.right.value;
  if (typeof by !== "number" || !Number.isInteger(by) || by === 0 || Math.abs(by) > stepMax) return undefined;
  return value.operator === "+" ? by : -by;
}

/** How far a counter gets in all the rounds that one call has. */
const reachMax = (roundsMax + 2) * stepMax;

/** Whether a counter that begins there is a whole number of 32 bits to the end. */
export function isCountable(first: Value): first is NumberValue & { readonly integer: IntegerRange } {
  const range = first.kind === "number" ? first.integer : undefined;
  return range !== undefined && range.min - reachMax >= int32Range.min && range.max + reachMax <= int32Range.max;
}

export class CountingLoop {
  private readonly counter: Local<"i32">;

  constructor(
    private readonly local: number,
    private readonly by: number,
    private readonly first: NumberValue & { readonly integer: IntegerRange },
    private readonly loop: Loop,
    private readonly frame: Frame,
    private readonly lower: Lower,
  ) {
    this.counter = frame.lowering.out.local("i32", "i");
  }

  /** The number of rounds, where it is known and each is to be written by itself. */
  unrolled(): number | undefined {
    const { out } = this.frame.lowering;
    const from = constantOf(this.first.code);
    if (from === undefined || this.loop.first === true) return undefined;
    const perRound = sizeOf(this.loop);
    for (let round = 0; round * perRound <= unrolledMax && round <= unrolledRoundsMax; round++) {
      this.setRound(round);
      let goesOn: number | undefined;
      out.collect(() => (goesOn = constantOf(this.lower.test(this.loop.test))));
      if (goesOn === undefined) return undefined;
      if (goesOn === 0) return round;
    }
    return undefined;
  }

  setRound(round: number): void {
    this.frame.locals[this.local] = numberConstant(constantOf(this.first.code)! + round * this.by);
  }

  begin(): void {
    this.frame.lowering.out.set(this.counter, toInt32(this.first, this.frame));
    this.between(this.first.integer);
  }

  /** What the loop's test leaves of what the counter may be is known in its body. */
  test(): I32 {
    const { min, max } = this.first.integer;
    const reach = (roundsMax + 2) * Math.abs(this.by);
    const range = this.by > 0 ? { min, max: max + reach } : { min: min - reach, max };
    this.between(range);
    const { test, first } = this.loop;
    const isTrue = this.lower.test(test);
    if (first === true || test.op !== "binary" || test.left.op !== "variable" || test.left.local !== this.local)
      return isTrue;
    const { right, operator } = test;
    let bound: IntegerRange | undefined;
    this.frame.lowering.out.collect(() => {
      const value = this.lower.value(right);
      bound = value.kind === "number" ? value.integer : undefined;
    });
    if (bound === undefined) return isTrue;
    if (operator === "<") range.max = Math.min(range.max, bound.max - 1);
    else if (operator === "<=") range.max = Math.min(range.max, bound.max);
    else if (operator === ">") range.min = Math.max(range.min, bound.min + 1);
    else if (operator === ">=") range.min = Math.max(range.min, bound.min);
    if (range.min <= range.max) this.between(range);
    return isTrue;
  }

  update(): void {
    this.frame.lowering.out.set(this.counter, i32.add(local(this.counter), i32.const(this.by)));
  }

  private between(range: IntegerRange): void {
    this.frame.locals[this.local] = ofInt32(local(this.counter), { ...range });
  }
}

/** Expressions in one round; a loop within it counts as several. */
function sizeOf(loop: Loop): number {
  return [loop.test, ...loop.body.map(sizeOfStatement)].reduce<number>(
    (sum, each) => sum + (typeof each === "number" ? each : sizeOfExpr(each)),
    0,
  );
}

function sizeOfStatement(statement: Statement): number {
  const own = expressionsIn(statement).reduce((sum, each) => sum + sizeOfExpr(each), 1);
  const inner = statementsIn(statement).reduce((sum, each) => sum + sizeOfStatement(each), 0);
  return own + inner * (statement.do === "loop" || statement.do === "forOf" ? 8 : 1);
}

function sizeOfExpr(expr: Expr): number {
  return childrenOf(expr).reduce((sum, each) => sum + sizeOfExpr(each), 1);
}
