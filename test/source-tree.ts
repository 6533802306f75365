/**
 * The repository's own TypeScript, parsed once, for tidy.test.ts and the documentation: per file its imports, functions, and the
 * few constructs that rules speak of. Kernels are AssemblyScript, which acorn does not read; for them there is only text.
 */
import { tsPlugin } from "@sveltejs/acorn-typescript";
import { Parser, type Node } from "acorn";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

export const root = join(import.meta.dirname, "..");

export interface SourceFile {
  /** From the root: "src/base/config.ts". */
  readonly path: string;
  readonly text: string;
  readonly lines: number;
  readonly imports: readonly Import[];
  readonly functions: readonly { readonly name: string; readonly line: number; readonly lines: number }[];
  /** Lines with `any` as a type. */
  readonly anyLines: readonly number[];
  readonly defaultExport: boolean;
  /** Names used but not as a property: globals such as `Bun` or `Date` are among them. */
  readonly identifiers: ReadonlySet<string>;
}

export interface Import {
  /** A path from the root for a relative import, else the specifier. */
  readonly target: string;
  readonly typeOnly: boolean;
  readonly dynamic: boolean;
}

export function filesBelow(folder: string, ending = ".ts"): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && entry.name.endsWith(ending))
    .map(entry => join(entry.parentPath, entry.name).slice(root.length + 1))
    .sort();
}

export function textOf(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

export function countLines(text: string): number {
  return text.replace(/\n$/, "").split("\n").length;
}

const parser = Parser.extend(tsPlugin());

export type Tree = Node & Record<string, unknown>;

const programs = new Map<string, { readonly program: Tree; readonly text: string }>();

/** A file's syntax tree, parsed once. */
export function parseProgram(path: string): { readonly program: Tree; readonly text: string } {
  let parsed = programs.get(path);
  if (parsed === undefined) programs.set(path, (parsed = { program: parseText(textOf(path)), text: textOf(path) }));
  return parsed;
}

export function parseText(text: string): Tree {
  return parser.parse(text, { ecmaVersion: "latest", sourceType: "module", locations: true }) as unknown as Tree;
}

/** The nodes of a property that holds a list of them. */
export function listOf(value: unknown): readonly Tree[] {
  return Array.isArray(value) ? value.filter(isNode) : [];
}

export function parseSource(path: string): SourceFile {
  const { program, text } = parseProgram(path);
  const imports: Import[] = [];
  const functions: SourceFile["functions"][number][] = [];
  const anyLines: number[] = [];
  const identifiers = new Set<string>();
  let defaultExport = false;
  walk(program, undefined, (node, parent) => {
    const source = node.source as { value?: unknown } | null | undefined;
    if (typeof source?.value === "string") imports.push(importOf(path, node, source.value));
    if (isFunction(node))
      functions.push({ name: nameOf(node, parent), line: node.loc!.start.line, lines: lineCount(node) });
    if (node.type === "TSAnyKeyword") anyLines.push(node.loc!.start.line);
    if (node.type === "ExportDefaultDeclaration") defaultExport = true;
    if (node.type === "Identifier" && !isPropertyName(node, parent)) identifiers.add(node.name as string);
  });
  return { path, text, lines: countLines(text), imports, functions, anyLines, defaultExport, identifiers };
}

export function walk(
  node: Tree,
  parent: Tree | undefined,
  visit: (node: Tree, parent: Tree | undefined) => void,
): void {
  visit(node, parent);
  for (const key in node) {
    if (key === "loc" || key === "parent") continue;
    const child = node[key];
    if (Array.isArray(child)) {
      for (const each of child) if (isNode(each)) walk(each, node, visit);
    } else if (isNode(child)) walk(child, node, visit);
  }
}

function isNode(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && typeof (value as { type?: unknown }).type === "string";
}

function importOf(path: string, node: Tree, specifier: string): Import {
  const relative = specifier.startsWith(".");
  const specifiers = (node.specifiers ?? []) as readonly { importKind?: string; exportKind?: string }[];
  const kind = (each: { importKind?: string; exportKind?: string }) =>
    each.importKind === "type" || each.exportKind === "type";
  return {
    target: relative ? normalize(join(dirname(path), specifier)) : specifier,
    typeOnly: kind(node as { importKind?: string }) || (specifiers.length > 0 && specifiers.every(kind)),
    dynamic: node.type === "ImportExpression",
  };
}

function isFunction(node: Tree): boolean {
  return ["FunctionDeclaration", "FunctionExpression", "ArrowFunctionExpression"].includes(node.type);
}

function nameOf(node: Tree, parent: Tree | undefined): string {
  const named = (node.id ?? parent?.key ?? parent?.id) as { name?: string } | null | undefined;
  return named?.name ?? "a function";
}

function lineCount(node: Node): number {
  return node.loc!.end.line - node.loc!.start.line + 1;
}

function isPropertyName(node: Tree, parent: Tree | undefined): boolean {
  if (parent?.computed === true) return false;
  return parent?.property === node || (parent?.key === node && parent.shorthand !== true);
}
