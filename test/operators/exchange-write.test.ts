/** What a map output says of its rows: the same whenever they are, however little memory there was when it was written. */
import { describe, expect, test } from "bun:test";
import type { ExchangeId } from "../../src/base/ids.ts";
import { Random } from "../../src/base/random.ts";
import { runExchange } from "../../src/operators/exchange-write.ts";
import type { ExchangePlan, PartitionerPlan } from "../../src/plan/nodes.ts";
import type { MapOutput } from "../../src/storage/map-output.ts";
import { inTask, type Pressure, planned, rowsPlan } from "./task-fixture.ts";

type Pair = readonly [unknown, unknown];

const merge = planned((a: number, b: number) => a * 0.7 + b);
const combine = { create: undefined, zero: undefined, mergeValue: merge, mergeCombiners: merge };
const hash: PartitionerPlan = { kind: "hash", partitions: 3 };

function exchangeOf(rows: readonly Pair[], how: Pick<ExchangePlan, "partitioner" | "rows" | "mapSide">): ExchangePlan {
  const node = { id: 0 as never, at: undefined, operator: "partitionBy" };
  return { ...node, op: "exchange", exchange: 0 as ExchangeId, parent: rowsPlan(rows), ...how };
}

const ways: Readonly<Record<string, Pick<ExchangePlan, "partitioner" | "rows" | "mapSide">>> = {
  pairs: { partitioner: hash, rows: "pairs", mapSide: undefined },
  "rows in turn": { partitioner: { kind: "roundRobin", partitions: 4 }, rows: "keys", mapSide: undefined },
  "distinct rows": { partitioner: hash, rows: "keys", mapSide: { kind: "distinct" } },
  "pairs combined": { partitioner: hash, rows: "pairs", mapSide: { kind: "combine", combine } },
};

function rowsOf(random: Random, way: string): Pair[] {
  const value = (): unknown => {
    if (way === "pairs combined") return random.float();
    // rows of some batches are alike, those of others are not
    return [random.below(9), `text ${random.below(99)}`, [random.below(5)], { at: random.below(9) }][random.below(4)];
  };
  return Array.from({ length: 30_000 }, () => [`key ${random.below(20_000)}`, value()]);
}

function write(plan: ExchangePlan, pressure: Pressure): Promise<MapOutput> {
  return inTask({ outputsMayBeLost: true }, env => runExchange(plan, 0, env), pressure);
}

describe("the checksum of rows", () => {
  for (const [way, how] of Object.entries(ways)) {
    const isTable = how.mapSide !== undefined;
    test(`of ${way} is theirs, whatever was refused or spilled`, async () => {
      const blocks = new Set<number>();
      for (let seed = 1; seed <= 4; seed++) {
        const random = new Random(seed);
        const plan = exchangeOf(rowsOf(random, way), how);
        const ample = await write(plan, {});
        const [from, large] = [random.below(40), 66_000 + random.below(60_000)];
        const tight = isTable
          ? { memoryBytes: (3 + seed) * 2 ** 19 }
          : { refuses: (n: number, bytes: number) => n > from && bytes > large };
        const again = await write(plan, tight).catch((error: unknown) => {
          // too little for one row
          if (!/memory/.test(String(error))) throw error;
          return ample;
        });
        expect([seed, again.rowsChecksum]).toEqual([seed, ample.rowsChecksum]);
        blocks.add(ample.checksum - again.checksum);
      }
      // the blocks did differ
      expect([...blocks].some(difference => difference !== 0)).toBe(true);
    });
  }

  test("differs for other rows, another order, and other partitions", async () => {
    const rows = rowsOf(new Random(7), "pairs");
    const changed: Pair[][] = [
      rows,
      rows.with(5000, [rows[5000]![0], "another"]),
      rows.slice(1),
      [...rows, rows[0]!],
      // within one partition, values change places
      rows.with(0, ["key", 1]).with(1, ["key", 2]),
      rows.with(0, ["key", 2]).with(1, ["key", 1]),
    ];
    const sums = [];
    for (const each of changed) sums.push((await write(exchangeOf(each, ways["pairs"]!), {})).rowsChecksum);
    sums.push((await write(exchangeOf(rows, { ...ways["rows in turn"]!, rows: "pairs" }), {})).rowsChecksum);
    expect(new Set(sums).size).toBe(sums.length);
  });
});

for (const way of ["distinct rows", "pairs combined"])
  test(`${way} can be cancelled between the batches that they leave in`, async () => {
    const checksOf = async (keys: number) => {
      let checks = 0;
      const rows = Array.from({ length: 30_000 }, (_, i): Pair => [i % keys, 1]);
      await inTask({ checkpoint: () => void checks++ }, env => runExchange(exchangeOf(rows, ways[way]!), 0, env));
      return checks;
    };
    // one batch, or four
    expect((await checksOf(30_000)) - (await checksOf(1))).toBeGreaterThanOrEqual(3);
  });
