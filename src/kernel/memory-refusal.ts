/** The text of a refused request: which operator wanted how much, who holds the rest, and what to do. */
import { formatBytes } from "../base/quantity.ts";
import { MemoryRefused } from "./allocator.ts";
import { pageBytes } from "./control-area.ts";
import type { MemoryUse, Shares } from "./memory-shares.ts";

export interface RefusedRequest {
  /** Undefined when the task asked on nobody's account. */
  readonly operator: string | undefined;
  readonly wantedBytes: number;
  readonly heldPages: number;
  readonly accounts: readonly { readonly name: string; readonly usedBytes: number }[];
  readonly shares: Shares;
  readonly use: MemoryUse;
  readonly longestFreeRun: number;
}

export function refusal(request: RefusedRequest): MemoryRefused {
  const { shares, use, heldPages, wantedBytes } = request;
  const who = request.operator === undefined ? "a task" : request.operator;
  const held = [...sumByName(request.accounts)]
    .sort((a, b) => b[1] - a[1])
    .map(([name, bytes]) => `${name} ${formatBytes(bytes)}`);
  const holders = held.length === 0 ? "" : ` (${held.join(", ")})`;
  const tasks = shares.activeTasks === 1 ? "one task runs" : `${shares.activeTasks} tasks share`;
  const free = use.pages - use.tasks - use.storage - use.exchanges - use.broadcasts;
  const rest = [
    part(use.tasks - heldPages, "other tasks"),
    part(use.storage, "cached data"),
    part(use.exchanges, "map outputs"),
    part(use.broadcasts, "broadcasts"),
    free <= 0
      ? "nothing is free"
      : `${formatPages(free)} is free, the longest run ${formatPages(request.longestFreeRun)}`,
  ].filter(text => text !== "");
  const message =
    `${who} needs ${formatBytes(wantedBytes)} more engine memory and cannot have it: its task holds ${formatPages(heldPages)}${holders} ` +
    `of at most ${formatPages(shares.taskMaxPages)} (${tasks} ${formatPages(shares.tasksPages)}); ${rest.join(", ")}`;
  const needsMore = wantedBytes > shares.tasksPages * pageBytes;
  return new MemoryRefused(wantedBytes, message, {
    hint: needsMore
      ? `raise firesteel.executor.memory (engine memory is ${formatPages(use.pages)} now)`
      : `use more partitions, or raise firesteel.executor.memory (engine memory is ${formatPages(use.pages)} now)`,
  });
}

function part(pages: number, holder: string): string {
  return pages > 0 ? `${holder} hold${holder.endsWith("data") ? "s" : ""} ${formatPages(pages)}` : "";
}

function formatPages(pages: number): string {
  return formatBytes(pages * pageBytes);
}

/** An operator may have several accounts. */
function sumByName(accounts: RefusedRequest["accounts"]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { name, usedBytes } of accounts) sums.set(name, (sums.get(name) ?? 0) + usedBytes);
  return sums;
}
