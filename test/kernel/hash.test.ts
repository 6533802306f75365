/** The definition of kernels/hash.ts once more on BigInt, and the kernels held against it. */
import { describe, expect, test } from "bun:test";
import { hashKind, hashRuns, hashStrings } from "../../src/kernel/hash.ts";
import { asPtr, offset, type Ptr } from "../../src/kernel/ptr.ts";
import {
  awkwardNumbers,
  awkwardStrings,
  beyondTwoGiB,
  fixture,
  getF64,
  getU64,
  property,
  putBytes,
  putF64,
  putStrings,
  putU32,
  putU64,
  type Fixture,
} from "./fixture.ts";

const word = (x: bigint) => BigInt.asUintN(64, x);
const prime1 = 0x9e3779b185ebca87n;
const prime2 = 0xc2b2ae3d27d4eb4fn;
const rotl = (x: bigint, bits: bigint) => word((x << bits) | (word(x) >> (64n - bits)));
const seedOf = (kind: number) => word(BigInt(kind) * prime1);

function mix(x: bigint): bigint {
  x = word(x);
  x = word((x ^ (x >> 30n)) * 0xbf58476d1ce4e5b9n);
  x = word((x ^ (x >> 27n)) * 0x94d049bb133111ebn);
  return x ^ (x >> 31n);
}

function numberTwin(value: number, kind: number = hashKind.number): bigint {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, value === 0 ? 0 : value);
  return mix((Number.isNaN(value) ? 0x7ff8000000000000n : bits.getBigUint64(0)) ^ seedOf(kind));
}

function littleEndian(bytes: Uint8Array, from: number, to: number): bigint {
  let result = 0n;
  for (let i = Math.min(to, bytes.length) - 1; i >= from; i--) result = (result << 8n) | BigInt(bytes[i]!);
  return result;
}

function bytesTwin(bytes: Uint8Array, kind: number): bigint {
  const seed = seedOf(kind);
  const n = bytes.length;
  const length = BigInt(n) * prime2;
  if (n <= 16) {
    const [a, b] = [littleEndian(bytes, 0, 8), littleEndian(bytes, 8, 16)];
    return mix((word((a ^ seed) * prime1) ^ rotl(word((b + seed) * prime2), 32n)) + length);
  }
  const lanes = [seed + prime1, seed + prime2, seed, seed - prime1].map(word);
  const stripe = (starts: readonly number[]) => {
    starts.forEach((at, i) => {
      lanes[i] = word(rotl(lanes[i]! + littleEndian(bytes, at, at + 8) * prime2, 31n) * prime1);
    });
  };
  let at = 0;
  for (; n - at > 32; at += 32) stripe([at, at + 8, at + 16, at + 24]);
  const tail = n > 32 ? n - 32 : at;
  stripe([tail, tail + 8, n - 16, n - 8]);
  return mix([1n, 7n, 12n, 18n].reduce((sum, bits, i) => sum + rotl(lanes[i]!, bits), length));
}

function arrayTwin(items: readonly bigint[], kind: number = hashKind.array): bigint {
  const state = items.reduce((h, item) => word(rotl(h, 27n) * prime1 + item), seedOf(kind));
  return mix(state + BigInt(items.length) * prime2);
}

const pairTwin = (key: bigint, value: bigint) => mix(key * prime1 + value);

function sumTwin(parts: readonly bigint[], kind: number): bigint {
  return mix((word(parts.reduce((sum, part) => sum + part, 0n)) ^ seedOf(kind)) + BigInt(parts.length) * prime2);
}

const stringTwin = (text: string) => bytesTwin(Buffer.from(text), hashKind.string);

function hashed(on: Fixture, n: number, run: (out: Ptr) => void): bigint[] {
  const out = on.allocator.alloc(Math.max(8, n * 8));
  run(out);
  return getU64(on, out, n);
}

const places = [
  ["low addresses", 64],
  ["addresses beyond 2 GiB", beyondTwoGiB],
] as const;

