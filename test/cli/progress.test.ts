import { describe, expect, test } from "bun:test";
import { zeroMetrics, type StageTotals } from "../../src/base/events.ts";
import type { StageId } from "../../src/base/ids.ts";
import { barProgress, drawBars, lineProgress } from "../../src/cli/progress.ts";
import { formatSummary } from "../../src/cli/summary.ts";
import { StageLedger } from "../../src/base/stage-ledger.ts";

function stage(id: number, more: Partial<StageTotals> = {}): StageTotals {
  return {
    stage: id as StageId,
    name: "map at job.ts:4",
    state: "running",
    tasks: 40,
    tasksDone: 12,
    tasksRunning: 2,
    taskFailures: 0,
    tasksKilled: 0,
    submittedMs: 0,
    completedMs: undefined,
    metrics: zeroMetrics,
    ...more,
  };
}

/** A terminal that shows what one line would. */
function terminal(columns = 60) {
  const screen = { text: "", line: "", writes: 0, columns, now: 0, nowMs: () => screen.now, write };
  function write(text: string): void {
    screen.writes++;
    screen.text += text;
    for (const part of text.split(/(\r|\n|\x1b\[K)/)) {
      if (part === "\r" || part === "\n") screen.line = "";
      else if (part !== "\x1b[K") screen.line += part;
    }
  }
  return screen;
}

describe("bars", () => {
  test("look like Spark's and leave room for ^C", () => {
    expect(drawBars([stage(3)], 66)).toBe("[Stage 3: map at job.ts:4 ======>                (12 + 2) / 40]");
    for (const columns of [20, 40, 80, 200]) {
      for (const count of [1, 2, 3, 7]) {
        const line = drawBars(
          Array.from({ length: count }, (_, i) => stage(i)),
          columns,
        );
        expect(line.length).toBeLessThan(columns - 2);
      }
    }
    expect(drawBars([], 80)).toBe("");
  });

  test("are empty at 0 and full at the end", () => {
    expect(drawBars([stage(1, { name: "x", tasksDone: 0, tasksRunning: 0 })], 50)).toContain("x >    ");
    const full = drawBars([stage(1, { name: "x", tasksDone: 40, tasksRunning: 0 })], 50);
    expect(full).toMatch(/x =+ \(40 \+ 0\) \/ 40\]$/);
    expect(drawBars([stage(1, { tasks: 0, tasksDone: 0, tasksRunning: 0 })], 60)).toContain("(0 + 0) / 0");
  });

  test("are redrawn at most ten times a second, in place, and wiped", () => {
    const screen = terminal();
    const progress = barProgress(screen);
    for (screen.now = 0; screen.now < 2000; screen.now += 5) {
      progress.update([stage(1, { tasks: 1000, tasksDone: Math.floor(screen.now / 5) })]);
    }
    // nothing in the first 200 ms
    expect(screen.writes).toBe(18);
    expect(screen.line).toStartWith("[Stage 1: ");
    progress.wipe();
    expect(screen.line).toBe("");
    const before = screen.writes;
    progress.wipe();
    expect(screen.writes).toBe(before);
    expect(screen.text).not.toContain("\n");
  });

  test("go when nothing runs", () => {
    const screen = terminal();
    const progress = barProgress(screen);
    screen.now = 1000;
    progress.update([stage(1)]);
    expect(screen.line).not.toBe("");
    screen.now = 1100;
    progress.update([stage(1, { state: "completed", completedMs: 1050 })]);
    expect(screen.line).toBe("");
  });
});

test("lines tell of long stages alone, now and then", () => {
  const screen = terminal();
  const progress = lineProgress(screen);
  for (screen.now = 0; screen.now <= 20_000; screen.now += 100) {
    const done = screen.now > 15_000;
    progress.update([
      stage(0, { state: screen.now > 2_900 ? "completed" : "running", completedMs: 2_900 }),
      stage(1, { tasksDone: Math.floor(screen.now / 1000), ...(done && { state: "completed", completedMs: 15_000 }) }),
    ]);
  }
  expect(screen.text).toBe(
    [
      "stage 1 (map at job.ts:4): 3 of 40 tasks done",
      "stage 1 (map at job.ts:4): 13 of 40 tasks done",
      "stage 1 (map at job.ts:4): completed in 15.0 s",
      "",
    ].join("\n"),
  );
});

describe("summary", () => {
  const passed = new StageLedger().passed;
  const ledgerOf = (stages: StageTotals[], skipped = { stages: 0, tasks: 0 }) => ({
    stages: () => stages,
    skipped,
    passed,
  });
  const done = { state: "completed", tasksDone: 40, tasksRunning: 0 } as const;

  test("aligns a line per stage that ran and adds up", () => {
    const metrics = {
      ...zeroMetrics,
      ...{ inputRows: 900_000, shuffleReadRows: 100_000 },
      ...{ shuffleWriteRows: 4_000, outputRows: 700, resultRows: 300 },
      kernelRows: 900,
      jsRows: 100,
      shuffleWriteBytes: 3 * 2 ** 20,
    };
    const stages = [
      stage(0, { ...done, name: "textFile at job.ts:3", completedMs: 1234, metrics }),
      stage(2, {
        ...done,
        tasks: 41,
        state: "failed",
        completedMs: 5,
        taskFailures: 2,
        tasksKilled: 1,
        metrics: { ...zeroMetrics, spilledBytes: 512, remoteReadBytes: 2 ** 20 },
      }),
    ];
    expect(formatSummary(ledgerOf(stages, { stages: 2, tasks: 1040 }), 1500)).toBe(
      [
        "stage                                             tasks    time    rows in  rows out  kernel  shuffled  spilled",
        "    0  textFile at job.ts:3                          40  1.23 s  1,000,000     5,000    90 %   3.0 MiB        –",
        "    2  map at job.ts:4       40/41 (2 failed, 1 killed)    5 ms          0         0       –         –    512 B",
        "done in 1.50 s, 3.0 MiB shuffled, 1.0 MiB fetched from other executors, 512 B spilled, 2 stages (1,040 tasks) skipped",
        "",
      ].join("\n"),
    );
  });

  test("says nothing of nothing", () => {
    expect(formatSummary(ledgerOf([]), 10)).toBe("");
  });

  test("leaves out the middle of very many stages", () => {
    const stages = Array.from({ length: 200 }, (_, i) => stage(i, { ...done, completedMs: 1 }));
    const lines = formatSummary(ledgerOf(stages, { stages: 1, tasks: 1 }), 10).split("\n");
    expect(lines[13]).toBe("… 176 more stages …");
    expect(lines[1]).toStartWith("    0");
    expect(lines[25]).toStartWith("  199");
    expect(lines[26]).toBe("done in 10 ms, 1 stage (1 task) skipped");
  });

  test("counts what is no longer listed", () => {
    const stages = Array.from({ length: 30 }, (_, i) => stage(i, { ...done, completedMs: 1 }));
    const metrics = { ...zeroMetrics, spilledBytes: 1024 };
    const lines = formatSummary({ ...ledgerOf(stages), passed: { ...passed, completed: 2000, metrics } }, 10).split(
      "\n",
    );
    expect(lines[13]).toBe("… 2,006 more stages …");
    expect(lines[26]).toBe("done in 10 ms, 1.0 KiB spilled");
  });
});
