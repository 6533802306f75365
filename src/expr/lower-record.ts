/** Arrays and objects that an expression makes, and what it reads of arrays, objects and dates: properties and elements. */
import { i32 } from "../codegen/operations.ts";
import type { Place } from "./ir.ts";
import type { Frame } from "./lowering.ts";
import { containerOf, itemsCount, listItem, wholeIndex } from "./lower-items.ts";
import { constantOf, keep, not, numberConstant, type NumberValue, undefinedValue } from "./lower-number.ts";
import { lowerStringProperty, stringElement } from "./lower-string.ts";
import { describeKind, merge, never } from "./merge.ts";
import { NotNative } from "./not-native.ts";
import { noteThrowing } from "./throwing.ts";
import type { Value, ValueOf } from "./value.ts";

/** Tuples as long as this are read at a computed index. */
const indexedFieldsMax = 64;

export function makeTuple(fields: readonly Value[]): Value {
  return { kind: "struct", shape: { of: "tuple" }, fields };
}

/** An object literal, entry by entry: a name that comes again keeps its place and changes its value. */
export class ObjectMaker {
  private readonly fields = new Map<string, Value>();

  constructor(private readonly at: Place | undefined) {}

  add(name: string, value: Value): void {
    if (name === "__proto__") throw new NotNative("sets an object's prototype", this.at);
    if (isIndex(name)) throw new NotNative("makes an object with keys that are whole numbers", this.at);
    this.fields.set(name, value);
  }

  spread(value: Value): void {
    switch (value.kind) {
      case "struct":
        if (value.shape.of === "tuple") break;
        value.shape.names.forEach((name, i) => this.add(name, value.fields[i]!));
        return;
      case "number":
      case "boolean":
      case "constant":
        return;
      default:
    }
    throw new NotNative(`spreads ${describeKind(value)} into an object`, this.at);
  }

  make(): Value {
    const names = [...this.fields.keys()];
    return { kind: "struct", shape: { of: "object", names }, fields: [...this.fields.values()] };
  }
}

function isIndex(name: string): boolean {
  return String(Number(name) >>> 0) === name;
}

export function property(target: Value, name: string, frame: Frame, at: Place | undefined): Value {
  switch (target.kind) {
    case "struct": {
      const { shape } = target;
      if (shape.of === "tuple") {
        if (name === "length") return numberConstant(target.fields.length);
        return isIndex(name) ? (target.fields[Number(name)] ?? undefinedValue) : inherited(Array.prototype, name, at);
      }
      const i = shape.names.indexOf(name);
      return i < 0 ? inherited(Object.prototype, name, at) : target.fields[i]!;
    }
    case "list":
    case "pieces":
    case "mapped":
      if (name === "length") return itemsCount(target, frame, at);
      if ((containerOf(target) ?? "array") !== "array") break;
      if (isIndex(name)) return listItem(target, numberConstant(Number(name)), frame, at);
      return inherited(Array.prototype, name, at);
    case "string":
      return lowerStringProperty(target, name, frame, at);
    case "constant":
      return never(`reads a property of ${target.value}`, frame, at);
    case "optional":
      return property(present(target, frame), name, frame, at);
    default:
  }
  throw new NotNative(`reads ${name} of ${describeKind(target)}`, at);
}

/** What JavaScript throws an error for is left to it. */
export function present({ present: isPresent, absent, item }: ValueOf<"optional">, frame: Frame): Value {
  frame.lowering.giveUp(`reads a property of ${absent}`, not(isPresent));
  noteThrowing(frame.lowering);
  return item;
}

function inherited(prototype: object, name: string, at: Place | undefined): Value {
  if (Reflect.has(prototype, name)) throw new NotNative(`reads ${name}, which all objects have`, at);
  return undefinedValue;
}

/** `target[index]` */
export function element(target: Value, index: Value, frame: Frame, at: Place | undefined): Value {
  if (target.kind === "optional") return element(present(target, frame), index, frame, at);
  if (index.kind === "string" && index.text !== undefined) return property(target, index.text, frame, at);
  if (target.kind === "string") return stringElement(target, index, frame, at);
  if (target.kind === "constant") return never(`reads a property of ${target.value}`, frame, at);
  if (index.kind !== "number") throw new NotNative(`reads what ${describeKind(index)} names`, at);
  const known = constantOf(index.code);
  if (target.kind === "struct")
    return known === undefined ? computedField(target, index, frame, at) : property(target, String(known), frame, at);
  if (target.kind !== "list" && target.kind !== "pieces" && target.kind !== "mapped")
    throw new NotNative(`reads an element of ${describeKind(target)}`, at);
  if (known !== undefined && !isIndex(String(known))) return property(target, String(known), frame, at);
  return listItem(target, index, frame, at);
}

/** What the pattern `[ , item]` takes. */
export function iteratedItem(target: Value, index: number, frame: Frame, at: Place | undefined): Value {
  switch (target.kind) {
    case "optional":
      return iteratedItem(present(target, frame), index, frame, at);
    case "constant":
      return never(`iterates ${target.value}`, frame, at);
    case "struct":
      return target.shape.of === "tuple"
        ? (target.fields[index] ?? undefinedValue)
        : never("iterates an object", frame, at);
    case "list":
    case "pieces":
    case "mapped":
      return listItem(target, numberConstant(index), frame, at);
    default:
      throw new NotNative(`takes apart ${describeKind(target)}`, at);
  }
}

function computedField(target: ValueOf<"struct">, index: NumberValue, frame: Frame, at: Place | undefined): Value {
  const count = target.fields.length;
  if (target.shape.of !== "tuple") throw new NotNative("reads a property whose name is a number", at);
  if (count === 0 || count > indexedFieldsMax)
    throw new NotNative(`reads an element of ${count} by a computed index`, at);
  const { lowering } = frame;
  const at32 = wholeIndex(index, i32.const(count), frame);
  const fields = Array.from(target.fields, field => keep(field, frame));
  const pick = (from: number): Value => {
    const field = fields[from]!;
    if (from === count - 1) return field;
    return merge(
      i32.eq(at32, i32.const(from)),
      () => field,
      () => pick(from + 1),
      lowering,
      at,
    );
  };
  return pick(0);
}