describe.each(places)("at %s", (_, start) => {
  test("numbers hash by value in every column", () => {
    const on = fixture({ start });
    const { run } = on.kernels;
    property(5, random => {
      const values = [
        ...awkwardNumbers,
        ...Array.from({ length: 300 }, () => (random.float() - 0.5) * 10 ** random.below(30)),
      ];
      expect(hashed(on, values.length, out => run.hashF64(putF64(on, values), values.length, out))).toEqual(
        values.map(v => numberTwin(v)),
      );
      const dates = hashed(on, values.length, out =>
        run.hashNumbersAs(hashKind.date, putF64(on, values), values.length, out),
      );
      expect(dates).toEqual(values.map(v => numberTwin(v, hashKind.date)));
      const ints = values.map(v => v | 0);
      expect(hashed(on, ints.length, out => run.hashI32(putU32(on, ints), ints.length, out))).toEqual(
        ints.map(v => numberTwin(v)),
      );
      const floats = new Float32Array(values);
      const floatBytes = putBytes(on, new Uint8Array(floats.buffer));
      expect(hashed(on, floats.length, out => run.hashF32(floatBytes, floats.length, out))).toEqual(
        Array.from(floats, v => numberTwin(v)),
      );
    });
    expect(numberTwin(-0)).toBe(numberTwin(0));
  });

  test("a NaN of any bits hashes as NaN", () => {
    const on = fixture({ start });
    const nans = putU64(on, [0x7ff8000000000000n, 0xfff8000000000000n, 0x7ff0000000000001n, 0xffffffffffffffffn]);
    expect(new Set(hashed(on, 4, out => on.kernels.run.hashF64(nans, 4, out)))).toEqual(new Set([numberTwin(NaN)]));
  });

  test("number hashes turn back into the numbers", () => {
    const on = fixture({ start });
    const values = [...awkwardNumbers];
    const hashes = on.allocator.alloc(values.length * 8);
    on.kernels.run.hashF64(putF64(on, values), values.length, hashes);
    on.kernels.run.unhashF64(hashes, values.length, hashes);
    const back = getF64(on, hashes, values.length);
    values.forEach((value, i) => expect(Object.is(back[i], value === 0 ? 0 : value)).toBe(true));
  });

  test("bigints, booleans and constants", () => {
    const on = fixture({ start });
    const { run } = on.kernels;
    const bigs = [0n, 1n, -1n, 5n, 2n ** 63n - 1n, -(2n ** 63n)];
    const twins = bigs.map(value => mix(BigInt.asUintN(64, value) ^ seedOf(hashKind.bigint)));
    expect(hashed(on, 6, out => run.hashI64(putU64(on, bigs), 6, out))).toEqual(twins);
    expect(twins[3]).not.toBe(numberTwin(5));
    const [no, yes] = [mix(seedOf(hashKind.false)), mix(seedOf(hashKind.true))];
    expect(hashed(on, 3, out => run.hashBool(putBytes(on, Uint8Array.of(0, 1, 0)), 3, out))).toEqual([no, yes, no]);
    expect(hashed(on, 2, out => run.hashConstant(hashKind.null, 2, out))).toEqual([
      mix(seedOf(hashKind.null)),
      mix(seedOf(hashKind.null)),
    ]);
  });

  test("strings and bytes of any length", () => {
    const on = fixture({ start });
    property(5, random => {
      const letters = ["a", "b", "\0", "é", "日", "🔥", "ab"];
      const any = () => Array.from({ length: random.below(50) }, () => letters[random.below(letters.length)]).join("");
      const strings = [...awkwardStrings, ...Array.from({ length: 100 }, any)];
      const { offsets, bytes } = putStrings(on, strings, random.below(3) * 5);
      expect(hashed(on, strings.length, out => hashStrings(on.kernels, offsets, bytes, strings.length, out))).toEqual(
        strings.map(stringTwin),
      );
    });
    const wide = Uint8Array.from({ length: 400 }, (_, i) => i);
    const at = putBytes(on, wide);
    for (let n = 0; n <= 130; n++) {
      expect(hashed(on, 1, out => on.kernels.run.hashBytes(40, at, n, out))).toEqual([
        bytesTwin(wide.subarray(0, n), 40),
      ]);
    }
    const runs = hashed(on, 2, out => hashRuns(on.kernels, 41, putU32(on, [1, 4, 50]), at, 8, 2, out));
    expect(runs).toEqual([bytesTwin(wide.subarray(8, 32), 41), bytesTwin(wide.subarray(32, 400), 41)]);
  });

  test("arrays hash alike as tuples of columns and as lists", () => {
    const on = fixture({ start });
    const { run } = on.kernels;
    property(5, random => {
      const rows = Array.from({ length: 40 }, () => Array.from({ length: 3 }, () => random.below(5)));
      const columns = [0, 1, 2].map(field => rows.map(row => row[field]!));
      const twins = rows.map(row => arrayTwin(row.map(v => numberTwin(v))));
      const asTuple = hashed(on, 40, out => {
        run.startArrays(hashKind.array, 40, out);
        for (const column of columns) {
          const hashes = on.allocator.alloc(320);
          run.hashF64(putF64(on, column), 40, hashes);
          run.combineHashes(hashes, 40, out);
        }
        run.finishArrays(3, 40, out);
      });
      expect(asTuple).toEqual(twins);
      const items = on.allocator.alloc(40 * 3 * 8);
      run.hashF64(putF64(on, rows.flat()), 120, items);
      const lists = hashed(on, 40, out =>
        run.hashLists(hashKind.array, putU32(on, rows.map((_, i) => i * 3).concat(120)), items, 40, out),
      );
      expect(lists).toEqual(twins);
    });
    const ragged = hashed(on, 3, out => {
      const items = on.allocator.alloc(24);
      run.hashF64(putF64(on, [7, 8, 9]), 3, items);
      run.hashLists(hashKind.array, putU32(on, [0, 0, 1, 3]), items, 3, out);
    });
    expect(ragged).toEqual([arrayTwin([]), arrayTwin([numberTwin(7)]), arrayTwin([numberTwin(8), numberTwin(9)])]);
    expect(arrayTwin([numberTwin(8), numberTwin(9)])).not.toBe(arrayTwin([numberTwin(9), numberTwin(8)]));
  });

  test("objects, Maps and Sets hash alike in any order", () => {
    const on = fixture({ start });
    const { run } = on.kernels;
    const names = [stringTwin("x"), stringTwin("y")];
    const values = [numberTwin(1), numberTwin(2)];
    const twin = sumTwin([pairTwin(names[0]!, values[0]!), pairTwin(names[1]!, values[1]!)], hashKind.object);
    const [keys, held] = [putU64(on, names), putU64(on, values)];
    expect(hashed(on, 1, out => run.hashEntries(hashKind.object, keys, held, 2, out))).toEqual([twin]);
    for (const order of [
      [0, 1],
      [1, 0],
    ]) {
      const byField = hashed(on, 1, out => {
        on.kernels.u64[out / 8] = 0n;
        for (const field of order) run.addField(offset(keys, field * 8), offset(held, field * 8), 1, out);
        run.finishObjects(hashKind.object, 2, 1, out);
      });
      expect(byField).toEqual([twin]);
    }
    const set = sumTwin(
      values.map(value => pairTwin(seedOf(hashKind.set), value)),
      hashKind.set,
    );
    expect(hashed(on, 1, out => run.hashItems(hashKind.set, held, 2, out))).toEqual([set]);
    const backwards = putU64(on, values.toReversed());
    expect(hashed(on, 1, out => run.hashItems(hashKind.set, backwards, 2, out))).toEqual([set]);
  });

  test("absent rows and dictionary codes", () => {
    const on = fixture({ start });
    const { run } = on.kernels;
    const absent = hashed(on, 3, out => {
      run.hashF64(putF64(on, [1, 2, 3]), 3, out);
      run.hashAbsent(hashKind.undefined, putBytes(on, Uint8Array.of(1, 0, 1)), 3, out);
    });
    expect(absent).toEqual([numberTwin(1), mix(seedOf(hashKind.undefined)), numberTwin(3)]);
    expect(hashed(on, 3, out => run.hashCodes(putU32(on, [1, 0, 1]), putU64(on, [10n, 20n]), 3, out))).toEqual([
      20n,
      10n,
      20n,
    ]);
  });

  test("no rows", () => {
    const on = fixture({ start });
    const guard = putU64(on, [77n]);
    on.kernels.run.hashF64(guard, 0, guard);
    hashStrings(on.kernels, putU32(on, [0]), guard, 0, guard);
    on.kernels.run.hashLists(hashKind.array, putU32(on, [0]), guard, 0, guard);
    expect(getU64(on, guard, 1)).toEqual([77n]);
  });
});

