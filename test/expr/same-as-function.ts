/** Compares generated code with the function that it was made of, row by row. */
import { difference } from "../data/same.ts";
import { type Outcome, runMap } from "./lowering-harness.ts";

type Fn = (row: unknown) => unknown;

export function functionOfText(text: string): Fn {
  return new Function(`"use strict"; return (${text});`)() as Fn;
}

/** What is wrong, and how many rows were left to JavaScript. A function that throws must have been. */
export function compareWithFunction(outcome: Outcome, fn: Fn, rows: readonly unknown[]) {
  const wrong: string[] = [];
  let left = 0;
  if (!outcome.native) return { wrong: [`no native code: it ${outcome.reason}`], left };
  outcome.rows.forEach((each, i) => {
    if ("gaveUp" in each) {
      left++;
      return;
    }
    const found = difference(each.value, fn(structuredClone(rows[i])));
    if (found !== undefined) wrong.push(`row ${i}, ${JSON.stringify(rows[i])}: ${found}`);
  });
  return { wrong, left };
}

/** Expressions of a row `x`: those with native code that is wrong, or that leaves rows to JavaScript. */
export function wrongMaps(texts: readonly string[], rows: readonly unknown[]): string[] {
  return texts.flatMap(text => {
    const source = /^(\w+|\([^)]*\)) =>/.test(text) ? text : `x => ${text}`;
    const { wrong, left } = compareWithFunction(runMap(source, rows), functionOfText(source), rows);
    if (wrong.length > 0) return [`${text}: ${wrong[0]}`];
    return left > 0 ? [`${text}: ${left} rows were left to JavaScript`] : [];
  });
}
