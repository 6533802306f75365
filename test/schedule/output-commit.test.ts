/** Golden transcripts of the commit coordinator (UPDATE_GOLDENS=1 writes them), and its promises under random events. */
import { expect, test } from "bun:test";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ExecutorId, StageId, TaskAttemptId } from "../../src/base/ids.ts";
import { Random } from "../../src/base/random.ts";
import type { TaskIdentity } from "../../src/schedule/contracts.ts";
import { type CommitEvent, OutputCommitCoordinator } from "../../src/schedule/output-commit.ts";

const folder = join(import.meta.dirname, "golden-commit");

for (const file of readdirSync(folder).sort()) {
  test(`golden: ${file}`, () => {
    const path = join(folder, file);
    const script = readFileSync(path, "utf8");
    const transcript = replay(script);
    if (process.env["UPDATE_GOLDENS"] === "1") writeFileSync(path, transcript);
    else expect(transcript).toBe(script);
  });
}

test("at most one attempt may commit, none after one that has, and somebody always can", () => {
  for (let seed = 0; seed < 300; seed++) oneLife(seed);
});

interface Living {
  readonly task: TaskIdentity;
  readonly attempt: TaskAttemptId;
  readonly executor: ExecutorId;
  mayCommit: boolean;
}

/** One stage in which attempts come, ask, end and get lost, until every partition has committed. */
function oneLife(seed: number): void {
  const random = new Random(seed);
  const machine = new OutputCommitCoordinator();
  const stage = 0 as StageId;
  const partitions = 1 + random.below(4);
  const committed = new Set<number>();
  let living: Living[] = [];
  let attempts = 0;
  const must = (condition: boolean, what: string) => {
    if (!condition) throw new Error(`seed ${seed}: ${what}`);
  };
  machine.step({ type: "stageStarted", stage });
  for (let step = 0; committed.size < partitions; step++) {
    must(step < 5000, "no end");
    if (living.length < 6) {
      const task = { stage, stageAttempt: random.below(3), partition: random.below(partitions) };
      living.push({
        task,
        attempt: attempts++ as TaskAttemptId,
        executor: random.below(3) as ExecutorId,
        mayCommit: false,
      });
    }
    const one = living[random.below(living.length)]!;
    const { task, attempt, executor } = one;
    const dice = random.float();
    if (dice < 0.05) {
      machine.step({ type: "executorLost", executor });
      living = living.filter(other => other.executor !== executor);
    } else if (dice < 0.6) {
      const { allowed } = machine.step({ type: "askedToCommit", task, attempt, executor })[0]!;
      const rival = living.some(other => other !== one && other.task.partition === task.partition && other.mayCommit);
      must(allowed === (!rival && !committed.has(task.partition)), `#${attempt} was answered ${allowed}`);
      one.mayCommit = allowed;
    } else {
      const succeeded = one.mayCommit && random.float() < 0.5;
      machine.step({ type: "attemptEnded", task, attempt, accepted: succeeded });
      if (succeeded) must(!committed.has(task.partition), `partition ${task.partition} committed twice`);
      if (succeeded) committed.add(task.partition);
      living = living.filter(other => other !== one);
    }
  }
  machine.step({ type: "stageEnded", stage });
  must(machine.size.stages === 0 && machine.size.holders === 0, "left behind");
}

function replay(script: string): string {
  const machine = new OutputCommitCoordinator();
  const lines: string[] = [];
  for (const line of script.split("\n")) {
    if (line.startsWith("  ")) continue;
    lines.push(line);
    if (line === "" || line.startsWith("#")) continue;
    if (line === "sizes") lines.push(`  ${JSON.stringify(machine.size).replaceAll('"', "")}`);
    else
      for (const { attempt, allowed } of machine.step(parse(line)))
        lines.push(`  #${attempt} ${allowed ? "may commit" : "may not"}`);
  }
  return lines.join("\n");
}

/** start 0, end 0, lose 1; ask #1 0.2 on 1 (attempt 1 of partition 2 of stage 0 on executor 1), fail #1 0.2, succeed #1 0.2 */
function parse(line: string): CommitEvent {
  const [verb, first = "", second = "", , executor] = line.split(" ");
  if (verb === "lose") return { type: "executorLost", executor: Number(first) as ExecutorId };
  if (verb === "start") return { type: "stageStarted", stage: Number(first) as StageId };
  if (verb === "end") return { type: "stageEnded", stage: Number(first) as StageId };
  const [stage, partition] = second.split(".").map(Number) as [StageId, number];
  const task = { stage, stageAttempt: 0, partition };
  const attempt = Number(first.slice(1)) as TaskAttemptId;
  if (verb === "ask") return { type: "askedToCommit", task, attempt, executor: Number(executor) as ExecutorId };
  return { type: "attemptEnded", task, attempt, accepted: verb === "succeed" };
}
