/** Errors across threads, and which of them are worth another attempt. */
import { expect, test } from "bun:test";
import {
  type ErrorDetails,
  type ErrorKind,
  FiresteelError,
  fromWire,
  isRetryable,
  toWire,
} from "../../src/base/errors.ts";

test("an error keeps all that it says on its way to another thread and back", () => {
  const details: ErrorDetails = { hint: "do", at: { file: "job.ts", line: 1, column: 2 }, isPermanent: true };
  const error = fromWire(structuredClone(toWire(new FiresteelError("data", "broken", details))));
  expect(error).toMatchObject({ kind: "data", message: "broken", hint: "do", at: details.at!, isPermanent: true });
  expect(fromWire(toWire(new FiresteelError("data", "flaky"))).isPermanent).toBeUndefined();
});

test("bad input stays bad, what is lost may be found", () => {
  const kinds: readonly ErrorKind[] = ["user", "data", "fetchFailed", "lost", "cancelled", "resource", "internal"];
  expect(kinds.filter(kind => isRetryable({ kind }))).toEqual(["user", "data", "fetchFailed", "lost", "resource"]);
  expect(kinds.filter(kind => isRetryable({ kind, isPermanent: true }))).toEqual(["fetchFailed", "lost"]);
});
