/**
 * What a task's failure says: whose function it was, at which line of the job the operator stands, and where in the user's files
 * the function threw. The operator nearest to the failure names it; the others let it pass. Stacks become the user's own
 * here, in the thread that knows the bundle.
 */
import { FiresteelError, formatPosition, type SourcePosition } from "../base/errors.ts";
import { mapStack, userPosition } from "../closure/stack.ts";
import type { ChunkSource } from "./chunk.ts";
import { preview } from "./row-errors.ts";

/** An operator, or an action, as the user called it. */
export interface Named {
  readonly operator: string;
  readonly at: SourcePosition | undefined;
}

const tooLongHint =
  "one string or array grew longer than the runtime lets it: give its parts as rows of their own, or work on fewer rows at a time";
const named = new WeakSet<FiresteelError>();

/** The error to throw on; `operator` is undefined where nobody can tell whose function it was. */
export function failureOf(thrown: unknown, operator: Named | undefined): FiresteelError {
  if (thrown instanceof FiresteelError)
    return named.has(thrown) || !isOfOperator(thrown) ? thrown : placed(thrown, operator);
  const stack = thrown instanceof Error ? (thrown.stack ?? "") : "";
  if (thrown instanceof Error && isOfEngine(stack)) return outOfMemory(thrown, operator) ?? thrownByEngine(thrown);
  const position = userPosition(stack) ?? operator?.at;
  const error = new FiresteelError("user", `${functionOf(operator)} threw ${describe(thrown)}`, {
    hint: isOutOfMemory(thrown) ? tooLongHint : undefined,
    at: position,
    cause: thrown instanceof Error ? thrown.cause : undefined,
  });
  error.stack = mapStack(stack);
  named.add(error);
  return error;
}

/** A source whose failures name the operator. */
export function naming(operator: Named, open: () => ChunkSource): ChunkSource {
  const fail = (thrown: unknown): never => {
    // without a stack, what was thrown may be of any function above or below
    throw thrown instanceof Error ? failureOf(thrown, operator) : thrown;
  };
  const attempt = <T>(step: () => T): T => {
    try {
      return step();
    } catch (thrown) {
      return fail(thrown);
    }
  };
  const source = attempt(open);
  const { giveOnly, giveSpans, giveWords } = source;
  return {
    ...(giveOnly !== undefined && { giveOnly }),
    ...(giveSpans !== undefined && { giveSpans }),
    ...(giveWords !== undefined && { giveWords }),
    next: () =>
      attempt(() => {
        const chunk = source.next();
        return chunk instanceof Promise ? chunk.catch(fail) : chunk;
      }),
    close: () => source.close(),
  };
}

/** Lost outputs, cancellation and bugs are no operator's. */
function isOfOperator(error: FiresteelError): boolean {
  return error.kind === "user" || error.kind === "data" || error.kind === "resource";
}

/** The same error, which may be of a class that operators below know. */
function placed(error: FiresteelError, operator: Named | undefined): FiresteelError {
  if (error.at === undefined && operator?.at !== undefined) Object.assign(error, { at: operator.at });
  error.stack = mapStack(error.stack ?? "");
  named.add(error);
  return error;
}

/** The innermost frame that is not the runtime's lies in the engine: the user's function had returned. */
function isOfEngine(stack: string): boolean {
  const frame = stack.split("\n").find(line => /^\s*at .*:\d+:\d+\)?$/.test(line) && !/\bnative\b/.test(line));
  return frame !== undefined && !frame.includes("firesteel-pipeline-") && !/^\s*at /m.test(mapStack(frame));
}

function thrownByEngine(thrown: Error): FiresteelError {
  const error = new FiresteelError("internal", `${thrown.name}: ${thrown.message}`);
  if (thrown.stack !== undefined) error.stack = thrown.stack;
  return error;
}

function outOfMemory(thrown: Error, operator: Named | undefined): FiresteelError | undefined {
  if (!isOutOfMemory(thrown)) return undefined;
  const where = operator === undefined ? "a task" : nameOf(operator);
  return new FiresteelError("resource", `${where} ran out of memory: ${thrown.message}`, {
    hint: "use more partitions, so that each holds less",
    at: operator?.at,
  });
}

/** What the runtime throws for one value that is longer than it can be. */
function isOutOfMemory(thrown: unknown): boolean {
  return thrown instanceof RangeError && /out of memory|allocation|invalid string length/i.test(thrown.message);
}

function functionOf(operator: Named | undefined): string {
  return operator === undefined ? "a function of the task" : `the function given to ${nameOf(operator)}`;
}

function nameOf({ operator, at }: Named): string {
  return at === undefined ? operator : `${operator} at ${formatPosition(at)}`;
}

function describe(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message === "" ? thrown.name : `${thrown.name}: ${thrown.message}`;
  return `${preview(thrown)}, which is not an Error`;
}
