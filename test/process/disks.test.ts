/** Disks that are full, that cannot be written to, and that are others: small ones are mounted, which only root on Linux may. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, setDefaultTimeout } from "bun:test";
import { expectGolden, run, type Run, testTimeoutMs } from "./harness.ts";

setDefaultTimeout(2 * testTimeoutMs);

const whyNot = whyNoMount();
const smallMemory = { "firesteel.executor.memory": "16m" };
const cluster = "local-cluster[2,1,32]";

/** The job, in a folder with disks of these mount options; and what is on each when it has ended. */
async function runWith(disks: Readonly<Record<string, string>>, job: Run) {
  const left: Record<string, string[]> = {};
  const setUp = (folder: string) => {
    for (const [name, options] of Object.entries(disks)) {
      mkdirSync(join(folder, name));
      const { status } = spawnSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", join(folder, name)]);
      expect(status).toBe(0);
    }
  };
  const look = (folder: string) => {
    for (const name of Object.keys(disks)) {
      left[name] = readdirSync(join(folder, name), { recursive: true }).map(String).sort();
      spawnSync("umount", [join(folder, name)]);
    }
  };
  return { ...(await run({ options: ["--quiet"], ...job, setUp, look })), left };
}

describe.skipIf(whyNot !== undefined)(`disks${whyNot === undefined ? "" : ` (${whyNot})`}`, () => {
  test("a full one fails a job that has no other", async () => {
    const conf = { ...smallMemory, "firesteel.local.dirs": "disk" };
    const outcome = await runWith({ disk: "size=1m" }, { job: "spills.ts", conf });
    expectGolden("disk-full", outcome);
    expect(outcome.left).toEqual({ disk: [] });
  });

  for (const master of ["local[2]", cluster]) {
    test(`a full one and a read-only one are passed over, on ${master}`, async () => {
      const conf = { "firesteel.local.dirs": "frozen,full,good", ...(master === cluster ? {} : smallMemory) };
      const disks = { frozen: "ro", full: "size=1m", good: "size=200m" };
      const { code, out, err, left } = await runWith(disks, { job: "spills.ts", master, conf });
      expect({ code, out, err }).toEqual({ code: 0, out: "1000000\n", err: "" });
      expect(left).toEqual({ frozen: [], full: [], good: [] });
    });
  }

  test("an output that grows beyond its disk is taken back", async () => {
    const outcome = await runWith({ disk: "size=1m" }, { job: "saves-much.ts", args: ["disk/out"] });
    expectGolden("output-disk-full", outcome);
    expect(outcome.left).toEqual({ disk: [] });
  });

  test("a read-only one is no place for outputs and checkpoints", async () => {
    expectGolden("output-read-only", await runWith({ disk: "ro" }, { job: "saves-much.ts", args: ["disk/out"] }));
    const job = { job: "checkpoints.ts", args: ["disk"] };
    expectGolden("checkpoint-read-only", await runWith({ disk: "ro" }, job));
  });

  test("checkpoints may lie on one of their own", async () => {
    const { code, out, err, left } = await runWith({ disk: "size=20m" }, { job: "checkpoints.ts", args: ["disk"] });
    expect({ code, out, err }).toEqual({ code: 0, out: "5000 500 true\n", err: "" });
    expect(left["disk"]!.map(path => path.replace(/^[^/]*\/rdd-\d+/, "…"))).toContain("…/_SUCCESS");
  });
});

/** Why no small disk can be made here, if so. */
function whyNoMount(): string | undefined {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return "only root on Linux can mount some";
  const mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", "/mnt"];
  const { status, stderr } = spawnSync("unshare", ["--mount", ...mount]);
  return status === 0 ? undefined : `mounting is not permitted: ${String(stderr).trim()}`;
}
