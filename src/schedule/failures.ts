/**
 * The words of failed tasks, stages and jobs. An error that has a cause keeps its kind, position and hint, so that the user
 * reads at the top what went wrong and where, and the engine still knows whether another attempt makes sense.
 */
import type { WireError } from "../base/errors.ts";
import type { StageId } from "../base/ids.ts";
import { printDuration } from "../base/quantity.ts";

export function taskGaveUp(
  stage: StageId,
  name: string,
  partition: number,
  failures: number,
  last: WireError,
): WireError {
  const times = failures === 1 ? "failed" : `failed ${failures} times; last`;
  return causedBy(`task ${partition} of stage ${stage} (${name}) ${times}: ${described(last)}`, last);
}

export function fetchesGaveUp(stage: StageId, name: string, failures: number, last: WireError): WireError {
  const times = failures === 1 ? "once" : `${failures} times`;
  return causedBy(
    `stage ${stage} (${name}) could not read its parents' outputs, tried ${times}; last: ${described(last)}`,
    last,
  );
}

export function barrierTaskFailed(stage: StageId, name: string, partition: number, error: WireError): WireError {
  return causedBy(`task ${partition} of barrier stage ${stage} (${name}) failed: ${described(error)}`, error);
}

/** `last` says which task failed. */
export function barrierGaveUp(failures: number, last: WireError): WireError {
  return failures === 1 ? last : { ...last, message: `${last.message} (all its tasks have run ${failures} times)` };
}

export function tooFewCores(stage: StageId, name: string, tasks: number, cores: number, waitMs: number): WireError {
  return {
    kind: "resource",
    name: "FiresteelError",
    message: `barrier stage ${stage} (${name}) runs ${tasks} tasks at once, but for ${printDuration(waitMs)} there were not as many cores: there are ${cores}`,
    hint: "use fewer partitions (coalesce before barrier), give the application more cores, or wait longer: firesteel.barrier.coresTimeout",
  };
}

/** What was built on the old rows can be built again. */
export function rowsChanged(stage: StageId, name: string, partition: number): WireError {
  return {
    kind: "lost",
    name: "FiresteelError",
    message: `${otherRows(stage, name, partition)}; building on the new ones`,
  };
}

/** Results built on the old rows are in the user's hands. */
export function rowsTaken(stage: StageId, name: string, partition: number): WireError {
  return {
    kind: "user",
    name: "FiresteelError",
    message: `${otherRows(stage, name, partition)}, and results built on the old ones were already taken`,
    hint: "make its functions deterministic (no random numbers, clock or unordered input), or checkpoint its result first",
  };
}

export function outputsLost(partitions: number): WireError {
  const what = partitions === 1 ? "an output of the stage was" : `${partitions} outputs of the stage were`;
  return { kind: "lost", name: "FiresteelError", message: `${what} lost while it ran; computing again` };
}

export function cancelled(what: string, reason: string): WireError {
  return { kind: "cancelled", name: "FiresteelError", message: `${what} was cancelled: ${reason}` };
}

function otherRows(stage: StageId, name: string, partition: number): string {
  return `partition ${partition} of stage ${stage} (${name}) gave other rows when it was computed again after a loss`;
}

function causedBy(message: string, cause: WireError): WireError {
  return {
    kind: cause.kind,
    name: "FiresteelError",
    message,
    ...(cause.hint !== undefined && { hint: cause.hint }),
    ...(cause.at !== undefined && { at: cause.at }),
    ...(cause.isPermanent === true && { isPermanent: true }),
    cause,
  };
}

function described(error: WireError): string {
  return error.name === "FiresteelError" || error.name === "Thrown" ? error.message : `${error.name}: ${error.message}`;
}
