/**
 * The one error class. Its closed `kind` decides whether a failed task is worth another attempt, and which exit code
 * a job ends with. Errors cross threads as plain data (`toWire`, `fromWire`) and keep kind, hint and position.
 */
import type { ExchangeId, ExecutorId } from "./ids.ts";

export type ErrorKind =
  | "user" // the job's own code or arguments are wrong
  | "data" // an input cannot be read as what it was said to be
  | "fetchFailed" // a map output is gone
  | "lost" // a thread, executor or peer died
  | "cancelled" // someone asked for it
  | "resource" // memory, disk or a limit
  | "internal"; // a bug in Firesteel

/** Which map output a "fetchFailed" error is about, and from whom it was read. */
export interface LostOutput {
  readonly exchange: ExchangeId;
  readonly mapPartition: number;
  readonly executor?: ExecutorId;
}

export interface SourcePosition {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface ErrorDetails {
  /** What to do about it, as an imperative sentence without a full stop. */
  readonly hint?: string | undefined;
  /** Where in the user's files. */
  readonly at?: SourcePosition | undefined;
  /** Only with kind "fetchFailed": the schedulers recover exactly this output. */
  readonly output?: LostOutput | undefined;
  readonly cause?: unknown;
}

export class FiresteelError extends Error {
  readonly kind: ErrorKind;
  readonly hint?: string;
  readonly at?: SourcePosition;
  readonly output?: LostOutput;

  constructor(kind: ErrorKind, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "FiresteelError";
    this.kind = kind;
    if (details.hint !== undefined) this.hint = details.hint;
    if (details.at !== undefined) this.at = details.at;
    if (details.output !== undefined) this.output = details.output;
  }
}

/** A failed attempt of a retryable kind may succeed when run again. User code may be flaky, as in Spark. */
export function isRetryable(kind: ErrorKind): boolean {
  switch (kind) {
    case "user":
    case "data":
    case "fetchFailed":
    case "lost":
    case "resource":
      return true;
    case "cancelled":
    case "internal":
      return false;
  }
}

export function formatPosition(at: SourcePosition): string {
  return `${at.file}:${at.line}:${at.column}`;
}

/** An error as plain data, for messages between threads and processes. */
export interface WireError {
  readonly kind: ErrorKind;
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  readonly hint?: string;
  readonly at?: SourcePosition;
  readonly output?: LostOutput;
  readonly cause?: WireError;
}

const causeDepthMax = 8;

/** Any thrown value as plain data; what is not a FiresteelError gets `kind`. */
export function toWire(thrown: unknown, kind: ErrorKind = "user", depth = 0): WireError {
  if (!(thrown instanceof Error)) {
    return { kind, name: "Thrown", message: `a value that is not an Error was thrown: ${printable(thrown)}` };
  }
  const cause = thrown.cause !== undefined && depth < causeDepthMax ? toWire(thrown.cause, kind, depth + 1) : undefined;
  return {
    kind: thrown instanceof FiresteelError ? thrown.kind : kind,
    name: thrown.name,
    message: thrown.message,
    ...(thrown.stack !== undefined && { stack: thrown.stack }),
    ...(thrown instanceof FiresteelError && thrown.hint !== undefined && { hint: thrown.hint }),
    ...(thrown instanceof FiresteelError && thrown.at !== undefined && { at: thrown.at }),
    ...(thrown instanceof FiresteelError && thrown.output !== undefined && { output: thrown.output }),
    ...(cause !== undefined && { cause }),
  };
}

export function fromWire(wire: WireError): FiresteelError {
  const message =
    wire.name === "FiresteelError" || wire.name === "Thrown" ? wire.message : `${wire.name}: ${wire.message}`;
  const error = new FiresteelError(wire.kind, message, {
    hint: wire.hint,
    at: wire.at,
    output: wire.output,
    ...(wire.cause !== undefined && { cause: fromWire(wire.cause) }),
  });
  if (wire.stack !== undefined) error.stack = wire.stack;
  return error;
}

function printable(value: unknown): string {
  try {
    return typeof value === "string" ? JSON.stringify(value) : String(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}
