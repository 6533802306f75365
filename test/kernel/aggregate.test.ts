/** Grouped aggregates against plain loops, to the last bit. */
import { describe, expect, test } from "bun:test";
import type { Random } from "../../src/base/random.ts";
import { GroupAggregate, GroupSums, type AggregateKind } from "../../src/kernel/aggregate.ts";
import { MemoryRefused } from "../../src/kernel/allocator.ts";
import { noGroup } from "../../src/kernel/group-table.ts";
import { nullPtr } from "../../src/kernel/ptr.ts";
import { awkwardNumbers, beyondTwoGiB, fixture, getF64, property, putF64, putU32 } from "./fixture.ts";

const less = (a: number, b: number) => a < b || (Number.isNaN(b) && !Number.isNaN(a));

const twins: Record<AggregateKind, { initial: number[]; fold: (state: number[], value: number) => number[] }> = {
  count: { initial: [0], fold: ([n]) => [n! + 1] },
  sum: { initial: [-0], fold: ([sum], value) => [sum! + value] },
  min: { initial: [NaN], fold: ([min], value) => [less(value, min!) ? value : min!] },
  max: { initial: [-Infinity], fold: ([max], value) => [less(max!, value) ? value : max!] },
  moments: {
    initial: [0, 0, 0],
    fold: ([n, mean, m2], value) => {
      const next = mean! + (value - mean!) / (n! + 1);
      return [n! + 1, next, m2! + (value - mean!) * (value - next)];
    },
  },
};
const kinds = Object.keys(twins) as AggregateKind[];

function aggregateTwin(
  kind: AggregateKind,
  ids: readonly number[],
  values: readonly number[],
  groups: number,
): number[] {
  const states = Array.from({ length: groups }, () => twins[kind].initial);
  ids.forEach((id, row) => {
    if (id < groups) states[id] = twins[kind].fold(states[id]!, values[row]!);
  });
  return states.flat();
}

const numbers: Record<string, (random: Random) => number> = {
  small: random => random.below(100) - 50,
  fractions: random => (random.float() - 0.5) * 10 ** random.below(20),
  awkward: random => awkwardNumbers[random.below(awkwardNumbers.length)]!,
  zeros: random => (random.below(2) === 0 ? -0 : 0),
};

describe.each([
  ["low addresses", 64],
  ["addresses beyond 2 GiB", beyondTwoGiB],
])("at %s", (_, start) => {
  describe.each(kinds)("%s", kind => {
    test.each(Object.entries(numbers))("of %s numbers", (_, number) => {
      property(4, random => {
        const on = fixture({ start });
        const allIds: number[] = [];
        const allValues: number[] = [];
        const aggregate = new GroupAggregate(on.kernels, on.allocator, kind);
        const asIntegers = random.below(2) === 0;
        let groups = 0;
        for (const n of [0, 1, 40, 1000]) {
          groups += random.below(n + 1) + 1;
          const ids = Array.from({ length: n }, () =>
            random.below(10) === 0 ? noGroup : random.below(random.below(2) === 0 ? groups : 3 % groups),
          );
          const values = Array.from({ length: n }, () => (asIntegers ? number(random) | 0 : number(random)));
          aggregate.reserve(groups);
          if (asIntegers) aggregate.add(putU32(on, ids), putU32(on, values), n, "i32");
          else aggregate.add(putU32(on, ids), putF64(on, values), n);
          allIds.push(...ids);
          allValues.push(...values);
          expect(getF64(on, aggregate.ptr, groups * aggregate.stride)).toEqual(
            aggregateTwin(kind, allIds, allValues, groups),
          );
        }
        aggregate.free();
        expect(on.allocator.outstandingBytes).toBe(0);
      });
    });
  });

  test("several sums at once", () => {
    property(10, random => {
      const on = fixture({ start });
      const [n, columns, groups] = [random.below(500), 1 + random.below(13), 1 + random.below(9)];
      const ids = Array.from({ length: n }, () => random.below(groups));
      const values = Array.from({ length: columns }, () =>
        Array.from({ length: n }, () => numbers["fractions"]!(random)),
      );
      const sums = new GroupSums(on.kernels, on.allocator, columns);
      sums.reserve(groups);
      sums.add(
        putU32(on, ids),
        values.map(column => putF64(on, column)),
        n,
      );
      const byColumn = values.map(column => aggregateTwin("sum", ids, column, groups));
      expect(getF64(on, sums.ptr, groups * columns)).toEqual(
        Array.from({ length: groups * columns }, (_, i) => byColumn[i % columns]![Math.floor(i / columns)]!),
      );
      sums.free();
      expect(on.allocator.outstandingBytes).toBe(0);
    });
  });
});

