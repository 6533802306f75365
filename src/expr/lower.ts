/**
 * Expressions as generated code, for values of known kinds, with exactly JavaScript's meaning. What has no native code throws
 * NotNative; what only rows can tell is checked by the code, which gives up. The files beside this one (`lower-*.ts`) do it value
 * by value; here is what runs what, in which order, in which branch.
 */
import type { I32 } from "../codegen/code.ts";
import { i32, local } from "../codegen/operations.ts";
import type { Expr } from "./ir.ts";
import type { Frame } from "./lowering.ts";
import { arithmetic, complement, negate } from "./lower-arithmetic.ts";
import { lowerBlock } from "./lower-block.ts";
import { lowerCall, lowerMethod } from "./lower-call.ts";
import { equality, isEquality, isOrder, order } from "./lower-compare.ts";
import { lowerEach } from "./lower-each.ts";
import { checkDepth, countWritten } from "./lower-depth.ts";
import {
  and,
  constantOf,
  keep,
  not,
  numberConstant,
  or,
  booleanConstant,
  toNumber,
  undefinedValue,
} from "./lower-number.ts";
import { element, iteratedItem, makeTuple, ObjectMaker, property } from "./lower-record.ts";
import { isText, joined, textConstant, typeofText } from "./lower-text.ts";
import { truthiness } from "./lower-truth.ts";
import { snapshot } from "./lower-variables.ts";
import { branch, describeKind, merge, mergeFlags, never } from "./merge.ts";
import { NotNative } from "./not-native.ts";
import type { Value } from "./value.ts";

type ExprOf<Op extends Expr["op"]> = Extract<Expr, { op: Op }>;

/** The expression's value, computed here: its parts are in locals. */
export function lowerExpr(expr: Expr, frame: Frame): Value {
  checkDepth(expr);
  return withinStack(() => keep(lower(expr, frame), frame), expr);
}

/** Whether the expression's value is truthy: for one use. */
export function lowerTest(expr: Expr, frame: Frame): I32 {
  checkDepth(expr);
  return withinStack(() => test(expr, frame), expr);
}

/** Stacks are of different sizes, and some of this one is used. */
function withinStack<T>(write: () => T, { at }: Expr): T {
  try {
    return write();
  } catch (thrown) {
    if (thrown instanceof RangeError) throw new NotNative("is nested too deeply", at);
    throw thrown;
  }
}

/** Numbers, booleans and dates may be trees of code yet to be placed, once. */
function lower(expr: Expr, frame: Frame): Value {
  countWritten(frame.lowering, expr);
  const body = bindAll(expr, frame);
  switch (body.op) {
    case "constant":
      return constant(body, frame);
    case "local":
      return frame.locals[body.local] ?? unbound(body);
    case "capture":
      return frame.captures[body.capture] ?? unbound(body);
    case "unary":
      return unary(body, frame);
    case "binary":
      return binary(body, frame);
    case "logical":
      return logical(body, frame);
    case "conditional": {
      const { then, otherwise } = body;
      return merge(
        test(body.test, frame),
        () => lower(then, frame),
        () => lower(otherwise, frame),
        frame.lowering,
        body.at,
      );
    }
    case "property":
      return readProperty(body, frame);
    case "element": {
      const target = kept(body.target, frame);
      return element(target, kept(body.index, frame), frame, body.at);
    }
    case "item":
      return iteratedItem(kept(body.target, frame), body.index, frame, body.at);
    case "array":
      return makeTuple(body.items.flatMap(item => (item.op === "spread" ? spread(item, frame) : [kept(item, frame)])));
    case "object":
      return object(body, frame);
    case "call":
      return lowerCall(body.callee, keptAll(body.args, frame), body, frame);
    case "method":
      return lowerMethod(kept(body.target, frame), body.name, keptAll(body.args, frame), body, frame);
    case "each": {
      const target = snapshot(kept(body.target, frame), frame);
      const first = body.accumulator && kept(body.accumulator.first, frame);
      const each = { value: () => lower(body.body, frame), test: () => test(body.body, frame) };
      return lowerEach(body, target, each, first, frame);
    }
    case "giveUp":
      return never(body.reason, frame, body.at);
    case "variable":
      return frame.locals[body.local] ?? unbound(body);
    case "block":
      return lowerBlock(body.body, frame, {
        value: each => kept(each, frame),
        test: each => test(each, frame),
      });
    default:
      throw new NotNative(`has ${body.op}`, body.at);
  }
}

