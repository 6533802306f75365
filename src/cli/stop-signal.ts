/** SIGINT and SIGTERM for roles that run until they are told to stop: the first asks, the second ends the process at once. */
import { exitCodes } from "../base/usage-error.ts";

/** Aborts at the first signal. */
export function stopSignal(): AbortSignal {
  const controller = new AbortController();
  const listener = () => {
    if (controller.signal.aborted) process.exit(exitCodes.interrupted);
    controller.abort(new Error("stopped"));
  };
  process.on("SIGINT", listener);
  process.on("SIGTERM", listener);
  return controller.signal;
}

export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise(resolve => signal.addEventListener("abort", () => resolve(), { once: true }));
}
