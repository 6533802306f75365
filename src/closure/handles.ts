/** Objects that ship by id: broadcasts and accumulators. A captured function holds only their ids, so what keeps them is here. */
import type { OtherValue } from "../data/value-codec.ts";
import { type ClosureRef, handleSymbol } from "./contracts.ts";

const handlesOf = new WeakMap<ClosureRef, ReadonlySet<object>>();

/** An object as its handle, noted in `met`; undefined when it has none. */
export function encodeHandle(value: object, met: Set<object>): OtherValue | undefined {
  const handle = (value as { [handleSymbol]?: unknown })[handleSymbol];
  if (typeof handle !== "function") return undefined;
  met.add(value);
  return { tag: "h", meta: (handle as () => unknown).call(value) };
}

/** The function, which keeps what it met: that lives as long as any plan that calls the function. */
export function keepingAlive(captured: ClosureRef, met: ReadonlySet<object>): ClosureRef {
  if (met.size > 0) handlesOf.set(captured, met);
  return captured;
}
