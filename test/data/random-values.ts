/** Random nested values and rows, the same for the same seed; shared by the tests of this folder. */
import type { Random } from "../../src/base/random.ts";

const numbers = [
  0,
  -0,
  1,
  -1,
  0.5,
  NaN,
  Infinity,
  -Infinity,
  2 ** 31,
  -(2 ** 31),
  2 ** 53,
  1e308,
  5e-324,
  63,
  64,
  127,
  128,
  -129,
  32768,
];
const strings = [
  "",
  "a",
  "b",
  "ab",
  "a\0",
  "a\0b",
  "\0",
  "é",
  "😀",
  "z😀",
  "\ud800",
  "\udc00x",
  "\uffff",
  "\ue000",
  "__proto__",
  "x".repeat(70),
];
const bigints = [0n, 1n, -1n, 255n, -256n, 2n ** 63n, -(2n ** 63n), 2n ** 63n - 1n, -(2n ** 200n), 2n ** 200n];

export function pick<T>(random: Random, from: readonly T[]): T {
  return from[random.below(from.length)]!;
}

export function randomString(random: Random): string {
  if (random.below(2) === 0) return pick(random, strings);
  const alphabet = pick(random, ["ab", "abcdefghij", "aé", "a😀\ud800\udfff\uffee"]);
  let text = "";
  for (let n = random.below(24); n > 0; n--) text += alphabet[random.below(alphabet.length)]!;
  return text;
}

export function randomNumber(random: Random): number {
  if (random.below(2) === 0) return pick(random, numbers);
  return random.below(2) === 0 ? random.below(10) : (random.float() - 0.5) * 10 ** random.below(20);
}

function randomBigint(random: Random): bigint {
  return random.below(2) === 0 ? pick(random, bigints) : BigInt(random.below(1000) - 500);
}

function randomBinary(random: Random): unknown {
  const bytes = Array.from({ length: random.below(4) }, () => pick(random, [0, 1, 2, 255]));
  switch (random.below(8)) {
    case 0:
      return new Uint8Array(bytes);
    case 1:
      return Buffer.from(bytes);
    case 2:
      return new Float64Array(bytes.map(byte => (byte === 255 ? -0 : byte === 2 ? NaN : byte)));
    case 3:
      return new Float32Array(bytes.map(byte => -byte));
    case 4:
      return new Int32Array(bytes.map(byte => byte - 128));
    case 5:
      return new Uint8Array(bytes).buffer;
    case 6:
      return new BigInt64Array(bytes.map(byte => BigInt(byte) - 9n));
    default:
      return new Uint16Array(bytes.map(byte => byte * 255));
  }
}

function randomLeaf(random: Random): unknown {
  switch (random.below(12)) {
    case 0:
      return undefined;
    case 1:
      return null;
    case 2:
      return random.below(2) === 0;
    case 3:
    case 4:
      return randomNumber(random);
    case 5:
      return randomBigint(random);
    case 6:
    case 7:
      return randomString(random);
    case 8:
      return new Date(pick(random, [0, NaN, 1e12, -5]));
    case 9:
      return randomBinary(random);
    case 10: {
      const regExp = new RegExp(pick(random, ["a", "b+", "/"]), pick(random, ["", "g", "iu"]));
      regExp.lastIndex = random.below(2);
      return regExp;
    }
    default:
      return pick<() => unknown>(random, [
        () => new URL("http://host/path?q=1"),
        () => new TypeError("wrong"),
        () => Object.assign(new Error("failed", { cause: [1] }), { code: 5 }),
      ])();
  }
}

/** Any value; `depth` levels of containers at most. */
export function randomValue(random: Random, depth = 3): unknown {
  if (depth === 0 || random.below(3) === 0) return randomLeaf(random);
  const size = random.below(4);
  const part = () => randomValue(random, depth - 1);
  switch (random.below(5)) {
    case 0:
      return new Map(Array.from({ length: size }, () => [part(), part()]));
    case 1:
      return new Set(Array.from({ length: size }, part));
    case 2: {
      const object: Record<string, unknown> = {};
      for (let i = 0; i < size; i++) object[pick(random, ["a", "b", "c", "b c", "é", "7"])] = part();
      return object;
    }
    default:
      return Array.from({ length: size }, part);
  }
}

