/** The demo of a cluster, as a new user runs it. It compares every answer with local mode's itself. */
import { expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");
const curl = spawnSync("curl", ["--version"]).status === 0;
const binary = existsSync(join(root, "dist/firesteel"));
if (!curl || !binary) console.log("the demo is left out: it needs curl and dist/firesteel");

/** Nine runs on fresh processes, each of which others may keep from the processors. */
const runMaxMs = 300_000;

test.skipIf(!curl || !binary)(
  "the demo ends with the same answers",
  () => {
    const options = { cwd: root, encoding: "utf8", timeout: runMaxMs } as const;
    const { status, stdout, stderr } = spawnSync("bash", ["examples/cluster-demo.sh"], options);
    expect([status, stderr, status === 0 ? "" : stdout]).toEqual([0, "", ""]);
    expect(stdout.match(/: the same \d+ lines/g)?.length).toBe(7);
    expect(stdout).toContain("is lost");
  },
  runMaxMs + 10_000,
);
