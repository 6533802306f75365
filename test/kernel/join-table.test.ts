/** Row lists and joins against nested loops. */
import { describe, expect, test } from "bun:test";
import type { Random } from "../../src/base/random.ts";
import { MemoryRefused } from "../../src/kernel/allocator.ts";
import { GroupTableBytes, noGroup } from "../../src/kernel/group-table.ts";
import { hashStrings } from "../../src/kernel/hash.ts";
import { JoinProbe, noRow, RowLists, type Lists } from "../../src/kernel/join-table.ts";
import { offset } from "../../src/kernel/ptr.ts";
import {
  awkwardStrings,
  beyondTwoGiB,
  fixture,
  getU32,
  property,
  putStrings,
  putU32,
  type Fixture,
} from "./fixture.ts";

type Mode = "inner" | "leftOuter";

function joinTwin(probe: readonly number[], build: readonly number[], groups: number, mode: Mode): [number, number][] {
  return probe.flatMap((id, row) => {
    const matches = id < groups ? build.flatMap((other, at) => (other === id ? [at] : [])) : [];
    if (matches.length === 0 && mode === "leftOuter") return [[row, noRow] as [number, number]];
    return matches.map(at => [row, at] as [number, number]);
  });
}

function pairs(on: Fixture, lists: Lists, probe: readonly number[], mode: Mode, capacity: number): [number, number][] {
  const join = new JoinProbe(on.kernels, on.allocator, lists, mode);
  const [probeRows, buildRows] = [on.allocator.put(capacity * 4), on.allocator.put(capacity * 4)];
  const found: [number, number][] = [];
  join.begin(putU32(on, probe), probe.length);
  while (!join.done) {
    const n = join.next(probeRows, buildRows, capacity);
    expect(n).toBeLessThanOrEqual(capacity);
    if (!join.done) expect(n).toBe(capacity);
    const build = getU32(on, buildRows, n);
    getU32(on, probeRows, n).forEach((row, i) => found.push([row, build[i]!]));
  }
  join.free();
  return found;
}

const shapes: Record<string, (random: Random, groups: number, i: number) => number> = {
  "all equal": () => 0,
  "all distinct": (_, groups, i) => (i < groups ? i : noGroup),
  skewed: (random, groups) => Math.min(groups - 1, Math.floor(1 / (random.float() + 1e-3)) - 1),
  "some without a group": (random, groups) => (random.below(3) === 0 ? noGroup : random.below(groups)),
};

describe.each([
  ["low addresses", 64],
  ["addresses beyond 2 GiB", beyondTwoGiB],
])("at %s", (_, start) => {
  test.each(Object.entries(shapes))("%s", (_, shape) => {
    property(6, random => {
      const on = fixture({ start });
      const groups = 1 + random.below(200);
      const build = Array.from({ length: random.below(120) }, (_, i) => shape(random, groups, i));
      const lists = new RowLists(on.kernels, on.allocator);
      for (let from = 0; from < build.length;) {
        const n = 1 + random.below(build.length - from);
        lists.add(putU32(on, build.slice(from, from + n)), n);
        from += n;
      }
      const made = lists.finish(groups);
      const starts = getU32(on, made.starts, groups + 1);
      const rows = getU32(on, made.rows, starts[groups]!);
      for (let group = 0; group < groups; group++) {
        expect(rows.slice(starts[group], starts[group + 1])).toEqual(
          build.flatMap((id, row) => (id === group ? [row] : [])),
        );
      }
      const probe = Array.from({ length: random.below(40) }, (_, i) => shape(random, groups, i));
      for (const mode of ["inner", "leftOuter"] as const) {
        for (const capacity of [1, 7, 100_000])
          expect(pairs(on, made, probe, mode, capacity)).toEqual(joinTwin(probe, build, groups, mode));
      }
      lists.free();
      expect(on.allocator.outstandingBytes).toBe(0);
    });
  });
});

