/** Whether two values are the same in everything the round trip keeps: classes, −0, NaN, order of properties and entries. */
import { expect } from "bun:test";

/** Where two values differ, or undefined. Holes are undefined; objects without a prototype are plain. */
export function difference(a: unknown, b: unknown, path = "value"): string | undefined {
  if (Object.is(a, b)) return undefined;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null)
    return `${path}: ${show(a)} is not ${show(b)}`;
  const [x, y] = [Object.getPrototypeOf(a) ?? Object.prototype, Object.getPrototypeOf(b) ?? Object.prototype];
  if (x !== y) return `${path}: a ${x.constructor.name} is not a ${y.constructor.name}`;
  return first(parts(a), parts(b), path);
}

function first(a: readonly unknown[], b: readonly unknown[], path: string): string | undefined {
  if (a.length !== b.length) return `${path}: ${a.length} parts are not ${b.length}`;
  for (const [i, each] of a.entries()) {
    const found = difference(each, b[i], `${path}.${i}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

function parts(value: object): unknown[] {
  if (Array.isArray(value)) return Array.from(value);
  if (value instanceof Map) return [...value].flat(1);
  if (value instanceof Set) return [...value];
  if (value instanceof Date) return [value.getTime()];
  if (value instanceof RegExp) return [value.source, value.flags, value.lastIndex];
  if (value instanceof URL) return [value.href];
  if (value instanceof Error) return [value.name, value.message, value.stack, value.cause, ...entries(value)];
  if (value instanceof ArrayBuffer) return [...new Uint8Array(value)];
  if (value instanceof DataView) return [...new Uint8Array(value.buffer, value.byteOffset, value.byteLength)];
  if (ArrayBuffer.isView(value)) return Array.from(value as Float64Array);
  return entries(value);
}

function entries(value: object): unknown[] {
  return Object.entries(value)
    .filter(([name]) => !["line", "column", "sourceURL"].includes(name))
    .flat(1);
}

function show(value: unknown): string {
  return Object.is(value, -0) ? "-0" : typeof value === "string" ? JSON.stringify(value) : String(value);
}

export function expectSame(actual: unknown, expected: unknown): void {
  const found = difference(actual, expected);
  if (found !== undefined) expect.unreachable(found);
}
