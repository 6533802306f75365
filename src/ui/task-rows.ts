/** The table of a stage's tasks. */
import type { TaskMetrics } from "../base/events.ts";
import type { AppStatus } from "./app-status.ts";
import { amountCell, badge, bytes, count, duration, elapsed, kernelShare, moment } from "./format.ts";
import { html, type Html, type Piece } from "./html.ts";
import { localityName } from "./monitoring-data.ts";
import { offsetOf, pageLinks, type Paging, sortLink } from "./paging.ts";
import type { StageStatus } from "./status-records.ts";
import { table } from "./table.ts";
import type { TaskColumn, TaskRow } from "./task-table.ts";

export const taskRowsPerPage = 100;

/** What the table can be sorted by. */
export const taskSortKeys = [
  ...(["partition", "attempt", "attemptNumber", "state", "executor", "locality", "launchedMs", "runMs"] as const),
  ...(["inputRows", "shuffleReadBytes", "shuffleWriteBytes", "outputRows", "resultRows"] as const),
  ...(["kernelRows", "spilledBytes", "peakMemoryBytes"] as const),
] satisfies readonly TaskColumn[];

export type TaskPaging = Paging<(typeof taskSortKeys)[number]>;
export const taskPaging: TaskPaging = { sort: "launchedMs", descending: true, page: 1 };

const titles: Readonly<Record<TaskPaging["sort"], string>> = {
  partition: "Partition",
  attempt: "Task",
  attemptNumber: "Try",
  state: "State",
  executor: "Executor",
  locality: "Locality",
  launchedMs: "Launched",
  runMs: "Duration",
  inputRows: "Input",
  shuffleReadBytes: "Shuffle read",
  shuffleWriteBytes: "Shuffle write",
  outputRows: "Written",
  resultRows: "To driver",
  kernelRows: "Kernels",
  spilledBytes: "Spilled",
  peakMemoryBytes: "Peak memory",
};
const textual: readonly string[] = ["state", "locality", "launchedMs"];
const smallestFirst: readonly string[] = ["partition", "attempt", "executor", "locality"];

/** Columns that a stage may have nothing in: they are left out then. */
const optional: readonly (TaskColumn & keyof TaskMetrics)[] = [
  ...(["inputRows", "shuffleReadBytes", "shuffleWriteBytes", "outputRows", "resultRows", "spilledBytes"] as const),
];

export function stageTasks(stage: StageStatus, status: AppStatus, paging: TaskPaging, nowMs: number): Html {
  const { table: tasks, metrics } = stage;
  if (tasks === undefined) return html`<p class="empty">The tasks of this stage are no longer kept one by one.</p>`;
  const rows = tasks.rows(paging.sort, paging.descending, offsetOf(paging, taskRowsPerPage), taskRowsPerPage);
  const empty = new Set<string>(optional.filter(name => metrics[name] === 0 && name !== paging.sort));
  const keys = taskSortKeys.filter(key => !empty.has(key));
  const hasErrors = rows.some(row => row.error !== undefined);
  const columns = [
    ...keys.map(key => ({
      title: sortLink(titles[key], key, paging, !smallestFirst.includes(key)),
      number: !textual.includes(key),
    })),
    ...(hasErrors ? [{ title: "Error" }] : []),
  ];
  const caption =
    tasks.dropped > 0
      ? `The latest ${count(tasks.kept)} tasks; ${count(tasks.dropped)} older ones are no longer kept.`
      : undefined;
  const links = pageLinks(paging, tasks.kept, taskRowsPerPage);
  const shown = rows.map(row => {
    const cells = cellsOf(row, status.executor(row.executor)?.host, nowMs);
    return [...keys.map(key => cells[key]), ...(hasErrors ? [errorCell(row)] : [])];
  });
  return html`${links}${table(columns, shown, { empty: "No task on this page.", caption })}${links}`;
}

function cellsOf(row: TaskRow, host: string | undefined, nowMs: number): Record<TaskPaging["sort"], Piece> {
  const ended = row.state !== "running";
  return {
    partition: row.partition,
    attempt: row.attempt,
    attemptNumber: row.attemptNumber + 1,
    state: badge(row.state),
    executor: html`<span class="keep"
      >${row.executor}${host !== undefined && html` <span class="soft">${host}</span>`}</span
    >`,
    locality: localityName[row.locality],
    launchedMs: moment(row.launchedMs),
    runMs: ended ? duration(row.runMs) : elapsed(row.launchedMs, undefined, nowMs),
    inputRows: amountCell(row.inputBytes, row.inputRows),
    shuffleReadBytes: amountCell(row.shuffleReadBytes, row.shuffleReadRows),
    shuffleWriteBytes: amountCell(row.shuffleWriteBytes, row.shuffleWriteRows),
    outputRows: amountCell(row.outputBytes, row.outputRows),
    resultRows: amountCell(0, row.resultRows),
    kernelRows: kernelShare(row.kernelRows, row.jsRows),
    spilledBytes: bytes(row.spilledBytes),
    peakMemoryBytes: bytes(row.peakMemoryBytes),
  };
}

function errorCell({ error }: TaskRow): Piece {
  return error !== undefined && html`<div class="error">${error.slice(0, 500)}</div>`;
}
