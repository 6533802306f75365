import { describe, expect, test } from "bun:test";
import type { ExecutorId, RddId } from "../../src/base/ids.ts";
import { Random } from "../../src/base/random.ts";
import { type BlockAction, BlockLocations } from "../../src/exec/block-locations.ts";
import type { CachedBlock } from "../../src/exec/executor-messages.ts";

const rdd = 1 as RddId;
const id = (executor: number) => executor as ExecutorId;
const block = (partition: number, bytes = 100, of = rdd): CachedBlock => ({ rdd: of, partition, bytes, diskBytes: 0 });

/** Executors on the hosts given, `rdd` wanted twice. */
function open(...hosts: string[]): BlockLocations {
  const locations = new BlockLocations();
  hosts.forEach((host, i) => locations.step({ type: "executorAdded", executor: id(i), host }));
  locations.step({ type: "replicasWanted", rdd, replicas: 2 });
  return locations;
}

function changed(locations: BlockLocations, executor: number, put: CachedBlock[], gone: CachedBlock[] = []): string[] {
  return locations.step({ type: "blocksChanged", executor: id(executor), put, gone }).map(described);
}

function described({ rdd, partition, from, to }: BlockAction): string {
  return `${rdd}.${partition}: ${from} -> ${to}`;
}

describe("holders", () => {
  test("are those that said so last, until they are lost or the rdd is released", () => {
    const locations = new BlockLocations();
    for (const executor of [0, 1]) locations.step({ type: "executorAdded", executor: id(executor), host: "a" });
    changed(locations, 0, [block(0), block(1)]);
    changed(locations, 1, [block(1)]);
    expect([0, 1, 2].map(partition => locations.holdersOf(rdd, partition))).toEqual([[id(0)], [id(0), id(1)], []]);
    expect(locations.summaryOf(rdd)).toEqual({ partitions: 2, copies: 3, bytes: 300 });
    changed(locations, 0, [], [block(1), block(7)]);
    expect(locations.holdersOf(rdd, 1)).toEqual([id(1)]);
    locations.step({ type: "executorLost", executor: id(1) });
    expect([locations.holdersOf(rdd, 1), locations.isCached(rdd)]).toEqual([[], true]);
    // a message of a former life
    changed(locations, 1, [block(1)]);
    expect(locations.holdersOf(rdd, 1)).toEqual([]);
    locations.step({ type: "rddReleased", rdd });
    expect([locations.isCached(rdd), locations.size]).toEqual([false, { executors: 1, rdds: 0 }]);
  });

  test("of an rdd that nobody holds any more nothing is kept", () => {
    const locations = new BlockLocations();
    locations.step({ type: "executorAdded", executor: id(0), host: "a" });
    changed(locations, 0, [block(0)]);
    changed(locations, 0, [], [block(0)]);
    expect(locations.size.rdds).toBe(0);
  });
});

describe("copies", () => {
  test("go to another host where there is one, to who holds least", () => {
    const locations = open("a", "a", "b", "b");
    expect(changed(locations, 0, [block(0), block(1), block(2)])).toEqual([
      "1.0: 0 -> 2",
      "1.1: 0 -> 3",
      "1.2: 0 -> 2",
    ]);
    expect(changed(locations, 2, [block(0), block(2)])).toEqual([]);
    expect(changed(open("a", "a"), 1, [block(0)])).toEqual(["1.0: 1 -> 0"]);
    expect(changed(open("a"), 0, [block(0)])).toEqual([]);
  });

  test("that fail are asked of others, each once", () => {
    const locations = open("a", "b", "a");
    expect(changed(locations, 0, [block(0)])).toEqual(["1.0: 0 -> 1"]);
    const fail = (executor: number) =>
      locations.step({ type: "copyFailed", executor: id(executor), rdd, partition: 0 }).map(described);
    expect([fail(1), fail(1), fail(2), fail(2)]).toEqual([["1.0: 0 -> 2"], [], [], []]);
    expect(locations.step({ type: "executorAdded", executor: id(3), host: "c" }).map(described)).toEqual([
      "1.0: 0 -> 3",
    ]);
  });

  test("that are evicted are not made anew, those of a lost executor are", () => {
    const locations = open("a", "b", "c");
    changed(locations, 0, [block(0), block(1)]);
    changed(locations, 1, [block(0)]);
    changed(locations, 2, [block(1)]);
    expect(changed(locations, 1, [], [block(0)])).toEqual([]);
    expect(locations.step({ type: "executorLost", executor: id(2) }).map(described)).toEqual(["1.1: 0 -> 1"]);
    // the one that holds both dies: one is gone, of the other a copy may have been made
    expect(changed(locations, 1, [block(1)])).toEqual([]);
    expect(locations.step({ type: "executorLost", executor: id(0) }).map(described)).toEqual([]);
    expect([locations.holdersOf(rdd, 0), locations.holdersOf(rdd, 1)]).toEqual([[], [id(1)]]);
  });

  test("are asked for when an executor joins, or when it is said later that they are wanted", () => {
    const locations = new BlockLocations();
    locations.step({ type: "executorAdded", executor: id(0), host: "a" });
    expect(changed(locations, 0, [block(0)])).toEqual([]);
    expect(locations.step({ type: "replicasWanted", rdd, replicas: 2 })).toEqual([]);
    expect(locations.step({ type: "executorAdded", executor: id(1), host: "a" }).map(described)).toEqual([
      "1.0: 0 -> 1",
    ]);
  });
});

