/**
 * The words of failed tasks, stages and jobs. An error that has a cause keeps its kind, position and hint, so that the user
 * reads at the top what went wrong and where, and the engine still knows whether another attempt makes sense.
 */
import type { WireError } from "../base/errors.ts";
import type { StageId } from "../base/ids.ts";

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
    cause,
  };
}

function described(error: WireError): string {
  return error.name === "FiresteelError" || error.name === "Thrown" ? error.message : `${error.name}: ${error.message}`;
}
