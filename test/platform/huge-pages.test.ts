/** Large pages are asked for, and the memory stays what it was. */
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { measuredAlone } from "../alone.ts";

const hasHugePages = existsSync("/sys/kernel/mm/transparent_hugepage/enabled");

test.if(hasHugePages)("the system is asked for large pages under a memory", () => {
  const { before, after, bytes } = measuredAlone<{ before: number; after: number; bytes: number[] }>(
    "test/platform/huge-pages.ts",
  );
  expect(after).toBeGreaterThan(before);
  expect(bytes).toEqual([7, 0]);
});
