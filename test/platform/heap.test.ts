import { expect, test } from "bun:test";
import { Worker } from "node:worker_threads";
import { HeapWatch } from "../../src/platform/heap.ts";

const MiB = 2 ** 20;
const map = () => ({ text: "map at job.ts:3:7", at: { file: "job.ts", line: 3, column: 7 } });

test("live objects past the limit are refused with operator, figures and line", () => {
  const watch = new HeapWatch(
    100 * MiB,
    () => 150 * MiB,
    () => {},
  );
  let thrown: unknown;
  try {
    watch.check(() => ({ text: "reduce at job.ts:3:7", at: { file: "job.ts", line: 3, column: 7 } }));
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toMatchObject({
    kind: "resource",
    message: "reduce at job.ts:3:7 filled its thread's JavaScript heap: 150.0 MiB in use, the limit is 100.0 MiB",
    hint: "keep less in memory per partition (more partitions, smaller groups, shorter results), or raise firesteel.task.heapLimit",
    at: { file: "job.ts", line: 3, column: 7 },
  });
});

test("garbage is collected, not held against the task, and not at every look", () => {
  let live = 90 * MiB;
  let garbage = 20 * MiB;
  let collections = 0;
  let nowMs = 1;
  const watch = new HeapWatch(
    100 * MiB,
    () => live + garbage,
    () => {
      garbage = 0;
      collections++;
    },
    () => nowMs,
  );
  /** Again and again, so that the interval between looks passes. */
  const checkOften = () => {
    for (let i = 0; i < 25; i++, nowMs++) watch.check(map);
  };
  watch.check(map);
  expect(collections).toBe(1);
  garbage = 20 * MiB;
  checkOften();
  expect(collections).toBe(1);
  garbage = 30 * MiB;
  checkOften();
  expect(collections).toBe(2);
  live = 101 * MiB;
  garbage = 30 * MiB;
  expect(() => checkOften()).toThrow("filled its thread's JavaScript heap");
});

test("each thread sees its own heap", async () => {
  const source = `
    import { parentPort } from "node:worker_threads";
    import { HeapWatch } from ${JSON.stringify(new URL("../../src/platform/heap.ts", import.meta.url).href)};
    const watch = new HeapWatch(40 * 2 ** 20);
    const rows = [];
    try {
      for (;;) {
        for (let i = 0; i < 10000; i++) rows.push({ i, text: "row " + i });
        watch.check(() => ({ text: "flatMap", at: undefined }));
      }
    } catch (error) {
      parentPort.postMessage({ message: error.message, rows: rows.length });
    }`;
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`));
  const { message, rows } = await new Promise<{ message: string; rows: number }>(resolve =>
    worker.once("message", resolve),
  );
  await worker.terminate();
  expect(message).toStartWith("flatMap filled its thread's JavaScript heap: ");
  expect(rows).toBeGreaterThan(100_000);
  const watch = new HeapWatch(2 ** 30);
  watch.check(map);
});
