/**
 * How user code ships. One transform and one bundle serve the driver and the tasks (`bundle.ts`): the bundle, when imported,
 * evaluates helper modules and packages but not the entry's body; `runEntry` does, on the driver only. Function
 * expressions of the user's files are tagged with an id, a hoisted factory and lazily read captures (`transform.ts`).
 */

import type { Lambda, NoLambda } from "../expr/ir.ts";

/** A place in the user's files, as the user wrote them. `file` is relative to the working directory when below it. */
export interface CallSite {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** What a job's code is, as text: self-contained but for the engine module, which it reads from `globalThis`. */
export interface JobBundle {
  /**
   * sha256 of `code`, hex: its address in every cache. Functions of modules that the runtime imports itself (register.ts) are
   * captured before their bundle is made, so there it is of the entry's text and the session.
   */
  readonly hash: string;
  /** An ES module. */
  readonly code: string;
  /** Encoded source map from `code` to the user's files, for stack traces. */
  readonly map: string;
  /** The entry's absolute path. */
  readonly entry: string;
}

/** A captured function as plain data. The bytes hold the captured values by value; the same ref in every task attempt. */
export interface ClosureRef {
  /** Names the hoisted factory in the bundle (or a global, or a package's export: see capture.ts). */
  readonly id: string;
  readonly bundle: string;
  /** Encoded captures, see capture.ts. */
  readonly captures: Uint8Array;
  /** What to call it in plans and errors: `w => [w, 1]`, at most 60 characters. */
  readonly text: string;
  /** Where the function was written. */
  readonly at: CallSite | undefined;
  /** What it computes, or why that is not known. */
  readonly lambda?: Lambda | NoLambda;
}

/** Handles that ship inside captures by id and mean something on the other side. */
export type Handle =
  { readonly handle: "broadcast"; readonly id: number } | { readonly handle: "accumulator"; readonly id: number };

/** Objects with this method are captured as their handle. */
export const handleSymbol: unique symbol = Symbol.for("firesteel.handle");
/** Objects with this property are refused in captures, with its text as the reason ("an Rdd cannot be used inside …"). */
export const refuseSymbol: unique symbol = Symbol.for("firesteel.refuse");

/** Turns handles back into objects, in a task attempt. */
export type ResolveHandle = (handle: Handle) => unknown;

export interface CaptureOptions {
  /** The operator's name for messages: `map`. */
  readonly operator: string;
  /** The operator call's place. */
  readonly at: CallSite | undefined;
  /** True only for mapAsync and its kind. */
  readonly allowAsync?: boolean;
  /** Called once per warning (mutated captures, large captures). */
  readonly warn: (message: string) => void;
}
