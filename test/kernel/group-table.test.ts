/** Group tables against a Map. */
import { describe, expect, test } from "bun:test";
import type { Random } from "../../src/base/random.ts";
import { MemoryRefused } from "../../src/kernel/allocator.ts";
import { GroupTableBytes, GroupTableFixed, noGroup } from "../../src/kernel/group-table.ts";
import { hashStrings } from "../../src/kernel/hash.ts";
import { offset, type Ptr } from "../../src/kernel/ptr.ts";
import {
  awkwardNumbers,
  awkwardStrings,
  beyondTwoGiB,
  fixture,
  getF64,
  getU32,
  getU64,
  property,
  putF64,
  putStrings,
  putU64,
  type Fixture,
} from "./fixture.ts";

/** Ids in first-seen order and the rows that were first. Map keys are SameValueZero, as ours. */
class TwinTable<K> {
  readonly ids = new Map<K, number>();
  add(keys: readonly K[]): { ids: number[]; firstRows: number[] } {
    const firstRows: number[] = [];
    const ids = keys.map((key, row) => {
      if (!this.ids.has(key)) {
        this.ids.set(key, this.ids.size);
        firstRows.push(row);
      }
      return this.ids.get(key)!;
    });
    return { ids, firstRows };
  }
  lookup(keys: readonly K[]): number[] {
    return keys.map(key => this.ids.get(key) ?? noGroup);
  }
}

/** One face for both tables. */
interface Subject<K> {
  readonly count: number;
  readonly processed: number;
  groups(keys: readonly K[], ids: Ptr, firstRows: Ptr): number;
  lookup(keys: readonly K[], ids: Ptr): void;
  keys(): K[];
  free(): void;
}

function fixedSubject(on: Fixture): Subject<number> {
  const table = new GroupTableFixed(on.kernels, on.allocator);
  const hash = (keys: readonly number[]) => {
    const hashes = putF64(on, keys);
    on.kernels.run.hashF64(hashes, keys.length, hashes);
    return hashes;
  };
  return {
    get count() {
      return table.count;
    },
    get processed() {
      return table.processed;
    },
    groups: (keys, ids, firstRows) => table.groups(hash(keys), keys.length, ids, firstRows),
    lookup: (keys, ids) => table.lookup(hash(keys), keys.length, ids),
    keys: () => {
      const out = putF64(on, new Float64Array(table.count));
      table.writeNumbers(0, table.count, out);
      return getF64(on, out, table.count);
    },
    free: () => table.free(),
  };
}

function bytesSubject(on: Fixture): Subject<string> {
  const table = new GroupTableBytes(on.kernels, on.allocator);
  const put = (keys: readonly string[]) => {
    const column = putStrings(on, keys, 3);
    const hashes = on.allocator.put(Math.max(8, keys.length * 8));
    hashStrings(on.kernels, column.offsets, column.bytes, keys.length, hashes);
    return { ...column, hashes };
  };
  return {
    get count() {
      return table.count;
    },
    get processed() {
      return table.processed;
    },
    groups: (keys, ids, firstRows) => {
      const { offsets, bytes, hashes } = put(keys);
      return table.groups(offsets, bytes, hashes, keys.length, ids, firstRows);
    },
    lookup: (keys, ids) => {
      const { offsets, bytes, hashes } = put(keys);
      table.lookup(offsets, bytes, hashes, keys.length, ids);
    },
    keys: () => {
      const ends = getU32(on, table.keyOffsets, table.count + 1);
      const text = (i: number) =>
        Buffer.from(on.kernels.u8.slice(table.keyBytes + ends[i]!, table.keyBytes + ends[i + 1]!)).toString();
      return Array.from({ length: table.count }, (_, i) => text(i));
    },
    free: () => table.free(),
  };
}

const shapes: Record<string, (random: Random, i: number) => number> = {
  "all equal": () => 42,
  "all distinct": (_, i) => i - 1500,
  few: random => random.below(8),
  skewed: random => Math.floor(1 / (random.float() + 1e-4)),
  awkward: random => awkwardNumbers[random.below(awkwardNumbers.length)]!,
};
const asText = (value: number, i: number) =>
  i % 7 === 0 ? awkwardStrings[Math.abs(value | 0) % awkwardStrings.length]! : `ключ ${value}`;

const kinds = [
  { kind: "fixed-width keys", make: fixedSubject, keysOf: (values: readonly number[]) => values },
  { kind: "byte keys", make: bytesSubject, keysOf: (values: readonly number[]) => values.map(asText) },
] as {
  kind: string;
  make: (on: Fixture) => Subject<unknown>;
  keysOf: (values: readonly number[]) => readonly unknown[];
}[];
const places = [
  ["low addresses", 64],
  ["addresses beyond 2 GiB", beyondTwoGiB],
] as const;

