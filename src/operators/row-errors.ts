/** Errors about rows of the wrong kind, thrown by generated pipelines and by pair operators. */
import { FiresteelError } from "../base/errors.ts";

const previewCharactersMax = 60;

export function notAPair(row: unknown, operator: string): FiresteelError {
  return new FiresteelError("user", `${operator} needs pairs, but a row is ${preview(row)}`, {
    hint: "make each row a tuple [key, value], with keyBy or map",
  });
}

/** What flatMap's function gave, when it cannot be flattened. */
export function notIterable(value: unknown, operator: string): FiresteelError {
  if (typeof value === "string") {
    return new FiresteelError("user", `the function given to ${operator} returned the string ${preview(value)}, which is not flattened`, {
      hint: "return an array: [text], or [...text] for its characters",
    });
  }
  if (isThenable(value)) return promised(operator);
  return new FiresteelError("user", `the function given to ${operator} must return an iterable, but returned ${preview(value)}`, {
    hint: "return an array, a Set or a generator",
  });
}

export function promised(operator: string): FiresteelError {
  return new FiresteelError("user", `the function given to ${operator} returned a Promise`, {
    hint: "use mapAsync for asynchronous functions",
  });
}

export function isThenable(value: unknown): boolean {
  return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
}

/** A value in a few characters, for messages. */
export function preview(value: unknown): string {
  let text: string | undefined;
  try {
    text = typeof value === "bigint" ? `${value}n` : typeof value === "number" ? String(value) : typeof value === "function" ? "a function" : JSON.stringify(value);
  } catch {
    text = undefined;
  }
  text ??= String(value);
  return text.length > previewCharactersMax ? `${text.slice(0, previewCharactersMax)}…` : text;
}
