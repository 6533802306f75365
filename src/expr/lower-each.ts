/** `map`, `filter`, `some`, `every` and `reduce` of arrays, with a lambda in place: loops, or arrays that are never made. */
import type { Code, Local } from "../codegen/code.ts";
import { i32, local } from "../codegen/operations.ts";
import type { Expr, Place } from "./ir.ts";
import type { Frame } from "./lowering.ts";
import { containerOf, itemsEach, mapped } from "./lower-items.ts";
import { keep, not, type NumberValue } from "./lower-number.ts";
import { makeTuple } from "./lower-record.ts";
import { branch, describeKind, isSameShape } from "./merge.ts";
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
  if (expr.method === "filter")
    return mapped(
      target,
      (item, emit, index) => {
        bind(item, index ?? noIndex);
        const kept = frame.locals[expr.item]!;
        const test = sidelined(frame, body.test);
        if (test !== undefined) out.if(test, () => emit(kept));
      },
      false,
    );
  return mapped(
    target,
    (item, emit, index) => {
      bind(item, index ?? noIndex);
      const value = sidelined(frame, () => keep(body.value(), frame));
      if (isNumbers && value !== undefined && value.kind !== "number")
        throw new NotNative(`puts ${describeKind(value)} into a Float64Array`, expr.at);
      if (value !== undefined) emit(value);
    },
    true,
  );
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

/** A value in locals that change from item to item; its kind does not. */
class Running {
  constructor(
    private readonly frame: Frame,
    private readonly at: Place | undefined,
  ) {}

  begin(like: Value): Value {
    const { out } = this.frame.lowering;
    switch (like.kind) {
      case "number":
        return { kind: "number", code: local(out.local("f64", "accumulator")) };
      case "date":
        return { kind: "date", code: local(out.local("f64", "accumulator")) };
      case "boolean":
        return { kind: "boolean", code: local(out.local("i32", "accumulator")) };
      case "string": {
        const [start, bytes] = [local(out.local("i32", "accumulator")), local(out.local("i32", "accumulatorBytes"))];
        return { kind: "string", start, bytes, ascii: false };
      }
      case "constant":
        return { kind: "constant", value: like.value };
      case "optional": {
        const present = local(out.local("i32", "accumulated"));
        return { kind: "optional", absent: like.absent, present, item: this.begin(like.item) };
      }
      case "struct":
        return { kind: "struct", shape: like.shape, fields: Array.from(like.fields, field => this.begin(field)) };
      default:
        throw new NotNative(`reduces to ${describeKind(like)}`, this.at);
    }
  }

  /** All parts are computed before the first is set: the new ones are made of the old. */
  set(running: Value, next: Value): void {
    const { out } = this.frame.lowering;
    const sets: (readonly [Local, Code])[] = [];
    this.collect(running, next, sets);
    const isMany = sets.length > 1;
    const computed = sets.map(([to, code]) => {
      if (!isMany || code.kind === "constant") return [to, code] as const;
      const kept = out.local(code.type, `next${to.name}`);
      out.set(kept, code);
      return [to, local(kept)] as const;
    });
    for (const [to, code] of computed) out.set(to, code);
  }

  private collect(running: Value, next: Value, sets: (readonly [Local, Code])[]): void {
    const part = (to: Code, code: Code) => {
      if (to.kind === "local") sets.push([to.local, code]);
    };
    if (running.kind === "optional") {
      const isOptional = next.kind === "optional";
      if (next.kind === "constant" ? next.value === running.absent : !isOptional || next.absent === running.absent) {
        part(running.present, next.kind === "constant" ? i32.const(0) : isOptional ? next.present : i32.const(1));
        if (next.kind !== "constant") this.collect(running.item, isOptional ? next.item : next, sets);
        return;
      }
    } else if (running.kind === "number" && next.kind === "number") return part(running.code, next.code);
    else if (running.kind === "date" && next.kind === "date") return part(running.code, next.code);
    else if (running.kind === "boolean" && next.kind === "boolean") return part(running.code, next.code);
    else if (running.kind === "string" && next.kind === "string") {
      part(running.start, next.start);
      part(running.bytes, next.bytes);
      return;
    } else if (running.kind === "constant" && next.kind === "constant" && running.value === next.value) return;
    else if (running.kind === "struct" && next.kind === "struct" && isSameShape(running.shape, next.shape)) {
      if (running.fields.length === next.fields.length) {
        running.fields.forEach((field, i) => this.collect(field, next.fields[i]!, sets));
        return;
      }
    }
    throw new NotNative(`reduces to ${describeKind(running)}, then to ${describeKind(next)}`, this.at);
  }
}
