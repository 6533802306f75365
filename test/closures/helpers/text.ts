/** A helper module of the forms: functions, state, classes and a package's function passed on. */
import { getLineInfo } from "acorn";

export { getLineInfo } from "acorn";
export * as shapes from "./shapes.ts";

const suffix = "!";
let calls = 0;

export function shout(text: string): string {
  calls++;
  return text.toUpperCase() + suffix;
}

export const whisper = (text: string): string => text.toLowerCase() + suffix;

export const makeAdder = (n: number) => (x: number) => x + n + suffix.length;

export function makeCounter(step: number) {
  const steps = [step];
  function total(x: number): number {
    return steps.reduce((a, b) => a + b, x);
  }
  return { total, double: (x: number) => total(x) * 2 };
}

export const callsSoFar = (): number => calls;
export const lineOf = (text: string): number => getLineInfo(text, text.length).line;

export default function (text: string): string {
  return `<${text}>`;
}

export const table = {
  upper: shout,
  lower: whisper,
  twice(text: string) {
    return text + text;
  },
};

{
  const hidden = 40;
  // a function at module level, but not in its scope
  Object.assign(table, { hidden: (x: number) => x + hidden });
}
