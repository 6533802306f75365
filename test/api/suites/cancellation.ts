/**
 * Every action's AbortSignal: aborted before, nothing starts; aborted while tasks run, they are killed; between two jobs of one action,
 * the next does not start; afterwards, nothing happens. The signal is left without listeners.
 */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ActionOptions, Rdd } from "firesteel";
import { rddOperations } from "../../surface/rdd-operations.ts";
import type { SuiteTools } from "../suite.ts";

type Numbers = Rdd<number>;
type Pairs = Rdd<[number, number]>;
type Run = (numbers: Numbers, options: ActionOptions, folder: string) => Promise<unknown>;

const pairs = (numbers: Numbers): Pairs => numbers.map(i => [i, i]);
const enough = 600_000;

/** Iterates to the end. */
async function all(rows: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of rows);
}

const actions: Readonly<Record<string, Run>> = {
  collect: (rows, options) => rows.collect(options),
  toLocalIterator: (rows, options) => all(rows.toLocalIterator(options)),
  count: (rows, options) => rows.count(options),
  countApprox: (rows, options) => rows.countApprox(enough, 0.9, options),
  countApproxDistinct: (rows, options) => rows.countApproxDistinct(0.05, options),
  countByValue: (rows, options) => rows.countByValue(options),
  countByValueEntries: (rows, options) => rows.countByValueEntries(options),
  countByValueApprox: (rows, options) => rows.countByValueApprox(enough, 0.9, options),
  first: (rows, options) => rows.first(options),
  take: (rows, options) => rows.take(3, options),
  takeOrdered: (rows, options) => rows.takeOrdered(3, undefined, options),
  top: (rows, options) => rows.top(3, (a, b) => a - b, options),
  takeSample: (rows, options) => rows.takeSample(false, 3, 1, options),
  isEmpty: (rows, options) => rows.isEmpty(options),
  reduce: (rows, options) => rows.reduce((a, b) => a + b, options),
  treeReduce: (rows, options) => rows.treeReduce((a, b) => a + b, 2, options),
  fold: (rows, options) => rows.fold(0, (a, b) => a + b, options),
  aggregate: (rows, options) =>
    rows.aggregate(
      0,
      (a, b) => a + b,
      (a, b) => a + b,
      options,
    ),
  treeAggregate: (rows, options) =>
    rows.treeAggregate(
      0,
      (a, b) => a + b,
      (a, b) => a + b,
      2,
      options,
    ),
  max: (rows, options) => rows.max(undefined, options),
  min: (rows, options) => rows.min(undefined, options),
  foreach: (rows, options) => rows.foreach(() => {}, options),
  foreachPartition: (rows, options) =>
    rows.foreachPartition(all => {
      for (const _ of all);
    }, options),
  reduceByKeyLocally: (rows, options) => pairs(rows).reduceByKeyLocally((a, b) => a + b, options),
  reduceByKeyLocallyEntries: (rows, options) => pairs(rows).reduceByKeyLocallyEntries((a, b) => a + b, options),
  lookup: (rows, options) => pairs(rows).lookup(1, options),
  collectAsMap: (rows, options) => pairs(rows).collectAsMap(options),
  collectAsMapEntries: (rows, options) => pairs(rows).collectAsMapEntries(options),
  countByKey: (rows, options) => pairs(rows).countByKey(options),
  countByKeyEntries: (rows, options) => pairs(rows).countByKeyEntries(options),
  countByKeyApprox: (rows, options) => pairs(rows).countByKeyApprox(enough, 0.9, options),
  sum: (rows, options) => rows.sum(options),
  mean: (rows, options) => rows.mean(options),
  variance: (rows, options) => rows.variance(options),
  stdev: (rows, options) => rows.stdev(options),
  sampleVariance: (rows, options) => rows.sampleVariance(options),
  sampleStdev: (rows, options) => rows.sampleStdev(options),
  stats: (rows, options) => rows.stats(options),
  histogram: (rows, options) => rows.histogram(2, options),
  sumApprox: (rows, options) => rows.sumApprox(enough, 0.9, options),
  meanApprox: (rows, options) => rows.meanApprox(enough, 0.9, options),
  saveAsTextFile: (rows, options, folder) => rows.saveAsTextFile(join(folder, "text"), options),
  saveAsObjectFile: (rows, options, folder) => rows.saveAsObjectFile(join(folder, "objects"), options),
};

/** A signal that counts who listens to it. */
function watched() {
  const controller = new AbortController();
  const { signal } = controller;
  let listeners = 0;
  const { addEventListener, removeEventListener } = signal;
  Object.assign(signal, {
    addEventListener: (...given: Parameters<typeof addEventListener>) => {
      listeners++;
      addEventListener.apply(signal, given);
    },
    removeEventListener: (...given: Parameters<typeof removeEventListener>) => {
      listeners--;
      removeEventListener.apply(signal, given);
    },
  });
  return { controller, signal, listeners: () => listeners };
}

