/** One line of text for each action, for goldens and transcripts. */
import type { WireError } from "../../src/base/errors.ts";
import type {
  DagAction,
  DagEvent,
  StageGraph,
  TaskAction,
  TaskEvent,
  TaskIdentity,
  TimeAction,
} from "../../src/schedule/contracts.ts";

export function describeDagAction(action: DagAction): string {
  switch (action.type) {
    case "stageSubmitted":
      return `stage ${action.stage}.${action.attempt} submitted for job ${action.job}: ${describeStage(action.graph)}`;
    case "stageCompleted":
      return `stage ${action.stage}.${action.attempt} completed`;
    case "stageFailed":
      return `stage ${action.stage}.${action.attempt} failed: ${describeError(action.error)}`;
    case "barrierRetried":
      return `barrier stage ${action.stage} runs again after failure ${action.failures}`;
    case "stageSkipped":
      return `stage ${action.stage} skipped in job ${action.job}: ${describeStage(action.graph)}`;
    case "submitTasks": {
      const { stage, stageAttempt, partitions, job, pool } = action.taskSet;
      return `submit tasks ${stage}.${stageAttempt} [${partitions.join(" ")}] of job ${job} in pool ${pool}`;
    }
    case "cancelTasks":
      return `cancel tasks of stage ${action.stage}: ${action.reason}`;
    case "partitionDone":
      return `partition ${action.partition} of stage ${action.stage} done`;
    case "resultAccepted":
      return `job ${action.job} has the result of ${describeTask(action.task)}`;
    case "outputAccepted":
      return `exchange ${action.exchange} has the output of ${describeTask(action.task)} on executor ${action.executor}`;
    case "outputsLost":
      return `exchange ${action.exchange} lost outputs [${action.partitions.join(" ")}]`;
    case "exchangeForgotten":
      return `exchange ${action.exchange} forgotten`;
    case "jobSucceeded":
      return `job ${action.job} succeeded`;
    case "jobFailed":
      return `job ${action.job} failed: ${describeError(action.error)}`;
  }
}

export function describeTaskAction(action: TaskAction | TimeAction): string {
  switch (action.type) {
    case "wakeAt":
      return `wake at ${action.atMs}`;
    case "launchTask": {
      const retry = action.attemptNumber > 0 ? ` (attempt ${action.attemptNumber})` : "";
      const near = action.locality === "noPref" ? "" : `, ${action.locality}`;
      return `launch #${action.attempt} = ${describeTask(action.task)}${retry} on executor ${action.executor}${near}`;
    }
    case "killTask":
      return `kill #${action.attempt} on executor ${action.executor}: ${action.reason}`;
    case "taskSucceeded":
      return `#${action.attempt} succeeded: ${describeTask(action.task)} on executor ${action.executor}`;
    case "taskHeld":
      return `#${action.attempt} is held: ${describeTask(action.task)}`;
    case "barrierFailed":
      return `#${action.attempt} failed its barrier stage: ${describeError(action.error)}`;
    case "taskRetried":
      return `#${action.attempt} failed, retried: ${describeTask(action.task)}: ${describeError(action.error)}`;
    case "fetchFailed":
      return `#${action.attempt} could not fetch output ${action.mapPartition} of exchange ${action.exchange}: ${describeTask(action.task)}`;
    case "taskSetFailed":
      return `task set ${action.stage}.${action.stageAttempt} failed: ${describeError(action.error)}`;
  }
}

export function describeAction(action: DagAction | TaskAction): string {
  switch (action.type) {
    case "launchTask":
    case "killTask":
    case "taskSucceeded":
    case "taskHeld":
    case "barrierFailed":
    case "taskRetried":
    case "fetchFailed":
    case "taskSetFailed":
      return describeTaskAction(action);
    default:
      return describeDagAction(action);
  }
}

export function describeTask(task: TaskIdentity): string {
  return `task ${task.partition} of ${task.stage}.${task.stageAttempt}`;
}

export function describeError(error: WireError): string {
  const hint = error.hint === undefined ? "" : ` (${error.hint})`;
  return `${error.kind}: ${error.message}${hint}`;
}

function describeStage(graph: StageGraph): string {
  return `${graph.name} (${graph.exchange === undefined ? "result" : `${graph.kind} ${graph.exchange}`})`;
}