for (const { kind, make, keysOf } of kinds) {
  describe.each(places)(`${kind} at %s`, (_, start) => {
    test.each(Object.entries(shapes))("%s", (_, shape) => {
      property(4, random => {
        const on = fixture({ start });
        const table = make(on);
        const twin = new TwinTable<unknown>();
        for (const n of [0, 1, 2, 300, 3000, 20]) {
          const keys = keysOf(Array.from({ length: n }, (_, i) => shape(random, i)));
          const [ids, firstRows] = [on.allocator.alloc(n * 4 + 4), on.allocator.alloc(n * 4 + 4)];
          const before = table.count;
          const expected = twin.add(keys);
          expect(table.groups(keys, ids, firstRows)).toBe(twin.ids.size);
          expect(table.processed).toBe(n);
          expect(getU32(on, ids, n)).toEqual(expected.ids);
          expect(getU32(on, firstRows, table.count - before)).toEqual(expected.firstRows);
          const others = keysOf(Array.from({ length: 50 }, (_, i) => shape(random, i) + random.below(2) * 1e6));
          const found = on.allocator.alloc(50 * 4);
          table.lookup(others, found);
          expect(getU32(on, found, 50)).toEqual(twin.lookup(others));
          expect(table.count).toBe(twin.ids.size);
        }
        expect(table.keys()).toEqual([...twin.ids.keys()].map(key => (key === 0 ? 0 : key)));
      });
    });
  });

  test(`${kind}: a refused grant leaves the table whole`, () => {
    property(6, random => {
      const on = fixture();
      const table = make(on);
      const twin = new TwinTable<unknown>();
      const keys = keysOf(Array.from({ length: 5000 }, () => random.below(4000)));
      const ids = on.allocator.alloc(5000 * 4);
      on.allocator.budgetBytes = on.allocator.outstandingBytes + 30_000 + random.below(60_000);
      expect(() => table.groups(keys, ids, 0 as Ptr)).toThrow(MemoryRefused);
      const done = table.processed;
      expect(done).toBeGreaterThan(0);
      expect(done).toBeLessThan(5000);
      expect(getU32(on, ids, done)).toEqual(twin.add(keys.slice(0, done)).ids);
      expect(table.count).toBe(twin.ids.size);
      on.allocator.budgetBytes = Infinity;
      const rest = keys.slice(done);
      table.lookup(rest, ids);
      expect(getU32(on, ids, rest.length)).toEqual(twin.lookup(rest));
      table.groups(rest, ids, 0 as Ptr);
      expect(getU32(on, ids, rest.length)).toEqual(twin.add(rest).ids);
      expect(table.keys()).toEqual([...twin.ids.keys()].map(key => (key === 0 ? 0 : key)));
    });
  });

  test(`${kind}: everything is given back, also when the first grants are refused`, () => {
    const on = fixture();
    const before = on.allocator.outstandingBytes;
    const table = make(on);
    table.free();
    expect(on.allocator.outstandingBytes).toBe(before);
    for (const budget of [10, 5000, 8300, 9000]) {
      on.allocator.budgetBytes = before + budget;
      expect(() => make(on)).toThrow(MemoryRefused);
      expect(on.allocator.outstandingBytes).toBe(before);
    }
  });
}

test("grown tables give back what they outgrew", () => {
  const on = fixture();
  const table = new GroupTableFixed(on.kernels, on.allocator);
  const hashes = putF64(
    on,
    Array.from({ length: 50_000 }, (_, i) => i),
  );
  const ids = on.allocator.alloc(50_000 * 4);
  on.kernels.run.hashF64(hashes, 50_000, hashes);
  const outside = on.allocator.outstandingBytes;
  table.groups(hashes, 50_000, ids);
  expect(on.allocator.outstandingBytes).toBeLessThan(outside + 50_000 * 80);
  expect(getU64(on, table.hashes, 50_000)).toEqual(getU64(on, hashes, 50_000));
  table.free();
  expect(on.allocator.outstandingBytes).toBeLessThan(outside);
});

test("an expected size is allocated at once", () => {
  const on = fixture();
  const table = new GroupTableFixed(on.kernels, on.allocator, 10_000);
  on.allocator.budgetBytes = on.allocator.outstandingBytes + 10_000 * 12 + 100;
  const hashes = putF64(
    on,
    Array.from({ length: 10_000 }, (_, i) => i),
  );
  on.kernels.run.hashF64(hashes, 10_000, hashes);
  expect(table.groups(hashes, 10_000, on.allocator.alloc(40_000))).toBe(10_000);
});

test("byte keys whose hashes collide stay apart", () => {
  const on = fixture();
  const table = new GroupTableBytes(on.kernels, on.allocator);
  const keys = ["abcdefgh1", "abcdefgh2", "xbcdefgh1", "abcd", "abcx", "abc", "ab", "", "abcdefgh1", "abcx", "abc", ""];
  const { offsets, bytes } = putStrings(on, keys);
  const hashes = putU64(
    on,
    keys.map(() => 12345n),
  );
  const ids = on.allocator.alloc(keys.length * 4);
  table.groups(offsets, bytes, hashes, keys.length, ids);
  expect(getU32(on, ids, keys.length)).toEqual(new TwinTable<string>().add(keys).ids);
});

