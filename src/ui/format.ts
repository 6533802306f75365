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
}

/** `12/20 (3 running, 1 failed)`. */
export function progressOf({ tasks, done, running, failed }: TaskCounts): Html {
  const notes = [running > 0 && `${count(running)} running`, failed > 0 && `${count(failed)} failed`].filter(
    note => note !== false,
  );
  return bar(done, tasks, `${count(done)}/${count(tasks)}${notes.length === 0 ? "" : ` (${notes.join(", ")})`}`);
}
