/**
 * What a JavaScript object is to Firesteel: which built-in kind of value, by its prototype alone. Instances of anything
 * else are values when their class is registered (classes.ts).
 */
import { Buffer } from "node:buffer";
import { binaryKinds, type BinaryKind } from "./value-tags.ts";

export type ObjectKind = "object" | "array" | "date" | "map" | "set" | "regExp" | "url" | "error" | "binary" | "other";

const kinds = new Map<unknown, ObjectKind>([
  [null, "object"],
  [Object.prototype, "object"],
  [Array.prototype, "array"],
  [Date.prototype, "date"],
  [Map.prototype, "map"],
  [Set.prototype, "set"],
  [RegExp.prototype, "regExp"],
  [URL.prototype, "url"],
]);

const binaryByPrototype = new Map<unknown, BinaryKind>();
const binaryPrototypes = new Map<BinaryKind, object>();
for (const kind of binaryKinds) {
  const constructorFunction = kind === "Buffer" ? Buffer : (globalThis as Record<string, unknown>)[kind];
  if (typeof constructorFunction !== "function") continue; // a runtime without Float16Array
  const prototype = constructorFunction.prototype as object;
  kinds.set(prototype, "binary");
  binaryByPrototype.set(prototype, kind);
  binaryPrototypes.set(kind, prototype);
}

/** The built-in error classes, by name. Other errors travel as the nearest of these and keep their own name. */
export const errorClasses = new Map<string, ErrorConstructor>(
  [Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError].map(each => [
    each.name,
    each as ErrorConstructor,
  ]),
);

export function kindOf(value: object): ObjectKind {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype) return "object";
  if (prototype === Array.prototype) return Array.isArray(value) ? "array" : "other";
  return kinds.get(prototype) ?? (value instanceof Error ? "error" : "other");
}

export function binaryKindOf(value: object): BinaryKind {
  return binaryByPrototype.get(Object.getPrototypeOf(value))!;
}

export function binaryPrototype(kind: BinaryKind): object | undefined {
  return binaryPrototypes.get(kind);
}

/** The bytes of any binary value, without a copy. */
export function bytesOf(value: object): Uint8Array {
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  const view = value as ArrayBufferView;
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

/** The name of the nearest built-in class of an error. */
export function errorClassName(error: Error): string {
  let prototype: unknown = Object.getPrototypeOf(error);
  while (typeof prototype === "object" && prototype !== null) {
    for (const [name, each] of errorClasses) if (each.prototype === prototype) return name;
    prototype = Object.getPrototypeOf(prototype);
  }
  return "Error";
}

/** The properties of an error that are part of its value: name, message, cause, errors and the enumerable ones. */
export function errorProperties(error: Error, withStack: boolean): Record<string, unknown> {
  const properties: Record<string, unknown> = { name: error.name, message: error.message };
  if (withStack && typeof error.stack === "string") properties["stack"] = error.stack;
  if (Object.hasOwn(error, "cause")) properties["cause"] = error.cause;
  if (Object.hasOwn(error, "errors")) properties["errors"] = (error as AggregateError).errors;
  for (const name of Object.keys(error)) {
    if (!errorBookkeeping.has(name)) properties[name] = (error as unknown as Record<string, unknown>)[name];
  }
  return properties;
}

/** What runtimes add to errors by themselves. */
const errorBookkeeping = new Set(["stack", "line", "column", "sourceURL", "originalLine", "originalColumn"]);

/** The elements by which a binary value is compared: numbers or bigints; bytes when it has none of its own. */
export function elementsOf(value: object): ArrayLike<number | bigint> {
  return value instanceof ArrayBuffer || value instanceof DataView ? bytesOf(value) : (value as Uint8Array);
}
