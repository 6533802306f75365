/** `map`, `filter`, `some`, `every` and `reduce` of arrays, with a lambda in place: loops, or arrays that are never made. */
import type { Code } from "../codegen/code.ts";
import { i32, local } from "../codegen/operations.ts";
import type { Expr } from "./ir.ts";
import type { Frame } from "./lowering.ts";
import { containerOf, itemsEach, mapped } from "./lower-items.ts";
import { keep, not, type NumberValue } from "./lower-number.ts";
import { makeTuple } from "./lower-record.ts";
import { Running } from "./lower-running.ts";
import { branch, describeKind } from "./merge.ts";
import { NotNative } from "./not-native.ts";
import { mayThrow } from "./throwing.ts";
import type { Value } from "./value.ts";

export type EachExpr = Extract<Expr, { op: "each" }>;

export interface EachBody {
  value(): Value;
  test(): Code<"i32">;
}

export function lowerEach(
  expr: EachExpr,
  target: Value,
  body: EachBody,
  first: Value | undefined,
  frame: Frame,
): Value {
  const { at } = expr;
  const container = containerOf(target) ?? "array";
  const isMade = container === "array" || (container === "Float64Array" && expr.method === "map");
  if (!isMade && (expr.method === "map" || expr.method === "filter")) throw new NotNative(`makes a ${container}`, at);
  const bind = (item: Value, index: () => NumberValue) => {
    frame.locals[expr.item] = keep(item, frame, "item");
    if (expr.index !== undefined) frame.locals[expr.index] = keep(index(), frame, "index");
  };
  switch (expr.method) {
    case "map":
    case "filter":
      return mapOrFilter(expr, target, body, bind, frame);
    case "some":
    case "every":
      return quantified(expr, target, body, bind, frame);
    case "reduce":
      return reduce(expr, target, body, bind, first, frame);
  }
}

type Bind = (item: Value, index: () => NumberValue) => void;

function mapOrFilter(expr: EachExpr, target: Value, body: EachBody, bind: Bind, frame: Frame): Value {
  const { out } = frame.lowering;
  if (expr.method === "map" && target.kind === "struct" && target.shape.of === "tuple") {
    const fields: Value[] = [];
    itemsEach(target, frame, expr.at, (item, index) => {
      bind(item, index);
      fields.push(keep(body.value(), frame));
    });
    return makeTuple(fields);
  }
  const isNumbers = containerOf(target) === "Float64Array";
  const write = expr.method === "filter" ? body.test : body.value;
  const tryAll = () =>
    itemsEach(target, frame, expr.at, (item, index) => {
      bind(item, index);
      sidelined<unknown>(frame, write);
    });
  if (mayThrow(frame.lowering, () => out.collect(tryAll)))
    throw new NotNative(`may throw an error in ${expr.method}`, expr.at);
  const noIndex = (): never => {
    throw new NotNative(`uses the index in ${expr.method}`, expr.at);
  };
  const asNow = later(frame);
  if (expr.method === "filter")
    return mapped(
      target,
      (item, emit, index) => {
        const [kept, test] = asNow(() => {
          bind(item, index ?? noIndex);
          return [frame.locals[expr.item]!, sidelined(frame, body.test)] as const;
        });
        if (test !== undefined) out.if(test, () => emit(kept));
      },
      false,
    );
  return mapped(
    target,
    (item, emit, index) => {
      const value = asNow(() => {
        bind(item, index ?? noIndex);
        return sidelined(frame, () => keep(body.value(), frame));
      });
      if (isNumbers && value !== undefined && value.kind !== "number")
        throw new NotNative(`puts ${describeKind(value)} into a Float64Array`, expr.at);
      if (value !== undefined) emit(value);
    },
    true,
  );
}

/** Runs what is written later with the locals as they are now: what is around it may be written again, for another item. */
function later({ locals }: Frame): <T>(write: () => T) => T {
  const now = [...locals];
  return write => {
    const then = locals.splice(0, locals.length, ...now);
    try {
      return write();
    } finally {
      locals.splice(0, locals.length, ...then);
    }
  };
}

/** Undefined for what always gives up: what would follow is never reached. */
function sidelined<T>(frame: Frame, write: () => T): T | undefined {
  const { out } = frame.lowering;
  const written = branch(out, write);
  out.place(written.body);
  return written.value;
}

function quantified(expr: EachExpr, target: Value, body: EachBody, bind: Bind, frame: Frame): Value {
  const { out } = frame.lowering;
  const isSome = expr.method === "some";
  const result = out.local("i32", expr.method);
  out.set(result, i32.const(isSome ? 0 : 1));
  out.block("decided", decided =>
    itemsEach(target, frame, expr.at, (item, index) => {
      bind(item, index);
      const test = sidelined(frame, body.test);
      if (test === undefined) return;
      out.if(isSome ? test : not(test), () => {
        out.set(result, i32.const(isSome ? 1 : 0));
        out.jump(decided);
      });
    }),
  );
  return { kind: "boolean", code: local(result) };
}

function reduce(
  expr: EachExpr,
  target: Value,
  body: EachBody,
  bind: Bind,
  first: Value | undefined,
  frame: Frame,
): Value {
  const { accumulator, at } = expr;
  if (accumulator === undefined || first === undefined) throw new NotNative("reduces without a first value", at);
  if (target.kind === "struct") {
    let value = first;
    itemsEach(target, frame, at, (item, index) => {
      bind(item, index);
      frame.locals[accumulator.local] = value;
      value = keep(body.value(), frame);
    });
    return value;
  }
  const running = new Running(frame, at);
  const value = running.begin(first);
  running.set(value, first);
  itemsEach(target, frame, at, (item, index) => {
    bind(item, index);
    frame.locals[accumulator.local] = value;
    const next = sidelined(frame, body.value);
    if (next !== undefined) running.set(value, next);
  });
  return value;
}
