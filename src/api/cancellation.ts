/**
 * An action's AbortSignal: what it must be, and the error when it is aborted, before the action's job, while it runs or between two
 * jobs of one action. The signal's reason is the error's cause. Also the action that gives itself a time.
 */
import { FiresteelError } from "../base/errors.ts";
import { preview } from "../operators/row-errors.ts";
import type { Action } from "../plan/action.ts";
import type { Plan } from "../plan/nodes.ts";
import type { ActionRun, Driver } from "./driver.ts";
import type { Call } from "./partitioning.ts";
import type { ActionOptions } from "./widen.ts";

export function signalOf(options: ActionOptions | undefined, { operator, at }: Call): AbortSignal | undefined {
  const signal: unknown = options?.signal;
  if (signal === undefined || signal instanceof AbortSignal) return signal;
  throw new FiresteelError("user", `${operator} needs an AbortSignal as its signal, but got ${preview(signal)}`, {
    hint: signal instanceof AbortController ? "give the controller's signal" : undefined,
    at,
  });
}

export function checkAborted(run: Call & { readonly signal: AbortSignal | undefined }): void {
  if (run.signal?.aborted === true) throw abortedBy(run.signal, run);
}

export function abortedBy(signal: AbortSignal, { operator, at }: Call): FiresteelError {
  const reason: unknown = signal.reason;
  const said = reason instanceof Error ? reason.message : preview(reason);
  // what abort() gives when it is given nothing
  const why = reason instanceof DOMException && reason.name === "AbortError" ? "" : `: ${said}`;
  return new FiresteelError("cancelled", `${operator} was cancelled by its AbortSignal${why}`, { at, cause: reason });
}

/** setTimeout takes no more. */
const timeoutMaxMs = 0x7fffffff;

/** Runs a job for so long, and then cancels it. Whether it came to its end; what partitions gave till then has been given on. */
export async function runWithin(
  driver: Driver,
  plan: Plan,
  action: Action,
  run: ActionRun,
  timeoutMs: number,
  onResult: (index: number, payload: Uint8Array) => void,
): Promise<boolean> {
  checkAborted(run);
  const { signal } = run;
  const ending = new AbortController();
  const abort = () => ending.abort();
  const timeIsUp = () => ending.abort("its time was up");
  signal?.addEventListener("abort", abort, { once: true });
  const timer = timeoutMs <= timeoutMaxMs ? setTimeout(timeIsUp, timeoutMs) : undefined;
  try {
    await driver.runJob(plan, action, { ...run, signal: ending.signal }, undefined, onResult);
    return true;
  } catch (error) {
    if (signal?.aborted === true) throw abortedBy(signal, run);
    if (ending.signal.aborted && error instanceof FiresteelError && error.kind === "cancelled") return false;
    throw error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}
