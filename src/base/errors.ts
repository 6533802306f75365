/**
 * The one error class. Its closed `kind` decides whether a failed task is worth another attempt, and which exit code
 * a job ends with. Errors cross threads as plain data (`toWire`, `fromWire`) and keep kind, hint and position.
 */
import type { ExchangeId, ExecutorId } from "./ids.ts";

/** What failed, and so what helps. */
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

/** A place in the user's files. */
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
  /** Whether another attempt can only meet the same. Rows and files that the engine refuses do not change. */
  readonly isPermanent?: boolean | undefined;
  readonly cause?: unknown;
}

/** What operators throw and actions reject with. `message` names what is wrong by the user's names for it. */
export class FiresteelError extends Error {
  readonly kind: ErrorKind;
  /** What to do about it. */
  readonly hint?: string;
  /** Where in the user's files. */
  readonly at?: SourcePosition;
  /** Which map output is gone, with kind "fetchFailed". @internal */
  readonly output?: LostOutput;
  /** Another attempt of the task would fail alike. @internal */
  readonly isPermanent?: boolean;

  constructor(kind: ErrorKind, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "FiresteelError";
    this.kind = kind;
    if (details.hint !== undefined) this.hint = details.hint;
    if (details.at !== undefined) this.at = details.at;
    if (details.output !== undefined) this.output = details.output;
    if (details.isPermanent === true) this.isPermanent = true;
  }
}

/** Whether the attempt that failed may succeed when run again: user code and networks may be flaky, but bad input stays bad. */
export function isRetryable({ kind, isPermanent }: Pick<WireError, "kind" | "isPermanent">): boolean {
  switch (kind) {
    case "user":
    case "data":
    case "resource":
      return isPermanent !== true;
    case "fetchFailed":
    case "lost":
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
  readonly isPermanent?: boolean;
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
    ...(thrown instanceof FiresteelError && thrown.isPermanent === true && { isPermanent: true }),
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
    isPermanent: wire.isPermanent,
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
