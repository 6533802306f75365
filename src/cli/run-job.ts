/**
 * Runs a job file on the driver: bundles it, runs its own statements and its default export with a Context, waits for what it
 * started, and says how it ended. A job is a module with a default export `(ctx, args) => …`, or a script that makes its own Context.
 */
import type { Config } from "../base/config.ts";
import type { EngineEvent } from "../base/events.ts";
import { FiresteelError } from "../base/errors.ts";
import { Context } from "../api/context.ts";
import { bundleJob, loadBundle, runEntry } from "../closure/bundle.ts";
import * as publicModule from "../index.ts";
import { provideEngineModule } from "../exec/engine-module.ts";

export interface JobRun {
  readonly mode: "run" | "explain";
  readonly jobFile: string;
  readonly args: readonly string[];
  readonly conf: Config;
  readonly quiet: boolean;
  readonly onEvent: (event: EngineEvent) => void;
  readonly signal: AbortSignal;
}

/** The exit code: 0 done, 1 the job failed. Throws what the job threw. */
export async function runJob(run: JobRun): Promise<number> {
  provideEngineModule(publicModule);
  const conf = run.conf;
  Context.surround({
    config: conf,
    onEvent: run.onEvent,
    onWarning: message => void process.stderr.write(`warning: ${message}\n`),
  });
  process.argv.splice(1, Infinity, run.jobFile, ...run.args);
  const bundling = bundleJob(run.jobFile);
  // the engine's threads start while the bundler works
  Context.prepare();
  try {
    const bundle = await bundling;
    const module = await loadBundle(bundle);
    const cancel = () => Context.active()?.cancelAllJobs();
    run.signal.addEventListener("abort", cancel);
    const exports = await runEntry(module);
    if (typeof exports.default === "function") {
      const ctx = await Context.getOrCreate();
      await (exports.default as (ctx: Context, args: readonly string[]) => unknown)(ctx, [...run.args]);
    } else if (Context.made === 0) {
      throw new FiresteelError("user", `${run.jobFile} is not a job: it has no default export and makes no Context`, {
        hint: "write `export default async function main(ctx: Context, args: string[]) { … }`",
      });
    }
    return unfinished();
  } finally {
    await Context.active()?.stop();
    await Context.discardPrepared();
    Context.surround(undefined);
  }
}

/** A job that ends while its actions run has most likely forgotten to wait for them. */
function unfinished(): number {
  const running = Context.active()?.driver.runningJobs ?? 0;
  if (running === 0) return 0;
  throw new FiresteelError("user", `the job ended with ${running} ${running === 1 ? "action" : "actions"} unfinished: did you forget await?`, {
    hint: "await every action, or return its promise",
  });
}
