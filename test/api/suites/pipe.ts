/** Rows through commands: lines in and out, pace, failures, and that no command outlives its task. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SuiteTools } from "../suite.ts";

/** Resolves when it is so; a test's own time bounds it. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise(resolve => setTimeout(resolve, 5));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !readFileSync(`/proc/${pid}/stat`, "latin1").includes(") Z ");
  } catch {
    return false;
  }
}

export default function pipe({ ctx, test, expect, same, failure, newFolder }: SuiteTools): void {
  const words = () => ctx.parallelize(["b", "a", "", "d c", "é€😀"], 2);

  test("rows are lines to a process a partition, and its lines are rows", async () => {
    same(await words().pipe("cat").collect(), ["b", "a", "", "d c", "é€😀"]);
    same(await words().pipe("sort -r").glom().collect(), [
      ["b", "a"],
      ["é€😀", "d c", ""],
    ]);
    same(await ctx.parallelize(["x y", "y"], 1).pipe(["grep", "x y"]).collect(), ["x y"]);
    same(
      await words()
        .pipe("  wc   -l ")
        .map(line => Number(line))
        .collect(),
      [2, 3],
    );
    same(
      await words()
        .filter(() => false)
        .pipe(["echo", "one line, two processes"])
        .count(),
      2,
    );
    same(await ctx.parallelize<string>([]).pipe("cat").collect(), []);
    same(await ctx.range(3).pipe("true").collect(), []);
  });

  test("rows that are not strings are written as saveAsTextFile writes them", async () => {
    const rows = ctx.parallelize([1, null, ["a", 2], { b: 3 }, new Date(0), 5n, NaN], 1);
    same(await rows.pipe("cat").collect(), ["1", "null", '["a",2]', '{"b":3}', "1970-01-01T00:00:00.000Z", "5", "NaN"]);
  });

  test("lines end at LF or CRLF, and the last needs no end", async () => {
    same(await ctx.range(0, 1, 1, 1).pipe(["printf", "a\\r\\nb\\n\\nc\\rd\\n\\r\\ne"]).collect(), [
      "a",
      "b",
      "",
      "c\rd",
      "",
      "e",
    ]);
    const long = "x".repeat(300_000);
    same(await ctx.parallelize([long, "y", long], 1).pipe("cat").collect(), [long, "y", long]);
  });

  test("a variable, a folder and an encoding", async () => {
    const variables = await ctx.range(0, 1, 1, 1).pipe("env").collect();
    expect(variables.length).toBeGreaterThan(1);
    // what the engine's processes tell each other is not the command's
    same(
      variables.filter(each => /^FIRESTEEL_(INTERNAL|SECRET)/.test(each)),
      [],
    );
    const folder = mkdtempSync(join(tmpdir(), "pipe-"));
    const rows = ctx.parallelize(["é", "ÿ"], 1);
    same(
      await rows.pipe(["sh", "-c", "echo $GREETING $PATH; pwd"], { env: { GREETING: "hello" }, cwd: folder }).collect(),
      [`hello ${process.env["PATH"]}`, folder],
    );
    same(
      await rows
        .pipe("wc -c", { encoding: "latin1" })
        .map(line => line.trim())
        .collect(),
      ["4"],
    );
    same(
      await rows
        .pipe("wc -c", { encoding: "utf-16le" })
        .map(line => line.trim().length)
        .collect(),
      [1],
    );
    for (const encoding of ["utf-8", "latin1", "utf-16le"] as const)
      same(await rows.pipe("cat", { encoding }).collect(), ["é", "ÿ"]);
    rmSync(folder, { recursive: true });
  });

  test("many rows go through at the pace of the slower side, and pipes follow pipes", async () => {
    const rows = ctx.range(0, 200_000, 1, 2).map(i => `line ${i}`);
    same(await rows.pipe("cat").pipe(["sed", "s/line //"]).map(Number).sum(), (200_000 * 199_999) / 2);
    // a command that answers before it has read all, and one that reads before it answers
    same(await rows.pipe("head -n 3").collect(), [
      "line 0",
      "line 1",
      "line 2",
      "line 100000",
      "line 100001",
      "line 100002",
    ]);
    same(await rows.pipe("tail -n 1").collect(), ["line 99999", "line 199999"]);
    same(
      await rows
        .pipe("cat")
        .mapPartitions(lines => [lines.reduce(n => n + 1, 0)])
        .collect(),
      [100_000, 100_000],
    );
    same(
      await rows
        .pipe("cat")
        .keyBy(line => line.length)
        .countByKey()
        .then(counts => counts.get(9)),
      9000,
    );
  });

  test("who takes a few lines ends the command, however long it would go on", async () => {
    const endless = ctx.range(0, 2, 1, 1).pipe(["sh", "-c", "echo $$; exec yes"]);
    const [pid, line] = await endless.take(2);
    same(line, "y");
    await until(() => !isAlive(Number(pid)));
    const waiting = ctx.range(0, 2, 1, 1).pipe(["sh", "-c", "echo $$; sleep 1000 & wait"]);
    await until(() => !isAlive(Number(pid)));
    same((await waiting.take(1)).length, 1);
  });

  for (const blocked of [false, true]) {
    test(`a cancelled task ends its command${blocked ? ", also when a function holds the thread" : ""}`, async () => {
      const file = join(newFolder(), "pid");
      const controller = new AbortController();
      const lines = ctx
        .range(0, 1, 1, 1)
        .pipe(["sh", "-c", `echo $$ > ${file}.new && mv ${file}.new ${file}; echo x; exec sleep 1000`]);
      const rows = blocked
        ? lines.map(line => {
            for (;;) if (line === "never") return line;
          })
        : lines;
      const job = failure(() => rows.count({ signal: controller.signal }));
      await until(() => existsSync(file));
      const pid = Number(readFileSync(file, "utf8"));
      expect(isAlive(pid)).toBe(true);
      controller.abort();
      expect((await job).kind).toBe("cancelled");
      await until(() => !isAlive(pid));
      same(await ctx.range(0, 8, 1, 8).count(), 8);
    });
  }

  test("a failure before the command is the task's, and ends the command", async () => {
    const rows = ctx.range(0, 10, 1, 1).map(i => {
      if (i === 5) throw new Error("no fifth");
      return i;
    });
    expect((await failure(() => rows.pipe("cat").collect())).message).toContain("no fifth");
  });

  test("a command that fails, dies or is not there is named", async () => {
    const one = ctx.range(0, 1, 1, 1);
    const cases: [string | string[], string, string | undefined][] = [
      [
        "grep x",
        '"grep x", which pipe ran, ended with exit code 1',
        'an exit code other than 0 fails the task; where it does not matter: ["sh", "-c", "… || true"]',
      ],
      [
        ["sh", "-c", "echo bad luck >&2; exit 3"],
        '"sh -c echo bad luck >&2; exit 3", which pipe ran, ended with exit code 3: bad luck',
        undefined,
      ],
      [["sh", "-c", "kill -9 $$"], '"sh -c kill -9 $$", which pipe ran, ended with signal SIGKILL', undefined],
      [
        "no-such-command -v",
        'pipe cannot run "no-such-command -v": there is no such command',
        "it must be on the PATH where executors run, or be given with its path",
      ],
      ["/etc", 'pipe cannot run "/etc": EACCES', "look at the file's permissions"],
    ];
    for (const [command, message, hint] of cases) {
      const error = await failure(() => one.pipe(command).collect());
      expect(error.message).toEndWith(`: ${message}`);
      if (hint !== undefined) expect(error.hint).toBe(hint);
      expect(error).toMatchObject({ kind: "user", at: { file: "test/api/suites/pipe.ts" } });
    }
    expect((await failure(() => one.pipe("cat", { cwd: "/no/such" }).collect())).message).toEndWith(
      ': the folder /no/such that pipe was told to run "cat" in does not exist',
    );
  });

  test("what is no command or option is refused at its line", async () => {
    const one = ctx.range(1);
    const cases: [() => unknown, string][] = [
      [() => one.pipe("  "), "pipe needs a command, but it is empty"],
      [() => one.pipe([]), "pipe needs a command, but it is empty"],
      [() => one.pipe(["a", 5 as never]), "pipe needs a command, but part 1 is 5"],
      [() => one.pipe(undefined as never), "pipe needs a command, but part 0 is undefined"],
      [
        () => one.pipe("cat", { encoding: "ebcdic" as never }),
        'pipe needs an encoding that is utf-8, latin1 or utf-16le, but got "ebcdic"',
      ],
      [() => one.pipe("cat", { cwd: "" }), 'pipe needs a folder as cwd, but got ""'],
      [() => one.pipe("cat", { env: { A: 1 as never } }), "pipe needs variables that are strings in env, but got 1"],
      [() => one.pipe("cat", { env: "A=1" as never }), 'pipe needs an object of variables as env, but got "A=1"'],
    ];
    for (const [run, message] of cases) {
      const error = await failure(run);
      expect(error.message).toBe(message);
      expect(error.at?.file).toBe("test/api/suites/pipe.ts");
    }
  });
}
