import { describe, expect, test } from "bun:test";
import { FiresteelError } from "../../src/base/errors.ts";
import { UsageError } from "../../src/base/usage-error.ts";
import { formatError, wantsColour } from "../../src/cli/report-error.ts";

const source = "const a = 1;\n\t\tfoo(a, bär);\r\n";
const format = {
  readSource: (file: string) => (file === "/home/me/job.ts" ? source : undefined),
  workingDirectory: "/home/me",
};

function withStack(error: Error, ...frames: string[]): Error {
  error.stack = [`${error.name}: ${error.message}`, ...frames.map(frame => `    at ${frame}`)].join("\n");
  return error;
}

describe("formatError", () => {
  test("shows the place, the line with a caret below the column, and the fix", () => {
    const error = new FiresteelError("user", "`bär` cannot be sent", {
      at: { file: "/home/me/job.ts", line: 2, column: 10 },
      hint: "make it inside the function",
    });
    withStack(error);
    expect(formatError(error, format)).toBe(
      [
        "error: `bär` cannot be sent",
        "  at job.ts:2:10",
        "  2 | \t\tfoo(a, bär);",
        "    | \t\t       ^",
        "  fix: make it inside the function",
        "",
      ].join("\n"),
    );
  });

  test("does without the line when the file or the line is not there", () => {
    for (const at of [
      { file: "/elsewhere/job.ts", line: 2, column: 1 },
      { file: "/home/me/job.ts", line: 99, column: 1 },
    ]) {
      const text = formatError(withStack(new FiresteelError("user", "no", { at })), format);
      expect(text.split("\n")).toHaveLength(3);
    }
  });

  test("a job's own error: the user's frames alone, the first with its line", () => {
    const error = withStack(
      new TypeError("boo"),
      "inner (/home/me/job.ts:2:3)",
      "map (src/operators/map.ts:10:5)",
      "processTicksAndRejections (native:7:39)",
      "readFile (node:fs:1:1)",
      "load (file:///$bunfs/root/chunk.js:1:1)",
      "async main (file:///home/me/lib/my file.ts:8:1)",
      "/opt/other.ts:3:4",
    );
    expect(formatError(error, format)).toBe(
      [
        "error: TypeError: boo",
        "  at inner (job.ts:2:3)",
        "  2 | \t\tfoo(a, bär);",
        "    | \t\t^",
        "  at async main (lib/my file.ts:8:1)",
        "  at /opt/other.ts:3:4",
        "",
      ].join("\n"),
    );
  });

  test("causes follow, each with its frames; the position is not told twice", () => {
    const cause = withStack(new Error("disk"), "write (/home/me/job.ts:1:7)");
    const at = { file: "/home/me/job.ts", line: 2, column: 3 };
    const error = withStack(
      new FiresteelError("user", "map failed", { at, cause }),
      "f (/home/me/job.ts:2:3)",
      "g (/home/me/a.ts:1:1)",
    );
    expect(formatError(error, format)).toBe(
      [
        "error: map failed",
        "  at job.ts:2:3",
        "  2 | \t\tfoo(a, bär);",
        "    | \t\t^",
        "  at g (a.ts:1:1)",
        "  caused by: Error: disk",
        "  at write (job.ts:1:7)",
        "  1 | const a = 1;",
        "    |       ^",
        "",
      ].join("\n"),
    );
  });

  test("a place that the message has named is no frame, and no place is told twice", () => {
    const at = { file: "job.ts", line: 2, column: 3 };
    const cause = withStack(new Error("lost"), "main (/home/me/job.ts:2:3)", "run (/home/me/a b.ts:7:1)");
    const error = withStack(
      new FiresteelError("user", "map at job.ts:1:7 got an async function", { at, cause }),
      "main (/home/me/job.ts:1:7)",
      "again (/home/me/a b.ts:7:1)",
      "again (/home/me/a b.ts:7:1)",
      "async start (/home/me/job.ts:1:70)",
    );
    expect(formatError(error, { ...format, readSource: () => source })).toBe(
      [
        "error: map at job.ts:1:7 got an async function",
        "  at job.ts:2:3",
        "  2 | \t\tfoo(a, bär);",
        "    | \t\t^",
        "  at again (a b.ts:7:1)",
        "  at async start (job.ts:1:70)",
        "  caused by: Error: lost",
        "",
      ].join("\n"),
    );
  });

  test("wrong usage has no frames; a bug of ours has all of them", () => {
    expect(formatError(new UsageError("no", { hint: "yes" }), format)).toBe("error: no\n  fix: yes\n");
    const bug = formatError(withStack(new FiresteelError("internal", "oops"), "f (src/base/a.ts:1:1)"), format);
    expect(bug).toBe("error: oops\n  at f (src/base/a.ts:1:1)\n  this is a bug in Firesteel, not in your job\n");
  });

  test("what is thrown need not be an Error", () => {
    expect(formatError("text", format)).toBe('error: "text" was thrown, which is not an Error\n');
    expect(formatError(undefined, format)).toBe("error: undefined was thrown, which is not an Error\n");
    expect(formatError(Object.create(null), format)).toBe("error: something that is not an Error was thrown\n");
  });

  test("lines after the first are indented, colours are only added", () => {
    const error = new UsageError("two\nlines", { hint: "a\nb" });
    expect(formatError(error)).toBe("error: two\n    lines\n  fix: a\n    b\n");
    const coloured = formatError(error, { colour: true });
    expect(coloured).toContain("\x1b[31;1merror:\x1b[0m");
    expect(coloured.replace(/\x1b\[[\d;]*m/g, "")).toBe(formatError(error));
  });
});

test("colours need a terminal and no NO_COLOR", () => {
  expect(wantsColour({ isTTY: true }, {})).toBe(true);
  expect(wantsColour({ isTTY: true }, { NO_COLOR: "" })).toBe(true);
  expect(wantsColour({ isTTY: true }, { NO_COLOR: "1" })).toBe(false);
  expect(wantsColour({ isTTY: true }, { TERM: "dumb" })).toBe(false);
  expect(wantsColour({}, {})).toBe(false);
});
