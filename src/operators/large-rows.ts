/**
 * What is said when one row, key or group is larger than can be dealt with: whose it is, how large, and how it begins; the refusal
 * says what memory there is and which setting raises it.
 */
import { FiresteelError } from "../base/errors.ts";
import { formatBytes, formatCount } from "../base/quantity.ts";
import type { MemoryRefused } from "../kernel/allocator.ts";
import { preview } from "./row-errors.ts";

const keyCharactersMax = 40;

/** How a key begins. */
function previewKey(key: unknown): string {
  const text = preview(key);
  return text.length > keyCharactersMax ? `${text.slice(0, keyCharactersMax)}…` : text;
}

/** One of `rows` ("the rows of join"), for which memory was refused when nothing else was kept any more. */
export function rowTooLarge(refusal: MemoryRefused, rows: string, row: unknown): FiresteelError {
  const what = Array.isArray(row) && row.length === 2 ? `with the key ${previewKey(row[0])}` : previewKey(row);
  return new FiresteelError(
    refusal.kind,
    `${refusal.message}; all of it is for one of ${rows}, of ${formatBytes(refusal.wantedBytes)} or more: ${what}`,
    { hint: refusal.hint, cause: refusal },
  );
}

/** A group that is read into a JavaScript array, when the heap is full. */
export function groupTooLarge(thrown: unknown, operator: string, key: unknown, read: number, rows: number): unknown {
  if (!(thrown instanceof FiresteelError) || thrown.kind !== "resource") return thrown;
  const group = `${operator} reads the group of the key ${previewKey(key)}`;
  return new FiresteelError(
    thrown.kind,
    `${thrown.message}; ${group}, ${formatCount(read)} of at most ${formatCount(rows)} values`,
    { hint: thrown.hint, at: thrown.at, cause: thrown },
  );
}
