/** Random rows for lambdas: layouts as a job's rows have them, and values that break things. */
import type { Random } from "../../src/base/random.ts";

export type RowType =
  | { readonly kind: "number" | "boolean" | "string" | "date" }
  | { readonly kind: "list"; readonly item: RowType }
  | { readonly kind: "tuple"; readonly items: readonly RowType[] }
  | { readonly kind: "record"; readonly fields: Readonly<Record<string, RowType>> };

export const numberType: RowType = { kind: "number" };
export const booleanType: RowType = { kind: "boolean" };
export const stringType: RowType = { kind: "string" };

export const awkwardNumbers: readonly number[] = [
  ...[0, -0, 1, -1, 2, 3, 10, 0.5, -0.5, 1.5, 2.5, NaN, Infinity, -Infinity, 2 ** 53, 2 ** 53 + 2, -(2 ** 53) - 2],
  ...[2 ** 31, 2 ** 31 - 1, -(2 ** 31), 2 ** 32, 2 ** 32 - 1, 2 ** 33 + 5, 1e21, 1e-7, 5e-324, 1.7e308, 123456.789],
];

export const awkwardStrings: readonly string[] = [
  ...[
    "",
    " ",
    "a",
    "abc",
    "ABC",
    "a b  c",
    " the quick  brown fox ",
    "12",
    "-0",
    "1e3",
    "0x1f",
    " 7 ",
    "Infinity",
    "NaN",
  ],
  ...[
    "true",
    "null",
    "é",
    "ß",
    "İ",
    "ſ",
    "Ω",
    "日本語",
    "😀",
    "a😀b",
    "\u{10400}x",
    "\ud83d",
    "x\ude00",
    "\ud83d y",
    "\0",
  ],
  ...[
    "a,b,c",
    ",",
    "a,,b,",
    "__proto__",
    "length",
    "\u00a0x\ufeff",
    "\t\n",
    "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz",
  ],
];

const names = ["a", "b", "k", "v", "price", "name", "length", "x1"];

export function pick<T>(random: Random, items: readonly T[]): T {
  return items[random.below(items.length)]!;
}

export function randomRowType(random: Random, depth = 2): RowType {
  const kind = random.below(depth === 0 ? 3 : 7);
  if (depth < 2 && random.below(12) === 0) return { kind: "date" };
  if (kind === 0) return numberType;
  if (kind === 1) return stringType;
  if (kind === 2) return random.below(3) === 0 ? booleanType : numberType;
  if (kind === 3 && depth < 2) return { kind: "list", item: random.below(2) === 0 ? numberType : stringType };
  const count = 1 + random.below(3);
  const parts = Array.from({ length: count }, () => randomRowType(random, depth - 1));
  if (kind < 5) return { kind: "tuple", items: parts };
  const chosen = [...names].sort(() => random.below(3) - 1).slice(0, count);
  return { kind: "record", fields: Object.fromEntries(chosen.map((name, at) => [name, parts[at]!])) };
}

export function randomValue(random: Random, type: RowType): unknown {
  switch (type.kind) {
    case "number":
      if (random.below(3) === 0) return pick(random, awkwardNumbers);
      return random.below(2) === 0 ? random.below(100) - 20 : (random.below(1e6) - 5e5) / 64;
    case "boolean":
      return random.below(2) === 0;
    case "string":
      if (random.below(2) === 0) return pick(random, awkwardStrings);
      return Array.from({ length: random.below(8) }, () => pick(random, [..."ab,c 1Z"])).join("");
    case "date":
      return new Date(random.below(9) === 0 ? NaN : random.below(4e12) - 1e12);
    case "list":
      return Array.from({ length: random.below(5) }, () => randomValue(random, type.item));
    case "tuple":
      return type.items.map(each => randomValue(random, each));
    case "record":
      return Object.fromEntries(Object.entries(type.fields).map(([name, each]) => [name, randomValue(random, each)]));
  }
}

/** One value in `oddEvery` is of another type, missing, undefined or null; none when that is 0. */
export function randomRows(random: Random, type: RowType, count: number, oddEvery = 0): unknown[] {
  return Array.from({ length: count }, () => {
    const row = randomValue(random, type);
    return oddEvery > 0 && random.below(oddEvery) === 0 ? spoiled(random, row) : row;
  });
}

function spoiled(random: Random, row: unknown): unknown {
  const odd = () => pick<unknown>(random, [undefined, null, 7, "odd", true, [1, 2], { a: 1 }, NaN, ""]);
  if (typeof row !== "object" || row === null || random.below(4) === 0) return odd();
  if (Array.isArray(row)) {
    const copy = [...(row as unknown[])];
    if (random.below(3) === 0) copy.pop();
    else if (copy.length > 0) copy[random.below(copy.length)] = odd();
    return copy;
  }
  const copy: Record<string, unknown> = { ...row };
  const name = pick(random, Object.keys(copy));
  if (random.below(3) === 0) delete copy[name];
  else copy[name] = odd();
  return copy;
}
