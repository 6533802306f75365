/** The task scheduler alone: order of pools, locality, what killed attempts say, and errors as the user reads them. */
import { describe, expect, test } from "bun:test";
import { job, microsecondsPerTask } from "../../bench/schedule.ts";
import type { WireError } from "../../src/base/errors.ts";
import type { ExecutorId, JobId, StageId, TaskAttemptId } from "../../src/base/ids.ts";
import { Random } from "../../src/base/random.ts";
import type { TaskEvent, TaskSet } from "../../src/schedule/contracts.ts";
import type { PoolOptions, PoolShare } from "../../src/schedule/pools.ts";
import { TaskScheduler } from "../../src/schedule/task-scheduler.ts";
import { describeTaskAction } from "./describe.ts";

const boom: WireError = { kind: "user", name: "TypeError", message: "x is not a function" };

describe("task sets", () => {
  test("a later attempt of a stage stops the earlier one from launching", () => {
    const machine = new Machine(1);
    machine.submit({ stage: 0, size: 3 });
    machine.submit({ stage: 0, size: 3, stageAttempt: 1 });
    expect(machine.succeed(0)).toEqual([
      "#0 succeeded: task 0 of 0.0 on executor 0",
      "launch #1 = task 0 of 0.1 on executor 0",
    ]);
  });

  test("a task that another attempt finished is not launched", () => {
    const machine = new Machine(1);
    machine.submit({ stage: 0, size: 3 });
    machine.step({ type: "partitionDone", stage: 0 as StageId, partition: 1 });
    expect(machine.succeed(0).at(-1)).toBe("launch #1 = task 2 of 0.0 on executor 0");
    expect(machine.succeed(1)).toEqual(["#1 succeeded: task 2 of 0.0 on executor 0"]);
    expect(machine.tasks.idle).toBe(true);
  });

  test("the success of a killed attempt is not told, and frees its slot", () => {
    const machine = new Machine(1);
    machine.submit({ stage: 0, size: 1 });
    machine.submit({ stage: 1, size: 1 });
    expect(machine.step({ type: "taskSetCancelled", stage: 0 as StageId, reason: "enough" })).toEqual([
      "kill #0 on executor 0: enough",
    ]);
    expect(machine.step({ type: "taskSetCancelled", stage: 0 as StageId, reason: "again" })).toEqual([]);
    expect(machine.succeed(0)).toEqual(["launch #1 = task 0 of 1.0 on executor 0"]);
  });

  test("reports that come twice, or from the dead, change nothing", () => {
    const machine = new Machine(1, 1);
    machine.submit({ stage: 0, size: 2 });
    machine.succeed(0);
    expect(machine.succeed(0)).toEqual([]);
    machine.step({ type: "executorLost", executor: 1 as ExecutorId, error: { ...boom, kind: "lost" } });
    expect(machine.succeed(1)).toEqual([]);
    expect(machine.step({ type: "executorLost", executor: 1 as ExecutorId, error: boom })).toEqual([]);
  });

  test("sparse partitions are known by their own numbers", () => {
    const machine = new Machine(1);
    machine.submit({ stage: 0, partitions: [7, 3] });
    machine.step({ type: "partitionDone", stage: 0 as StageId, partition: 5 });
    machine.step({ type: "partitionDone", stage: 0 as StageId, partition: 3 });
    expect(machine.succeed(0)).toEqual(["#0 succeeded: task 7 of 0.0 on executor 0"]);
    expect(machine.tasks.size.taskSets).toBe(0);
  });

  test("few tasks spread over all executors", () => {
    const machine = new Machine(8, 8, 8);
    const executors = machine.submit({ stage: 0, size: 6 }).map(line => line.at(-1));
    expect(executors).toEqual(["0", "1", "2", "0", "1", "2"]);
  });

  test("a fetch failure that does not say of what is a failure like others", () => {
    const machine = new Machine(1);
    machine.submit({ stage: 0, size: 1 });
    const error: WireError = { kind: "fetchFailed", name: "FiresteelError", message: "gone" };
    expect(machine.step({ type: "attemptFailed", attempt: 0 as TaskAttemptId, error })[0]).toBe(
      "#0 failed, retried: task 0 of 0.0: fetchFailed: gone",
    );
  });

  test("what cannot succeed when repeated fails its set at once", () => {
    const machine = new Machine(1);
    machine.submit({ stage: 0, size: 1 });
    const [action] = machine.tasks.step({
      type: "attemptFailed",
      attempt: 0 as TaskAttemptId,
      error: { ...boom, isPermanent: true },
    });
    expect(action).toMatchObject({ type: "taskSetFailed", error: { isPermanent: true } });
  });

  test("the error of a set says what failed how often, and keeps kind, place, hint and cause", () => {
    const machine = new Machine(1);
    machine.submit({ stage: 2, size: 1 });
    const error: WireError = { ...boom, hint: "call it", at: { file: "job.ts", line: 4, column: 9 } };
    for (let attempt = 0; attempt < 2; attempt++) {
      machine.tasks.step({ type: "attemptFailed", attempt: attempt as TaskAttemptId, error });
    }
    const [action] = machine.tasks.step({ type: "attemptFailed", attempt: 2 as TaskAttemptId, error });
    expect(action).toEqual({
      type: "taskSetFailed",
      stage: 2 as StageId,
      stageAttempt: 0,
      error: {
        kind: "user",
        name: "FiresteelError",
        message: "task 0 of stage 2 (map at job.ts:4) failed 3 times; last: TypeError: x is not a function",
        hint: "call it",
        at: { file: "job.ts", line: 4, column: 9 },
        cause: error,
      },
    });
  });
});