test("a string that ends where memory ends is read no further", () => {
  const on = fixture({ bytes: 1 << 20 });
  for (const text of ["", "a", "abcdefghijk", "exactly 16 bytes", "more than sixteen bytes"]) {
    const start = (1 << 20) - text.length;
    on.kernels.u8.set(Buffer.from(text), start);
    const hashes = hashed(on, 1, out => hashStrings(on.kernels, putU32(on, [0, text.length]), asPtr(start), 1, out));
    expect(hashes).toEqual([stringTwin(text)]);
  }
});

test("similar strings do not collide", () => {
  const on = fixture();
  const strings = Array.from(
    { length: 200_000 },
    (_, i) => [`k${i}`, `${i}`.padStart(12, "0"), "x".repeat(i % 300) + i][i % 3]!,
  );
  const { offsets, bytes } = putStrings(on, strings);
  const hashes = hashed(on, strings.length, out => hashStrings(on.kernels, offsets, bytes, strings.length, out));
  expect(new Set(hashes).size).toBe(new Set(strings).size);
  // each half by itself spreads evenly, for tables use the low bits and orders the high ones
  for (const shift of [0n, 32n, 54n]) {
    const buckets = new Uint32Array(1024);
    for (const hash of hashes) buckets[Number((hash >> shift) & 1023n)]!++;
    expect(Math.max(...buckets)).toBeLessThan(300);
    expect(Math.min(...buckets)).toBeGreaterThan(120);
  }
});
