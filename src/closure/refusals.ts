/** Why a function cannot be sent to tasks, in the user's words: what, where, and what to do instead. */
import { type ErrorDetails, FiresteelError, formatPosition, type SourcePosition } from "../base/errors.ts";
import type { CaptureOptions } from "./contracts.ts";

/** `map at job.ts:9:6`. */
export function operatorPlace({ operator, at }: CaptureOptions): string {
  return at === undefined ? operator : `${operator} at ${formatPosition(at)}`;
}

/** `12:5` in a file. */
export function positionIn(file: string, at: string | undefined): SourcePosition | undefined {
  const [line, column] = at?.split(":").map(Number) ?? [];
  return line === undefined || column === undefined ? undefined : { file, line, column };
}

export function refusal(
  options: CaptureOptions,
  what: string,
  hint: string | undefined,
  at: SourcePosition | undefined,
): FiresteelError {
  const details: ErrorDetails = { hint, at: at ?? options.at };
  return new FiresteelError("user", `${operatorPlace(options)} ${what}`, details);
}

/** A function that was not written in the job's own files. */
export function foreignFunction(fn: object): {
  readonly what: string;
  readonly hint: string;
  readonly hintForCapture: string;
} {
  const text = Function.prototype.toString.call(fn);
  if (/^class\b/.test(text)) {
    const hint = "declare the class at the top level of one of the job's modules";
    return { what: "a class that is not declared at the top level of a module", hint, hintForCapture: hint };
  }
  return {
    what: text.includes("[native code]") ? "a function of the runtime's own" : "a function that a package or eval made",
    hint: "wrap it: x => …, so that each task makes its own",
    hintForCapture: "make it inside the function, or in a module of its own, which every task thread runs",
  };
}

/** What to do about a captured value that is no data; `part` is what it is: "a Socket". */
export function hintForCapture(part: string, fallback: string | undefined): string {
  if (/ (Promise)$/.test(part)) return "await it before, and use the result";
  if (/ (WeakMap|WeakSet|WeakRef)$/.test(part)) return "use a Map or a Set, or make it inside the function";
  if (/ (Generator|AsyncGenerator|Iterator)$/.test(part)) return "collect it into an array before: [...values]";
  if (
    / (Socket|Server|ReadableStream|Worker|MessagePort|Database|EventEmitter|AbortController|AbortSignal)$/.test(part)
  ) {
    return "open it inside the function, or once a partition with mapPartitions";
  }
  if (part === "a symbol") return "use a string instead";
  if (part.startsWith("an instance of the class ")) {
    return "declare the class at the top level of one of the job's modules (or import it by name from its package), or use the plain data it holds";
  }
  return fallback ?? "make it inside the function";
}

export function hintForBound(what: string): string {
  if (what === "arguments") return "use a rest parameter: (...args) => …";
  if (what === "super") return "call it before, and use the result";
  return "read it into a variable before";
}
