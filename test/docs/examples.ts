/**
 * The examples of the documentation as one module, to be loaded as a job. `// => value` behind a statement becomes a check: that the
 * statement's value, or what it declares, is the value. Imports of examples stand at the top; the package's own names are there anyway.
 */
import * as publicModule from "../../src/index.ts";
import { listOf, parseText, textOf, type Tree } from "../source-tree.ts";
import { pages } from "./areas.ts";
import { labelOf } from "../surface/entry.ts";
import { publicDeclarations } from "./declarations.ts";
import { operationsOf } from "./reference-pages.ts";

export interface Example {
  /** "Rdd.map", with a number behind it from the second on. */
  readonly name: string;
  readonly code: string;
}

/** What the module's default export gives: its examples by name, which call `check` for each value. */
export type Examples = (check: Check) => Record<string, (ctx: never) => Promise<void>>;
export type Check = (line: string, actual: unknown, expected: unknown) => void;

const handwritten = "docs/coming-from-spark.md";

/** Those of docstrings, and of the page that is written by hand. */
export function documentedExamples(): Example[] {
  const blocks = [...textOf(handwritten).matchAll(/^```ts\n(.*?)\n^```$/gms)];
  return [...ofDocstrings(), ...blocks.map(([, code], i) => ({ name: `${handwritten} ${i + 1}`, code: code! }))];
}

function ofDocstrings(): Example[] {
  return pages
    .flatMap(operationsOf)
    .flatMap(({ entry, docs }) =>
      docs.examples.map((code, i) => ({ name: `${labelOf(entry)}${i === 0 ? "" : ` ${i + 1}`}`, code })),
    );
}

/** An example that makes its own Context, or ends it, cannot share one. */
export function needsOwnContext({ code }: Example): boolean {
  return /\bContext\.|\bctx\.stop\(/.test(code);
}

export function examplesModule(examples: readonly Example[]): string {
  const imports = new Set<string>();
  // a block of its own, as an example may declare another ctx
  const bodies = examples.map(each => {
    const { body, imported } = checkedBody(each);
    for (const line of imported) imports.add(line);
    return `    ${JSON.stringify(each.name)}: async (ctx: Context) => {\n{\n${body}\n}\n    },`;
  });
  const values = Object.keys(publicModule);
  const names = publicDeclarations().map(each => each.name);
  const types = names.filter(name => !values.includes(name)).map(name => `type ${name}`);
  return `import { ${[...values, ...types].join(", ")} } from "firesteel";
${[...imports].join("\n")}

export default function examples(check: (line: string, actual: unknown, expected: unknown) => void): Record<string, (ctx: Context) => Promise<void>> {
  return {
${bodies.join("\n")}
  };
}
`;
}

/** How many values an example promises. */
export function promisedValues({ code }: Example): number {
  return code.split("// => ").length - 1;
}

function checkedBody({ name, code }: Example): { readonly body: string; readonly imported: readonly string[] } {
  const imported: string[] = [];
  const lines: string[] = [];
  let checks = 0;
  for (const statement of listOf(parseText(code).body)) {
    const text = code.slice(statement.start, statement.end);
    const [, comment, expected] = /^(;?[ \t]*\/\/ => (.*))?/.exec(code.slice(statement.end)) ?? [];
    if (statement.type === "ImportDeclaration") {
      if (!text.includes('"firesteel"')) imported.push(text);
    } else if (comment === undefined) lines.push(text);
    else {
      checks++;
      requireExpression(expected!, name);
      lines.push(...checkOf(statement, text, code, expected!));
    }
  }
  const promised = promisedValues({ name, code });
  if (checks !== promised)
    throw new Error(`${name}: ${checks} of ${promised} "// =>" stand behind a statement of its own`);
  return { body: lines.join("\n"), imported };
}

function requireExpression(text: string, name: string): void {
  try {
    parseText(`(${text});`);
  } catch {
    throw new Error(`${name}: what follows "// =>" is no expression of a value: ${text}`);
  }
}

function checkOf(statement: Tree, text: string, code: string, expected: string): string[] {
  const line = JSON.stringify(text);
  if (statement.type === "ExpressionStatement") {
    const { start, end } = statement.expression as Tree;
    return [`check(${line}, ${code.slice(start, end)}, ${expected});`];
  }
  const [declared] = listOf(statement.declarations);
  if (declared === undefined) throw new Error(`"// =>" stands behind neither an expression nor a declaration: ${text}`);
  const { start, end } = declared.id as Tree;
  return [text, `check(${line}, ${code.slice(start, end)}, ${expected});`];
}
