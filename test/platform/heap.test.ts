import { expect, test } from "bun:test";
import { Worker } from "node:worker_threads";
import { HeapWatch } from "../../src/platform/heap.ts";

const MiB = 2 ** 20;

/** Checks again and again for `ms`, so that the interval between looks passes. */
function checkFor(watch: HeapWatch, ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end) watch.check("map", { file: "job.ts", line: 3, column: 7 });
}

test("live objects past the limit are refused with operator, figures and line", () => {
  const watch = new HeapWatch(
    100 * MiB,
    () => 150 * MiB,
    () => {},
  );
  let thrown: unknown;
  try {
    watch.check("groupByKey", { file: "job.ts", line: 3, column: 7 });
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toMatchObject({
    kind: "resource",
    message: "groupByKey filled its thread's JavaScript heap: 150.0 MiB in use, the limit is 100.0 MiB",
    hint: "keep less in memory per partition (more partitions, smaller groups), or raise firesteel.task.heapLimit",
    at: { file: "job.ts", line: 3, column: 7 },
  });
});

test("garbage is collected, not held against the task, and not at every look", () => {
  let live = 90 * MiB;
  let garbage = 20 * MiB;
  let collections = 0;
  const watch = new HeapWatch(
    100 * MiB,
    () => live + garbage,
    () => {
      garbage = 0;
      collections++;
    },
  );
  watch.check("map");
  expect(collections).toBe(1);
  garbage = 20 * MiB;
  checkFor(watch, 25);
  expect(collections).toBe(1);
  garbage = 30 * MiB;
  checkFor(watch, 25);
  expect(collections).toBe(2);
  live = 101 * MiB;
  garbage = 30 * MiB;
  expect(() => checkFor(watch, 25)).toThrow("filled its thread's JavaScript heap");
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
        watch.check("flatMap");
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
  watch.check("map");
});
