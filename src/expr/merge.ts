/**
 * One value out of two branches: parts that differ are put into locals, in the branch that ran, or selected where both are at hand.
 * `undefined` or `null` beside anything else makes an optional. Values that are unlike have no native form. A branch that gives
 * up has no value: the other's is the result.
 */
import type { Code, I32, Statement } from "../codegen/code.ts";
import type { FunctionBuilder } from "../codegen/function-builder.ts";
import { i32, local } from "../codegen/operations.ts";
import type { StructShape } from "../data/schema.ts";
import type { Place } from "./ir.ts";
import type { Frame, Lowering } from "./lowering.ts";
import { NotNative } from "./not-native.ts";
import { noteThrowing } from "./throwing.ts";
import type { IntegerRange, Value, ValueOf } from "./value.ts";

/** Stands for the value of code that gives up. Reaching a lambda's end, it says that the lambda has no value. */
export class Never extends NotNative {}

/** Gives up, whatever the row. */
export function never(why: string, frame: Frame, at: Place | undefined): never {
  frame.lowering.giveUp(why);
  noteThrowing(frame.lowering);
  throw new Never(`always needs JavaScript: ${why}`, at);
}

export function merge(test: I32, then: () => Value, otherwise: () => Value, lowering: Lowering, at?: Place): Value {
  if (test.kind === "constant") return test.value === 0 ? otherwise() : then();
  const { out } = lowering;
  const a = branch(out, then);
  const b = branch(out, otherwise);
  if (a.value === undefined) {
    out.if(test, () => out.place(a.body));
    out.place(b.body);
    if (b.value === undefined) throw a.never;
    return b.value;
  }
  if (b.value === undefined) {
    out.if(i32.eqz(test), () => out.place(b.body));
    out.place(a.body);
    return a.value;
  }
  const merger = new Merger(out, test, a.body.length + b.body.length === 0, at);
  const merged = merger.both(a.value, b.value);
  const { thenSets, otherwiseSets } = merger;
  if (a.body.length + b.body.length + thenSets.length + otherwiseSets.length > 0)
    out.if(
      merger.test,
      () => place(out, a.body, thenSets),
      () => place(out, b.body, otherwiseSets),
    );
  return merged;
}

/** What `write` writes, kept apart, and its result: none when it always gives up. */
export function branch<T>(out: FunctionBuilder, write: () => T) {
  let value: T | undefined;
  let ending: Never | undefined;
  const body: Statement[] = out.collect(() => {
    try {
      value = write();
    } catch (thrown) {
      if (!(thrown instanceof Never)) throw thrown;
      ending = thrown;
    }
  });
  return { body, value, never: ending };
}

function place(out: FunctionBuilder, body: readonly Statement[], sets: readonly (() => void)[]): void {
  out.place(body);
  for (const set of sets) set();
}

/** Of conditions. */
export function mergeFlags(test: I32, then: () => I32, otherwise: () => I32, lowering: Lowering): I32 {
  const merged = merge(
    test,
    () => ({ kind: "boolean", code: then() }),
    () => ({ kind: "boolean", code: otherwise() }),
    lowering,
  );
  return merged.kind === "boolean" ? merged.code : i32.const(0);
}

class Merger {
  readonly thenSets: (() => void)[] = [];
  readonly otherwiseSets: (() => void)[] = [];

  constructor(
    private readonly out: FunctionBuilder,
    public test: I32,
    /** Whether nothing but the values themselves is computed in the branches. */
    private readonly bare: boolean,
    private readonly at: Place | undefined,
  ) {}

  both(a: Value, b: Value): Value {
    if (a === b) return a;
    if (a.source !== undefined && b.source !== undefined && String(a.source) === String(b.source)) return a;
    if (a.kind === "constant" && b.kind === "constant" && a.value === b.value) return a;
    if (a.kind === "optional" || b.kind === "optional" || a.kind === "constant" || b.kind === "constant")
      return this.optional(a, b);
    switch (a.kind) {
      case "number":
        if (b.kind !== "number") break;
        return numberValue(this.part(a.code, b.code, "number"), unionOf(a.integer, b.integer));
      case "boolean":
        if (b.kind !== "boolean") break;
        return { kind: "boolean", code: this.part(a.code, b.code, "flag") };
      case "date":
        if (b.kind !== "date") break;
        return { kind: "date", code: this.part(a.code, b.code, "date") };
      case "string":
        if (b.kind !== "string") break;
        return {
          kind: "string",
          start: this.part(a.start, b.start, "start"),
          bytes: this.part(a.bytes, b.bytes, "bytes"),
          ascii: a.ascii && b.ascii,
          lasting: a.lasting === true && b.lasting === true,
        };
      case "struct":
        if (b.kind !== "struct") break;
        return this.struct(a, b);
      default:
    }
    if (a.kind !== b.kind) throw new NotNative(`gives ${describeKind(a)} or ${describeKind(b)}`, this.at);
    throw new NotNative(`gives one of two values that are made in different ways`, this.at);
  }

