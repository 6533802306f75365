/** Why a simulated job may fail: only of something that was done to it, and after as many attempts as it has. */
import { isRetryable, type WireError } from "../../src/base/errors.ts";
import type { SchedulerLimits } from "../../src/schedule/contracts.ts";

export interface Explanations {
  readonly injected: ReadonlySet<string>;
  readonly cancellations: ReadonlySet<string>;
  readonly losses: number;
  readonly isChancy: boolean;
}

export function explainFailure(
  error: WireError,
  why: Explanations,
  { taskFailuresMax, stageAttemptsMax }: SchedulerLimits,
  hasBarriers: boolean,
): void {
  let root = error;
  while (root.cause !== undefined) root = root.cause;
  const times = /failed (\d+) times; last|have run (\d+) times/.exec(error.message)?.slice(1).find(Boolean) ?? "1";
  const tries = /tried (\d+|once)/.exec(error.message)?.[1];
  if (tries !== undefined) {
    must(root.kind === "fetchFailed", "reads failed of something else");
    return must(
      Number(tries === "once" ? 1 : tries.split(" ")[0]) === stageAttemptsMax,
      `gave up early: ${error.message}`,
    );
  }
  if (error.cause !== undefined) {
    must(error.kind === root.kind, "the kind got lost");
    must(why.injected.has(root.message) || (root.kind === "lost" && why.losses > 0), `unexplained: ${error.message}`);
    return must(!isRetryable(root) || Number(times) === taskFailuresMax, `gave up early: ${error.message}`);
  }
  if (error.message.includes("tasks at once, but for")) return must(hasBarriers, "no stage needs cores");
  if (error.message.includes("other rows")) return must(why.isChancy, "deterministic rows changed");
  const isCancelled = [...why.cancellations].some(reason => error.message.endsWith(reason));
  must(error.kind === "cancelled" && isCancelled, `unexplained: ${error.message}`);
}

export function must(condition: unknown, message: string): asserts condition {
  if (condition !== true) throw new Error(message);
}
