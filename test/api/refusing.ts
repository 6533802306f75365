/** Tests of suites that a call is refused: with which words, and at which line of the suite. */
import type { SuiteTools } from "./suite.ts";

interface Wanted {
  /** A part of the message. */
  readonly says: string;
  readonly hint?: string;
  /** The operator, or the mark, whose line it names. */
  readonly operator: string;
  readonly kind?: string;
}

export function refusing({ test, expect, failure, file, lineOf }: SuiteTools) {
  return (name: string, run: () => unknown, wanted: Wanted): void =>
    test(name, async () => {
      const error = await failure(run);
      expect(error.message).toContain(wanted.says);
      expect(error.kind).toBe((wanted.kind ?? "user") as typeof error.kind);
      if (wanted.hint !== undefined) expect(error.hint).toBe(wanted.hint);
      expect([error.at?.file, error.at?.line]).toEqual([file, lineOf(wanted.operator, name)]);
    });
}