  private struct(a: ValueOf<"struct">, b: ValueOf<"struct">): Value {
    if (!isSameShape(a.shape, b.shape) || a.fields.length !== b.fields.length)
      throw new NotNative("gives objects or arrays of more than one shape", this.at);
    return {
      kind: "struct",
      shape: a.shape,
      fields: Array.from(a.fields, (field, i) => this.both(field, b.fields[i]!)),
    };
  }

  private optional(a: Value, b: Value): Value {
    const absentA = absentOf(a);
    const absentB = absentOf(b);
    if (absentA !== noneAbsent && absentB !== noneAbsent && absentA !== absentB)
      throw new NotNative("gives null or undefined", this.at);
    const absent = absentA === noneAbsent ? (absentB as undefined | null) : absentA;
    const itemA = itemOf(a);
    const itemB = itemOf(b);
    const present = this.part(presentOf(a), presentOf(b), "present");
    const item =
      itemA === undefined
        ? this.oneSided(itemB!, this.otherwiseSets)
        : itemB === undefined
          ? this.oneSided(itemA, this.thenSets)
          : this.both(itemA, itemB);
    return { kind: "optional", absent, present, item };
  }

  /** The parts of a value that only one branch has. */
  private oneSided(value: Value, sets: (() => void)[]): Value {
    const part = <T extends Code["type"]>(code: Code<T>, name: string): Code<T> => {
      if (code.kind === "constant" || code.kind === "local") return code;
      const to = this.out.local(code.type, name);
      sets.push(() => this.out.set(to, code));
      return local(to);
    };
    if (value.source !== undefined) return value;
    switch (value.kind) {
      case "number":
        return numberValue(part(value.code, "number"), value.integer);
      case "boolean":
        return { kind: "boolean", code: part(value.code, "flag") };
      case "date":
        return { kind: "date", code: part(value.code, "date") };
      case "struct":
        return { ...value, fields: Array.from(value.fields, field => this.oneSided(field, sets)) };
      default:
        return value;
    }
  }

  private part<T extends Code["type"]>(a: Code<T>, b: Code<T>, name: string): Code<T> {
    if (isSameCode(a, b)) return a;
    if (this.bare && isAtHand(a) && isAtHand(b)) {
      this.test = this.out.keep(this.test, "test");
      const select: Code<T> = { kind: "operation", type: a.type, op: "select", args: [a, b, this.test] };
      return this.out.keep(select, name);
    }
    const to = this.out.local(a.type, name);
    this.thenSets.push(() => this.out.set(to, a));
    this.otherwiseSets.push(() => this.out.set(to, b));
    return local(to);
  }
}

const noneAbsent = Symbol("none");

function absentOf(value: Value): undefined | null | typeof noneAbsent {
  if (value.kind === "constant") return value.value;
  return value.kind === "optional" ? value.absent : noneAbsent;
}

function presentOf(value: Value): I32 {
  if (value.kind === "constant") return i32.const(0);
  return value.kind === "optional" ? value.present : i32.const(1);
}

function itemOf(value: Value): Value | undefined {
  if (value.kind === "constant") return undefined;
  return value.kind === "optional" ? value.item : value;
}

function isSameCode(a: Code, b: Code): boolean {
  if (a === b) return true;
  if (a.kind === "constant" && b.kind === "constant") return Object.is(a.value, b.value);
  return a.kind === "local" && b.kind === "local" && a.local === b.local;
}

/** Cheap enough to be computed whichever is taken. */
function isAtHand(code: Code): boolean {
  if (code.kind === "operation") return code.args.length <= 2 && code.args.every(isKept);
  return isKept(code);
}

function isKept(code: Code): boolean {
  return code.kind === "constant" || code.kind === "local";
}

export function numberValue(code: ValueOf<"number">["code"], integer: IntegerRange | undefined): ValueOf<"number"> {
  return integer === undefined ? { kind: "number", code } : { kind: "number", code, integer };
}

export function unionOf(a: IntegerRange | undefined, b: IntegerRange | undefined): IntegerRange | undefined {
  if (a === undefined || b === undefined) return undefined;
  return { min: Math.min(a.min, b.min), max: Math.max(a.max, b.max) };
}

export function isSameShape(a: StructShape, b: StructShape): boolean {
  if (a.of === "tuple" || b.of === "tuple") return a.of === b.of;
  return a.names.length === b.names.length && a.names.every((name, i) => name === b.names[i]);
}

/** `a number`, `an array`, for messages. */
export function describeKind(value: Value): string {
  switch (value.kind) {
    case "constant":
      return String(value.value);
    case "optional":
      return `${describeKind(value.item)} or ${value.absent}`;
    case "struct":
      return value.shape.of === "tuple" ? "an array" : "an object";
    case "list":
    case "pieces":
    case "mapped":
      return "an array";
    case "opaque":
      return "a value of mixed kinds";
    default:
      return `a ${value.kind}`;
  }
}
