/**
 * Assertions about our own code. A failed one is a bug in Firesteel (kind "internal"), never a user's mistake.
 */
import { FiresteelError } from "./errors.ts";

/** Makes a `switch` over a discriminated union exhaustive at compile time. */
export function assertNever(value: never): never {
  throw new FiresteelError("internal", `unexpected value ${JSON.stringify(value)}`);
}

export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new FiresteelError("internal", message);
}
