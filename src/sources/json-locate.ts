/**
 * Where a text stops being JSON (RFC 8259). The engines' own parsers are fast but say this differently, or not at all, so it is
 * asked only about texts that they have refused.
 */

export interface JsonProblem {
  /** Index of the first character that cannot be there; the text's length when it ends too early. */
  readonly index: number;
  readonly problem: string;
}

type Expected = "value" | "value or ]" | "key" | "key or }" | ":" | ", or end" | "nothing";

const space = /[ \t\n\r]*/y;
const scalar = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-])/y;
const stringStart = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*/y;

/** The first problem of the text as one JSON value; undefined when it is one. */
export function locateJsonProblem(text: string): JsonProblem | undefined {
  const open: ("[" | "{")[] = [];
  let expected: Expected = "value";
  let at = 0;
  const afterValue = (): Expected => (open.length === 0 ? "nothing" : ", or end");
  for (;;) {
    at = endOf(space, text, at) ?? at;
    const c = text[at];
    if (c === undefined) return expected === "nothing" ? undefined : { index: at, problem: "it ends too early" };
    const isValue: boolean = expected === "value" || expected === "value or ]";
    if (isValue && (c === "[" || c === "{")) {
      open.push(c);
      expected = c === "[" ? "value or ]" : "key or }";
      at++;
    } else if (c === '"' && (isValue || expected === "key" || expected === "key or }")) {
      const end: number = endOf(stringStart, text, at)!;
      if (text[end] !== '"') return stringProblem(text, end);
      expected = isValue ? afterValue() : ":";
      at = end + 1;
    } else if (closes(c, expected, open.at(-1))) {
      open.pop();
      expected = afterValue();
      at++;
    } else if (c === ":" && expected === ":") {
      expected = "value";
      at++;
    } else if (c === "," && expected === ", or end") {
      expected = open.at(-1) === "[" ? "value" : "key";
      at++;
    } else {
      const end: number | undefined = isValue ? endOf(scalar, text, at) : undefined;
      if (end === undefined)
        return { index: at, problem: `unexpected ${JSON.stringify(String.fromCodePoint(text.codePointAt(at)!))}` };
      expected = afterValue();
      at = end;
    }
  }
}

function closes(c: string, expected: Expected, open: "[" | "{" | undefined): boolean {
  if (c === "]") return open === "[" && (expected === "value or ]" || expected === ", or end");
  return c === "}" && open === "{" && (expected === "key or }" || expected === ", or end");
}

function stringProblem(text: string, index: number): JsonProblem {
  const c = text[index];
  if (c === undefined) return { index, problem: "a string is never closed" };
  if (c === "\\") return { index, problem: "a bad escape in a string" };
  return { index, problem: `a control character in a string (${JSON.stringify(c)})` };
}

function endOf(pattern: RegExp, text: string, at: number): number | undefined {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : undefined;
}
