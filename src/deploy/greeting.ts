/** The line that a worker writes into the pipe of a process that it starts: what neither command line nor environment may show. */
import { FiresteelError } from "../base/errors.ts";

export function greeting(secret: string | undefined): string {
  return JSON.stringify(secret === undefined ? {} : { secret });
}

export function secretOfGreeting(line: string): string | undefined {
  try {
    const { secret } = JSON.parse(line) as { secret?: unknown };
    if (secret === undefined || typeof secret === "string") return secret;
  } catch {
    // falls through
  }
  throw new FiresteelError("internal", "the process that started this one did not say what it should");
}
