/** The table of a stage's tasks. */
import type { AppStatus } from "./app-status.ts";
import { badge, bytes, count, duration, elapsed, kernelShare, moment } from "./format.ts";
import { html, type Html, type Piece } from "./html.ts";
import { offsetOf, pageLinks, type Paging, sortLink } from "./paging.ts";
import type { StageStatus } from "./status-records.ts";
import { table } from "./table.ts";
import type { TaskColumn, TaskRow } from "./task-table.ts";

export const taskRowsPerPage = 100;

/** What the table can be sorted by. */
export const taskSortKeys = [
  ...([
    "partition",
    "attempt",
    "attemptNumber",
    "state",
    "executor",
    "launchedMs",
    "runMs",
    "rowsIn",
    "rowsOut",
  ] as const),
  ...(["kernelRows", "shuffleReadBytes", "shuffleWriteBytes", "spilledBytes", "peakMemoryBytes"] as const),
] satisfies readonly TaskColumn[];

export type TaskPaging = Paging<(typeof taskSortKeys)[number]>;
export const taskPaging: TaskPaging = { sort: "launchedMs", descending: true, page: 1 };

const titles: Readonly<Record<TaskPaging["sort"], string>> = {
  partition: "Partition",
  attempt: "Task",
  attemptNumber: "Try",
  state: "State",
  executor: "Executor",
  launchedMs: "Launched",
  runMs: "Duration",
  rowsIn: "Rows in",
  rowsOut: "Rows out",
  kernelRows: "Kernels",
  shuffleReadBytes: "Shuffle read",
  shuffleWriteBytes: "Shuffle write",
  spilledBytes: "Spilled",
  peakMemoryBytes: "Peak memory",
};
const textual: readonly string[] = ["state", "launchedMs"];
const smallestFirst: readonly string[] = ["partition", "attempt", "executor"];

export function stageTasks({ table: tasks }: StageStatus, status: AppStatus, paging: TaskPaging, nowMs: number): Html {
  if (tasks === undefined) return html`<p class="empty">The tasks of this stage are no longer kept one by one.</p>`;
  const rows = tasks.rows(paging.sort, paging.descending, offsetOf(paging, taskRowsPerPage), taskRowsPerPage);
  const columns = [
    ...taskSortKeys.map(key => ({
      title: sortLink(titles[key], key, paging, !smallestFirst.includes(key)),
      number: !textual.includes(key),
    })),
    { title: "Error" },
  ];
  const caption =
    tasks.dropped > 0
      ? `The latest ${count(tasks.kept)} tasks; ${count(tasks.dropped)} older ones are no longer kept.`
      : undefined;
  const links = pageLinks(paging, tasks.kept, taskRowsPerPage);
  const shown = rows.map(row => cells(row, status.executor(row.executor)?.host, nowMs));
  return html`${links}${table(columns, shown, { empty: "No task on this page.", caption })}${links}`;
}

function cells(row: TaskRow, host: string | undefined, nowMs: number): readonly Piece[] {
  const ended = row.state !== "running";
  const succeeded = row.state === "success";
  const rowCount = (rows: number) => (succeeded ? count(rows) : "–");
  return [
    row.partition,
    row.attempt,
    row.attemptNumber + 1,
    badge(row.state),
    html`<span class="keep">${row.executor}${host !== undefined && html` <span class="soft">${host}</span>`}</span>`,
    moment(row.launchedMs),
    ended ? duration(row.runMs) : elapsed(row.launchedMs, undefined, nowMs),
    rowCount(row.rowsIn),
    rowCount(row.rowsOut),
    kernelShare(row.kernelRows, row.jsRows),
    bytes(row.shuffleReadBytes),
    bytes(row.shuffleWriteBytes),
    bytes(row.spilledBytes),
    bytes(row.peakMemoryBytes),
    row.error !== undefined && html`<div class="error">${row.error.slice(0, 500)}</div>`,
  ];
}
