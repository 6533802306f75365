/**
 * `firesteel run` and `firesteel explain`: configuration, the job file, Ctrl-C, progress and summary around the engine's
 * `runJob`. The first Ctrl-C cancels the job and waits for it to wind up; the second ends the process.
 */
import { systemClock } from "../base/clock.ts";
import type { EngineEvent } from "../base/events.ts";
import { exitCodes } from "../base/usage-error.ts";
import type { ReportWriter } from "../deploy/driver-report.ts";
import { takeSecret } from "../deploy/secret.ts";
import { pipeReaderGone } from "../platform/pipe-reader.ts";
import { detectMachine } from "../platform/resources.ts";
import type { Invocation } from "./command-line.ts";
import { openConsoleView, silentView } from "./console-view.ts";
import { findJobFile } from "./job-file.ts";
import { loadConfig, readIfThere } from "./load-config.ts";
import { tellPassedOn } from "./passed-on.ts";

export async function run(mode: "run" | "explain", invocation: Invocation): Promise<number> {
  const [named, ...args] = invocation.operands;
  const jobFile = findJobFile(named!);
  // before the job's code can see it
  takeSecret(invocation.options.get("secret-file")?.[0]);
  const conf = loadConfig(invocation.options, jobFile, {
    environment: process.env,
    machine: detectMachine(),
    readFile: readIfThere,
  });
  tellPassedOn(invocation, conf);
  const quiet = mode === "explain" || invocation.options.has("quiet");
  process.stdout.on("error", endAtBrokenPipe);
  const isGone = await pipeReaderGone(1);
  if (isGone !== undefined) endWithReader(isGone);
  const view = quiet ? silentView : openConsoleView(conf.get("firesteel.ui.progress"));
  const interrupt = onInterrupt(() => view.close(false));
  const report = await openReport();
  const onEvent = (event: EngineEvent) => {
    view.onEvent(event);
    report?.onEvent(event);
  };
  let returned: { readonly value: unknown } | undefined;
  let done = false;
  const onReturned = (value: unknown) => void (returned = { value });
  const onStarted = (applicationId: string) => {
    if (report !== undefined) report.applicationId = applicationId;
  };
  const { signal } = interrupt;
  let summary = false;
  try {
    const { runJob } = await import("./run-job.ts");
    const code = await runJob({ mode, jobFile, args, conf, quiet, onEvent, onStarted, onReturned, signal });
    summary = true;
    done = code === 0 && !interrupt.signal.aborted;
    return interrupt.signal.aborted ? exitCodes.interrupted : code;
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
    return exitCodes.interrupted;
  } finally {
    await report?.end(done ? returned : undefined);
    interrupt.release();
    view.close(summary);
  }
}

/** A worker that started this driver tells others how it is doing. */
async function openReport(): Promise<ReportWriter | undefined> {
  const folder = process.env.FIRESTEEL_INTERNAL_REPORT;
  if (folder === undefined) return undefined;
  delete process.env.FIRESTEEL_INTERNAL_REPORT;
  const { ReportWriter } = await import("../deploy/driver-report.ts");
  return new ReportWriter(folder, systemClock);
}

/** The reader of our output has gone, as in `firesteel run job.ts | head`: end as SIGPIPE would, without a word. */
export function endAtBrokenPipe(error: Error & { code?: string }): void {
  if (error.code === "EPIPE") process.exit(exitCodes.brokenPipe);
  throw error;
}

/** The console does not tell that its output goes nowhere. */
function endWithReader(isGone: () => boolean): void {
  for (const name of ["log", "info", "debug", "table", "dir"] as const) {
    const print = console[name];
    console[name] = (...args: unknown[]) => {
      Reflect.apply(print, console, args);
      if (isGone()) process.exit(exitCodes.brokenPipe);
    };
  }
}

/** SIGINT and SIGTERM: the first aborts the signal, the second ends the process at once. */
function onInterrupt(beforeMessage: () => void): { signal: AbortSignal; release: () => void } {
  const controller = new AbortController();
  const listener = () => {
    if (controller.signal.aborted) process.exit(exitCodes.interrupted);
    controller.abort(new Error("interrupted"));
    beforeMessage();
    process.stderr.write("cancelling the job; press Ctrl-C again to stop at once\n");
  };
  process.on("SIGINT", listener);
  process.on("SIGTERM", listener);
  return {
    signal: controller.signal,
    release() {
      process.off("SIGINT", listener);
      process.off("SIGTERM", listener);
    },
  };
}
