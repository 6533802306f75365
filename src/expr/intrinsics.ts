/**
 * Whether the language is still what native code stands for. A module of the user's may replace `String.prototype.split` or give
 * all objects a property more; code that was generated knows nothing of that, so it is not used then. What the built-in
 * functions are is noted when this module is evaluated, which is before any module of the user's.
 */
import { eachMethods, languageFunctions, pureMethods } from "./language-functions.ts";

interface Holder {
  readonly path: string;
  readonly object: object;
  readonly keys: number;
  readonly prototype: unknown;
}

// these too may be replaced
const { ownKeys, getPrototypeOf } = Reflect;

type Values = Readonly<Record<string | symbol, unknown>>;

const prototypes: readonly (readonly [string, object])[] = [
  ["Object.prototype", Object.prototype],
  ["Array.prototype", Array.prototype],
  ["String.prototype", String.prototype],
  ["Number.prototype", Number.prototype],
  ["Boolean.prototype", Boolean.prototype],
  ["Date.prototype", Date.prototype],
];

const iterators: readonly (readonly [string, object])[] = [
  ["the iterator of arrays", getPrototypeOf([][Symbol.iterator]()) as object],
  ["the iterator of strings", getPrototypeOf(""[Symbol.iterator]()) as object],
];

const holders: readonly Holder[] = prototypes.map(([path, object]) => ({
  path,
  object,
  keys: ownKeys(object).length,
  prototype: getPrototypeOf(object) as unknown,
}));

/** Three arrays side by side: the check runs once a task. */
const objects: Values[] = [];
const names: (string | symbol)[] = [];
const values: unknown[] = [];
const paths: string[] = [];

function remember(object: object, name: string | symbol, path: string): void {
  objects.push(object as Values);
  names.push(name);
  values.push((object as Values)[name]);
  paths.push(path);
}

for (const [path, object] of prototypes) {
  for (const name of ownKeys(object)) {
    const isUsed = typeof name === "symbol" || pureMethods.has(name) || eachMethods.includes(name);
    const descriptor = Object.getOwnPropertyDescriptor(object, name)!;
    if (isUsed && typeof descriptor.value === "function") remember(object, name, member(path, name));
  }
}
for (const [path, object] of iterators) remember(object, "next", path);
for (const path of new Set([...languageFunctions.keys()].flatMap(each => [each.split(".")[0]!, each]))) {
  const dot = path.indexOf(".");
  const holder = dot < 0 ? globalThis : (globalThis as unknown as Record<string, object>)[path.slice(0, dot)]!;
  remember(holder, path.slice(dot + 1), path);
}

/** Which part of the language was replaced or added to since the engine started: `String.prototype.split`. */
export function intrinsicsPatched(): string | undefined {
  for (let i = 0; i < names.length; i++) {
    if (objects[i]![names[i]!] !== values[i]) return paths[i];
  }
  for (const { path, object, keys, prototype } of holders) {
    if (getPrototypeOf(object) !== prototype) return path;
    if (ownKeys(object).length !== keys) return addedTo(path, object);
  }
  return undefined;
}

const arrayIterator = Array.prototype[Symbol.iterator];
const [, iteratorPrototype] = iterators[0]!;
const { next: arrayNext } = iteratorPrototype as { next: unknown };

/**
 * Whether arrays are iterated as ever, which the engine itself relies on. When a module has changed it for the worse it is put
 * back, so that this can be said; a replacement that gives the same is left alone.
 */
export function repairIteration(): string | undefined {
  let seen = "";
  try {
    for (const each of [1, 2, 3]) {
      seen += String(each);
      if (seen.length > 3) break;
    }
  } catch {
    seen = "";
  }
  if (seen === "123") return undefined;
  const path =
    Array.prototype[Symbol.iterator] === arrayIterator ? "the iterator of arrays" : "Array.prototype[Symbol.iterator]";
  Array.prototype[Symbol.iterator] = arrayIterator;
  (iteratorPrototype as { next: unknown }).next = arrayNext;
  return path;
}

const keysOf = new Map(prototypes.map(([path, object]) => [path, new Set(ownKeys(object))]));

function addedTo(path: string, object: object): string {
  const added = ownKeys(object).find(key => keysOf.get(path)?.has(key) !== true);
  return added === undefined ? path : member(path, added);
}

function member(path: string, name: string | symbol): string {
  return typeof name === "symbol" ? `${path}[${name.description}]` : `${path}.${name}`;
}
