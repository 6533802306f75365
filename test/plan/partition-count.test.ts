/** Which partitioner a plan's keys obey, and when two are the same. */
import { expect, test } from "bun:test";
import type { ExchangeId, RddId } from "../../src/base/ids.ts";
import type { PartitionerPlan, Plan, PlanFunction } from "../../src/plan/nodes.ts";
import { partitionCount, partitionerOf, samePartitioning } from "../../src/plan/partition-count.ts";

const node = { id: 0 as RddId, operator: "x", at: undefined };
const fn: PlanFunction = { id: "f", bundle: "", captures: new Uint8Array(0), text: "f", at: undefined };
const rows: Plan = { ...node, op: "range", start: 0, step: 1, rows: 10, partitions: 4 };
const hash: PartitionerPlan = { kind: "hash", partitions: 3 };
const custom = (identity: number): PartitionerPlan => ({ kind: "custom", partitions: 3, fn, identity });
const range = (exchange: number): PartitionerPlan => ({
  kind: "range",
  partitions: 3,
  ascending: true,
  probe: { ...node, op: "probe", exchange: exchange as ExchangeId, parent: rows, probe: { kind: "count" } },
});
const placed = (partitioner: PartitionerPlan, kind: "pairs" | "keys" = "pairs"): Plan => ({
  ...node,
  op: "exchange",
  exchange: 1 as ExchangeId,
  parent: rows,
  partitioner,
  rows: kind,
  mapSide: undefined,
});

test("an exchange of pairs makes a partitioner known, one of whole rows or in turn does not", () => {
  expect(partitionerOf(placed(hash))).toBe(hash);
  expect(partitionerOf(placed(hash, "keys"))).toBeUndefined();
  expect(partitionerOf(placed({ kind: "roundRobin", partitions: 2 }))).toBeUndefined();
  expect(partitionerOf(rows)).toBeUndefined();
});

test("operators that keep keys keep it, others lose it", () => {
  const parent = placed(hash);
  for (const op of ["filter", "mapValues", "flatMapValues"] as const)
    expect(partitionerOf({ ...node, op, parent, fn })).toBe(hash);
  for (const op of ["map", "flatMap", "keyBy", "mapPartitions"] as const)
    expect(partitionerOf({ ...node, op, parent, fn })).toBeUndefined();
  for (const op of ["group", "distinct"] as const) expect(partitionerOf({ ...node, op, parent })).toBe(hash);
  expect(partitionerOf({ ...node, op: "coalesce", parent, groups: [[0, 1, 2]] })).toBeUndefined();
  expect(partitionerOf({ ...node, op: "coalesce", parent, groups: [[0], [1], [2]], partitioner: hash })).toBe(hash);
  expect(partitionCount({ ...node, op: "cogroup", parents: [parent, parent] })).toBe(3);
});

test("hash partitioners are the same by their number, others by what they are", () => {
  const all = [hash, { kind: "hash", partitions: 4 } as const, custom(1), custom(2), range(1), range(2)];
  all.forEach((a, i) => all.forEach((b, j) => expect(samePartitioning(a, b)).toBe(i === j)));
  expect(samePartitioning(hash, { kind: "hash", partitions: 3 })).toBe(true);
  expect(samePartitioning({ kind: "roundRobin", partitions: 2 }, { kind: "roundRobin", partitions: 2 })).toBe(false);
});
