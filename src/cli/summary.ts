/** What a job did, when it has ended: a line per stage and a total. Written to stderr, so that stdout stays the job's. */
import { rowsIn, rowsOut, type StageTotals, type TaskMetrics } from "../base/events.ts";
import { formatBytes, formatCount, formatDuration } from "../base/quantity.ts";
import type { PassedStages, StageLedger } from "../base/stage-ledger.ts";
import { formatTable, type TableColumn } from "./table.ts";

const columns: readonly TableColumn[] = [
  { title: "stage", align: "right" },
  { title: "", align: "left", widthMax: 48 },
  { title: "tasks", align: "right" },
  { title: "time", align: "right" },
  { title: "rows in", align: "right" },
  { title: "rows out", align: "right" },
  { title: "kernel", align: "right" },
  { title: "shuffled", align: "right" },
  { title: "spilled", align: "right" },
];

/** Stages beyond this many are left out in the middle: an iterative job has hundreds. */
const stagesShownMax = 24;

/**
 * The whole text of a ledger, or "" when no stage ran. A stage whose output later jobs used again has one line; how many stages
 * these skipped stands at the end. "Rows in" and "rows out" are what came into the stage's tasks and left them, each row once:
 * see `TaskMetrics`.
 */
export function formatSummary(ledger: Pick<StageLedger, "stages" | "skipped" | "passed">, totalMs: number): string {
  const stages = ledger.stages();
  if (stages.length === 0) return "";
  const half = stagesShownMax / 2;
  const tooMany = stages.length > stagesShownMax;
  const shown = tooMany ? [...stages.slice(0, half), ...stages.slice(-half)] : stages;
  const lines = formatTable(columns, shown.map(row));
  const more = stages.length - shown.length + endedOf(ledger.passed);
  if (tooMany) lines.splice(1 + half, 0, `… ${formatCount(more)} more stages …`);
  return [...lines, total(ledger, totalMs), ""].join("\n");
}

function endedOf({ completed, failed, cancelled }: PassedStages): number {
  return completed + failed + cancelled;
}

function row(totals: StageTotals): string[] {
  const { metrics } = totals;
  const ends = [
    totals.taskFailures > 0 && `${totals.taskFailures} failed`,
    totals.tasksKilled > 0 && `${totals.tasksKilled} killed`,
  ];
  const told = ends.filter(end => end !== false).join(", ");
  return [
    String(totals.stage),
    totals.name,
    `${totals.tasksDone >= totals.tasks ? totals.tasks : `${totals.tasksDone}/${totals.tasks}`}${told && ` (${told})`}`,
    totals.completedMs === undefined ? totals.state : formatDuration(totals.completedMs - totals.submittedMs),
    formatCount(rowsIn(metrics)),
    formatCount(rowsOut(metrics)),
    kernelShare(metrics),
    orDash(metrics.shuffleWriteBytes),
    orDash(metrics.spilledBytes),
  ];
}

function kernelShare(metrics: TaskMetrics): string {
  const rows = metrics.kernelRows + metrics.jsRows;
  return rows === 0 ? "–" : `${Math.round((100 * metrics.kernelRows) / rows)} %`;
}

function total(ledger: Pick<StageLedger, "stages" | "skipped" | "passed">, totalMs: number): string {
  const { skipped } = ledger;
  const all = [ledger.passed, ...ledger.stages()];
  const sum = (of: (metrics: TaskMetrics) => number) => all.reduce((sum, totals) => sum + of(totals.metrics), 0);
  const [shuffled, spilled] = [sum(metrics => metrics.shuffleWriteBytes), sum(metrics => metrics.spilledBytes)];
  const fetched = sum(metrics => metrics.remoteReadBytes);
  const parts = [`done in ${formatDuration(totalMs)}`];
  if (shuffled > 0) parts.push(`${formatBytes(shuffled)} shuffled`);
  if (fetched > 0) parts.push(`${formatBytes(fetched)} fetched from other executors`);
  if (spilled > 0) parts.push(`${formatBytes(spilled)} spilled`);
  if (skipped.stages > 0) parts.push(`${things(skipped.stages, "stage")} (${things(skipped.tasks, "task")}) skipped`);
  return parts.join(", ");
}

function things(amount: number, noun: string): string {
  return `${formatCount(amount)} ${noun}${amount === 1 ? "" : "s"}`;
}

function orDash(bytes: number): string {
  return bytes === 0 ? "–" : formatBytes(bytes);
}
