/** Compiled code goes when a thread gives back what it holds, and functions run on. */
import { expect, test } from "bun:test";
import { measuredAlone } from "../alone.ts";

test("compiled code is given back once the running call has returned", () => {
  const { before, after, last } = measuredAlone<{ before: number; after: number; last: number }>(
    "test/platform/idle-code.ts",
  );
  expect(before).toBeGreaterThan(500);
  expect(after).toBeLessThan(before - 400);
  expect(last).toBe(998);
});
