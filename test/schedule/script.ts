/**
 * Runs a golden script: lines at the margin are commands, indented lines are what both schedulers answered to the command
 * above. The loop between them is the engine's own. Commands:
 *
 *   limits task-failures=4 stage-attempts=4 [mode=fair] [process-wait=3000 node-wait=3000] [barrier-wait=9000]   (first line, optional)
 *   executor 0 slots=2 [host=a]
 *   job 0 [pool=p] [group=g]: [barrier] exchange 0 x2 "map at job.ts:3"; result x2 reads 0 [on 1,0] [at a,b] "collect at job.ts:5"
 *   succeed #0 #1, fail #2 user "boom", fetch-fail #3 exchange=0 map=1 [from=1]
 *   run                                                   (all running attempts succeed, oldest first, until none is left)
 *   time 3000                                             (from then on, in milliseconds)
 *   lose executor 1 [keeping-outputs], release exchange 0
 *   cancel job 0 "why", cancel group g "why", cancel stage 2 "why"
 *   sizes
 */
import type { ErrorKind, WireError } from "../../src/base/errors.ts";
import type { ExchangeId, ExecutorId, JobId, StageId, TaskAttemptId } from "../../src/base/ids.ts";
import type {
  DagAction,
  DagEvent,
  JobGraph,
  SchedulerLimits,
  StageGraph,
  TaskAction,
  TaskEvent,
} from "../../src/schedule/contracts.ts";
import type { PoolOptions } from "../../src/schedule/pools.ts";
import { SchedulerLoop } from "../../src/schedule/scheduler-loop.ts";
import { describeAction, describeTaskAction } from "./describe.ts";

export function replay(script: string): string {
  const run = new ScriptRun();
  const lines: string[] = [];
  for (const line of script.split("\n")) {
    if (line.startsWith("  ")) continue;
    lines.push(line);
    if (line === "" || line.startsWith("#")) continue;
    lines.push(...run.command(line).map(answer => `  ${answer}`));
  }
  return lines.join("\n");
}

class ScriptRun {
  private readonly running = new Set<TaskAttemptId>();
  private answers: string[] = [];
  private nowMs = 0;
  private loop = this.makeLoop({ taskFailuresMax: 4, stageAttemptsMax: 4 }, "fifo");

  command(line: string): readonly string[] {
    this.answers = [];
    const text = /"([^"]*)"/.exec(line)?.[1] ?? "";
    const [verb = "", ...words] = line
      .replace(/"[^"]*"/, "")
      .trim()
      .split(/\s+/);
    const option = (name: string) => words.find(word => word.startsWith(`${name}=`))?.slice(name.length + 1);
    const number = (index: number) => Number(words[index]);
    switch (verb) {
      case "limits": {
        const limits = {
          taskFailuresMax: Number(option("task-failures") ?? 4),
          stageAttemptsMax: Number(option("stage-attempts") ?? 4),
          ...(option("node-wait") !== undefined && {
            localityWaits: { processMs: Number(option("process-wait")), nodeMs: Number(option("node-wait")) },
          }),
          ...(option("barrier-wait") !== undefined && { barrierWaitMs: Number(option("barrier-wait")) }),
        };
        this.loop = this.makeLoop(limits, option("mode") === "fair" ? "fair" : "fifo");
        break;
      }
      case "executor":
        this.loop.taskEvent({
          type: "executorAdded",
          executor: number(0) as ExecutorId,
          slots: Number(option("slots")),
          ...(option("host") !== undefined && { host: option("host")! }),
        });
        break;
      case "job":
        this.loop.dagEvent({ type: "jobSubmitted", job: parseJob(line) });
        break;
      case "succeed":
        for (const word of words) this.report({ type: "attemptSucceeded", attempt: attemptOf(word) });
        break;
      case "fail": {
        const [attempt = "", kind] = words;
        this.report({ type: "attemptFailed", attempt: attemptOf(attempt), error: errorOf(kind as ErrorKind, text) });
        break;
      }
      case "fetch-fail": {
        const error = fetchError(Number(option("exchange")), Number(option("map")), option("from"));
        this.report({ type: "attemptFailed", attempt: attemptOf(words[0]!), error });
        break;
      }
      case "run":
        while (this.running.size > 0) {
          const [attempt] = this.running;
          this.report({ type: "attemptSucceeded", attempt: attempt! });
        }
        break;
      case "time":
        this.nowMs = number(0);
        this.loop.taskEvent({ type: "timePassed", atMs: this.nowMs });
        break;
      case "lose": {
        const executor = number(1) as ExecutorId;
        const error = errorOf("lost", `executor ${executor} died`);
        this.loop.executorLost(executor, error, !words.includes("keeping-outputs"));
        break;
      }
      case "release":
        this.loop.dagEvent({ type: "exchangeReleased", exchange: number(1) as ExchangeId });
        break;
      case "cancel":
        this.loop.dagEvent(cancellation(words[0]!, words[1]!, text));
        break;
      case "sizes":
        this.answers.push(JSON.stringify({ ...this.loop.dag.size, ...this.loop.tasks.size }).replaceAll('"', ""));
        break;
      default:
        throw new Error(`no such command: ${line}`);
    }
    return this.answers;
  }

  private report(event: TaskEvent & { readonly attempt: TaskAttemptId }): void {
    this.running.delete(event.attempt);
    this.loop.taskEvent(event);
  }

  private makeLoop(limits: SchedulerLimits, mode: PoolOptions["mode"]): SchedulerLoop {
    const carryOut = (action: DagAction | TaskAction) => {
      this.answers.push(describeAction(action));
      if (action.type === "launchTask") this.running.add(action.attempt);
    };
    const time = {
      nowMs: () => this.nowMs,
      wakeAt: (atMs: number) => void this.answers.push(describeTaskAction({ type: "wakeAt", atMs })),
    };
    return new SchedulerLoop(limits, { carryOut, time }, { mode });
  }
}

