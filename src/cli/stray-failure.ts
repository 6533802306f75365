/**
 * Failures that reach no caller of the job: a rejected promise that nobody awaits, an error thrown in a timer's callback, and
 * waiting for what can never happen. Each ends the job; none may end the process before its files and threads are gone.
 */
import { FiresteelError } from "../base/errors.ts";

export interface StrayFailure {
  /** Only ever rejects. */
  readonly happened: Promise<never>;
  /** From now on nothing is reported: the job has ended. */
  ignore(): void;
}

export function strayFailure(): StrayFailure {
  let report: (error: unknown) => void = () => {};
  const happened = new Promise<never>((_, reject) => (report = reject));
  happened.catch(() => {});
  process.on("unhandledRejection", reason => report(unawaited(reason)));
  process.on("uncaughtException", error => report(error));
  process.on("beforeExit", () => report(waitsForNothing()));
  return {
    happened,
    ignore() {
      report = () => {};
    },
  };
}

function unawaited(reason: unknown): unknown {
  const message = reason instanceof Error ? reason.message : String(reason);
  return new FiresteelError("user", `a promise that nobody awaits was rejected: ${message}`, {
    hint: "await it, or handle its rejection",
    cause: reason,
  });
}

function waitsForNothing(): FiresteelError {
  return new FiresteelError(
    "user",
    "the job waits for a promise that nothing will ever resolve: no action, timer or I/O is left",
    {
      hint: "look for an await of a promise whose resolve is never called",
    },
  );
}
