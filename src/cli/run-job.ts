/**
 * Runs a job file on the driver: bundles it, runs its own statements and its default export with a Context, waits for what it
 * started, and says how it ended. A job is a module with a default export `(ctx, args) => …`, or a script that makes its own Context.
 */
import type { Config } from "../base/config.ts";
import type { EngineEvent } from "../base/events.ts";
import { FiresteelError } from "../base/errors.ts";
import { nearest } from "../base/nearest.ts";
import { asUsageError, UsageError } from "../base/usage-error.ts";
import { Context } from "../api/context.ts";
import { bundleJob, loadBundle, runEntry } from "../closure/bundle.ts";
import { displayName } from "../closure/source-files.ts";
import { mapStack, plainMessage, userPosition } from "../closure/stack.ts";
import * as publicModule from "../index.ts";
import { provideEngineModule } from "../exec/engine-module.ts";
import { callText } from "../planner/stages.ts";
import { Explanation, silenceConsole } from "./explanation.ts";
import { strayFailure } from "./stray-failure.ts";

export interface JobRun {
  readonly mode: "run" | "explain";
  readonly jobFile: string;
  readonly args: readonly string[];
  readonly conf: Config;
  readonly quiet: boolean;
  readonly onEvent: (event: EngineEvent) => void;
  readonly onStarted: (applicationId: string) => void;
  /** What the job's function gave; not called for scripts. */
  readonly onReturned?: (value: unknown) => void;
  readonly signal: AbortSignal;
}

/** How long a cancelled job may take to wind up, its `finally` blocks included. */
const windUpMaxMs = 2_000;

/** The exit code: 0 done, 1 the job failed. Throws what the job threw, its stack in the user's own lines. */
export async function runJob(run: JobRun): Promise<number> {
  provideEngineModule(publicModule);
  const explanation = run.mode === "explain" ? new Explanation() : undefined;
  if (explanation !== undefined) silenceConsole();
  Context.surround({
    config: run.conf,
    onEvent: run.onEvent,
    onWarning: message => void process.stderr.write(`warning: ${message}\n`),
    onStarted: ({ applicationId, uiWebUrl }) => {
      run.onStarted(applicationId);
      if (uiWebUrl !== undefined && !run.quiet) process.stderr.write(`${applicationId}: pages at ${uiWebUrl}\n`);
    },
    explain: explanation?.tell,
  });
  process.argv.splice(1, Infinity, run.jobFile, ...run.args);
  const stray = strayFailure();
  try {
    await Promise.race([
      loadAndRun(run),
      stray.happened,
      cancelled(run.signal),
      ...(explanation === undefined ? [] : [explanation.full]),
    ]);
    explanation?.end();
    return 0;
  } catch (error) {
    if (explanation === undefined || run.signal.aborted) throw inUsersLines(unawaitedRows(error));
    explanation.end(inUsersLines(error));
    return 0;
  } finally {
    stray.ignore();
    await Context.active()?.stop();
    await Context.discardPrepared();
    Context.surround(undefined);
  }
}

async function loadAndRun(run: JobRun): Promise<void> {
  const bundling = bundleJob(run.jobFile);
  // the engine's threads start while the bundler works
  Context.prepare();
  const bundle = await bundling.catch((error: unknown) => {
    throw asUsageError(error);
  });
  const exports = await runEntry(await loadBundle(bundle)).catch((error: unknown) => {
    throw isCommonJs(error) ? notAJob(run, "it is a CommonJS module") : error;
  });
  const entry = run.conf.get("firesteel.app.entry");
  if (exports[entry] !== undefined || entry !== "default" || Context.made === 0) await callEntry(exports, entry, run);
  refuseUnfinished();
}

async function callEntry(exports: Readonly<Record<string, unknown>>, entry: string, run: JobRun): Promise<void> {
  const main = exports[entry];
  if (typeof main !== "function") {
    const named = entry === "default" ? "default export" : `export "${entry}"`;
    const missing = entry === "default" ? `it has no ${named} and makes no Context` : `it has no ${named}`;
    const what = main === undefined ? missing : `its ${named} is not a function`;
    throw notAJob(run, what, otherEntry(exports, entry));
  }
  const job = main as (ctx: Context, args: readonly string[]) => unknown;
  run.onReturned?.(await job(await Context.getOrCreate(), [...run.args]));
}

function notAJob(run: JobRun, what: string, hint?: string): UsageError {
  return new UsageError(`${displayName(run.jobFile)} is not a job: ${what}`, {
    hint: hint ?? "write `export default async function main(ctx: Context, args: string[]) { … }`",
  });
}

/** The bundler gives `module` and `exports` of such a file names of their own, and nobody defines them. */
function isCommonJs(error: unknown): boolean {
  return error instanceof ReferenceError && /^(module|exports)(_\w+)? is not defined$/.test(error.message);
}

/** A function of the job file that may have been meant. */
function otherEntry(exports: Readonly<Record<string, unknown>>, entry: string): string | undefined {
  const functions = Object.keys(exports).filter(name => typeof exports[name] === "function" && name !== "default");
  if (functions.length === 0) return undefined;
  const meant = entry === "default" ? functions[0]! : nearest(entry, functions);
  if (meant === undefined) return `its functions are ${functions.slice(0, 8).join(", ")}`;
  return entry === "default"
    ? `write \`export default\` before the function to run, or name it: --entry ${meant}`
    : `did you mean --entry ${meant}?`;
}

/** A job that ends while its actions run has most likely forgotten to wait for them. */
function refuseUnfinished(): void {
  const [first, ...others] = Context.active()?.driver.runningActions ?? [];
  if (first === undefined) return;
  const more = others.length === 0 ? "" : ` and ${others.length} more`;
  throw new FiresteelError(
    "user",
    `the job ended before ${first.operator}${more} had finished: did you forget await?`,
    {
      hint: "await every action, or return its promise",
      at: first.at,
    },
  );
}

/** Rows that are not there yet have no methods of rows: the action that was to give them has only begun. */
function unawaitedRows(error: unknown): unknown {
  const first = Context.active()?.driver.runningActions[0];
  if (first === undefined || !(error instanceof TypeError)) return error;
  const meant = new FiresteelError("user", `${error.name}: ${plainMessage(error.message)}`, {
    hint: `${callText(first)} has only begun: did you forget await?`,
    at: userPosition(error.stack ?? ""),
    cause: error.cause,
  });
  if (error.stack !== undefined) meant.stack = error.stack;
  return meant;
}

/** Cancels what runs; rejects when the job has not ended by itself some time after. */
function cancelled(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const cancel = () => {
      Context.active()?.cancelAllJobs();
      setTimeout(() => reject(signal.reason as Error), windUpMaxMs);
    };
    if (signal.aborted) cancel();
    else signal.addEventListener("abort", cancel, { once: true });
  });
}

/** Maps the stacks of an error and its causes; those that came from tasks were mapped there. */
function inUsersLines(error: unknown): unknown {
  for (let each = error, depth = 0; each instanceof Error && depth < 8; each = each.cause, depth++) {
    if (each.stack !== undefined && !isInternal(each)) each.stack = mapStack(each.stack);
    if (each instanceof TypeError) each.message = plainMessage(each.message);
  }
  return error;
}

function isInternal(error: Error): boolean {
  return error instanceof FiresteelError && error.kind === "internal";
}
