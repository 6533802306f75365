/** Where plans are cut into stages, and how partitions are joined. */
import { expect, test } from "bun:test";
import type { ExchangeId, RddId } from "../../src/base/ids.ts";
import { type ExchangePlan, parentsOf, type PartitionerPlan, type Plan, type ProbePlan } from "../../src/plan/nodes.ts";
import { coalesceGroups } from "../../src/planner/coalesce.ts";
import { cutStages } from "../../src/planner/stages.ts";

let ids = 0;
const node = (operator: string) => ({ id: ids++ as RddId, operator, at: undefined });
const rows = (partitions: number): Plan => ({ ...node("range"), op: "range", start: 0, step: 1, rows: 10, partitions });
const hash = (partitions: number): PartitionerPlan => ({ kind: "hash", partitions });
const exchange = (parent: Plan, partitioner: PartitionerPlan): ExchangePlan => ({
  ...node("partitionBy"),
  op: "exchange",
  exchange: ids++ as ExchangeId,
  parent,
  partitioner,
  rows: "pairs",
  mapSide: undefined,
});
const probe = (parent: Plan): ProbePlan => ({
  ...node("sortByKey"),
  op: "probe",
  exchange: ids++ as ExchangeId,
  parent,
  probe: { kind: "count" },
});
const join = (left: Plan, right: Plan): Plan => ({ ...node("join"), op: "join", join: "inner", left, right });

function outline(plan: Plan) {
  return cutStages(plan, { kind: "count" }, { operator: "count", at: undefined }).map(
    ({ kind, name, partitions, reads }) => ({ kind, name, partitions, reads }),
  );
}

test("a plan without exchanges is one stage", () => {
  expect(outline({ ...node("union"), op: "union", parents: [rows(2), rows(3)] })).toEqual([
    { kind: "result", name: "count", partitions: 5, reads: [] },
  ]);
});

test("each exchange ends a stage, parents come before children, and a shared one is cut once", () => {
  const shared = exchange(rows(2), hash(3));
  const placed = exchange(shared, hash(4));
  const stages = outline(join(placed, exchange(shared, hash(4))));
  expect(stages.map(stage => [stage.kind, stage.partitions])).toEqual([["exchange", 2], ["exchange", 3], ["exchange", 3], ["result", 4]]); // prettier-ignore
  expect(stages[1]!.reads).toEqual([shared.exchange]);
  expect(stages[3]!.reads.length).toBe(2);
});

test("a sort reads its sample before it places rows", () => {
  const sample = probe(rows(2));
  const placed = exchange(rows(2), { kind: "range", partitions: 3, ascending: true, probe: sample });
  const stages = outline({ ...node("sortByKey"), op: "sort", parent: placed, ascending: true });
  expect(stages.map(stage => stage.kind)).toEqual(["probe", "exchange", "result"]);
  expect(stages[1]!.reads).toEqual([sample.exchange]);
});

test("a coalesce that keeps a range partitioner does not read its sample", () => {
  const sample = probe(rows(2));
  const placed = exchange(rows(2), { kind: "range", partitions: 2, ascending: true, probe: sample });
  const both: Plan = { ...node("union"), op: "union", parents: [placed, placed] };
  const kept: Plan = { ...node("union"), op: "coalesce", parent: both, groups: [[0, 2], [1, 3]], partitioner: placed.partitioner }; // prettier-ignore
  expect(outline(kept).at(-1)!.reads).toEqual([placed.exchange]);
});

test("a stage has its own part of the plan, and nothing of what other stages compute", () => {
  let plan: Plan = rows(2);
  for (let i = 0; i < 50; i++) plan = exchange({ ...node("group"), op: "group", parent: plan }, hash(2));
  const stages = cutStages(join(plan, plan), { kind: "count" }, { operator: "count", at: undefined });
  expect(stages.length).toBe(51);
  const depths = stages.map(stage => {
    let depth = 0;
    for (let at: Plan | undefined = stage.root; at !== undefined; at = parentsOf(at)[0]) depth++;
    return depth;
  });
  expect(Math.max(...depths)).toBe(4);
  const joined = stages.at(-1)!.root as Plan & { op: "join" };
  expect(joined.left).toBe(joined.right);
});

test("coalesced groups are neighbours of about equal number, all of them, in order", () => {
  expect(coalesceGroups(7, 3)).toEqual([[0, 1], [2, 3], [4, 5, 6]]); // prettier-ignore
  expect(coalesceGroups(2, 5)).toEqual([[0], [1]]);
  expect(coalesceGroups(0, 5)).toEqual([]);
  for (let parents = 1; parents < 20; parents++) {
    for (let wanted = 1; wanted < 20; wanted++) {
      const groups = coalesceGroups(parents, wanted);
      expect(groups.length).toBe(Math.min(parents, wanted));
      expect(groups.flat(1)).toEqual(Array.from({ length: parents }, (_, i) => i));
    }
  }
});
