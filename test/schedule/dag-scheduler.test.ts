/** What goldens cannot say well: messages that cross, recomputed rows that differ, and graphs that make no sense. */
import { describe, expect, test } from "bun:test";
import type { WireError } from "../../src/base/errors.ts";
import type { ExchangeId, ExecutorId, JobId, StageId } from "../../src/base/ids.ts";
import type { DagEvent, JobGraph, StageGraph } from "../../src/schedule/contracts.ts";
import { DagScheduler } from "../../src/schedule/dag-scheduler.ts";
import { describeDagAction } from "./describe.ts";

const limits = { taskFailuresMax: 4, stageAttemptsMax: 2 };
const e0 = 0 as ExecutorId;
const e1 = 1 as ExecutorId;
const x0 = 0 as ExchangeId;
const lost: WireError = { kind: "fetchFailed", name: "FiresteelError", message: "output gone" };

describe("crossing messages", () => {
  test("a failed task set of an older attempt does not fail the newer one", () => {
    const machine = new Machine();
    machine.submit(mapAndResult(1));
    machine.step(succeeded(0, 0, 0));
    machine.step(fetchFailed(1, 0));
    machine.step(succeeded(0, 1, 0));
    expect(machine.step({ type: "taskSetFailed", stage: 1 as StageId, attempt: 0, error: lost })).toEqual([]);
    expect(machine.step(succeeded(1, 1, 0)).at(-1)).toBe("job 0 succeeded");
  });

  test("events of forgotten stages and jobs change nothing", () => {
    const machine = new Machine();
    machine.submit(mapAndResult(1));
    machine.step({ type: "jobCancelled", job: 0 as JobId, reason: "enough" });
    expect(machine.step(succeeded(0, 0, 0))).toEqual([]);
    expect(machine.step(fetchFailed(1, 0))).toEqual([]);
    expect(machine.step({ type: "taskSetFailed", stage: 0 as StageId, attempt: 0, error: lost })).toEqual([]);
    expect(machine.step({ type: "jobCancelled", job: 0 as JobId, reason: "again" })).toEqual([]);
    expect(machine.step({ type: "exchangeReleased", exchange: x0 })).toEqual(["exchange 0 forgotten"]);
    expect(machine.step({ type: "exchangeReleased", exchange: x0 })).toEqual([]);
    expect(machine.dag.idle).toBe(true);
    expect(machine.dag.size).toEqual({ jobs: 0, stages: 0, exchanges: 0 });
  });

  test("a released exchange is kept until the last job that uses it ends", () => {
    const machine = new Machine();
    machine.submit(mapAndResult(1));
    machine.step(succeeded(0, 0, 0));
    expect(machine.step({ type: "exchangeReleased", exchange: x0 })).toEqual([]);
    expect(machine.step(succeeded(1, 0, 0)).slice(-2)).toEqual(["exchange 0 forgotten", "job 0 succeeded"]);
  });
});

describe("stage attempts", () => {
  test("a stage that was complete in between has all its attempts again", () => {
    const machine = new Machine();
    const stages = [exchange(0, []), exchange(1, [0]), result([1], 1)];
    machine.submit({ jobId: 0 as JobId, pool: "default", stages });
    machine.step(succeeded(0, 0, 0));
    // stage 1 misses its input once, and is complete in the end
    machine.step(fetchFailed(1, 0, 0));
    machine.step(succeeded(0, 1, 0));
    expect(machine.step(succeeded(1, 1, 0))).toContain("stage 1.1 completed");
    // its output is lost, and it misses its input once more
    expect(machine.step(fetchFailed(2, 0, 1))).toContain("submit tasks 1.2 [0] of job 0 in pool default");
    expect(machine.step(fetchFailed(1, 2, 0))).toContain("submit tasks 0.2 [0] of job 0 in pool default");
  });

  test("reports of one attempt count once", () => {
    const machine = new Machine();
    machine.submit(mapAndResult(3));
    machine.step(succeeded(0, 0, 0));
    for (let partition = 0; partition < 3; partition++) machine.step(fetchFailed(1, 0, 0, partition));
    expect(machine.step(succeeded(0, 1, 0))).toContain("submit tasks 1.1 [0 1 2] of job 0 in pool default");
    expect(machine.step(fetchFailed(1, 1)).at(-1)).toBe(
      "job 0 failed: fetchFailed: stage 1 (result) could not read its parents' outputs, tried 2 times; last: output gone",
    );
  });

  test("the failure of a job keeps what the last error knew", () => {
    const machine = new Machine();
    machine.submit(mapAndResult(1));
    const at = { file: "job.ts", line: 4, column: 9 };
    const cause: WireError = { kind: "fetchFailed", name: "FiresteelError", message: "gone", hint: "add disks", at };
    machine.step(succeeded(0, 0, 0));
    const dag = machine.dag;
    dag.step({ ...fetchFailed(1, 0), error: cause } as DagEvent);
    machine.step(succeeded(0, 1, 0));
    const failed = dag
      .step({ ...fetchFailed(1, 1), error: cause } as DagEvent)
      .find(action => action.type === "jobFailed");
    expect(failed).toMatchObject({ error: { kind: "fetchFailed", hint: "add disks", at, cause } });
  });
});

