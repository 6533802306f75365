/** What a job that works shows, on a terminal and elsewhere, and how it gets its arguments. */
import { spawn } from "node:child_process";
import { copyFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, setDefaultTimeout } from "bun:test";
import { expectGolden, prepare, program, run, withoutFigures, testTimeoutMs } from "./harness.ts";

setDefaultTimeout(testTimeoutMs);

describe("arguments", () => {
  test("what follows the job file is the job's", async () => {
    const args = ["--master", "local[9]", "-q", "--", "a b", "", "ünï"];
    const { code, out, err } = await run({ job: "prints-args.ts", args });
    const warning =
      "warning: --master stands behind prints-args.ts and went to the job's arguments: " +
      "write firesteel's own options before it, firesteel run --master … prints-args.ts\n";
    expect([code, err]).toEqual([0, warning]);
    expect(out).toBe(`${JSON.stringify(args)} ${JSON.stringify(args)} prints-args.ts\n`);
  });

  test("-- ends the program's own options", async () => {
    const { code, out } = await run({ args: ["run", "-q", "--", "-job.ts", "--help"], setUp: printsArgs("-job.ts") });
    expect([code, out]).toEqual([0, '["--help"]\n']);
  });

  test("a job in another folder, with another name", async () => {
    const setUp = (folder: string) => {
      mkdirSync(join(folder, "jöbs : 1"));
      mkdirSync(join(folder, "here"));
      renameSync(join(folder, "map-throws.ts"), join(folder, "jöbs : 1", "möp [1].ts"));
    };
    const outcome = await run({ job: "map-throws.ts", setUp, cwd: "here", args: [], runAs: "../jöbs : 1/möp [1].ts" });
    expectGolden("job-elsewhere", outcome);
  });
});

function copies(job: string): (folder: string) => void {
  return folder => copyFileSync(join(import.meta.dirname, "jobs", job), join(folder, job));
}

function printsArgs(name: string): (folder: string) => void {
  return folder =>
    writeFileSync(
      join(folder, name),
      "export default function main(_, args) {\n  console.log(JSON.stringify(args));\n}\n",
    );
}

test("two jobs at once in one folder do not meet", async () => {
  const conf = { "firesteel.executor.memory": "16m" };
  const both = await Promise.all([1, 2].map(() => run({ job: "spills.ts", conf, options: ["--quiet"] })));
  for (const { code, out, err } of both) expect({ code, out, err }).toEqual({ code: 0, out: "1000000\n", err: "" });
});

describe("explain", () => {
  test("prints plans and writes nothing", async () => {
    const { code, out, err } = await run({ args: ["explain", "saves.ts", "out"], setUp: copies("saves.ts") });
    expect([code, err]).toEqual([0, ""]);
    expect(out).toStartWith("saveAsTextFile at saves.ts:9:14\n  Stage 0, ");
  });

  test("goes on where there are no rows", async () => {
    const { code, out, err } = await run({ args: ["explain", "empty-rows.ts"], setUp: copies("empty-rows.ts") });
    expect([code, err]).toEqual([0, ""]);
    expect(out.match(/^\w+ at empty-rows\.ts:\d+/gm)).toHaveLength(4);
  });
});

test("nothing is an answer too", async () => {
  expectGolden("empty-rows", await run({ job: "empty-rows.ts" }), withoutFigures);
});

test.each(["log", "write"])("a reader that leaves early ends the job without a word: %s", async how => {
  const { folder, environment, argv } = prepare({ job: "prints-many.ts", args: [how], options: ["--quiet"] });
  const child = spawn(program[0]!, [...program.slice(1), ...argv], {
    cwd: folder,
    env: environment,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let err = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  child.stdout.once("data", () => child.stdout.destroy());
  const code = await new Promise(resolve => child.on("close", resolve));
  rmSync(folder, { recursive: true });
  expect({ code, err }).toEqual({ code: 141, err: "" });
});

describe("progress", () => {
  test("a summary at the end, and no bars where there is no terminal", async () => {
    expectGolden("summary", await run({ job: "slow.ts", args: ["1"] }), withoutFigures);
  });

  test("--quiet shows nothing but what the job prints", async () => {
    const { code, out, err } = await run({ job: "slow.ts", args: ["1"], options: ["--quiet"] });
    expect({ code, out, err }).toEqual({ code: 0, out: "before\n[[0,4],[1,4]]\nafter\n", err: "" });
  });

  test("bars on a terminal, wiped before anything else is printed", async () => {
    const screen = await onTerminal({ job: "slow.ts", args: ["100"] });
    expect(screen.code).toBe(0);
    expect(screen.text).toMatch(/\r\[Stage 0: reduceByKey at slow\.ts:11:\d+ =+> +\(\d \+ 1\) \/ 8\]\x1b\[K/);
    // what stands on each line in the end
    const lines = screen.text
      .split("\n")
      .map(line => line.replace(/\r$/, "").split("\r").at(-1)!.replaceAll("\x1b[K", ""));
    expect(lines.slice(0, 3)).toEqual(["before", "[[0,4],[1,4]]", "after"]);
    expect(lines.join("\n")).not.toContain("[Stage");
  });

  test("an error is coloured on a terminal", async () => {
    const screen = await onTerminal({ job: "throws.ts" });
    expect(screen.code).toBe(1);
    expect(screen.text).toStartWith("\x1b[31;1merror:\x1b[0m RangeError: too deep\r\n");
  });
});

/** Runs the job on a terminal of its own, 100 columns wide. */
async function onTerminal(given: Parameters<typeof prepare>[0]): Promise<{ code: number; text: string }> {
  const { folder, environment, argv } = prepare(given);
  const decoder = new TextDecoder();
  let text = "";
  const told = Promise.withResolvers<void>();
  const child = Bun.spawn([...program, ...argv], {
    cwd: folder,
    env: { ...environment, TERM: "xterm" },
    terminal: {
      ...{ cols: 100, rows: 24, exit: () => told.resolve() },
      data: (_, bytes) => void (text += decoder.decode(bytes, { stream: true })),
    },
  });
  const code = await child.exited;
  // what it said last may be read after its end
  await told.promise;
  rmSync(folder, { recursive: true });
  return { code, text };
}
