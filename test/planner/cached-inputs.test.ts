import { expect, test } from "bun:test";
import type { ExchangeId, RddId } from "../../src/base/ids.ts";
import type { ExchangePlan, Plan, PlanFunction } from "../../src/plan/nodes.ts";
import { StorageLevel } from "../../src/plan/storage-level.ts";
import {
  hostsOfInputs,
  inputPartitions,
  knowsHosts,
  persistedIn,
  placesOfInputs,
} from "../../src/planner/cached-inputs.ts";
import type { StagePlan } from "../../src/planner/stages.ts";

const fn = {} as PlanFunction;
const at = { operator: "", at: undefined };
const range = (id: number, partitions: number): Plan => ({
  ...at,
  id: id as RddId,
  op: "range",
  start: 0,
  step: 1,
  rows: 10,
  partitions,
});
const map = (id: number, parent: Plan): Plan => ({ ...at, id: id as RddId, op: "map", parent, fn });
const cached = (plan: Plan): Plan => ({ ...plan, storage: StorageLevel.MEMORY_ONLY });
const exchange = (id: number, parent: Plan): ExchangePlan => ({
  ...at,
  id: id as RddId,
  op: "exchange",
  exchange: id as ExchangeId,
  parent,
  partitioner: { kind: "hash", partitions: 2 },
  rows: "pairs",
  mapSide: undefined,
});
const result = (root: Plan) => ({ kind: "result", root }) as StagePlan;
/** Every partition of these rdds is held, by one that is called after it. */
const heldBy =
  (...rdds: number[]) =>
  (rdd: RddId, partition: number) =>
    rdds.includes(rdd) ? [`${rdd}.${partition}`] : [];

test("the first persisted plan on the way down that is held somewhere", () => {
  const plan = map(3, cached(map(2, cached(range(1, 4)))));
  expect(persistedIn(result(plan)).map(({ id }) => Number(id))).toEqual([2, 1]);
  expect(placesOfInputs(result(plan), 3, heldBy(1, 2, 3))).toEqual(["2.3"]);
  expect(placesOfInputs(result(plan), 3, heldBy(1, 3))).toEqual(["1.3"]);
  expect(placesOfInputs(result(plan), 3, heldBy(3))).toEqual([]);
  expect(placesOfInputs(result(cached(plan)), 0, heldBy(3))).toEqual(["3.0"]);
});

test("a stage ends at its exchanges, and begins below the one that it writes", () => {
  const below = exchange(5, cached(range(1, 4)));
  const plan = map(7, { ...at, id: 6 as RddId, op: "group", parent: below });
  expect(persistedIn(result(plan))).toEqual([]);
  expect(placesOfInputs(result(plan), 0, heldBy(1))).toEqual([]);
  const writes = { kind: "exchange", root: below } as StagePlan;
  expect(persistedIn(writes).map(({ id }) => Number(id))).toEqual([1]);
  expect(placesOfInputs(writes, 3, heldBy(1))).toEqual(["1.3"]);
});

test("unions, coalesces and joins know which partition of which parent", () => {
  const [one, two] = [cached(range(1, 3)), cached(range(2, 2))];
  const union: Plan = { ...at, id: 3 as RddId, op: "union", parents: [one, two] };
  const places = Array.from({ length: 6 }, (_, i) => placesOfInputs(result(union), i, heldBy(1, 2))[0]);
  expect(places).toEqual(["1.0", "1.1", "1.2", "2.0", "2.1", undefined]);
  const coalesce: Plan = {
    ...at,
    id: 4 as RddId,
    op: "coalesce",
    parent: union,
    groups: [
      [0, 1],
      [2, 3, 4],
    ],
  };
  expect([0, 1].map(i => placesOfInputs(result(coalesce), i, heldBy(2)))).toEqual([[], ["2.0"]]);
  const join: Plan = { ...at, id: 5 as RddId, op: "join", join: "inner", left: exchange(8, one), right: two };
  expect(placesOfInputs(result(join), 1, heldBy(1, 2))).toEqual(["2.1"]);
  const all = (plan: Plan, i: number) => inputPartitions(result(plan), i).map(each => `${each.rdd}.${each.partition}`);
  expect([all(coalesce, 1), all(join, 1), all(cached(map(9, one)), 2)]).toEqual([
    ["1.2", "2.0", "2.1"],
    ["2.1"],
    ["9.2", "1.2"],
  ]);
});

test("machines that have the file splits below, as far as the stage goes", () => {
  const files = (id: number, hosts: readonly (readonly string[] | undefined)[]): Plan => {
    const source = { op: "files", format: "text", paths: "hdfs://h/a", minPartitions: 1, options: {} } as const;
    const splits = hosts.map(each => (each === undefined ? {} : { hosts: each }));
    return { ...at, ...source, id: id as RddId, scan: { format: {}, splits } };
  };
  const told = map(2, files(1, [["a", "b"], undefined, ["c"]]));
  expect(knowsHosts(result(told))).toBe(true);
  expect([0, 1, 2].map(i => hostsOfInputs(result(told), i))).toEqual([["a", "b"], [], ["c"]]);
  const silent = files(3, [undefined, undefined]);
  expect(knowsHosts(result(silent))).toBe(false);
  const union: Plan = { ...at, id: 4 as RddId, op: "union", parents: [silent, told] };
  const coalesce: Plan = {
    ...at,
    id: 5 as RddId,
    op: "coalesce",
    parent: union,
    groups: [
      [0, 1],
      [3, 4],
    ],
  };
  expect([0, 1].map(i => hostsOfInputs(result(coalesce), i))).toEqual([[], ["c"]]);
  const below = exchange(6, told);
  expect(knowsHosts(result(below))).toBe(false);
  expect(hostsOfInputs({ kind: "exchange", root: below } as StagePlan, 2)).toEqual(["c"]);
});
