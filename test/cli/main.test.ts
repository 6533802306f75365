/** The program as a process: what it prints where, and its exit codes. */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import manifest from "../../package.json" with { type: "json" };

const root = join(import.meta.dirname, "../..");

function firesteel(args: string[], environment: Record<string, string> = {}) {
  const child = Bun.spawnSync([process.execPath, "src/main.ts", ...args], {
    cwd: root,
    env: { PATH: process.env.PATH ?? "", ...environment },
    timeout: 50_000,
  });
  return { code: child.exitCode, out: child.stdout.toString(), err: child.stderr.toString() };
}

test("version and help go to stdout", () => {
  const { code, out, err } = firesteel(["version"]);
  expect([code, err]).toEqual([0, ""]);
  expect(out).toBe(`firesteel ${manifest.version} (bun ${Bun.version}, ${process.platform} ${process.arch})\n`);
  const help = firesteel(["run", "--help"]);
  expect([help.code, help.err]).toEqual([0, ""]);
  expect(help.out).toStartWith("Usage: firesteel run [options] job.ts [args…]\n");
});

describe("wrong usage: exit 2, one block on stderr, nothing on stdout", () => {
  test.each([
    [[], "error: no command was given\n  fix: `firesteel help` lists the commands\n"],
    [["exlpain"], 'error: "exlpain" is not a command\n  fix: did you mean explain?\n'],
    [["run", "--mastr", "local", "x.ts"], "error: run has no option --mastr\n  fix: did you mean --master?\n"],
    [["run", "bulid.ts"], "error: the job file bulid.ts does not exist\n  fix: did you mean build.ts?\n"],
    [["run", "src"], "error: src is a folder\n  fix: name the job's file, such as src/index.ts\n"],
    [
      ["run", "--conf", "firesteel.task.maxFailure=3", "build.ts"],
      'error: "firesteel.task.maxFailure" (--conf) is not a configuration key\n  fix: did you mean firesteel.task.maxFailures?\n',
    ],
    [
      ["run", "--master", "local[two]", "build.ts"],
      'error: "local[two]" is not a master URL\n  fix: write local, local[K] for K threads, local[*] for one per core, or local[K,F]: a task may fail F − 1 times\n',
    ],
    [
      ["worker", "127.0.0.1:7077"],
      'error: "127.0.0.1:7077" is no cluster\'s master\n  fix: did you mean firesteel://127.0.0.1:7077?\n',
    ],
    [
      ["run", "http://example.com/job.ts"],
      "error: the job file http://example.com/job.ts is not on this machine\n  fix: download it first; firesteel submit --deploy-mode cluster takes http: and https: addresses\n",
    ],
    [["bundle", "build.ts"], "error: bundle needs to know where to write\n  fix: add -o out.js\n"],
  ])("%j", (args, message) => {
    expect(firesteel(args)).toEqual({ code: 2, out: "", err: message });
  });

  test("an environment variable that means nothing", () => {
    const { code, err } = firesteel(["run", "build.ts"], { FIRESTEEL_MASTRE: "local" });
    expect(code).toBe(2);
    expect(err).toContain("did you mean FIRESTEEL_MASTER?");
  });
});
