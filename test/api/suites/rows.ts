/** The rows that conformance tests run over: one set for each layout that columns have, with duplicates and edges in each. */

export class Point {
  #secret: number;
  constructor(
    readonly x: number,
    readonly y: number,
  ) {
    this.#secret = x * 100 + y;
  }
  get secret(): number {
    return this.#secret;
  }
}

export interface RowSet {
  readonly name: string;
  readonly rows: readonly unknown[];
  /** Over every count of partitions; the others over the first, to save time. */
  readonly isThorough: boolean;
}

const numbers = [3, -0, 0, NaN, 1.5, -7, Infinity, 3, NaN, -Infinity, 5e-324, 2 ** 53, 3, 0, -1, 10, 9, 8, 7, 1.5];
const strings = [
  "b",
  "",
  "a",
  "é",
  "😀",
  "\ud800",
  "a\0",
  "a\0b",
  "b",
  "zz",
  "x".repeat(40),
  "",
  "\uffff",
  "ab",
  "10",
  "9",
  "__proto__",
];
const objects = [
  { a: 1, b: "x" },
  { a: 2, b: "y" },
  { a: 1, b: "x" },
  { b: "x", a: 1 },
  { a: NaN, b: "" },
  { a: 1 },
  { a: -0, b: "x" },
  { a: 0, b: "x" },
  {},
  { a: 1, b: { c: [1, { d: null }] } },
  { a: undefined },
];
const tuples = [
  [1, "a"],
  [1, "b"],
  [0, "z"],
  [1, "a"],
  [[2, [3, "x"]], "y"],
  [[2, [3, "x"]], "y"],
  [],
  [1],
  [NaN, null],
  [-0, 1],
  [0, 1],
];
const instances = [
  new Point(1, 2),
  new Point(0, 5),
  new Point(1, 2),
  new Point(-3, 2),
  new Point(1, 1),
  new Point(0, 5),
];
const builtins = [
  new Date(5),
  10n,
  new Map<unknown, unknown>([
    ["a", 1],
    ["b", [2]],
  ]),
  new Set([1, "x"]),
  new Date(5),
  -(2n ** 70n),
  new Uint8Array([1, 2, 3]),
  new Map<unknown, unknown>([
    ["b", [2]],
    ["a", 1],
  ]),
  new Set(["x", 1]),
  new Date(NaN),
  10n,
  new Float64Array([1.5, -0]),
  /a+/g,
  new URL("http://x.test/p"),
];
const mixed = [
  1,
  "1",
  undefined,
  null,
  true,
  false,
  1,
  "one",
  undefined,
  [1],
  1n,
  -0,
  0,
  "",
  null,
  NaN,
  { a: 1 },
  new Date(0),
  [undefined],
  true,
];

export const rowSets: readonly RowSet[] = [
  { name: "numbers", rows: numbers, isThorough: true },
  { name: "strings", rows: strings, isThorough: false },
  { name: "objects", rows: objects, isThorough: false },
  { name: "tuples", rows: tuples, isThorough: false },
  { name: "instances", rows: instances, isThorough: false },
  { name: "builtins", rows: builtins, isThorough: false },
  { name: "mixed", rows: mixed, isThorough: true },
  { name: "nothing", rows: [], isThorough: true },
];

/** Pairs whose keys come again: row 3i mod n beside row i. */
export function pairsOf(rows: readonly unknown[]): [unknown, unknown][] {
  return rows.map((row, i) => [rows[(i * 3) % rows.length], row]);
}

/** Spark's slices: slice i begins at i·rows/n, rounded down. */
export function slices<T>(rows: readonly T[], n: number): T[][] {
  return Array.from({ length: n }, (_, i) =>
    rows.slice(Math.floor((i * rows.length) / n), Math.floor(((i + 1) * rows.length) / n)),
  );
}
