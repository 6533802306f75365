/** The task scheduler alone: order of pools, locality, what killed attempts say, and errors as the user reads them. */
import { describe, expect, test } from "bun:test";
import { job, microsecondsPerTask } from "../../bench/schedule.ts";
import type { WireError } from "../../src/base/errors.ts";
import type { ExecutorId, JobId, StageId, TaskAttemptId } from "../../src/base/ids.ts";
import { Random } from "../../src/base/random.ts";
import type { TaskEvent, TaskSet } from "../../src/schedule/contracts.ts";
import type { PoolOptions } from "../../src/schedule/pools.ts";
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
  expect(microsecondsPerTask(job(5000, true), 4, 2)).toBeLessThan(50);
});

interface SetOptions {
  readonly stage: number;
  readonly size?: number;
  readonly partitions?: readonly number[];
  readonly stageAttempt?: number;
  readonly pool?: string;
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
  }: SetOptions): readonly string[] {
    const taskSet: TaskSet = {
      stage: stage as StageId,
      stageAttempt,
      job: stage as number as JobId,
      name: "map at job.ts:4",
      partitions: partitions ?? Array.from({ length: size }, (_, i) => i),
      pool,
      ...(preferred !== undefined && { preferred }),
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
