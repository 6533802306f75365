/** When a partition of saveAsTextFile commits: not before the driver allows it, and not at all when its task is cancelled. */
import { expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FiresteelError } from "../../src/base/errors.ts";
import { runSaveText } from "../../src/operators/save-text.ts";
import { localOutput } from "../../src/sources/local-output.ts";
import { inTask, rowsPlan } from "./task-fixture.ts";

test("an attempt asks until it may commit, and then says which file counts", async () => {
  const folder = mkdtempSync(join(tmpdir(), "firesteel-save-"));
  try {
    const output = localOutput.createOutput(join(folder, "out"));
    const committed = join(output.path, "_temporary", "done-1");
    const answers = [false, false, true];
    const mayCommit = async () => {
      expect(existsSync(committed)).toBe(false);
      return answers.shift()!;
    };
    const attempt = await inTask({ mayCommit }, env => runSaveText({ kind: "saveText", output }, rows, 0, env));
    expect([attempt, answers]).toEqual([1, []]);
    localOutput.commitOutput(output, [{ file: "part-00000", attempt }]);
    expect(readFileSync(join(output.path, "part-00000"), "utf8")).toBe("a\nb\n");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("an attempt that is cancelled while another one commits leaves nothing", async () => {
  const folder = mkdtempSync(join(tmpdir(), "firesteel-save-"));
  try {
    const output = localOutput.createOutput(join(folder, "out"));
    let asked = 0;
    const mayCommit = async () => ++asked > 3;
    const checkpoint = () => {
      if (asked === 2) throw new FiresteelError("cancelled", "the task was cancelled");
    };
    const save = inTask({ mayCommit, checkpoint }, env => runSaveText({ kind: "saveText", output }, rows, 0, env));
    expect(await save.catch(error => error.message)).toBe("the task was cancelled");
    expect(asked).toBe(2);
    expect(readdirSync(join(output.path, "_temporary"))).toEqual([]);
    localOutput.abortOutput(output);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

const rows = rowsPlan(["a", "b"]);
