/** Errors about rows of the wrong kind, thrown by generated pipelines and by pair operators. */
import { FiresteelError } from "../base/errors.ts";
import { inspected } from "../base/inspected.ts";
import { handleSymbol, refuseSymbol } from "../closure/contracts.ts";

const previewCharactersMax = 60;
const previewDepthMax = 6;

export function notAPair(row: unknown, operator: string): FiresteelError {
  return new FiresteelError("user", `${operator} needs pairs, but a row is ${preview(row)}`, {
    hint: "make each row a tuple [key, value], with keyBy or map",
    isPermanent: true,
  });
}

/** What flatMap's function gave, when it cannot be flattened. */
export function notIterable(value: unknown, operator: string): FiresteelError {
  if (typeof value === "string") {
    return new FiresteelError(
      "user",
      `the function given to ${operator} returned the string ${preview(value)}, which is not flattened`,
      {
        hint: "return an array: [text], or [...text] for its characters",
        isPermanent: true,
      },
    );
  }
  if (isThenable(value)) return promised(operator, value);
  return new FiresteelError(
    "user",
    `the function given to ${operator} must return an iterable, but returned ${preview(value)}`,
    {
      hint: "return an array, a Set or a generator",
      isPermanent: true,
    },
  );
}

/** The task fails by the promise itself: its rejection, which may come while another task runs, is not to fail that one. */
export function promised(operator: string | undefined, promise: PromiseLike<unknown>): FiresteelError {
  promise.then(undefined, () => {});
  const whose = operator === undefined ? "its function" : `the function given to ${operator}`;
  return new FiresteelError("user", `${whose} returned a Promise`, {
    hint: "use mapAsync for asynchronous functions",
    isPermanent: true,
  });
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
}

/** A value in a few characters, for messages: as JSON where JSON has it, `undefined`, `NaN`, `5n`, `Point {"x":1}`. */
export function preview(value: unknown): string {
  let text: string;
  try {
    text = show(value, 0);
  } catch {
    text = Object.prototype.toString.call(value);
  }
  return text.length > previewCharactersMax ? `${text.slice(0, previewCharactersMax)}…` : text;
}

function show(value: unknown, depth: number): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, previewCharactersMax));
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return "a function";
  if (typeof value !== "object" || value === null) return Object.is(value, -0) ? "-0" : String(value);
  if (depth === previewDepthMax) return "…";
  // an Rdd and its kin hold much that nobody asked for
  if ((refuseSymbol in value || handleSymbol in value) && inspected in value)
    return String((value[inspected] as () => string)());
  const first = <T>(parts: Iterable<T>, of: (part: T) => string) =>
    Array.from(Iterator.from(parts).take(previewCharactersMax), of).join(",");
  if (Array.isArray(value)) return `[${first(value, item => show(item, depth + 1))}]`;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
  if (value instanceof RegExp || value instanceof Error) return String(value);
  if (value instanceof Set) return `Set {${first(value, item => show(item, depth + 1))}}`;
  const named =
    value instanceof Map
      ? first(value, ([key, item]) => `${show(key, depth + 1)}=>${show(item, depth + 1)}`)
      : undefined;
  const prototype = Object.getPrototypeOf(value) as { constructor?: { name?: string } } | null;
  const name = prototype === null || prototype === Object.prototype ? "" : `${prototype.constructor?.name ?? ""} `;
  return `${name}{${named ?? first(Object.entries(value), ([key, item]) => `${JSON.stringify(key)}:${show(item, depth + 1)}`)}}`;
}
