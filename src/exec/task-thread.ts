/**
 * A task thread: takes orders from the engine thread and runs tasks one after the other. It holds no truth: when it dies,
 * the engine takes back what its tasks owned and runs them elsewhere.
 */
import { FiresteelError, toWire } from "../base/errors.ts";
import type { StageId, TaskAttemptId } from "../base/ids.ts";
import { callSite, mapStack, tellPositionsFrom, userPosition } from "../closure/stack.ts";
import { setFilesPlace } from "../operators/added-files.ts";
import { releaseIdleMemory } from "../platform/idle-memory.ts";
import { threadNumber } from "../platform/resident.ts";
import { parent, receive, threadData } from "../platform/threads.ts";
import {
  type BarrierAnswer,
  controlWord,
  type FromTaskThread,
  type ProcessNote,
  type StageOrder,
  type TaskOrder,
  type TaskSuccess,
  type TaskThreadStart,
  type ToTaskThread,
} from "./messages.ts";
import { Definitions } from "./definitions.ts";
import { TaskRunner } from "./task-runner.ts";

// deep enough to reach the generated pipeline's frame below a user's recursion
Error.stackTraceLimit = 100;

// ending the thread would tell nobody where it was called
process.exit = code => {
  throw new FiresteelError("user", `process.exit(${code ?? ""}) was called in a task`, {
    hint: "throw an error instead: it fails the task, and the job when retries do not help",
    at: callSite(),
  });
};

const start = threadData<TaskThreadStart>();
const port = parent();
Atomics.store(start.control, controlWord.thread, threadNumber());
if (start.cluster !== undefined) tellPositionsFrom(start.cluster.workingFolder);
setFilesPlace({
  folder: start.filesFolder,
  // executors of a cluster have them in their folder
  others: start.cluster === undefined ? (start.settings["firesteel.files"] as unknown as readonly string[]) : [],
});
const definitions = new Definitions(start.settings);
const reportEveryMs = 2;
const commits = new Map<TaskAttemptId, (allowed: boolean) => void>();
const syncs = new Map<TaskAttemptId, (answer: BarrierAnswer) => void>();
const runner = new TaskRunner(start, definitions, {
  mayCommit: attempt => {
    post({ type: "mayCommit", attempt });
    return new Promise(resolve => commits.set(attempt, resolve));
  },
  warn: message => post({ type: "warning", message }),
  sync: (attempt, kind, message) => {
    post({ type: "barrierSync", attempt, kind, message });
    return new Promise(resolve => syncs.set(attempt, resolve));
  },
  noteProcess: (pid, running) => post({ type: "process", pid, running }),
});
const stages = new Map<StageId, StageOrder>();
const queue: TaskOrder[] = [];
let working = false;

receive((message: ToTaskThread) => {
  switch (message.type) {
    case "define":
      definitions.define(message.definition);
      break;
    case "stage":
      stages.set(message.order.stage, message.order);
      break;
    case "forgetStage":
      stages.delete(message.stage);
      break;
    case "release":
      definitions.release(message.what);
      break;
    case "rest":
      if (!working) releaseIdleMemory();
      break;
    case "cancel": {
      // one that waits for others of its barrier stage waits in vain
      answerSync(message.attempt, { ok: false, error: toWire(new FiresteelError("cancelled", message.reason)) });
      const at = queue.findIndex(order => order.attempt === message.attempt);
      if (at < 0) break;
      const [order] = queue.splice(at, 1);
      post({ type: "failed", attempt: order!.attempt, error: toWire(new FiresteelError("cancelled", message.reason)) });
      break;
    }
    case "executorLost":
      runner.executorLost(message.executor);
      break;
    case "commitAnswer":
      commits.get(message.attempt)?.(message.allowed);
      commits.delete(message.attempt);
      break;
    case "barrierAnswer":
      answerSync(message.attempt, message.answer);
      break;
    case "tasks":
      queue.push(...message.orders);
      if (!working) void work();
      break;
  }
});
process.on("uncaughtException", thrown => stray("an error that nobody caught was thrown", thrown));
process.on("unhandledRejection", thrown => stray("a promise that nobody awaits was rejected", thrown));
post({ type: "ready" });

function answerSync(attempt: TaskAttemptId, answer: BarrierAnswer): void {
  const resolve = syncs.get(attempt);
  syncs.delete(attempt);
  resolve?.(answer);
}

/** From a timer, or a promise left alone: what the task does next cannot be trusted. */
function stray(what: string, thrown: unknown): void {
  const stack = thrown instanceof Error ? (thrown.stack ?? "") : "";
  const own = thrown instanceof FiresteelError ? thrown : undefined;
  const said = own?.message ?? (thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown));
  const error = new FiresteelError("user", `${what} in a task: ${said}`, {
    hint: own?.hint ?? "await every promise inside the function, and throw where it can be seen",
    at: own?.at ?? userPosition(stack),
  });
  error.stack = mapStack(stack);
  post({ type: "stray", error: toWire(error) });
}

function post(message: FromTaskThread | ProcessNote): void {
  port.postMessage(message);
}

/** Runs what is queued; successes of short tasks are reported together, to save messages. */
async function work(): Promise<void> {
  working = true;
  let successes: TaskSuccess[] = [];
  let lastReportMs = performance.now();
  const report = () => {
    if (successes.length > 0) post({ type: "succeeded", tasks: successes });
    successes = [];
    lastReportMs = performance.now();
  };
  for (let order = queue.shift(); order !== undefined; order = queue.shift()) {
    try {
      const stage = stages.get(order.stage);
      if (stage === undefined) throw new Error(`stage ${order.stage} is not known here`);
      successes.push(await runner.run(stage, order));
      syncs.delete(order.attempt);
    } catch (thrown) {
      // a sync that it did not wait for
      syncs.delete(order.attempt);
      report();
      post({ type: "failed", attempt: order.attempt, error: toWire(thrown) });
      // lets messages in: more of the queue may have been cancelled
      await new Promise(resolve => setImmediate(resolve));
    }
    if (performance.now() - lastReportMs > reportEveryMs) report();
  }
  report();
  working = false;
}