/** `const`s one after the other, however many; the expression they are for. */
function bindAll(expr: Expr, frame: Frame): Expr {
  let body = expr;
  while (body.op === "let") {
    frame.locals[body.local] = snapshot(kept(body.value, frame), frame);
    body = body.body;
  }
  return body;
}

/** The items of an array of known length. */
function spread({ of, at }: ExprOf<"spread">, frame: Frame): readonly Value[] {
  const value = kept(of, frame);
  if (value.kind === "struct" && value.shape.of === "tuple") return Array.from(value.fields);
  throw new NotNative(`spreads ${describeKind(value)} of any length`, at);
}

function kept(expr: Expr, frame: Frame): Value {
  return keep(lower(expr, frame), frame);
}

function keptAll(exprs: readonly Expr[], frame: Frame): Value[] {
  return exprs.map(expr => kept(expr, frame));
}

function unbound({ at }: Expr): never {
  throw new NotNative("uses a variable before it has a value", at);
}

function constant({ value, at }: ExprOf<"constant">, frame: Frame): Value {
  switch (typeof value) {
    case "number":
      return numberConstant(value);
    case "boolean":
      return booleanConstant(value);
    case "string":
      return textConstant(value, frame, at);
    default:
      return value === null ? { kind: "constant", value } : undefinedValue;
  }
}

function unary({ operator, operand, at }: ExprOf<"unary">, frame: Frame): Value {
  switch (operator) {
    case "!":
      return { kind: "boolean", code: not(test(operand, frame)) };
    case "-":
      return negate(lower(operand, frame), frame, at);
    case "+":
      return toNumber(lower(operand, frame), frame, at);
    case "~":
      return complement(lower(operand, frame), frame, at);
    case "typeof":
      return typeofText(lower(operand, frame), frame, at);
  }
}

function binary(expr: ExprOf<"binary">, frame: Frame): Value {
  const { operator, at } = expr;
  if (operator === "+") return addition(expr, frame);
  const left = lower(expr.left, frame);
  const right = lower(expr.right, frame);
  if (isOrder(operator)) return { kind: "boolean", code: order(operator, left, right, frame, at) };
  if (isEquality(operator)) return { kind: "boolean", code: equality(operator, left, right, frame, at) };
  return arithmetic(operator, left, right, frame, at);
}

/** As deep a tree as is written at once. */
const termsAtOnce = 32;

/** `a + b + c …` from left to right: numbers are added until the first string, and all that follows is joined to it. */
function addition(expr: ExprOf<"binary">, frame: Frame): Value {
  const terms: Expr[] = [];
  let leftmost: Expr = expr;
  while (leftmost.op === "binary" && leftmost.operator === "+") {
    terms.push(leftmost.right);
    leftmost = leftmost.left;
  }
  let value = lower(leftmost, frame);
  let parts: Value[] | undefined;
  terms.reverse().forEach((term, i) => {
    const next = lower(term, frame);
    if (parts !== undefined) parts.push(keep(next, frame));
    else if (isText(value) || isText(next)) parts = [keep(value, frame), keep(next, frame)];
    else {
      for (const each of [value, next])
        if (isTextAtTimes(each)) throw new NotNative(`adds to ${describeKind(each)}`, expr.at);
      value = arithmetic("+", value, next, frame, expr.at);
      if ((i + 1) % termsAtOnce === 0) value = keep(value, frame);
    }
  });
  return parts === undefined ? value : joined(parts, frame, expr.at);
}

/** What `+`, alone of all operators, takes for a string: dates, and a string that may be absent. */
function isTextAtTimes(value: Value): boolean {
  if (value.kind === "optional") return value.item.kind === "string" || isTextAtTimes(value.item);
  return value.kind === "date";
}

