import { expect, test } from "bun:test";
import { type Collections, GarbagePacer } from "../../src/platform/garbage.ts";

const MiB = 2 ** 20;

/** A heap whose live bytes the test sets, and how long young collections take. */
function pacer() {
  const heap = { bytes: 10 * MiB, nowMs: 1000, youngMs: 0, young: 0, full: 0 };
  const collections: Collections = {
    young: () => {
      heap.young++;
      heap.nowMs += heap.youngMs;
      return heap.bytes;
    },
    full: () => (heap.full++, heap.bytes),
  };
  const garbage = new GarbagePacer(collections, () => heap.nowMs);
  const paceAfter = (ms: number, madeBytes = 0) => {
    heap.nowMs += ms;
    garbage.pace(heap.nowMs, madeBytes);
    return { young: heap.young, full: heap.full };
  };
  return { heap, paceAfter };
}

test("young garbage is collected every 20 ms of work", () => {
  const { paceAfter } = pacer();
  expect(paceAfter(0).young).toBe(1);
  for (let i = 0; i < 19; i++) expect(paceAfter(1).young).toBe(1);
  expect(paceAfter(1).young).toBe(2);
});

test("and sooner when values have been made of many bytes of columns", () => {
  const { paceAfter } = pacer();
  paceAfter(0);
  for (let i = 1; i <= 40; i++) expect(paceAfter(0.1, 64 * 1024).young).toBe(1 + Math.floor(i / 4));
});

test("what young collections leave behind is collected once it has grown", () => {
  const { heap, paceAfter } = pacer();
  paceAfter(0);
  expect(paceAfter(900)).toEqual({ young: 2, full: 0 });
  expect(paceAfter(101)).toEqual({ young: 3, full: 1 });
  heap.bytes += 2 * MiB;
  expect(paceAfter(20).full).toBe(1);
  heap.bytes += 2 * MiB;
  expect(paceAfter(20).full).toBe(2);
});

test("young collections take half of the time at most, however much is made", () => {
  const { heap, paceAfter } = pacer();
  heap.youngMs = 5;
  paceAfter(0);
  for (let i = 0; i < 4; i++) expect(paceAfter(1, MiB).young).toBe(1);
  expect(paceAfter(1, MiB).young).toBe(2);
});
