/**
 * Parses a file of the user's into a syntax tree whose positions are the user's own. TypeScript and JSX are parsed as they
 * are written, so that function bodies can be shipped word for word; the bundler removes the types later. Throws
 * SyntaxError; the bundler's own parser then has the last word, and the better message.
 */
import { Parser, type Options } from "acorn";
import { tsPlugin } from "@sveltejs/acorn-typescript";
import type { Node } from "./ast.ts";

export type Loader = "js" | "jsx" | "ts" | "tsx";

const options: Options = {
  ecmaVersion: "latest",
  sourceType: "module",
  allowHashBang: true,
  allowAwaitOutsideFunction: true,
  // asked for by the TypeScript parser; positions are taken from offsets
  locations: true,
};

const parsers = new Map<Loader, typeof Parser>();

function parserFor(loader: Loader): typeof Parser {
  let parser = parsers.get(loader);
  if (parser === undefined) {
    // the plugin's types are those of another copy of acorn
    type Extend = Parameters<typeof Parser.extend>[0];
    if (loader === "js") parser = Parser;
    else parser = Parser.extend(tsPlugin({ jsx: loader !== "ts" }) as unknown as Extend);
    parsers.set(loader, parser);
  }
  return parser;
}

export function loaderOf(path: string): Loader {
  if (path.endsWith(".tsx")) return "tsx";
  if (path.endsWith(".jsx")) return "jsx";
  return /\.[cm]?js$/.test(path) ? "js" : "ts";
}

/** `<const T>`, which the parser does not know everywhere, is as good as `<T>` here. */
const constTypeParameters = /(?<=[<,]\s*)const(?=\s+[\w$]+\s*(?:[,>=]|extends\b))/g;

export function parse(text: string, loader: Loader): Node {
  const known = loader === "js" ? text : text.replace(constTypeParameters, "     ");
  return parserFor(loader).parse(known, options) as unknown as Node;
}
