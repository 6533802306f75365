/**
 * About how many bytes a value takes in the JavaScript heap: for memory that rows take there to be held against a budget. Sizes are
 * those of JavaScriptCore's cells. Of what holds many a few stand for all, and no more than some hundred values are looked at. An
 * estimate: what is counted twice or is shared costs an early spill, never an answer. Runs nothing of the user's.
 */
const cellBytes = 16;
const slotBytes = 8;
const stringBytes = 40;
const entryBytes = 32;
/** Elements and properties that are looked at, how deep, and how many of all together. */
const elementsMax = 8;
const depthMax = 6;
const looksMax = 256;

/** A string that was cut from another keeps that one alive: `textBytes` is what any string may keep so. */
export function estimatedBytes(value: unknown, textBytes = 0): number {
  return new Estimate(textBytes).of(value, 0);
}

class Estimate {
  private looks = 0;

  constructor(private readonly textBytes: number) {}

  of(value: unknown, depth: number): number {
    if (typeof value === "string") return stringBytes + Math.max(value.length, this.textBytes);
    if (typeof value === "bigint") return cellBytes + 24;
    if (typeof value !== "object" || value === null) return 0; // lies in the slot of whoever holds it
    if (depth === depthMax || ++this.looks > looksMax) return cellBytes;
    if (Array.isArray(value)) return cellBytes + slotBytes * value.length + this.all(value, value.length, depth);
    if (ArrayBuffer.isView(value)) return cellBytes * 4 + value.byteLength;
    if (value instanceof Set) return cellBytes + entryBytes * value.size + this.all(value, value.size, depth);
    if (value instanceof Map) {
      const keys = this.all(value.keys(), value.size, depth);
      return cellBytes + entryBytes * value.size + keys + this.all(value.values(), value.size, depth);
    }
    const names = Object.keys(value);
    return cellBytes + slotBytes * names.length + this.all(propertiesOf(value, names), names.length, depth);
  }

  /** Of all elements, by the first ones and, in an array, some in between. */
  private all(elements: Iterable<unknown>, count: number, depth: number): number {
    if (count === 0) return 0;
    let seen = 0;
    let bytes = 0;
    for (const element of Array.isArray(elements) ? spread(elements) : elements) {
      bytes += this.of(element, depth + 1);
      if (++seen === elementsMax) break;
    }
    return Math.ceil((bytes / seen) * count);
  }
}

function* spread(elements: readonly unknown[]): Generator<unknown, void, undefined> {
  const step = Math.max(1, Math.floor(elements.length / elementsMax));
  for (let i = 0; i < elements.length; i += step) yield elements[i];
}

function* propertiesOf(value: object, names: readonly string[]): Generator<unknown, void, undefined> {
  for (const name of spread(names)) yield Object.getOwnPropertyDescriptor(value, name as string)?.value;
}
