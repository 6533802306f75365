/** Times, amounts and states as cells of tables. */
import { formatBytes, formatCount, formatDuration } from "../base/quantity.ts";
import { html, type Html } from "./html.ts";

export const dash = "–";

/** `2026-11-21 07:37:21`, in UTC as the page says. */
export function moment(ms: number | undefined): Html {
  if (ms === undefined || ms <= 0) return html`${dash}`;
  const iso = new Date(ms).toISOString();
  return html`<time datetime="${iso}">${iso.slice(0, 19).replace("T", " ")}</time>`;
}

export function duration(ms: number | undefined): string {
  return ms === undefined ? dash : formatDuration(Math.max(0, ms));
}

/** From its start to its end, or to now. */
export function elapsed(startedMs: number | undefined, endedMs: number | undefined, nowMs: number): string {
  return startedMs === undefined || startedMs <= 0 ? dash : duration((endedMs ?? nowMs) - startedMs);
}

export function bytes(amount: number | undefined): string {
  return amount === undefined || amount === 0 ? dash : formatBytes(amount);
}

export function megabytes(mb: number): string {
  return mb === 0 ? "0 B" : formatBytes(mb * 2 ** 20);
}

export function count(amount: number): string {
  return formatCount(amount);
}

/** `12.0 MiB, 3,000,000 rows`; rows alone where there are no bytes. */
export function amount(size: number, rows: number): string {
  const parts = [size > 0 && formatBytes(size), rows > 0 && rowsText(rows)].filter(part => part !== false);
  return parts.length === 0 ? dash : parts.join(", ");
}

/** The same in a cell of a table. */
export function amountCell(size: number, rows: number): Html {
  if (size === 0) return html`${rows === 0 ? dash : rowsText(rows)}`;
  return html`${formatBytes(size)}${rows > 0 && html`<div class="soft">${rowsText(rows)}</div>`}`;
}

function rowsText(rows: number): string {
  return rows === 1 ? "1 row" : `${formatCount(rows)} rows`;
}

/** Rows that kernels handled, of all. */
export function kernelShare(kernelRows: number, jsRows: number): string {
  const rows = kernelRows + jsRows;
  return rows === 0 ? dash : `${Math.round((100 * kernelRows) / rows)} %`;
}

const tones: Readonly<Record<string, string>> = {
  alive: "good",
  running: "busy",
  launching: "busy",
  submitted: "busy",
  relaunching: "busy",
  waiting: "busy",
  recovering: "busy",
  finished: "good",
  succeeded: "good",
  success: "good",
  completed: "good",
  exited: "plain",
  killed: "plain",
  cancelled: "plain",
  skipped: "plain",
  failed: "bad",
  error: "bad",
  lost: "bad",
  dead: "bad",
};

export function badge(state: string): Html {
  const name = state.toLowerCase();
  return html`<span class="badge ${tones[name] ?? "plain"}">${name}</span>`;
}

/** How much of something is taken or done. */
export function bar(part: number, whole: number, text: string): Html {
  const of = Math.max(whole, 0);
  return html`<span class="bar"
    ><progress max="${of === 0 ? 1 : of}" value="${Math.min(part, of)}"></progress> ${text}</span
  >`;
}

export interface TaskCounts {
  readonly tasks: number;
  readonly done: number;
  readonly running: number;
  readonly failed: number;
  readonly killed: number;
  /** None of `tasks`. */
  readonly tasksSkipped?: number;
}

/** `12/20`, and below it `3 running, 1 failed`. */
export function progressOf({ tasks, done, running, failed, killed, tasksSkipped: skipped = 0 }: TaskCounts): Html {
  const notes = Object.entries({ running, failed, killed, skipped }).flatMap(([what, of]) =>
    of > 0 ? [`${count(of)} ${what}`] : [],
  );
  // tasks whose output was lost are done again
  const first = Math.min(done, tasks);
  return html`${bar(first, tasks, `${count(first)}/${count(tasks)}`)}${notes.length > 0 && html`<div class="soft">${notes.join(", ")}</div>`}`;
}
