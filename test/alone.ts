/**
 * Scripts that measure their whole process: its heap, its code, its resident memory. The process of the tests will not do for that,
 * since garbage and code of files that ran before come and go in it at any time. A script prints what it measured as JSON.
 */
import { expect } from "bun:test";
import { join } from "node:path";

const root = join(import.meta.dir, "..");

/** What a script in a Bun of its own printed; `script` is a path from the tree's root. */
export function measuredAlone<T>(script: string, ...args: readonly string[]): T {
  const { exitCode, stdout, stderr } = Bun.spawnSync([process.execPath, join(root, script), ...args], { cwd: root });
  expect({ exitCode, err: stderr.toString() }).toEqual({ exitCode: 0, err: "" });
  return JSON.parse(stdout.toString()) as T;
}