export default function cancellation({ ctx, test, expect, same, failure, takeEvents, nextEvent }: SuiteTools): void {
  const few = () => ctx.range(1, 11, 1, 3);
  /** Tasks that run for ever and give no rows. */
  const endless = () => ctx.range(0, Number.MAX_SAFE_INTEGER, 1, 2).filter(i => i < 0);
  const runJob: Run = (rows, options) => ctx.runJob(rows, all => all.reduce(n => n + 1, 0), undefined, options);
  const table = Object.entries({ ...actions, runJob });

  /** Of a task that did not end well; to be asked for before it does. */
  async function killed(): Promise<void> {
    for (;;) {
      const event = await nextEvent("taskEnded");
      if (!event.ok) return;
    }
  }

  test("every action is in the table", async () => {
    const listed: readonly { readonly name: string; readonly shape: string }[] = Object.values(rddOperations).flat();
    const names = listed.filter(each => each.shape === "action" && !each.name.startsWith("[")).map(each => each.name);
    same(
      names.filter(name => !(name in actions)),
      [],
    );
  });

  test("aborted before: rejected with the reason, and nothing starts", async () => {
    const folder = mkdtempSync(join(tmpdir(), "cancelled-"));
    takeEvents();
    for (const [name, run] of table) {
      const reason = { code: name };
      const error = await failure(() => run(few(), { signal: AbortSignal.abort(reason) }, folder));
      same(error.message, `${name} was cancelled by its AbortSignal: {"code":"${name}"}`);
      expect(error).toMatchObject({ kind: "cancelled", at: { file: "test/api/suites/cancellation.ts" } });
      expect(error.cause).toBe(reason);
    }
    same(
      takeEvents().filter(event => event.type === "taskStarted"),
      [],
    );
    same(readdirSync(folder), []);
    rmSync(folder, { recursive: true });
  });

  for (const [name, run] of table) {
    test(`aborted while it runs: ${name}'s tasks are killed, and afterwards nothing happens`, async () => {
      const folder = mkdtempSync(join(tmpdir(), "cancelled-"));
      const { controller, signal, listeners } = watched();
      const started = nextEvent("taskStarted");
      const job = failure(() => run(endless(), { signal }, folder));
      await started;
      const ended = killed();
      controller.abort(new Error("no longer wanted"));
      const error = await job;
      same(error.message, `${name} was cancelled by its AbortSignal: no longer wanted`);
      expect(error.kind).toBe("cancelled");
      expect(error.cause).toBe(signal.reason);
      await ended;
      same(listeners(), 0);
      same(readdirSync(folder), []);

      const after = watched();
      await run(few(), { signal: after.signal }, folder);
      same(after.listeners(), 0);
      after.controller.abort();
      rmSync(folder, { recursive: true });
    });
  }

  test("aborted between two jobs of one action: the next does not start", async () => {
    const controller = new AbortController();
    const seen: number[] = [];
    takeEvents();
    const error = await failure(async () => {
      for await (const row of few().toLocalIterator({ signal: controller.signal })) {
        seen.push(row);
        if (row === 2) controller.abort();
      }
    });
    same(error.message, "toLocalIterator was cancelled by its AbortSignal");
    // partitions have three rows or four: not even the rest of the first is given
    same(seen, [1, 2]);
    same(takeEvents().filter(event => event.type === "jobStarted").length, 1);
  });

  test("one signal cancels several actions, and a time-out says so", async () => {
    const { controller, signal, listeners } = watched();
    const started = nextEvent("taskStarted");
    const jobs = [endless().count({ signal }), endless().sum({ signal }), endless().take(1, { signal })].map(job =>
      failure(() => job),
    );
    await started;
    controller.abort();
    same(
      (await Promise.all(jobs)).map(error => error.message),
      ["count", "sum", "take"].map(name => `${name} was cancelled by its AbortSignal`),
    );
    same(listeners(), 0);
    const late = await failure(() => endless().count({ signal: AbortSignal.timeout(50) }));
    same([late.kind, (late.cause as Error).name], ["cancelled", "TimeoutError"]);
    same(await few().count(), 10);
  });

  test("what is no signal is refused", async () => {
    const controller = new AbortController();
    const error = await failure(() => few().count({ signal: controller as never }));
    expect(error.message).toStartWith("count needs an AbortSignal as its signal, but got AbortController");
    expect(error.hint).toBe("give the controller's signal");
    expect((await failure(() => few().collect({ signal: 5 as never }))).message).toBe(
      "collect needs an AbortSignal as its signal, but got 5",
    );
  });
}
