/**
 * The one total order of values, for JavaScript values: undefined, null, false, true, numbers (−0 equals 0, NaN last), bigints,
 * strings (by code point), Dates, byte and typed arrays, arrays (item by item, a beginning before the whole), Sets, Maps, plain
 * objects (each by its sorted entries), then regular expressions, URLs, errors and instances of classes by class and state.
 *
 * Values that compare as 0 are equal (equal.ts), hash alike (hash.ts) and have the same key bytes; `memcmp` of key bytes is
 * this order (keys.ts).
 */
import { binaryRank, partsOf, rank, rankOf } from "./order.ts";
import { elementsOf } from "./value-kinds.ts";

/** Negative, 0 or positive. */
export function compareValues(a: unknown, b: unknown): number {
  if (typeof a === "number" && typeof b === "number") return compareNumbers(a, b);
  if (typeof a === "string" && typeof b === "string") return compareStrings(a, b);
  const rankA = rankOf(a);
  const rankB = rankOf(b);
  if (rankA !== rankB) return rankA - rankB;
  switch (rankA) {
    case rank.undefined:
    case rank.null:
    case rank.false:
    case rank.true:
      return 0;
    case rank.bigint:
      return (a as bigint) < (b as bigint) ? -1 : (a as bigint) > (b as bigint) ? 1 : 0;
    case rank.date:
      return compareNumbers((a as Date).getTime(), (b as Date).getTime());
    case rank.binary:
      return compareBinaries(a as object, b as object);
    case rank.array:
      return compareArrays(a as unknown[], b as unknown[]);
    case rank.set:
      return compareArrays(sortedItems(a as Set<unknown>), sortedItems(b as Set<unknown>));
    case rank.map:
      return compareArrays(sortedEntries(a as Map<unknown, unknown>), sortedEntries(b as Map<unknown, unknown>));
    case rank.object:
      return compareArrays(sortedEntries(Object.entries(a as object)), sortedEntries(Object.entries(b as object)));
    default:
      return compareArrays(partsOf(a as object), partsOf(b as object));
  }
}

/** SameValueZero order: −0 equals 0, NaN equals NaN and comes last. */
export function compareNumbers(a: number, b: number): number {
  if (a < b) return -1;
  if (a > b) return 1;
  if (a === b) return 0;
  return a === a ? -1 : b === b ? 1 : 0;
}

/** By code point, a lone surrogate being one: the order of (W)UTF-8 bytes. */
export function compareStrings(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return x < 0xd800 || y < 0xd800 ? x - y : compareSurrogates(a, b, i);
  }
  // a shared last high surrogate is a larger code point where a low one follows it: longer is larger either way
  return a.length - b.length;
}

/** Of strings that first differ at i, in units from 0xd800 up. */
function compareSurrogates(a: string, b: string, i: number): number {
  const from = i > 0 && isHigh(a.charCodeAt(i - 1)) && (isLow(a.charCodeAt(i)) || isLow(b.charCodeAt(i))) ? i - 1 : i;
  return a.codePointAt(from)! - b.codePointAt(from)!;
}

const isHigh = (unit: number) => (unit & 0xfc00) === 0xd800;
const isLow = (unit: number) => (unit & 0xfc00) === 0xdc00;

function compareArrays(a: readonly unknown[], b: readonly unknown[]): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const order = compareValues(a[i], b[i]);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function compareBinaries(a: object, b: object): number {
  const kinds = binaryRank(a) - binaryRank(b);
  if (kinds !== 0) return kinds;
  const x = elementsOf(a);
  const y = elementsOf(b);
  const length = Math.min(x.length, y.length);
  for (let i = 0; i < length; i++) {
    const order = compareValues(x[i], y[i]);
    if (order !== 0) return order;
  }
  return x.length - y.length;
}

function sortedItems(set: Set<unknown>): unknown[] {
  return [...set].sort(compareValues);
}

/** Keys and values by turns, ordered by key, then value. */
function sortedEntries(entries: Iterable<readonly [unknown, unknown]>): unknown[] {
  return [...entries].sort((a, b) => compareValues(a[0], b[0]) || compareValues(a[1], b[1])).flat(1);
}
