import { expect, test } from "bun:test";
import type { ExecutorId } from "../../src/base/ids.ts";
import { Random } from "../../src/base/random.ts";
import { BlobLocations } from "../../src/exec/blob-locations.ts";

const id = (executor: number) => executor as ExecutorId;

test("the first is sent to the driver, the others like a tree", () => {
  const locations = new BlobLocations();
  const first = Array.from({ length: 8 }, (_, executor) => locations.locate("a", id(executor))[0]);
  expect(first).toEqual([undefined, 0, 0, 1, 1, 2, 2, 3].map(each => each as ExecutorId | undefined));
  expect(locations.locate("b", id(3))).toEqual([]);
});

test("nobody waits for one who may wait for him, however often who asks", () => {
  for (let seed = 0; seed < 200; seed++) {
    const random = new Random(seed);
    const locations = new BlobLocations();
    const order: number[] = [];
    for (let step = 0; step < 40; step++) {
      const asker = random.below(10);
      if (random.float() < 0.1) {
        locations.executorLost(id(asker));
        if (order.includes(asker)) order.splice(order.indexOf(asker), 1);
        continue;
      }
      const sources = locations.locate("a", id(asker));
      if (!order.includes(asker)) order.push(asker);
      for (const source of sources) {
        const isEarlier = order.includes(source) && order.indexOf(source) < order.indexOf(asker);
        if (!isEarlier) throw new Error(`seed ${seed}: ${asker} is sent to ${source}`);
      }
      if (sources.length === 0 && order.indexOf(asker) > 0) throw new Error(`seed ${seed}: ${asker} is sent to nobody`);
    }
  }
});

test("what is forgotten has no sources", () => {
  const locations = new BlobLocations();
  locations.locate("a", id(0));
  expect(locations.locate("a", id(1))).toEqual([id(0)]);
  locations.forget("a");
  expect(locations.size).toBe(0);
  expect(locations.locate("a", id(2))).toEqual([]);
});