/** A generator of rows of one layout, such as jobs have. */
export function randomRows(random: Random, depth = 3): () => unknown {
  switch (random.below(depth === 0 ? 6 : 11)) {
    case 0:
      return () => randomNumber(random);
    case 1:
      return () => randomString(random).toWellFormed();
    case 2:
      return () => random.below(2) === 0;
    case 3:
      return () => BigInt(random.below(100) - 50);
    case 4:
      return () => new Date(random.below(1000));
    case 5:
      return () => new Float64Array(Array.from({ length: random.below(4) }, () => randomNumber(random)));
    case 6: {
      const fields = Array.from({ length: random.below(4) }, () => randomRows(random, depth - 1));
      return () => fields.map(field => field());
    }
    case 7: {
      const names = ["id", "name", "two words", "__proto__", "n"].slice(random.below(3));
      const fields = names.map(name => [name, randomRows(random, depth - 1)] as const);
      return () => Object.fromEntries(fields.map(([name, field]) => [name, field()]));
    }
    case 8: {
      const item = randomRows(random, depth - 1);
      return () => Array.from({ length: random.below(random.below(20) === 0 ? 40 : 4) }, item);
    }
    case 9: {
      const item = randomRows(random, depth - 1);
      const absent = pick(random, [undefined, null]);
      return () => (random.below(3) === 0 ? absent : item());
    }
    default:
      return () => new Uint8Array(Array.from({ length: random.below(4) }, () => random.below(256)));
  }
}

/** An equal value that is another object: properties and entries in another order, −0 for 0, a Buffer for bytes. */
export function equalTwin(random: Random, value: unknown): unknown {
  if (value === 0) return random.below(2) === 0 ? 0 : -0;
  if (typeof value !== "object" || value === null) return value;
  const shuffled = <T>(items: T[]): T[] =>
    items
      .map(item => [random.uint32(), item] as const)
      .sort((a, b) => a[0] - b[0])
      .map(each => each[1]);
  const twin = (each: unknown) => equalTwin(random, each);
  if (Array.isArray(value)) return value.map(twin);
  if (value instanceof Map) return new Map(shuffled([...value].map(([key, item]) => [twin(key), twin(item)] as const)));
  if (value instanceof Set) return new Set(shuffled([...value].map(twin)));
  if (Object.getPrototypeOf(value) === Uint8Array.prototype) return Buffer.from(value as Uint8Array);
  if (value instanceof Float64Array) return new Float64Array([...value].map(each => (each === 0 ? -each : each)));
  if (Object.getPrototypeOf(value) !== Object.prototype) return structuredCloneOf(value);
  return Object.fromEntries(shuffled(Object.entries(value)).map(([name, item]) => [name, twin(item)]));
}

function structuredCloneOf(value: object): unknown {
  if (value instanceof Date) return new Date(value.getTime());
  return value;
}

/** The seeds of a property test: FIRESTEEL_SEED alone, or `count` fixed ones. */
export function seeds(count: number): number[] {
  const chosen = process.env["FIRESTEEL_SEED"];
  return chosen !== undefined ? [Number(chosen)] : Array.from({ length: count }, (_, i) => i + 1);
}

/** Runs `body` for every seed and names the seed that fails. */
export function forSeeds(count: number, body: (seed: number) => void): void {
  for (const seed of seeds(count)) {
    try {
      body(seed);
    } catch (thrown) {
      throw new Error(`with FIRESTEEL_SEED=${seed}: ${thrown instanceof Error ? thrown.message : thrown}`, {
        cause: thrown,
      });
    }
  }
}
