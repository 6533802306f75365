/** Lines of a file, as a persisted plan. Once the file is removed, nothing can be computed again unnoticed. */
import { expect } from "bun:test";
import { unlinkSync } from "node:fs";
import type { RddId } from "../../src/base/ids.ts";
import type { Plan } from "../../src/plan/nodes.ts";
import type { StorageLevel } from "../../src/plan/storage-level.ts";
import { planText } from "../../src/sources/byte-splits.ts";
import { resolvePaths } from "../../src/sources/input-files.ts";
import type { temporaryFolder } from "../sources/fixture.ts";

let nextRdd = 100;

export function persistedText(
  folder: ReturnType<typeof temporaryFolder>,
  lines: number,
  partitions: number,
  storage: StorageLevel,
) {
  const id = nextRdd++ as RddId;
  const path = folder.file(`in-${id}.txt`, "line\n".repeat(lines));
  const scan = planText(resolvePaths(path), partitions);
  expect(scan.splits.length).toBe(partitions);
  const source = { op: "files", format: "text", paths: path, minPartitions: partitions, options: {} } as const;
  const plan: Plan = { id, operator: "textFile", at: undefined, ...source, scan, storage };
  return { id, plan, remove: () => unlinkSync(path) };
}