describe("locality", () => {
  test("every task that can run where its input is does", () => {
    const machine = new Machine(2, 2);
    const preferred = (partition: number) => ({ executors: [((partition + 1) % 2) as ExecutorId] });
    const launched = machine.submit({ stage: 0, size: 8, preferred });
    expect(
      launched.every(line => (Number(/task (\d)/.exec(line)![1]) + 1) % 2 === Number(/executor (\d)/.exec(line)![1])),
    ).toBe(true);
  });

  test("inputs on executors that do not exist are read from elsewhere", () => {
    const machine = new Machine(1);
    machine.submit({
      stage: 0,
      size: 2,
      preferred: partition => (partition === 0 ? { executors: [9 as ExecutorId] } : {}),
    });
    expect(machine.succeed(0).at(-1)).toBe("launch #1 = task 1 of 0.0 on executor 0");
  });
});

describe("fair pools", () => {
  const shares = new Map([
    ["heavy", { weight: 3, minShare: 0 }],
    ["urgent", { weight: 1, minShare: 2 }],
  ]);

  test("running tasks follow minimum shares, then weights", () => {
    const machine = new Machine({ mode: "fair", shares }, 10);
    machine.submit({ stage: 0, size: 10, pool: "first" });
    machine.submit({ stage: 1, size: 100, pool: "light" });
    machine.submit({ stage: 2, size: 100, pool: "heavy" });
    machine.submit({ stage: 3, size: 100, pool: "urgent" });
    const launched = Array.from({ length: 10 }, (_, attempt) => machine.succeed(attempt).at(-1)!);
    const perStage = [1, 2, 3].map(stage => launched.filter(line => line.includes(` of ${stage}.0`)).length);
    expect(launched.slice(0, 2).every(line => line.includes(" of 3.0"))).toBe(true);
    expect(perStage).toEqual([2, 6, 2]);
  });

  test("a pool that is out of work leaves its share to others", () => {
    const machine = new Machine({ mode: "fair", shares }, 4);
    machine.submit({ stage: 0, size: 1, pool: "urgent" });
    expect(machine.submit({ stage: 1, size: 8, pool: "light" })).toHaveLength(3);
    expect(machine.succeed(0).at(-1)).toBe("launch #4 = task 3 of 1.0 on executor 0");
  });
});

describe("a fair pool", () => {
  const shares = new Map<string, PoolShare>([["shared", { weight: 1, minShare: 0, mode: "fair" }]]);

  test("gives its task sets equal parts, and the first come what is left", () => {
    const machine = new Machine({ mode: "fair", shares }, 5);
    machine.submit({ stage: 0, size: 100, pool: "shared" });
    machine.submit({ stage: 1, size: 100, pool: "shared" });
    const launched = Array.from({ length: 5 }, (_, attempt) => machine.succeed(attempt).at(-1)!);
    // of four that still run, two and two: the first come is next
    expect(launched.map(line => / of (\d)\.0/.exec(line)![1])).toEqual(["1", "1", "0", "0", "0"]);
  });

  test("where the mode is FIFO, the first come takes all", () => {
    const machine = new Machine({ mode: "fair" }, 3);
    machine.submit({ stage: 0, size: 100, pool: "shared" });
    machine.submit({ stage: 1, size: 100, pool: "shared" });
    const launched = Array.from({ length: 3 }, (_, attempt) => machine.succeed(attempt).at(-1)!);
    expect(launched.every(line => line.includes(" of 0.0"))).toBe(true);
  });

  test("names of pools do not pile up", () => {
    const machine = new Machine({ mode: "fair" }, 1);
    for (let stage = 0; stage < 3000; stage++) {
      machine.submit({ stage, size: 1, pool: `pool ${stage}` });
      machine.succeed(stage);
    }
    expect(machine.tasks.poolCount).toBeLessThanOrEqual(1000);
  });
});

