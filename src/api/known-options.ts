/**
 * Refuses options that an operator does not have, which would do nothing: names that Spark or other tools use, and misspelt ones. Types
 * refuse them in editors; this is for JavaScript and for objects that come from elsewhere.
 */
import { FiresteelError, type SourcePosition } from "../base/errors.ts";
import { nearest } from "../base/nearest.ts";
import { preview } from "../operators/row-errors.ts";

const text = ["maxLineBytes"];
const syntax = ["header", "separator", "quote", "escape", "comment", "nullValue", "inferSchema"];
const records = ["schema", "mode", "corruptRecord"];

const known: Readonly<Record<string, readonly string[]>> = {
  textFile: text,
  csvFile: [...syntax, ...records, ...text],
  jsonFile: ["multiLine", ...records, ...text],
  parquetFile: ["columns"],
  saveAsTextFile: ["codec", "signal"],
};

/** Spark's words, and those of other readers, for the same. */
const otherNames: Readonly<Record<string, string>> = {
  ...{ sep: "separator", delimiter: "separator", delim: "separator" },
  ...{ quotechar: "quote", escapechar: "escape", nullstring: "nullValue", emptyvalue: "nullValue" },
  ...{ columnnameofcorruptrecord: "corruptRecord", types: "schema", multiline: "multiLine" },
  ...{ compression: "codec", compressioncodecclass: "codec", compressioncodec: "codec", select: "columns" },
};

/** Of an action, the last argument: its second function or value may stand there by mistake. */
export function checkActionOptions(operator: string, options: unknown, at: SourcePosition | undefined): void {
  if (options === undefined || known[operator] !== undefined) return;
  if (typeof options !== "object" || options === null || Array.isArray(options))
    throw new FiresteelError("user", `${operator} needs { signal } as its last argument, but got ${preview(options)}`, {
      hint: operator === "reduce" ? "fold(zero, f) takes a value to begin with" : "leave it out, or give an object",
      at,
    });
  const wrong = Object.keys(options).find(name => name !== "signal");
  if (wrong === undefined) return;
  throw new FiresteelError("user", `${operator} has no option "${wrong}"`, {
    hint: nearest(wrong, ["signal"]) === undefined ? "its only option is signal" : "did you mean signal?",
    at,
  });
}

/** Operators that take no options of their own pass. */
export function checkOptions(operator: string, options: unknown, at: SourcePosition | undefined): void {
  const names = known[operator];
  if (names === undefined) return;
  if (typeof options !== "object" || options === null || Array.isArray(options))
    throw new FiresteelError("user", `${operator} needs an object of options, but got ${preview(options)}`, { at });
  const wrong = Object.keys(options).find(name => !names.includes(name));
  if (wrong === undefined) return;
  const other = otherNames[wrong.toLowerCase()];
  const meant = other !== undefined && names.includes(other) ? other : nearest(wrong, names);
  throw new FiresteelError("user", `${operator} has no option "${wrong}"`, {
    hint: meant === undefined ? `its options are ${names.join(", ")}` : `did you mean ${meant}?`,
    at,
  });
}