test("whatever happens: holders are known, copies are asked of who can make them, nothing is left", () => {
  for (let seed = 0; seed < 300; seed++) oneLife(seed);
});

/** Executors that join, make copies, evict and die, against plain sets of what each holds. */
function oneLife(seed: number): void {
  const random = new Random(seed);
  const locations = new BlockLocations();
  const must = (condition: boolean, what: string) => {
    if (!condition) throw new Error(`seed ${seed}: ${what}`);
  };
  const held = new Map<number, Set<number>>();
  const orders: { partition: number; to: number }[] = [];
  const host = (executor: number) => `host ${executor % 3}`;
  const obey = (actions: readonly BlockAction[]) => {
    for (const { partition, from, to } of actions) {
      must(held.get(from)?.has(partition) === true, `${from} does not hold ${partition}`);
      must(held.has(to) && !held.get(to)!.has(partition), `${to} cannot take ${partition}`);
      must(!orders.some(order => order.partition === partition && order.to === to), `${to} is asked twice`);
      orders.push({ partition, to });
    }
  };
  locations.step({ type: "replicasWanted", rdd, replicas: 2 });
  for (let step = 0; step < 120; step++) {
    const executor = random.below(6);
    const partition = random.below(4);
    const mine = held.get(executor);
    const order = orders[random.below(orders.length)];
    const dice = random.float();
    if (mine === undefined) {
      held.set(executor, new Set());
      obey(locations.step({ type: "executorAdded", executor: id(executor), host: host(executor) }));
    } else if (dice < 0.1) {
      held.delete(executor);
      for (let i = orders.length - 1; i >= 0; i--) if (orders[i]!.to === executor) orders.splice(i, 1);
      obey(locations.step({ type: "executorLost", executor: id(executor) }));
    } else if (dice < 0.5 && order !== undefined) {
      orders.splice(orders.indexOf(order), 1);
      const fails = random.float() < 0.2;
      if (!fails) held.get(order.to)!.add(order.partition);
      obey(
        fails
          ? locations.step({ type: "copyFailed", executor: id(order.to), rdd, partition: order.partition })
          : locations.step({ type: "blocksChanged", executor: id(order.to), put: [block(order.partition)], gone: [] }),
      );
    } else if (dice < 0.7 && !mine.has(partition) && !orders.some(order => order.to === executor)) {
      mine.add(partition);
      obey(locations.step({ type: "blocksChanged", executor: id(executor), put: [block(partition)], gone: [] }));
    } else if (dice < 0.8 && mine.delete(partition)) {
      obey(locations.step({ type: "blocksChanged", executor: id(executor), put: [], gone: [block(partition)] }));
    }
    for (let at = 0; at < 4; at++) {
      const holders = [...held].filter(([, partitions]) => partitions.has(at)).map(([executor]) => executor);
      must([...locations.holdersOf(rdd, at)].sort().join() === holders.sort().join(), `holders of ${at}`);
    }
  }
  locations.step({ type: "rddReleased", rdd });
  must(locations.size.rdds === 0 && !locations.isCached(rdd), "left behind");
}
