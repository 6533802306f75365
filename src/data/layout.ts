/**
 * The algebra of layouts: the type that fits one value, and the least type that fits the values of two types. Widening
 * goes number kinds → f64, constant → optional, tuples of several lengths → list, and everything else → *any*; it always
 * ends, because every step is upwards.
 */
import { containerItems, type ColumnType } from "./schema.ts";

/** Longest array that is a tuple; longer ones are lists. */
export const tupleFieldsMax = 16;
/** Most keys of an object that is a struct. */
const objectFieldsMax = 128;
/** Structs and lists nest this deep; below, values are *any*. */
const nestingMax = 5;
/** Most columns of one layout: code is generated for each. */
const leavesMax = 256;

const anyType: ColumnType = { kind: "any" };

const typedContainers = new Map<unknown, keyof typeof containerItems>([
  [Float64Array.prototype, "Float64Array"],
  [Float32Array.prototype, "Float32Array"],
  [Int32Array.prototype, "Int32Array"],
  [Uint8Array.prototype, "Uint8Array"],
]);

/** The narrowest type for a value, as the writer lays it out. What cannot ship gets *any*, whose codec refuses it. */
export function layoutOf(value: unknown): ColumnType {
  const type = typeOfValue(value, 0);
  return leavesOf(type) > leavesMax ? anyType : type;
}

function leavesOf(type: ColumnType): number {
  if (type.kind === "struct") return type.fields.reduce((sum, field) => sum + leavesOf(field), 1);
  return type.kind === "list" ? leavesOf(type.item) : 1;
}

function typeOfValue(value: unknown, depth: number): ColumnType {
  switch (typeof value) {
    case "number":
      return { kind: "f64" };
    case "string":
      return value.isWellFormed() ? { kind: "utf8" } : anyType;
    case "boolean":
      return { kind: "bool" };
    case "bigint":
      return BigInt.asIntN(64, value) === value ? { kind: "i64" } : anyType;
    case "undefined":
      return { kind: "constant", value: undefined };
    case "object":
      return value === null ? { kind: "constant", value: null } : typeOfObject(value, depth);
    default:
      return anyType;
  }
}

function typeOfObject(value: object, depth: number): ColumnType {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Date.prototype) return { kind: "date" };
  const container = typedContainers.get(prototype);
  if (container !== undefined) return { kind: "list", container, item: { kind: containerItems[container] } };
  if (depth >= nestingMax) return anyType;
  if (prototype === Array.prototype && Array.isArray(value)) return typeOfArray(value, depth);
  if (prototype !== Object.prototype && prototype !== null) return anyType;
  const names: string[] = [];
  for (const name in value) names.push(name);
  if (names.length > objectFieldsMax) return anyType;
  const fields = names.map(name => typeOfValue((value as Record<string, unknown>)[name], depth + 1));
  return { kind: "struct", shape: { of: "object", names }, fields };
}

function typeOfArray(value: readonly unknown[], depth: number): ColumnType {
  if (value.length <= tupleFieldsMax) {
    const fields: ColumnType[] = [];
    for (let i = 0; i < value.length; i++) fields.push(typeOfValue(value[i], depth + 1));
    return { kind: "struct", shape: { of: "tuple" }, fields };
  }
  let item = typeOfValue(value[0], depth + 1);
  for (let i = 1; i < value.length && item.kind !== "any"; i++) {
    if (!(item.kind === "f64" && typeof value[i] === "number")) item = unify(item, typeOfValue(value[i], depth + 1));
  }
  return listOf(item);
}

/** The least type that fits the values of both. */
export function unify(a: ColumnType, b: ColumnType): ColumnType {
  if (a.kind === "any" || b.kind === "any") return anyType;
  if (a.kind === "dictionary" || b.kind === "dictionary") {
    return unify(a.kind === "dictionary" ? a.values : a, b.kind === "dictionary" ? b.values : b);
  }
  if (a.kind === "optional") return unifyOptional(a, b);
  if (b.kind === "optional") return unifyOptional(b, a);
  if (a.kind === "constant" || b.kind === "constant") return unifyConstant(a, b);
  if (a.kind === "struct" && b.kind === "struct") return unifyStructs(a, b);
  if (a.kind === "list" && b.kind === "list") {
    if (a.container !== b.container) return anyType;
    return a.container === "array" ? listOf(unify(a.item, b.item)) : a;
  }
  if (a.kind === "list" && b.kind === "struct") return unifyListWithTuple(a, b);
  if (b.kind === "list" && a.kind === "struct") return unifyListWithTuple(b, a);
  if (a.kind === b.kind) return a;
  if (isNumber(a) && isNumber(b)) return { kind: "f64" };
  return anyType;
}

