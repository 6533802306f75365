/** What an application sends along and what its tasks know of themselves: files, listeners, fields of the task's context. */
import { FiresteelFiles, taskContext } from "firesteel";
import { execFileSync } from "node:child_process";
import { appendFileSync, chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Suite } from "../suite.ts";

const suite: Suite = ({ ctx, test, expect, failure, takeWarnings, file, lineOf }) => {
  const folder = mkdtempSync(join(tmpdir(), "firesteel-added-"));
  const write = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const isLocal = ctx.master.startsWith("local[");

  test("tasks and the driver read files that were added", async () => {
    const path = write("words.txt", "a b");
    await ctx.addFile(path);
    // what counts is what it was
    writeFileSync(path, "changed");
    const read = () => readFileSync(FiresteelFiles.get("words.txt"), "utf8");
    const rows = await ctx
      .range(0, 4, 1, 4)
      .map(() => [read(), FiresteelFiles.get("words.txt").startsWith(FiresteelFiles.getRootDirectory())])
      .collect();
    expect(rows).toEqual(Array.from({ length: 4 }, () => ["a b", true]));
    expect(read()).toBe("a b");
    expect(ctx.listFiles()).toEqual([path]);
  });

  test("large files, folders, and what can be run", async () => {
    await ctx.addFile(`file://${write("large.bin", "x".repeat(3_000_000))}`);
    mkdirSync(join(folder, "tree", "deep"), { recursive: true });
    write("tree/top.txt", "top");
    write("tree/deep/down.txt", "down");
    await ctx.addFile(join(folder, "tree"), true);
    const script = write("run.sh", "#!/bin/sh\necho ran $1\n");
    chmodSync(script, 0o755);
    await ctx.addFile(script);
    const seen = await ctx
      .range(0, 2, 1, 2)
      .map(i => {
        const text = (name: string) => readFileSync(FiresteelFiles.get(name), "utf8");
        const ran = execFileSync(FiresteelFiles.get("run.sh"), [String(i)], { encoding: "utf8" });
        return [text("large.bin").length, text("tree/top.txt"), text("tree/deep/down.txt"), ran];
      })
      .collect();
    expect(seen).toEqual([
      [3_000_000, "top", "down", "ran 0\n"],
      [3_000_000, "top", "down", "ran 1\n"],
    ]);
  });

  test("the same again is nothing new; another of its name is refused", async () => {
    const path = write("again.txt", "one");
    await ctx.addFile(path);
    const before = ctx.listFiles().length;
    await ctx.addFile(path);
    expect(ctx.listFiles()).toHaveLength(before);
    writeFileSync(path, "two");
    const { message, hint, at } = await failure(() => ctx.addFile(path)); // other
    expect([message, hint]).toEqual([
      "addFile has sent another file named again.txt before",
      "executors may be reading it: give the new one another name",
    ]);
    expect(at).toMatchObject({ file, line: lineOf("other") });
  });

  test("a file and a folder cannot have one name", async () => {
    const refusal = async (path: string, recursive = false) => {
      const { kind, message, hint } = await failure(() => ctx.addFile(path, recursive));
      return [kind, message, hint];
    };
    const hint = "executors may be reading it: give the new one another name";
    for (const below of ["files", "folders/plain"]) mkdirSync(join(folder, below), { recursive: true });
    write("folders/plain/below.txt", "below");
    await ctx.addFile(write("files/plain", "a file"));
    expect(await refusal(join(folder, "folders/plain"), true)).toEqual([
      ...["user", "addFile has sent a file named plain before: plain/below.txt cannot be below it", hint],
    ]);
    mkdirSync(join(folder, "mixed", "deep"), { recursive: true });
    write("mixed/deep/below.txt", "below");
    await ctx.addFile(join(folder, "mixed"), true);
    expect(await refusal(write("files/mixed", "a file"))).toEqual([
      ...["user", "addFile has sent a folder named mixed before", hint],
    ]);
    expect(readFileSync(FiresteelFiles.get("plain"), "utf8")).toBe("a file");
  });

  test("what cannot be added, and files that were not", async () => {
    const refusal = async (run: () => unknown) => {
      const { kind, message, hint } = await failure(run);
      return [kind, message.replaceAll(folder, "DIR"), hint?.replaceAll(folder, "DIR")];
    };
    expect(await refusal(() => ctx.addFile(join(folder, "none")))).toEqual([
      "user",
      'addFile cannot find "DIR/none"',
      "it is looked for at DIR/none",
    ]);
    expect(await refusal(() => ctx.addFile(folder))).toEqual([
      "user",
      "addFile got a folder: DIR",
      "addFile(path, true) sends all in it",
    ]);
    expect(await refusal(() => ctx.addFile("https://example.org/a"))).toEqual([
      "user",
      "addFile sends files of the driver's machine, but got https://example.org/a",
      "tasks can read what is elsewhere themselves; or download it first",
    ]);
    expect(await refusal(() => FiresteelFiles.get("wrods.txt"))).toEqual([
      "user",
      'no file "wrods.txt" was added to this application',
      "did you mean words.txt?",
    ]);
    const inTask = await failure(() =>
      ctx
        .range(0, 1, 1, 1)
        .map(() => FiresteelFiles.get("../secret"))
        .collect(),
    );
    expect(inTask.message).toContain('no file "../secret" was added to this application');
    takeWarnings();
  });

  test("a task knows its place and attempt", async () => {
    const rows = await ctx
      .range(0, 3, 1, 3)
      .map(() => {
        const { partitionId, numPartitions, stageAttemptNumber, attemptNumber, cpus, isInterrupted } = taskContext();
        return [partitionId, numPartitions, stageAttemptNumber, attemptNumber, cpus, isInterrupted];
      })
      .collect();
    expect(rows).toEqual([0, 1, 2].map(i => [i, 3, 0, 0, 1, false]));
  });

  test("listeners are called when a task ends, the last first", async () => {
    const log = join(folder, "log");
    const say = (text: string) => appendFileSync(log, `${text}\n`);
    await ctx
      .range(0, 2, 1, 1)
      .mapPartitions(rows => {
        taskContext()
          .addTaskCompletionListener(task => say(`first of ${task.partitionId}`))
          .addTaskCompletionListener(async () => {
            await new Promise(resolve => setTimeout(resolve, 5));
            say("second");
          })
          .addTaskFailureListener(() => say("failed"));
        return rows;
      })
      .count();
    expect(readFileSync(log, "utf8")).toBe("second\nfirst of 0\n");
    rmSync(log);
    const broken = await failure(() =>
      ctx
        .range(0, 2, 1, 1)
        .map(() => {
          taskContext()
            .addTaskCompletionListener(() => say("completed"))
            .addTaskFailureListener((_, error) => say(error.message.replace(/^.* threw /, "")));
          throw new Error("boom");
        })
        .count(),
    );
    expect(broken.message).toContain("boom");
    const attempts = isLocal ? 2 : 4;
    expect(readFileSync(log, "utf8")).toBe("Error: boom\ncompleted\n".repeat(attempts));
    const late = await failure(() =>
      ctx
        .range(0, 2, 1, 1)
        .mapPartitions(rows => {
          taskContext().addTaskCompletionListener(() => {
            throw new Error("too late");
          });
          return rows;
        })
        .count(),
    );
    expect(late.message).toContain("too late");
    takeWarnings();
    rmSync(folder, { recursive: true });
  });
};

export default suite;
