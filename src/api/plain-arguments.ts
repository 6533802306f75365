/**
 * Refuses arguments that are no text, id or object of options where a method of a Context or an Rdd needs one, at the user's line. Types
 * refuse them in editors; this is for JavaScript and for values that come from elsewhere. Operators on rows check their own.
 */
import { FiresteelError } from "../base/errors.ts";
import { nearest } from "../base/nearest.ts";
import { callSite } from "../closure/stack.ts";
import { preview } from "../operators/row-errors.ts";

/** `needed` says what the text is, such as "a group's name". */
export function checkText(method: string, needed: string, given: unknown, hint?: string): void {
  if (typeof given !== "string") throw refusal(method, needed, given, hint);
}

/** An accumulator's name, a reason. */
export function checkOptionalText(method: string, needed: string, given: unknown, hint?: string): void {
  if (given !== undefined) checkText(method, needed, given, hint);
}

/** The number that a job, stage or partition has. */
export function checkId(method: string, needed: string, given: unknown, hint: string): void {
  if (!Number.isSafeInteger(given) || (given as number) < 0) throw refusal(method, needed, given, hint);
}

export function checkFlag(method: string, needed: string, given: unknown, hint?: string): void {
  if (typeof given !== "boolean") throw refusal(method, needed, given, hint);
}

/** An object with no options but these. */
export function checkNamed(method: string, names: readonly string[], given: unknown, hint?: string): void {
  if (typeof given !== "object" || given === null || Array.isArray(given))
    throw refusal(method, "an object of options", given, hint);
  const wrong = Object.keys(given).find(name => !names.includes(name));
  if (wrong === undefined) return;
  const meant = nearest(wrong, names);
  const all = names.length === 1 ? `its only option is ${names[0]}` : `its options are ${names.join(", ")}`;
  throw new FiresteelError("user", `${method} has no option "${wrong}"`, {
    hint: meant === undefined ? all : `did you mean ${meant}?`,
    at: callSite(),
  });
}

/** What a Context is made with. */
export function checkSettings(method: string, options: unknown): void {
  checkNamed(method, ["master", "appName", "conf"], options, `write ${method}({ master: "local[2]" })`);
  const { master, appName, conf = {} } = options as { master?: unknown; appName?: unknown; conf?: unknown };
  checkOptionalText(method, "text as its master", master, 'such as "local[2]" or "firesteel://host:7077"');
  checkOptionalText(method, "text as its appName", appName);
  if (typeof conf !== "object" || conf === null || Array.isArray(conf) || conf instanceof Map)
    throw refusal(method, "an object of settings as its conf", conf, 'such as { "firesteel.executor.memory": "1g" }');
  for (const [key, value] of Object.entries(conf)) {
    if (["string", "number", "boolean"].includes(typeof value)) continue;
    const hint = Array.isArray(value) ? "write a list as one text, with commas" : "leave the key out for its default";
    throw refusal(method, `text, a number or a boolean as ${key}`, value, hint);
  }
}

function refusal(method: string, needed: string, given: unknown, hint: string | undefined): FiresteelError {
  return new FiresteelError("user", `${method} needs ${needed}, but got ${preview(given)}`, { hint, at: callSite() });
}