function attemptOf(word: string): TaskAttemptId {
  return Number(word.slice(1)) as TaskAttemptId;
}

function errorOf(kind: ErrorKind, message: string): WireError {
  return { kind, name: "FiresteelError", message };
}

function fetchError(exchange: number, mapPartition: number, from: string | undefined): WireError {
  const executor = from === undefined ? {} : { executor: Number(from) as ExecutorId };
  const output = { exchange: exchange as ExchangeId, mapPartition, ...executor };
  return { ...errorOf("fetchFailed", `output ${mapPartition} is gone`), output };
}

function cancellation(what: string, which: string, reason: string): DagEvent {
  if (what === "group") return { type: "groupCancelled", group: which, reason };
  if (what === "stage") return { type: "stageCancelled", stage: Number(which) as StageId, reason };
  return { type: "jobCancelled", job: Number(which) as JobId, reason };
}

function parseJob(line: string): JobGraph {
  const [, id, pool, group, stages] = /^job (\d+)(?: pool=(\S+))?(?: group=(\S+))?: (.*)$/.exec(line)!;
  return {
    jobId: Number(id) as JobId,
    pool: pool ?? "default",
    ...(group !== undefined && { group }),
    stages: stages!.split("; ").map(parseStage),
  };
}

function parseStage(text: string): StageGraph {
  const pattern =
    /^(barrier )?(exchange|probe|result)(?: (\d+))? x(\d+|\[[\d ]*\])(?: reads ([\d,]+))?(?: on ([\d,]+))?(?: at ([\w,]+))? "(.*)"$/;
  const match = pattern.exec(text);
  if (match === null) throw new Error(`no stage: ${text}`);
  const [, barrier, kind, exchange, size, parents, executors, hosts, name] = match;
  const numbers = (list: string) =>
    list
      .split(/[ ,]/)
      .filter(word => word !== "")
      .map(Number);
  const preferred = executors === undefined ? [] : (numbers(executors) as ExecutorId[]);
  const near = hosts?.split(",") ?? [];
  return {
    kind: kind as StageGraph["kind"],
    ...(exchange !== undefined && { exchange: Number(exchange) as ExchangeId }),
    parents: numbers(parents ?? "") as ExchangeId[],
    partitions: size!.startsWith("[") ? numbers(size!.slice(1, -1)) : Array.from({ length: Number(size) }, (_, i) => i),
    name: name!,
    ...(barrier !== undefined && { barrier: true }),
    ...(preferred.length + near.length > 0 && {
      preferred: partition => ({
        executors: preferred.length === 0 ? [] : [preferred[partition % preferred.length]!],
        hosts: near.length === 0 ? [] : [near[partition % near.length]!],
      }),
    }),
  };
}
