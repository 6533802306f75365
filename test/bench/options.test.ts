/** What `firesteel bench` takes, and what it says of what it does not. */
import { describe, expect, test } from "bun:test";
import { readBenchOptions } from "../../bench/options.ts";
import { UsageError } from "../../src/base/usage-error.ts";
import { parseCommandLine } from "../../src/cli/command-line.ts";

function read(line: string) {
  const { operands, options } = parseCommandLine(["bench", ...line.split(" ").filter(word => word !== "")]);
  return readBenchOptions(operands, options);
}

describe("parsing", () => {
  test("all parts at full size by default", () => {
    expect(read("")).toMatchObject({ parts: ["kernels", "jobs", "startup"], quick: false, runs: 5, threads: 2 });
    expect(read("").sizes.rows).toBe(10_000_000);
  });

  test("the guard is quick and leaves start-up out", () => {
    expect(read("--guard")).toMatchObject({ parts: ["kernels", "jobs"], quick: true, runs: 3, limitsFile: "" });
    expect(read("jobs --guard --limits x.json")).toMatchObject({ parts: ["jobs"], limitsFile: "x.json" });
    expect(read("--quick").limitsFile).toBeUndefined();
  });

  test.each([
    ["--report", "firesteel-bench.html", ["kernels", "jobs", "startup"]],
    ["--report jobs", "firesteel-bench.html", ["jobs"]],
    ["--report --quick", "firesteel-bench.html", ["kernels", "jobs", "startup"]],
    ["--report out.html jobs", "out.html", ["jobs"]],
    ["jobs --report=out.html", "out.html", ["jobs"]],
  ])("%s", (line, reportFile, parts) => {
    expect<unknown>(read(line)).toMatchObject({ reportFile, parts });
  });

  test("sizes and names", () => {
    const { sizes, only, threads } = read("--rows 2_000 --megabytes 3 --threads 4 --only join,word-count,sort");
    expect(sizes).toEqual({ rows: 2000, textBytes: 3e6, sortBytes: 3e6 });
    expect([...only!]).toEqual(["join", "word-count", "sort"]);
    expect(threads).toBe(4);
  });
});

describe("refusals", () => {
  test.each([
    ["kernel", 'there is no benchmark "kernel"', "did you mean kernels?"],
    ["x", 'there is no benchmark "x"', "there are kernels, jobs, startup, memory"],
    ["--rows ten", '--rows is "ten"', "give a whole number from 1 to 1000000000"],
    ["--rows 0", '--rows is "0"', "give a whole number from 1 to 1000000000"],
    ["--runs 1.5", '--runs is "1.5"', "give a whole number from 1 to 1000"],
    ["--megabytes=", '--megabytes is ""', "give a whole number from 1 to 1000000"],
    ["jobs --only word-cuont", 'nothing that is measured is named "word-cuont"', "did you mean word-count?"],
    ["kernels --only joyn", 'nothing that is measured is named "joyn"', "did you mean join?"],
    ["--gaurd", "bench has no option --gaurd", "did you mean --guard?"],
    ["jobs kernels", '"kernels" is one argument too many for bench', "see `firesteel help bench`"],
  ])("%s", (line, message, hint) => {
    let thrown: unknown;
    try {
      read(line);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(UsageError);
    expect(thrown).toMatchObject({ message, hint });
  });
});