describe("rows that differ when computed again", () => {
  /** Exchange 1 was built on output 0 of exchange 0, which is lost and then comes back with other rows. */
  function changedRows(readResult: boolean): { machine: Machine; actions: readonly string[] } {
    const machine = new Machine();
    const stages = [exchange(0, [], 1), exchange(1, [0], 2), result([0, 1], 2)];
    machine.submit({ jobId: 0 as JobId, pool: "default", stages });
    machine.step(succeeded(0, 0, 0, 111));
    machine.step(succeeded(1, 0, 0, 5, e1));
    machine.step(succeeded(1, 0, 1, 6, e1));
    if (readResult) machine.step(succeeded(2, 0, 0));
    machine.step(fetchFailed(2, 0, 0, 1));
    return { machine, actions: machine.step(succeeded(0, 1, 0, 112)) };
  }

  test("what was built on the old rows is built again", () => {
    const { machine, actions } = changedRows(false);
    expect(actions).toContain("exchange 1 lost outputs [0 1]");
    expect(actions).toContain("submit tasks 1.1 [0 1] of job 0 in pool default");
    // results of the old attempt were made of the old rows
    expect(machine.step(succeeded(1, 0, 0, 5, e1))).toEqual([]);
    expect(machine.step(succeeded(2, 0, 0))).toEqual([]);
    machine.step(succeeded(1, 1, 0, 7, e1));
    expect(machine.step(succeeded(1, 1, 1, 8, e1))).toContain("submit tasks 2.1 [0 1] of job 0 in pool default");
  });

  test("a job that has handed out results of the old rows fails", () => {
    const { machine, actions } = changedRows(true);
    expect(actions.at(-1)).toBe(
      "job 0 failed: user: partition 0 of stage 0 (exchange 0) gave other rows when it was computed again after a loss, " +
        "and results built on the old ones were already taken (make its functions deterministic (no random numbers, " +
        "clock or unordered input), or checkpoint its result first)",
    );
    expect(machine.dag.idle).toBe(true);
  });

  test("so is what was built on that", () => {
    const machine = new Machine();
    const stages = [exchange(0, []), exchange(1, [0]), exchange(2, [1]), result([0, 2], 1)];
    machine.submit({ jobId: 0 as JobId, pool: "default", stages });
    machine.step(succeeded(0, 0, 0, 111));
    machine.step(succeeded(1, 0, 0, 5, e1));
    machine.step(succeeded(2, 0, 0, 6, e1));
    machine.step(fetchFailed(3, 0, 0));
    const actions = machine.step(succeeded(0, 1, 0, 112));
    expect(actions).toContain("exchange 1 lost outputs [0]");
    expect(actions).toContain("exchange 2 lost outputs [0]");
    machine.step(succeeded(1, 1, 0, 7, e1));
    machine.step(succeeded(2, 1, 0, 8, e1));
    expect(machine.step(succeeded(3, 1, 0)).at(-1)).toBe("job 0 succeeded");
  });

  test("the same rows change nothing", () => {
    const machine = new Machine();
    machine.submit(mapAndResult(2));
    machine.step(succeeded(0, 0, 0, 111));
    machine.step(succeeded(1, 0, 0));
    machine.step(fetchFailed(1, 0, 0, 1));
    expect(machine.step(succeeded(0, 1, 0, 111))).toContain("submit tasks 1.1 [1] of job 0 in pool default");
  });
});

test("graphs that make no sense are refused before anything changes", () => {
  const machine = new Machine();
  const submit = (stages: StageGraph[]) => () => machine.submit({ jobId: 0 as JobId, pool: "default", stages });
  expect(submit([])).toThrow("job 0 has no result stage at its end");
  expect(submit([exchange(0, [])])).toThrow("job 0 has no result stage at its end");
  expect(submit([result([], 1), result([], 1)])).toThrow("job 0 has a result stage before its end");
  expect(submit([exchange(1, [0]), exchange(0, []), result([1], 1)])).toThrow('"exchange 1" comes before its parent 0');
  expect(machine.dag.size).toEqual({ jobs: 0, stages: 0, exchanges: 0 });
  machine.submit(mapAndResult(1));
  expect(() => machine.submit(mapAndResult(1))).toThrow("job 0 is submitted twice");
});

class Machine {
  readonly dag = new DagScheduler(limits);

  submit(job: JobGraph): readonly string[] {
    return this.step({ type: "jobSubmitted", job });
  }

  step(event: DagEvent): readonly string[] {
    return this.dag.step(event).map(describeDagAction);
  }
}

function exchange(id: number, parents: number[], size = 1): StageGraph {
  const partitions = Array.from({ length: size }, (_, i) => i);
  return {
    kind: "exchange",
    exchange: id as ExchangeId,
    parents: parents as ExchangeId[],
    partitions,
    name: `exchange ${id}`,
  };
}

function result(parents: number[], size: number): StageGraph {
  const partitions = Array.from({ length: size }, (_, i) => i);
  return { kind: "result", parents: parents as ExchangeId[], partitions, name: "result" };
}

function mapAndResult(size: number): JobGraph {
  return { jobId: 0 as JobId, pool: "default", stages: [exchange(0, []), result([0], size)] };
}

function succeeded(stage: number, stageAttempt: number, partition: number, checksum?: number, executor = e0): DagEvent {
  const task = { stage: stage as StageId, stageAttempt, partition };
  return { type: "taskSucceeded", task, executor, ...(checksum !== undefined && { checksum }) };
}

function fetchFailed(stage: number, stageAttempt: number, exchange = 0, partition = 0) {
  const task = { stage: stage as StageId, stageAttempt, partition };
  return { type: "fetchFailed", task, exchange: exchange as ExchangeId, mapPartition: 0, error: lost } as const;
}
