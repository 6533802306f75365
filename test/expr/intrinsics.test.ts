/** Whatever a user's module does to the language, it is noticed, and named. */
import { afterEach, expect, test } from "bun:test";
import { repairIteration, intrinsicsPatched } from "../../src/expr/intrinsics.ts";

const undo: (() => void)[] = [];
afterEach(() => {
  while (undo.length > 0) undo.pop()!();
  expect(intrinsicsPatched()).toBeUndefined();
});

function put(object: object, name: PropertyKey, value: unknown): void {
  const before = Object.getOwnPropertyDescriptor(object, name);
  Object.defineProperty(object, name, { value, writable: true, configurable: true });
  undo.push(() => {
    if (before === undefined) Reflect.deleteProperty(object, name);
    else Object.defineProperty(object, name, before);
  });
}

const stringIterator = Object.getPrototypeOf(""[Symbol.iterator]()) as object;

const patches: readonly (readonly [object, PropertyKey, string])[] = [
  [String.prototype, "split", "String.prototype.split"],
  [String.prototype, "toLowerCase", "String.prototype.toLowerCase"],
  [String.prototype, Symbol.split, "String.prototype[Symbol.split]"],
  [String.prototype, "words", "String.prototype.words"],
  [Array.prototype, "map", "Array.prototype.map"],
  [Array.prototype, Symbol.iterator, "Array.prototype[Symbol.iterator]"],
  [Array.prototype, "3", "Array.prototype.3"],
  [Object.prototype, "price", "Object.prototype.price"],
  [Object.prototype, "valueOf", "Object.prototype.valueOf"],
  [Number.prototype, "toString", "Number.prototype.toString"],
  [Date.prototype, "getTime", "Date.prototype.getTime"],
  [Math, "floor", "Math.floor"],
  [Number, "isInteger", "Number.isInteger"],
  [globalThis, "parseInt", "parseInt"],
  [stringIterator, "next", "the iterator of strings"],
];

for (const [object, name, path] of patches) {
  test(path, () => {
    expect(intrinsicsPatched()).toBeUndefined();
    put(object, name, () => 1);
    const found = intrinsicsPatched();
    // nothing works while the iterator of arrays is another
    undo.pop()!();
    expect(found).toBe(path);
  });
}

test("a global that is replaced, a method that is gone, a prototype of another kind", () => {
  put(globalThis, "Math", { ...Math });
  expect(intrinsicsPatched()).toBe("Math");
  undo.pop()!();
  const at = Object.getOwnPropertyDescriptor(String.prototype, "at")!;
  Reflect.deleteProperty(String.prototype, "at");
  undo.push(() => Object.defineProperty(String.prototype, "at", at));
  expect(intrinsicsPatched()).toBe("String.prototype.at");
  undo.pop()!();
  Object.defineProperty(String.prototype, "at", at);
  Object.setPrototypeOf(Date.prototype, { extra: 1 });
  undo.push(() => Object.setPrototypeOf(Date.prototype, Object.prototype));
  expect(intrinsicsPatched()).toBe("Date.prototype");
});

test("arrays that are iterated otherwise are put right, and a replacement that gives the same is left", () => {
  const original = Array.prototype[Symbol.iterator];
  expect(repairIteration()).toBeUndefined();
  function backwards(this: unknown[]) {
    return original.call(this.toReversed());
  }
  Array.prototype[Symbol.iterator] = backwards as typeof original;
  const broken = repairIteration();
  const restored = Array.prototype[Symbol.iterator] === original;
  Array.prototype[Symbol.iterator] = original;
  expect([broken, restored]).toEqual(["Array.prototype[Symbol.iterator]", true]);
  const same = function (this: unknown[]) {
    return original.call(this);
  } as typeof original;
  Array.prototype[Symbol.iterator] = same;
  const left = repairIteration() === undefined && Array.prototype[Symbol.iterator] === same;
  Array.prototype[Symbol.iterator] = original;
  expect(left).toBe(true);
});