test("more rows than one call takes", () => {
  const on = fixture();
  const n = 150_000;
  const ids = Array.from({ length: n }, (_, i) => i % 7);
  const values = ids.map((_, i) => i / 3);
  const columns = putF64(on, values);
  const sums = new GroupSums(on.kernels, on.allocator, 2);
  sums.reserve(7);
  sums.add(putU32(on, ids), [columns, columns], n);
  const expected = aggregateTwin("sum", ids, values, 7);
  expect(getF64(on, sums.ptr, 14)).toEqual(expected.flatMap(sum => [sum, sum]));
  for (const kind of kinds) {
    const aggregate = new GroupAggregate(on.kernels, on.allocator, kind);
    aggregate.reserve(7);
    aggregate.add(putU32(on, ids), columns, n);
    expect(getF64(on, aggregate.ptr, 7 * aggregate.stride)).toEqual(aggregateTwin(kind, ids, values, 7));
  }
});

test("a sum is its first value even when that is −0, unless a zero was given", () => {
  const on = fixture();
  for (const [initial, expected] of [
    [undefined, -0],
    [0, 0],
  ] as const) {
    const sum = new GroupAggregate(on.kernels, on.allocator, "sum", initial);
    sum.reserve(1);
    sum.add(putU32(on, [0]), putF64(on, [-0]), 1);
    expect(getF64(on, sum.ptr, 1)).toEqual([expected]);
  }
});

test("states merge: counts, sums, least, greatest exactly, moments closely", () => {
  property(5, random => {
    const on = fixture();
    const groups = 5;
    const rows = Array.from({ length: 2000 }, () => ({
      id: random.below(groups),
      value: (random.float() - 0.5) * 2000,
    }));
    const parts = [rows.slice(0, 700), rows.slice(700, 701), rows.slice(701)];
    for (const kind of kinds) {
      const whole = new GroupAggregate(on.kernels, on.allocator, kind);
      whole.reserve(groups);
      for (const part of parts) {
        const partial = new GroupAggregate(on.kernels, on.allocator, kind);
        partial.reserve(groups);
        partial.add(
          putU32(
            on,
            part.map(row => row.id),
          ),
          putF64(
            on,
            part.map(row => row.value),
          ),
          part.length,
        );
        whole.merge(putU32(on, [0, 1, 2, 3, 4]), partial.ptr, groups);
      }
      const expected = aggregateTwin(
        kind,
        rows.map(row => row.id),
        rows.map(row => row.value),
        groups,
      );
      const merged = getF64(on, whole.ptr, groups * whole.stride);
      expected.forEach((value, i) => expect(Math.abs(merged[i]! - value)).toBeLessThanOrEqual(1e-11 * Math.abs(value)));
    }
  });
});

test("moments of infinite values merge into empty states", () => {
  const on = fixture();
  const moments = new GroupAggregate(on.kernels, on.allocator, "moments");
  moments.reserve(1);
  moments.merge(putU32(on, [0]), putF64(on, [1, Infinity, 0]), 1);
  moments.merge(putU32(on, [0]), putF64(on, [0, 0, 0]), 1);
  expect(getF64(on, moments.ptr, 3)).toEqual([1, Infinity, 0]);
});

test("a refused reservation changes nothing", () => {
  const on = fixture();
  const count = new GroupAggregate(on.kernels, on.allocator, "count");
  count.reserve(10);
  count.add(putU32(on, [3]), nullPtr, 1);
  on.allocator.budgetBytes = on.allocator.outstandingBytes + 1000;
  expect(() => count.reserve(5000)).toThrow(MemoryRefused);
  count.add(putU32(on, [3, 9, 10]), nullPtr, 3);
  expect(getF64(on, count.ptr, 10)).toEqual([0, 0, 0, 2, 0, 0, 0, 0, 0, 1]);
});
