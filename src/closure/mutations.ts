/** Warns of functions that change captured containers: each task changes a copy of its own, and the driver's stays as it was. */
import { formatPosition } from "../base/errors.ts";
import { type CaptureOptions, handleSymbol } from "./contracts.ts";
import { operatorPlace, positionIn } from "./refusals.ts";
import type { Meta } from "./runtime.ts";

/** Lines that were warned of, by who hears it: one warning each is enough in an application. */
const warnedBy = new WeakMap<CaptureOptions["warn"], Set<string>>();

export function warnOfMutations(options: CaptureOptions, file: string, meta: Meta, values: readonly unknown[]): void {
  for (const [name, path, by, at] of meta.mutations ?? []) {
    let container = values[meta.names.indexOf(name)];
    for (const step of path) container = (container as Record<string, unknown> | null | undefined)?.[step];
    if (!changes(container, by)) continue;
    const place = formatPosition(positionIn(file, at)!);
    const warned = warnedBy.get(options.warn) ?? new Set();
    warnedBy.set(options.warn, warned);
    if (warned.has(place)) continue;
    warned.add(place);
    const shown = [name, ...path].join(".");
    const change =
      by === "="
        ? `an assignment changes a task's own copy of \`${shown}\``
        : `${shown}.${by}() changes a task's own copy`;
    options.warn(`${place}: ${change}, never the driver's (${operatorPlace(options)}): use an accumulator`);
  }
}

function changes(container: unknown, by: string): boolean {
  if (typeof container !== "object" || container === null || handleSymbol in container) return false;
  if (by === "=") return true;
  if (Array.isArray(container)) return by !== "set" && by !== "add" && by !== "delete" && by !== "clear";
  if (container instanceof Map) return by === "set" || by === "delete" || by === "clear";
  if (container instanceof Set) return by === "add" || by === "delete" || by === "clear";
  return ArrayBuffer.isView(container) && ["set", "fill", "sort", "reverse", "copyWithin"].includes(by);
}
