import { expect, test } from "bun:test";
import type { StageId, TaskAttemptId } from "../../src/base/ids.ts";
import { Random } from "../../src/base/random.ts";
import { type BarrierAction, BarrierCoordinator, type SyncKind } from "../../src/schedule/barrier-coordinator.ts";

const stage = 5 as StageId;
const task = (partition: number, stageAttempt = 0) => ({ stage, stageAttempt, partition });

class Story {
  readonly machine = new BarrierCoordinator();

  constructor(tasks: number) {
    this.machine.step({ type: "stageStarted", stage, stageAttempt: 0, tasks });
  }

  arrive(partition: number, kind: SyncKind = "barrier", message = "", stageAttempt = 0): string[] {
    const attempt = (stageAttempt * 100 + partition) as TaskAttemptId;
    return this.machine
      .step({ type: "arrived", task: task(partition, stageAttempt), attempt, kind, message })
      .map(described);
  }
}

function described(action: BarrierAction): string {
  switch (action.type) {
    case "release":
      return `release ${action.attempts.join(" ")}: ${action.messages.join(" ")}`;
    case "refuse":
      return `refuse ${action.attempts.join(" ")}: ${action.error.message}`;
    default:
      return action.type;
  }
}

test("all go on together, with messages by partition", () => {
  const story = new Story(3);
  expect(story.arrive(2, "allGather", "c")).toEqual(["startTimer"]);
  expect(story.arrive(0, "allGather", "a")).toEqual([]);
  expect(story.arrive(1, "allGather", "b")).toEqual(["stopTimer", "release 0 1 2: a b c"]);
  expect(story.arrive(0)).toEqual(["startTimer"]);
  story.arrive(1);
  expect(story.arrive(2)).toEqual(["stopTimer", "release 0 1 2: "]);
});

test("once it is broken, nobody waits any more", () => {
  const story = new Story(3);
  story.arrive(0);
  const refused = "task 1 called allGather() where task 0 called barrier()";
  expect(story.arrive(1, "allGather")).toEqual(["stopTimer", `refuse 0 1: ${refused}`]);
  expect(story.arrive(2)).toEqual([`refuse 2: ${refused}`]);
});

test("a task that has ended is not waited for", () => {
  const story = new Story(2);
  story.arrive(0);
  story.arrive(1);
  expect(story.arrive(0)).toEqual(["startTimer"]);
  expect(story.machine.step({ type: "taskSucceeded", task: task(1) }).map(described)).toEqual([
    "stopTimer",
    "refuse 0: task 0 waits for the others once more, but task 1 has ended after 1 call of barrier() or allGather()",
  ]);
  const early = new Story(2);
  expect(early.machine.step({ type: "taskSucceeded", task: task(1) })).toEqual([]);
  expect(early.arrive(0)).toEqual([
    "stopTimer",
    "refuse 0: task 0 waits for the others once more, but task 1 has ended after 0 calls of barrier() or allGather()",
  ]);
});

test("who is missing when time is over", () => {
  const story = new Story(20);
  story.arrive(3);
  const [, refusal] = story.machine.step({ type: "timedOut", stage, afterMs: 60_000 });
  expect(described(refusal!)).toBe(
    "refuse 3: not all tasks of barrier stage 5 came to their barrier within 1min: 19 of 20 are missing (0, 1, 2, 4, 5, 6, 7, 8, 9, 10, …)",
  );
  expect(story.machine.step({ type: "timedOut", stage: 9 as StageId, afterMs: 1 })).toEqual([]);
});

test("tasks of another stage attempt are strangers", () => {
  const story = new Story(2);
  story.arrive(0);
  story.machine.step({ type: "stageEnded", stage });
  expect(story.machine.size).toBe(0);
  story.machine.step({ type: "stageStarted", stage, stageAttempt: 1, tasks: 2 });
  expect(story.arrive(1)).toEqual(["refuse 1: the attempt of its stage has ended"]);
  expect(story.arrive(0, "barrier", "", 1)).toEqual(["startTimer"]);
  expect(story.arrive(1, "barrier", "", 1)).toEqual(["stopTimer", "release 100 101: "]);
});

test("in any order of arrivals, round by round", () => {
  for (let seed = 1; seed <= 200; seed++) {
    const random = new Random(seed);
    const tasks = 1 + random.below(8);
    const story = new Story(tasks);
    const rounds = new Array<number>(tasks).fill(0);
    const waiting = new Set<number>();
    for (let step = 0; step < 60; step++) {
      const free = rounds.map((_, i) => i).filter(i => !waiting.has(i));
      const partition = free[random.below(free.length)]!;
      waiting.add(partition);
      const answers = story.arrive(partition, "allGather", `${rounds[partition]}`);
      if (waiting.size < tasks) expect(answers.filter(answer => answer !== "startTimer")).toEqual([]);
      else {
        const round = rounds[partition]!;
        const all = Array.from({ length: tasks }, (_, i) => i);
        expect([seed, answers.at(-1)]).toEqual([seed, `release ${all.join(" ")}: ${all.map(() => round).join(" ")}`]);
        waiting.clear();
        rounds.fill(round + 1);
      }
    }
  }
});
