/**
 * What the command line asks of the engine for `run` and `explain`. `exec/run-job.ts` exports `runJob: RunJob`.
 *
 * It resolves to the exit code of a job that said so itself, and rejects with what went wrong: UsageError when the file cannot
 * be loaded as a job, otherwise the job's failure. The caller prints the error and chooses the exit code.
 */
import type { Config } from "./config.ts";
import type { EngineEvent } from "./events.ts";

export interface RunRequest {
  /** explain runs the job file with actions that print their plan. */
  readonly mode: "run" | "explain";
  /** Absolute; exists. */
  readonly jobFile: string;
  readonly args: readonly string[];
  /** Of command line, environment and file; what the job's code sets goes on top. */
  readonly conf: Config;
  /** No progress, no summary, no advice on stderr: errors alone. */
  readonly quiet: boolean;
  readonly onEvent: (event: EngineEvent) => void;
  /** Aborted at the first Ctrl-C: cancel the jobs, then reject. */
  readonly signal: AbortSignal;
}

export type RunJob = (request: RunRequest) => Promise<number>;
