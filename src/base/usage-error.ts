/**
 * Wrong usage (an option, a config key, a master URL, a job file that cannot be loaded) told apart from a job that failed,
 * and the exit codes that follow.
 */
import { FiresteelError, type ErrorDetails } from "./errors.ts";

/** The command line or configuration is wrong; nothing ran. */
export class UsageError extends FiresteelError {
  constructor(message: string, details: ErrorDetails = {}) {
    super("user", message, details);
  }
}

/** For what goes wrong before a job starts: a user's mistake in loading it counts as wrong usage. Others stay as they are. */
export function asUsageError(error: unknown): unknown {
  if (!(error instanceof FiresteelError) || error.kind !== "user" || error instanceof UsageError) return error;
  return new UsageError(error.message, { hint: error.hint, at: error.at, cause: error.cause });
}

export const exitCodes = { done: 0, jobFailed: 1, wrongUsage: 2, interrupted: 130, brokenPipe: 141 } as const;

export function exitCodeOf(error: unknown): number {
  return error instanceof UsageError ? exitCodes.wrongUsage : exitCodes.jobFailed;
}
