/** What a job did, when it has ended: a line per stage and a total. Written to stderr, so that stdout stays the job's. */
import type { StageTotals, TaskMetrics } from "../base/events.ts";
import { formatBytes, formatCount, formatDuration } from "../base/quantity.ts";
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

/** The whole text, or "" when no stage ran. A stage whose output a later job used again stands there once. */
export function formatSummary(known: readonly StageTotals[], totalMs: number): string {
  const stages = known.filter(totals => totals.state !== "skipped");
  if (stages.length === 0) return "";
  const half = stagesShownMax / 2;
  const tooMany = stages.length > stagesShownMax;
  const shown = tooMany ? [...stages.slice(0, half), ...stages.slice(-half)] : stages;
  const lines = formatTable(columns, shown.map(row));
  if (tooMany) lines.splice(1 + half, 0, `… ${stages.length - stagesShownMax} more stages …`);
  return [...lines, total(stages, totalMs), ""].join("\n");
}

function row(totals: StageTotals): string[] {
  const { metrics } = totals;
  const failures = totals.taskFailures === 0 ? "" : ` (${totals.taskFailures} failed)`;
  return [
    String(totals.stage),
    totals.name,
    `${totals.tasksDone === totals.tasks ? totals.tasks : `${totals.tasksDone}/${totals.tasks}`}${failures}`,
    totals.completedMs === undefined ? totals.state : formatDuration(totals.completedMs - totals.submittedMs),
    formatCount(metrics.rowsIn),
    formatCount(metrics.rowsOut),
    kernelShare(metrics),
    orDash(metrics.shuffleWriteBytes),
    orDash(metrics.spilledBytes),
  ];
}

function kernelShare(metrics: TaskMetrics): string {
  const rows = metrics.kernelRows + metrics.jsRows;
  return rows === 0 ? "–" : `${Math.round((100 * metrics.kernelRows) / rows)} %`;
}

function total(stages: readonly StageTotals[], totalMs: number): string {
  const sum = (of: (metrics: TaskMetrics) => number) => stages.reduce((all, totals) => all + of(totals.metrics), 0);
  const [shuffled, spilled] = [sum(metrics => metrics.shuffleWriteBytes), sum(metrics => metrics.spilledBytes)];
  const fetched = sum(metrics => metrics.remoteReadBytes);
  const parts = [`done in ${formatDuration(totalMs)}`];
  if (shuffled > 0) parts.push(`${formatBytes(shuffled)} shuffled`);
  if (fetched > 0) parts.push(`${formatBytes(fetched)} fetched from other executors`);
  if (spilled > 0) parts.push(`${formatBytes(spilled)} spilled`);
  return parts.join(", ");
}

function orDash(bytes: number): string {
  return bytes === 0 ? "–" : formatBytes(bytes);
}