describe("barrier stages", () => {
  const error = { kind: "lost", name: "FiresteelError", message: "it died" } as const;
  const failed = "task 0 of barrier stage 0 (map at job.ts:4) failed: it died";

  test("a success on an executor that is lost is lost with it", () => {
    const machine = new Machine(1, 1);
    expect(machine.submit({ stage: 0, size: 2, barrier: true })).toHaveLength(2);
    expect(machine.succeed(0)).toEqual(["#0 is held: task 0 of 0.0"]);
    expect(machine.step({ type: "executorLost", executor: 0 as ExecutorId, error })).toEqual([
      "kill #1 on executor 1: another task of its barrier stage failed",
      `#0 failed its barrier stage: lost: ${failed}`,
    ]);
    expect(machine.succeed(1)).toEqual([]);
    expect(machine.tasks.idle).toBe(true);
  });

  test("each task has a core, though executors have longer queues", () => {
    const machine = new Machine(1, 2);
    for (const executor of [0, 1] as ExecutorId[]) machine.step({ type: "executorAdded", executor, slots: 64 });
    const launched = machine.submit({ stage: 0, size: 3, barrier: true });
    expect(launched.map(line => line.at(-1)).sort()).toEqual(["0", "1", "1"]);
    // nothing is to wait behind them
    expect(machine.submit({ stage: 1, size: 5 })).toEqual([]);
    // a queue of executor 0 alone: the other still has one
    const [held, ...queued] = machine.succeed(0);
    expect(held).toBe("#0 is held: task 0 of 0.0");
    expect(queued.map(line => line.replace(/.* on/, "on"))).toEqual(Array.from({ length: 5 }, () => "on executor 0"));
  });

  test("tasks run near their input where there is room", () => {
    const machine = new Machine(1, 1, 1);
    const preferred = (partition: number) => ({ executors: [(2 - partition) as ExecutorId] });
    expect(machine.submit({ stage: 0, size: 3, barrier: true, preferred })).toEqual([
      "launch #0 = task 0 of 0.0 on executor 2, process",
      "launch #1 = task 1 of 0.0 on executor 1, process",
      "launch #2 = task 2 of 0.0 on executor 0, process",
    ]);
  });
});

test("100,000 tasks with failures: each runs until it succeeds, and no event costs more than a few", () => {
  const machine = new Machine(4, 4);
  const random = new Random(7);
  const running = machine.submit({ stage: 0, size: 100_000 }).length;
  let reported = 0;
  let succeeded = 0;
  let actionsMax = 0;
  for (let attempt = 0; attempt < running + reported; attempt++) {
    const id = attempt as TaskAttemptId;
    const isFlaky = random.float() < 0.001;
    const event: TaskEvent = isFlaky
      ? { type: "attemptFailed", attempt: id, error: boom }
      : { type: "attemptSucceeded", attempt: id };
    const actions = machine.tasks.step(event);
    actionsMax = Math.max(actionsMax, actions.length);
    for (const action of actions) {
      if (action.type === "launchTask") reported++;
      if (action.type === "taskSucceeded") succeeded++;
    }
  }
  expect(succeeded).toBe(100_000);
  expect(actionsMax).toBe(2);
  expect(machine.tasks.idle).toBe(true);
});

test("the benchmark's job ends, at a small part of what a task may cost", () => {
  // some microseconds; a machine with other work may take many times as long
  expect(microsecondsPerTask(job(5000, true), 4, 2)).toBeLessThan(1000);
});

interface SetOptions {
  readonly stage: number;
  readonly size?: number;
  readonly partitions?: readonly number[];
  readonly stageAttempt?: number;
  readonly pool?: string;
  readonly barrier?: boolean;
  readonly preferred?: NonNullable<TaskSet["preferred"]>;
}

class Machine {
  readonly tasks: TaskScheduler;

  constructor(...options: readonly (number | PoolOptions)[]) {
    const slots = options.filter(option => typeof option === "number");
    const pools = options.find(option => typeof option === "object");
    this.tasks = new TaskScheduler({ taskFailuresMax: 3, stageAttemptsMax: 4 }, pools);
    slots.forEach((count, id) => this.step({ type: "executorAdded", executor: id as ExecutorId, slots: count }));
  }

  submit({
    stage,
    size = 0,
    partitions,
    stageAttempt = 0,
    pool = "default",
    preferred,
    barrier,
  }: SetOptions): readonly string[] {
    const taskSet: TaskSet = {
      stage: stage as StageId,
      stageAttempt,
      job: stage as number as JobId,
      name: "map at job.ts:4",
      partitions: partitions ?? Array.from({ length: size }, (_, i) => i),
      pool,
      ...(preferred !== undefined && { preferred }),
      ...(barrier === true && { barrier }),
    };
    return this.step({ type: "taskSetSubmitted", taskSet });
  }

  succeed(attempt: number): readonly string[] {
    return this.step({ type: "attemptSucceeded", attempt: attempt as TaskAttemptId });
  }

  step(event: TaskEvent): readonly string[] {
    return this.tasks.step(event).map(describeTaskAction);
  }
}