test("keys long and many: the arena grows with them", () => {
  const on = fixture({ bytes: 256 << 20 });
  const table = new GroupTableBytes(on.kernels, on.allocator);
  const keys = Array.from({ length: 60 }, (_, i) => `${i % 40}`.padStart(200_000 + (i % 40), "-"));
  const { offsets, bytes } = putStrings(on, keys);
  const hashes = on.allocator.alloc(60 * 8);
  hashStrings(on.kernels, offsets, bytes, 60, hashes);
  const ids = on.allocator.alloc(60 * 4);
  table.groups(offsets, bytes, hashes, 60, ids);
  expect(getU32(on, ids, 60)).toEqual(new TwinTable<string>().add(keys).ids);
});

test("spans in any order, over each other, long and short", () => {
  property(20, random => {
    const on = fixture({ start: random.below(2) === 0 ? 64 : beyondTwoGiB });
    const table = new GroupTableBytes(on.kernels, on.allocator);
    const twin = new TwinTable<string>();
    const text = Array.from({ length: 4000 }, () => "abc ".charAt(random.below(4))).join("");
    const base = on.allocator.put(text.length + 16);
    on.kernels.u8.set(new TextEncoder().encode(text), base);
    for (const n of [0, 1, 300, 2000, 5]) {
      const [starts, ends, ids] = [0, 0, 0].map(() => on.allocator.put(n * 4 + 4)) as [Ptr, Ptr, Ptr];
      const keys: string[] = [];
      for (let row = 0; row < n; row++) {
        const start = random.below(text.length - 100);
        const end = start + (random.below(8) === 0 ? 10 + random.below(90) : random.below(7));
        on.kernels.u32[starts / 4 + row] = start;
        on.kernels.u32[ends / 4 + row] = end;
        keys.push(text.slice(start, end));
      }
      expect(table.groupsOfSpans(starts, ends, base, n, ids)).toBe(
        twin.add(keys).ids.length === n ? twin.ids.size : -1,
      );
      expect(getU32(on, ids, n)).toEqual(keys.map(key => twin.ids.get(key)!));
    }
    const column = putStrings(on, [...twin.ids.keys()]);
    const n = twin.ids.size;
    const hashes = on.allocator.put(n * 8);
    hashStrings(on.kernels, column.offsets, column.bytes, n, hashes);
    expect(getU64(on, table.hashes, n)).toEqual(getU64(on, hashes, n));
  });
});

test("very long keys are done in many calls", () => {
  const on = fixture({ bytes: 400 << 20 });
  const table = new GroupTableBytes(on.kernels, on.allocator);
  const keys = Array.from({ length: 40 }, (_, i) => `${i % 3}`.padStart(3_000_000 + (i % 2), "-"));
  const { offsets, bytes } = putStrings(on, keys);
  const ids = on.allocator.put(40 * 4);
  let calls = 0;
  const { groupBytes } = on.kernels.run;
  const counted = { ...on.kernels, run: { ...on.kernels.run, groupBytes: (...args: Parameters<typeof groupBytes>) => (calls++, groupBytes(...args)) } }; // prettier-ignore
  const other = new GroupTableBytes(counted, on.allocator);
  for (const each of [table, other]) {
    each.groupsOfSpans(offsets, offset(offsets, 4), bytes, 40, ids);
    expect(getU32(on, ids, 40)).toEqual(new TwinTable<string>().add(keys).ids);
  }
  expect(calls).toBeGreaterThan(10);
});

test("byte keys at the very end of memory", () => {
  const bytes = 2 << 20;
  const on = fixture({ bytes, start: 65536 });
  const { kernels, allocator } = on;
  const keys = ["a", "ab", "abcdefgh", "abcdefghi", "abcdefgh", "ab", "a", "", "z"];
  const offsets = allocator.put((keys.length + 1) * 4);
  const length = keys.join("").length;
  const start = (bytes - length) as Ptr;
  kernels.u8.set(new TextEncoder().encode(keys.join("")), start);
  let end = 0;
  keys.forEach((key, row) => (kernels.u32[offsets / 4 + row + 1] = end += key.length));
  const hashes = putU64(
    on,
    keys.map(() => 7n),
  );
  const ids = allocator.put(keys.length * 4);
  const table = new GroupTableBytes(kernels, allocator);
  table.groups(offsets, start, hashes, keys.length, ids);
  const expected = [0, 1, 2, 3, 2, 1, 0, 4, 5];
  expect([...getU32(on, ids, keys.length)]).toEqual(expected);
  table.lookup(offsets, start, hashes, keys.length, ids);
  expect([...getU32(on, ids, keys.length)]).toEqual(expected);
});
