import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock } from "../../src/base/clock.ts";
import type { ExecutorId, JobId, StageId } from "../../src/base/ids.ts";
import {
  parseProgress,
  parseResult,
  readDriverReport,
  reportBytesMax,
  ReportWriter,
  resultText,
} from "../../src/deploy/driver-report.ts";

const root = mkdtempSync(join(tmpdir(), "firesteel-report-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const folder = () => mkdtempSync(join(root, "work-"));

/** Time that stands still: timers run when told. */
function stillClock(): Clock & { run(): void; pending(): number } {
  let timers: (() => void)[] = [];
  return {
    nowMs: () => 0,
    after(_, then) {
      timers.push(then);
      return { cancel: () => void (timers = timers.filter(each => each !== then)) };
    },
    run() {
      const due = timers;
      timers = [];
      for (const each of due) each();
    },
    pending: () => timers.length,
  };
}

const job = 0 as JobId;
const stage = 0 as StageId;

test("progress is written a while after the first event, and once more at the end", async () => {
  const at = folder();
  const clock = stillClock();
  const writer = new ReportWriter(at, clock);
  writer.applicationId = "app-1";
  writer.onEvent({ type: "jobStarted", job, name: "count", atMs: 1 });
  writer.onEvent({ type: "stageSubmitted", job, stage, attempt: 0, name: "map", tasks: 3, atMs: 1 });
  writer.onEvent({ type: "taskStarted", stage, executor: 0 as ExecutorId });
  expect(clock.pending()).toBe(1);
  writer.onEvent({ type: "taskEnded", stage, executor: 0 as ExecutorId, ok: true });
  writer.onEvent({ type: "stageSkipped", job, stage: 1 as StageId, name: "map", tasks: 5 });
  writer.onEvent({ type: "jobEnded", job, atMs: 2 });
  await writer.end({ value: { words: 3 } });
  expect(clock.pending()).toBe(0);
  const report = await readDriverReport(at);
  expect(parseProgress(report.progress)).toEqual({
    applicationId: "app-1",
    jobs: { started: 1, ended: 1 },
    stages: { running: 1, completed: 0, failed: 0, cancelled: 0, skipped: 1 },
    tasks: { total: 3, done: 1, running: 0, failures: 0, skipped: 5 },
  });
  expect(parseResult(report.result)).toEqual({ value: { words: 3 } });
});

test("a launch takes away what an earlier one left, and a job that failed has no result", async () => {
  const at = folder();
  writeFileSync(join(at, "result.json"), "{}");
  writeFileSync(join(at, "progress.json"), "{}");
  await new ReportWriter(at, stillClock()).end(undefined);
  const report = await readDriverReport(at);
  expect(report.result).toBeUndefined();
  expect(parseProgress(report.progress)?.jobs).toEqual({ started: 0, ended: 0 });
});

test("what a job returns is JSON, or the reason why it is not", () => {
  expect(resultText(undefined)).toBe("{}");
  expect(resultText([1, "é"])).toBe('{"value":[1,"é"]}');
  expect(parseResult(resultText(1n))).toEqual({ problem: expect.stringContaining("cannot be written as JSON") });
  const round: Record<string, unknown> = {};
  round["self"] = round;
  expect(parseResult(resultText(round))).toEqual({ problem: expect.stringContaining("cannot be written as JSON") });
  expect(parseResult(resultText("x".repeat(reportBytesMax)))).toEqual({
    problem: expect.stringContaining("more than the 262144 that are kept"),
  });
});

test("odd files are no report", async () => {
  const at = folder();
  writeFileSync(join(at, "progress.json"), "x".repeat(reportBytesMax + 1));
  symlinkSync("/dev/zero", join(at, "result.json"));
  expect(await readDriverReport(at)).toEqual({ progress: undefined, result: undefined });
  expect(await readDriverReport(join(at, "gone"))).toEqual({ progress: undefined, result: undefined });
  expect(parseResult("[1]")).toBeUndefined();
  expect(parseResult('{"value":')).toBeUndefined();
  expect(readFileSync(join(at, "progress.json")).length).toBeGreaterThan(reportBytesMax);
});

test("a folder that is not there costs the report, not the job", async () => {
  await new ReportWriter(join(root, "nowhere"), stillClock()).end({ value: 1 });
});
