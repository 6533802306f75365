import { expect, test } from "bun:test";
import { severalAtOnce } from "../../src/sources/several-at-once.ts";

test("results are in the order of the items, and no more are under way than may be", async () => {
  const waiting: (() => void)[] = [];
  let [underWay, most] = [0, 0];
  const all = severalAtOnce([3, 1, 2, 5, 4], 2, async item => {
    most = Math.max(most, ++underWay);
    await new Promise<void>(resolve => waiting.push(resolve));
    underWay--;
    return item * 10;
  });
  // the one that was begun last ends first
  for (let ended = 0; ended < 5; ended++) {
    waiting.pop()!();
    await new Promise(resolve => setImmediate(resolve));
  }
  expect(await all).toEqual([30, 10, 20, 50, 40]);
  expect(most).toBe(2);
  expect(await severalAtOnce([], 2, () => Promise.reject(new Error("never called")))).toEqual([]);
});

test("the first failure is thrown when nothing is under way any more, and nothing is begun after it", async () => {
  const begun: number[] = [];
  const waiting: (() => void)[] = [];
  let isSettled = false;
  const all = severalAtOnce([0, 1, 2, 3], 3, async item => {
    begun.push(item);
    if (item === 1) throw new Error("the first");
    await new Promise<void>(resolve => waiting.push(resolve));
    if (item === 2) throw new Error("a later one");
  }).finally(() => (isSettled = true));
  const failed = all.catch((thrown: Error) => thrown.message);
  for (let turn = 0; turn < 10; turn++) await new Promise(resolve => setImmediate(resolve));
  expect(isSettled).toBe(false);
  for (const resolve of waiting.toReversed()) resolve();
  expect(await failed).toBe("the first");
  expect(begun).toEqual([0, 1, 2]);
});
