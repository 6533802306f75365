/** Thrown where an expression, or a row's layout, has no native code; the operator then runs as JavaScript, and `explain` says why. */
import type { Place } from "./ir.ts";

export class NotNative extends Error {
  constructor(
    /** Continues "runs as JavaScript: it …". */
    readonly reason: string,
    readonly at: Place | undefined,
  ) {
    super(reason);
  }
}