function logical(expr: ExprOf<"logical">, frame: Frame): Value {
  const { lowering } = frame;
  const left = kept(expr.left, frame);
  const right = () => lower(expr.right, frame);
  if (expr.operator === "??") {
    // what may be both undefined and null is one within the other
    const unlessNothing = (value: Value): Value => {
      if (value.kind === "constant") return right();
      if (value.kind === "opaque") throw new NotNative("tests a value of mixed kinds", expr.at);
      if (value.kind !== "optional") return value;
      return merge(value.present, () => unlessNothing(value.item), right, lowering, expr.at);
    };
    return unlessNothing(left);
  }
  const isTrue = truthiness(left, expr.at);
  if (expr.operator === "&&") return merge(isTrue, right, () => falsy(left, frame), lowering, expr.at);
  return merge(isTrue, () => truthy(left), right, lowering, expr.at);
}

/** What is left of a value that is known to be truthy. */
function truthy(value: Value): Value {
  if (value.kind === "optional") return truthy(value.item);
  return value.kind === "boolean" ? booleanConstant(true) : value;
}

/** What is left of a value that is known to be falsy. */
function falsy(value: Value, frame: Frame): Value {
  switch (value.kind) {
    case "boolean":
      return booleanConstant(false);
    case "string":
      return textConstant("", frame, undefined);
    case "optional":
      return constantOf(truthiness(value.item)) === 1 ? { kind: "constant", value: value.absent } : value;
    default:
      return value;
  }
}

function readProperty({ target, name, optional, at }: ExprOf<"property">, frame: Frame): Value {
  const value = kept(target, frame);
  if (optional !== true) return property(value, name, frame, at);
  if (value.kind === "constant") return undefinedValue;
  if (value.kind !== "optional") return property(value, name, frame, at);
  const { present, item } = value;
  return merge(
    present,
    () => property(item, name, frame, at),
    () => undefinedValue,
    frame.lowering,
    at,
  );
}

function object({ entries, at }: ExprOf<"object">, frame: Frame): Value {
  const maker = new ObjectMaker(at);
  for (const entry of entries)
    if ("spread" in entry) maker.spread(kept(entry.spread, frame));
    else maker.add(entry.name, kept(entry.value, frame));
  return maker.make();
}

function test(expr: Expr, frame: Frame): I32 {
  const body = bindAll(expr, frame);
  if (body.op === "logical" && body.operator !== "??") {
    const { operator, right } = body;
    return shortCircuit(operator, test(body.left, frame), () => test(right, frame), frame);
  }
  if (body.op === "unary" && body.operator === "!") return not(test(body.operand, frame));
  if (body.op === "conditional") {
    const { then, otherwise } = body;
    return mergeFlags(
      test(body.test, frame),
      () => test(then, frame),
      () => test(otherwise, frame),
      frame.lowering,
    );
  }
  return truthiness(lower(body, frame), body.at);
}

/** The right side is computed whatever the left is where that costs less than a branch. */
function shortCircuit(operator: "&&" | "||", left: I32, right: () => I32, { lowering }: Frame): I32 {
  const known = constantOf(left);
  if (known !== undefined) return (operator === "&&") === (known !== 0) ? right() : left;
  const { out } = lowering;
  const written = branch(out, right);
  const isReached = operator === "&&" ? left : not(left);
  const unreached = i32.const(operator === "&&" ? 0 : 1);
  if (written.value === undefined) {
    out.if(isReached, () => out.place(written.body));
    return unreached;
  }
  const { value } = written;
  if (written.body.length === 0 && isCheap(value)) return operator === "&&" ? and(left, value) : or(left, value);
  const result = out.local("i32", operator === "&&" ? "both" : "either");
  out.if(
    isReached,
    () => {
      out.place(written.body);
      out.set(result, value);
    },
    () => out.set(result, unreached),
  );
  return local(result);
}

const cheapOperations = 12;

function isCheap(code: I32): boolean {
  let operations = 0;
  const waiting: import("../codegen/code.ts").Code[] = [code];
  for (let each = waiting.pop(); each !== undefined; each = waiting.pop()) {
    if (each.kind === "call" || each.kind === "load" || ++operations > cheapOperations) return false;
    if (each.kind === "operation" || each.kind === "lane") waiting.push(...each.args);
  }
  return true;
}
