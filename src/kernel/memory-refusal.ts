/**
 * The text of a refused request: which operator wanted how much, who holds the rest, and what to do. Tasks know cached Rdds by their
 * ids; the driver puts in what the user calls them.
 */
import { formatBytes } from "../base/quantity.ts";
import { MemoryRefused } from "./allocator.ts";
import { pageBytes } from "./control-area.ts";
import type { Holder, MemoryPool } from "./memory-pool.ts";
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
  readonly holders: ReturnType<MemoryPool["holdersBeside"]>;
}

/** Of each kind, the largest. */
const holdersTold = 4;
/** Operators work on less at once, but for rows that are so large. */
const largeBytes = 1024 * 1024;

export function refusal(request: RefusedRequest): MemoryRefused {
  const { shares, use, heldPages, wantedBytes, holders: beside } = request;
  const who = request.operator === undefined ? "a task" : request.operator;
  const held = [...sumByName(request.accounts)]
    .sort((a, b) => b[1] - a[1])
    .map(([name, bytes]) => `${name} ${formatBytes(bytes)}`);
  const holders = held.length === 0 ? "" : ` (${held.join(", ")})`;
  const tasks = shares.activeTasks === 1 ? "one task runs" : `${shares.activeTasks} tasks share`;
  const free = use.pages - use.tasks - use.storage - use.exchanges - use.broadcasts;
  const rest = [
    part(use.tasks - heldPages, "other tasks hold", beside.tasks),
    part(use.storage, "cached data holds", beside.cached),
    part(use.exchanges, "map outputs hold", beside.exchanges),
    part(use.broadcasts, "broadcasts hold", beside.broadcasts),
    free <= 0
      ? "nothing is free"
      : `${formatPages(free)} is free, the longest run ${formatPages(request.longestFreeRun)}`,
  ].filter(text => text !== "");
  const message =
    `${who} needs ${formatBytes(wantedBytes)} more engine memory and cannot have it: its task holds ${formatPages(heldPages)}${holders} ` +
    `of at most ${formatPages(shares.taskMaxPages)} (${tasks} ${formatPages(shares.tasksPages)}); ${rest.join(", ")}`;
  const raise = `raise firesteel.executor.memory (engine memory is ${formatPages(use.pages)} now)`;
  const needsMore = wantedBytes > shares.tasksPages * pageBytes;
  const large = wantedBytes < largeBytes ? "" : "; for one row or key of this size only the latter helps";
  return new MemoryRefused(wantedBytes, message, {
    hint: needsMore ? raise : `use more partitions, or ${raise}${large}`,
  });
}

/** A cached Rdd in the text. */
export function cachedHolder(rdd: number): string {
  return `Rdd ${rdd}`;
}

/** The same message, where it is of those that name cached Rdds, with cached Rdds called as `nameOf` does, for whoever knows their names. */
export function withCachedNames(message: string, nameOf: (rdd: number) => string | undefined): string {
  const named = (holder: string, rdd: string) => nameOf(Number(rdd)) ?? holder;
  return message
    .replace(/cached data holds [^(;]*\([^)]*\)/, held => held.replaceAll(/\bRdd (\d+)(?= \d)/g, named))
    .replace(/(?<=\bspilling cached rows of )Rdd (\d+)/, named)
    .replace(/(?<=^partition \d+ of )Rdd (\d+)(?= is not cached here)/, named);
}

function part(pages: number, hold: string, holders: readonly Holder[]): string {
  if (pages <= 0) return "";
  const sums = sumByName(holders.map(({ name, pages }) => ({ name, usedBytes: pages * pageBytes })));
  const all = [...sums].filter(([, bytes]) => bytes > 0).sort((a, b) => b[1] - a[1]);
  const told = all.slice(0, holdersTold).map(([name, bytes]) => `${name} ${formatBytes(bytes)}`);
  const more = all.length > holdersTold ? [`${all.length - holdersTold} more`] : [];
  const list = told.length === 0 ? "" : ` (${[...told, ...more].join(", ")})`;
  return `${hold} ${formatPages(pages)}${list}`;
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
