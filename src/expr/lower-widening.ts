/**
 * Variables, and what blocks return, that are nothing at times: `let best; for (…) best = …`. That a local needs to be able to hold
 * nothing is known once the statement that makes it so is compiled; the block is then compiled again, with that known.
 */
import type { Frame } from "./lowering.ts";
import type { Running } from "./lower-running.ts";
import type { Value } from "./value.ts";

/** What a local holds that may be nothing. */
interface Wider {
  readonly absent: undefined | null;
  readonly item: Value;
}

const known = new WeakMap<Frame, Map<object, Wider>>();

/** Thrown where the local that belongs to `key`, a statement or the statements of a block, must be wider. */
export class Widened extends Error {
  constructor(readonly key: object) {
    super("a local is compiled again");
  }
}

/** The local's first value as what it is to hold. */
export function beginWide(running: Running, first: Value, key: object, frame: Frame): Value {
  const wider = known.get(frame)?.get(key);
  return running.begin(wider === undefined ? first : { kind: "optional", present: zero, ...wider });
}

const zero = { kind: "constant", type: "i32", value: 0 } as const;

/** Throws `Widened` where the next value is nothing and the others are not, or the other way around. */
export function widen(before: Value, next: Value, key: object, frame: Frame): void {
  const wider = widerOf(before, next);
  let ofFrame = known.get(frame);
  if (wider === undefined || ofFrame?.has(key) === true) return;
  if (ofFrame === undefined) known.set(frame, (ofFrame = new Map()));
  ofFrame.set(key, wider);
  throw new Widened(key);
}

function widerOf(before: Value, next: Value): Wider | undefined {
  if (before.kind === "optional") return undefined;
  if (before.kind === "constant") {
    if (next.kind === "constant") return undefined;
    return next.kind === "optional" && next.absent === before.value ? next : { absent: before.value, item: next };
  }
  if (next.kind === "constant") return { absent: next.value, item: before };
  return next.kind === "optional" ? { absent: next.absent, item: before } : undefined;
}