function isNumber(type: ColumnType): boolean {
  return type.kind === "f64" || type.kind === "f32" || type.kind === "i32" || type.kind === "u8";
}

function listOf(item: ColumnType): ColumnType {
  return item.kind === "any" || !hasStorage(item) ? anyType : { kind: "list", container: "array", item };
}

/** Whether rows take bytes. Lists of items that take none could claim any length, so there are none. */
export function hasStorage(type: ColumnType): boolean {
  if (type.kind === "struct") return type.fields.some(hasStorage);
  return type.kind !== "constant";
}

function optionalOf(absent: undefined | null, item: ColumnType): ColumnType {
  return item.kind === "any" ? anyType : { kind: "optional", absent, item };
}

function unifyOptional(a: ColumnType & { kind: "optional" }, b: ColumnType): ColumnType {
  if (b.kind === "optional") return a.absent === b.absent ? optionalOf(a.absent, unify(a.item, b.item)) : anyType;
  if (b.kind === "constant" && b.value === a.absent) return a;
  return optionalOf(a.absent, unify(a.item, b));
}

function unifyConstant(a: ColumnType, b: ColumnType): ColumnType {
  if (a.kind !== "constant") return unifyConstant(b, a);
  if (b.kind === "constant" && a.value === b.value) return a;
  if (a.value === undefined || a.value === null) {
    if (b.kind !== "constant") return optionalOf(a.value, b);
    return typeof b.value === "boolean" ? optionalOf(a.value, { kind: "bool" }) : anyType;
  }
  if (b.kind === "bool") return b;
  if (b.kind !== "constant") return anyType;
  return typeof b.value === "boolean" ? { kind: "bool" } : unifyConstant(b, a);
}

function unifyStructs(a: ColumnType & { kind: "struct" }, b: ColumnType & { kind: "struct" }): ColumnType {
  if (a.shape.of === "object" || b.shape.of === "object") {
    if (a.shape.of !== "object" || b.shape.of !== "object") return anyType;
    const { names } = b.shape;
    if (a.shape.names.length !== names.length || !a.shape.names.every((name, i) => name === names[i])) return anyType;
  } else if (a.fields.length !== b.fields.length) {
    return listOf(unifyAll([...a.fields, ...b.fields]));
  }
  return { kind: "struct", shape: a.shape, fields: a.fields.map((field, i) => unify(field, b.fields[i]!)) };
}

function unifyListWithTuple(list: ColumnType & { kind: "list" }, tuple: ColumnType & { kind: "struct" }): ColumnType {
  if (list.container !== "array" || tuple.shape.of !== "tuple") return anyType;
  return listOf(unifyAll([list.item, ...tuple.fields]));
}

function unifyAll(types: readonly ColumnType[]): ColumnType {
  const [first, ...rest] = types;
  return first === undefined ? anyType : rest.reduce(unify, first);
}

/** The type in which a writer stores such values: dictionaries and spans come from sources only. */
export function storedType(type: ColumnType): ColumnType {
  switch (type.kind) {
    case "dictionary":
      return storedType(type.values);
    case "spans":
      return { kind: "utf8" };
    case "struct":
      return { ...type, fields: type.fields.map(storedType) };
    case "list":
    case "optional":
      return { ...type, item: storedType(type.item) };
    default:
      return type;
  }
}

/** Equal types have equal keys. */
export function typeKey(type: ColumnType): string {
  switch (type.kind) {
    case "constant":
      return `=${type.value}`;
    case "dictionary":
      return `#${typeKey(type.values)}`;
    case "struct": {
      const fields = type.fields.map(typeKey).join(",");
      return type.shape.of === "tuple" ? `(${fields})` : `{${JSON.stringify(type.shape.names)}:${fields}}`;
    }
    case "list":
      return `${type.container}<${typeKey(type.item)}>`;
    case "optional":
      return `?${type.absent}<${typeKey(type.item)}>`;
    default:
      return type.kind;
  }
}
