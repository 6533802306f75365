/**
 * What is around a function of a bundle that another process made: its text as the bundler left it, and what it captured. Names of
 * its module are not known here, and places are not either.
 */
import { list, type Node, nameOf, child, part } from "./ast.ts";
import { languageNames } from "./lambda-language.ts";
import { type Binding, Env, type FunctionSource, type Home, type Meanings } from "./lambda-names.ts";
import type { Tag } from "./runtime.ts";

let parseText: ((text: string) => Node) | undefined;

/** Loads the parser, in processes that will need it. */
export async function prepareTexts(): Promise<void> {
  const { parseExpressionAt } = await import("acorn");
  parseText = text => parseExpressionAt(text, 0, { ecmaVersion: "latest", sourceType: "module" }) as unknown as Node;
}

export class TextHome implements Home {
  readonly file = undefined;
  readonly isTransformed = true;

  constructor(
    private readonly names: readonly string[],
    private readonly values: readonly unknown[],
    /** Names that its module declares although the language has them. */
    private readonly hidden: readonly string[],
    private readonly meanings: Meanings,
  ) {}

  place(): undefined {
    return undefined;
  }

  captured(value: unknown, path: string): Binding {
    return this.meanings.captured(value, path, this);
  }

  outside(name: string): Binding | undefined {
    const index = this.names.indexOf(name);
    if (index >= 0) return this.captured(this.values[index], name);
    if (languageNames.has(name) && !this.hidden.includes(name)) return undefined;
    return { kind: "refused", reason: `uses ${name}, whose source is not in the bundle` };
  }
}

/** The function as its text says it. */
export function textSource(
  fn: object,
  { captures }: Tag,
  values: readonly unknown[],
  hidden: readonly string[],
  meanings: Meanings,
): FunctionSource | undefined {
  const node = functionOfText(fn);
  if (node === undefined) return undefined;
  const env = new Env(
    new TextHome(captures === null ? [] : capturedNames(captures), values, hidden, meanings),
    undefined,
  );
  const source = { node, env, identity: fn };
  const own = nameOf(child(node, "id"));
  if (own !== "") env.declare(own, { kind: "function", source });
  return source;
}

/** A function expression, or a method without its object. */
function functionOfText(fn: object): Node | undefined {
  const text = Function.prototype.toString.call(fn);
  const plain = parsed(`(${text})`);
  if (plain !== undefined) return plain;
  const method = parsed(`({${text}})`);
  const property = method && list(method, "properties")[0];
  return property && child(property, "value");
}

/** The names in `() => [a, b]`, which the bundler may have changed. */
function capturedNames(captures: object): string[] {
  const thunk = parsed(`(${Function.prototype.toString.call(captures)})`);
  return thunk === undefined ? [] : list(part(thunk, "body"), "elements").map(nameOf);
}

function parsed(text: string): Node | undefined {
  try {
    return parseText?.(text);
  } catch {
    return undefined;
  }
}
