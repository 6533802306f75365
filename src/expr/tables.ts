/**
 * Captured arrays of numbers, and of arrays and records of numbers that are all alike: their numbers one after the other, as
 * generated code reads them, and how they lie. The code depends on how, and neither on the numbers nor on the array's length.
 */
import { types } from "node:util";
import type { ListContainer, StructShape } from "../data/schema.ts";

export interface Table {
  readonly container: ListContainer;
  readonly item: TableItem;
  readonly length: number;
  readonly numbers: Float64Array;
}

export type TableItem =
  | { readonly kind: "number" }
  | { readonly kind: "list"; readonly container: ListContainer; readonly count: number; readonly item: TableItem }
  | { readonly kind: "struct"; readonly shape: StructShape; readonly fields: readonly TableItem[] };

/** 1 MB. Larger ones are better read where they are. */
const numbersMax = 2 ** 17;
/** Numbers of one item: code that reads it is written for each. */
const fieldsMax = 64;
const depthMax = 8;

const containers = new Map<unknown, ListContainer>([
  [Array.prototype, "array"],
  [Float64Array.prototype, "Float64Array"],
  [Float32Array.prototype, "Float32Array"],
  [Int32Array.prototype, "Int32Array"],
  [Uint8Array.prototype, "Uint8Array"],
]);

/** A copy of the array's numbers; undefined when it holds anything else, or much. */
export function tableOf(value: object): Table | undefined {
  const container = containerOf(value);
  if (container === undefined) return undefined;
  const items = value as ArrayLike<unknown>;
  if (items.length > numbersMax) return undefined;
  const numbers: number[] = [];
  let item: TableItem | undefined;
  for (let i = 0; i < items.length; i++) {
    const found = Object.hasOwn(items, i) ? itemOf(dataOf(items, i), numbers, 0) : undefined;
    if (found === undefined || numbers.length > numbersMax) return undefined;
    item ??= found;
    if (!isAlike(found, item)) return undefined;
  }
  return { container, item: item ?? number, length: items.length, numbers: Float64Array.from(numbers) };
}

function containerOf(value: object): ListContainer | undefined {
  // shared numbers may change at any time
  const isFixed = !types.isProxy(value) && !(ArrayBuffer.isView(value) && types.isSharedArrayBuffer(value.buffer));
  return isFixed ? containers.get(Object.getPrototypeOf(value)) : undefined;
}

const number: TableItem = { kind: "number" };
const nothing = Symbol("nothing");

/** What a property holds, getters left alone. */
function dataOf(object: object, key: PropertyKey): unknown {
  const descriptor = Object.getOwnPropertyDescriptor(object, key);
  return descriptor !== undefined && "value" in descriptor && descriptor.enumerable === true
    ? descriptor.value
    : nothing;
}

function itemOf(value: unknown, numbers: number[], depth: number): TableItem | undefined {
  if (typeof value === "number") {
    numbers.push(value);
    return number;
  }
  if (typeof value !== "object" || value === null || depth === depthMax) return undefined;
  const container = containerOf(value);
  if (container !== undefined) return listOf(value as ArrayLike<unknown>, container, numbers, depth);
  if (types.isProxy(value) || Object.getPrototypeOf(value) !== Object.prototype) return undefined;
  const names = Object.keys(value);
  if (names.length === 0 || names.length > fieldsMax || Reflect.ownKeys(value).length !== names.length)
    return undefined;
  if (names.some(name => name === "__proto__" || /^\d/.test(name))) return undefined;
  const fields: TableItem[] = [];
  for (const name of names) {
    const field = itemOf(dataOf(value, name), numbers, depth + 1);
    if (field === undefined) return undefined;
    fields.push(field);
  }
  return { kind: "struct", shape: { of: "object", names }, fields };
}

/** Arrays of unlike items are tuples. */
function listOf(
  items: ArrayLike<unknown>,
  container: ListContainer,
  numbers: number[],
  depth: number,
): TableItem | undefined {
  const found: TableItem[] = [];
  if (items.length === 0 || items.length > numbersMax) return undefined;
  for (let i = 0; i < items.length; i++) {
    const item = itemOf(dataOf(items, i), numbers, depth + 1);
    if (item === undefined || numbers.length > numbersMax) return undefined;
    found.push(item);
  }
  const [item] = found as [TableItem];
  if (found.every(each => isAlike(each, item))) return { kind: "list", container, count: found.length, item };
  return found.length > fieldsMax ? undefined : { kind: "struct", shape: { of: "tuple" }, fields: found };
}

function isAlike(a: TableItem, b: TableItem): boolean {
  if (a === b) return true;
  if (a.kind === "list" && b.kind === "list")
    return a.container === b.container && a.count === b.count && isAlike(a.item, b.item);
  if (a.kind !== "struct" || b.kind !== "struct" || a.fields.length !== b.fields.length) return false;
  return namesOf(a) === namesOf(b) && a.fields.every((field, i) => isAlike(field, b.fields[i]!));
}

function namesOf({ shape }: Extract<TableItem, { kind: "struct" }>): string {
  return shape.of === "tuple" ? "" : JSON.stringify(shape.names);
}

/** Lengths of short arrays are part of the code, so that it need not look whether an index is one. */
const knownLengthMax = 16;

export function knownLength({ length }: Table): number | undefined {
  return length <= knownLengthMax ? length : undefined;
}

/** How many numbers an item is. */
export function widthOf(item: TableItem): number {
  if (item.kind === "number") return 1;
  if (item.kind === "list") return item.count * widthOf(item.item);
  return item.fields.reduce((sum, each) => sum + widthOf(each), 0);
}

/** The array again. */
export function arrayOf({ container, item, length, numbers }: Table): unknown {
  let next = 0;
  const make = (of: TableItem): unknown => {
    if (of.kind === "number") return numbers[next++];
    if (of.kind === "list")
      return contained(
        of.container,
        Array.from({ length: of.count }, () => make(of.item)),
      );
    const fields = of.fields.map(make);
    if (of.shape.of === "tuple") return fields;
    return Object.fromEntries(of.shape.names.map((name, i) => [name, fields[i]]));
  };
  return contained(
    container,
    Array.from({ length }, () => make(item)),
  );
}

function contained(container: ListContainer, items: unknown[]): unknown {
  const numbers = items as number[];
  switch (container) {
    case "array":
      return items;
    case "Float64Array":
      return Float64Array.from(numbers);
    case "Float32Array":
      return Float32Array.from(numbers);
    case "Int32Array":
      return Int32Array.from(numbers);
    case "Uint8Array":
      return Uint8Array.from(numbers);
  }
}