test("no rows on either side", () => {
  const on = fixture();
  const empty = new RowLists(on.kernels, on.allocator).finish(0);
  expect(getU32(on, empty.starts, 1)).toEqual([0]);
  expect(pairs(on, empty, [], "leftOuter", 4)).toEqual([]);
  expect(pairs(on, empty, [0, noGroup], "inner", 4)).toEqual([]);
  expect(pairs(on, empty, [0, noGroup], "leftOuter", 4)).toEqual([
    [0, noRow],
    [1, noRow],
  ]);
});

test("more rows than one call takes", () => {
  const on = fixture();
  const build = Array.from({ length: 200_000 }, (_, i) => (i * 7) % 100_000);
  const lists = new RowLists(on.kernels, on.allocator);
  lists.add(putU32(on, build), build.length);
  const made = lists.finish(100_000);
  const probe = Array.from({ length: 140_000 }, (_, i) => i);
  const byGroup = new Map<number, number[]>();
  build.forEach((id, row) => byGroup.set(id, [...(byGroup.get(id) ?? []), row]));
  const expected = probe.flatMap(id => (byGroup.get(id) ?? [noRow]).map(row => [id, row] as [number, number]));
  expect(pairs(on, made, probe, "leftOuter", 1_000_000)).toEqual(expected);
});

test("keys of both sides meet through a group table", () => {
  const on = fixture();
  const table = new GroupTableBytes(on.kernels, on.allocator);
  const put = (keys: readonly string[]) => {
    const { offsets, bytes } = putStrings(on, keys);
    const hashes = on.allocator.put(keys.length * 8);
    hashStrings(on.kernels, offsets, bytes, keys.length, hashes);
    return { offsets, bytes, hashes, n: keys.length, ids: on.allocator.put(keys.length * 4) };
  };
  const buildKeys = [...awkwardStrings, ...awkwardStrings.slice(3, 9), "only here"];
  const probeKeys = ["missing", ...awkwardStrings.toReversed(), "", "\0"];
  const build = put(buildKeys);
  const lists = new RowLists(on.kernels, on.allocator);
  lists.add(build.ids, 0);
  const groups = table.groups(build.offsets, build.bytes, build.hashes, build.n, build.ids);
  lists.add(build.ids, build.n);
  const probe = put(probeKeys);
  table.lookup(probe.offsets, probe.bytes, probe.hashes, probe.n, probe.ids);
  const expected = probeKeys.flatMap((key, row) => {
    const matches = buildKeys.flatMap((other, at) => (other === key ? [at] : []));
    return matches.map(at => [row, at] as [number, number]);
  });
  expect(pairs(on, lists.finish(groups), getU32(on, probe.ids, probe.n), "inner", 5)).toEqual(expected);
});

test("groups that a probe has met", () => {
  const on = fixture();
  const flags = on.allocator.put(8);
  on.kernels.u8.fill(0, flags, flags + 8);
  on.kernels.run.markGroups(putU32(on, [2, 0, noGroup, 2, 4]), 5, flags, 4);
  expect(Array.from(on.kernels.u8.subarray(flags, offset(flags, 6)))).toEqual([1, 0, 1, 0, 0, 0]);
});

test("a refused grant changes nothing", () => {
  const on = fixture();
  const lists = new RowLists(on.kernels, on.allocator);
  const ids = putU32(
    on,
    Array.from({ length: 9000 }, (_, i) => i % 3),
  );
  lists.add(ids, 8000);
  on.allocator.budgetBytes = on.allocator.outstandingBytes + 20_000;
  expect(() => lists.add(ids, 9000)).toThrow(MemoryRefused);
  expect(() => lists.finish(3)).toThrow(MemoryRefused);
  expect(lists.rows).toBe(8000);
  on.allocator.budgetBytes = Infinity;
  const made = lists.finish(3);
  expect(getU32(on, made.starts, 4)).toEqual([0, 2667, 5334, 8000]);
  lists.free();
  expect(on.allocator.outstandingBytes).toBe(0);
});
