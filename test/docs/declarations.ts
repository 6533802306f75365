/**
 * What the package exports, as written in the sources: per class, interface, function and constant its members with their docstrings
 * and signatures. Members that are private, protected or `@internal` are left out; inherited ones count as the class's own.
 */
import { dirname, join, normalize } from "node:path";
import { listOf, parseProgram, type Tree } from "../source-tree.ts";
import { formOf, propertyForm, signatureOf } from "./signatures.ts";

export interface Member {
  readonly name: string;
  readonly isStatic: boolean;
  readonly isCall: boolean;
  /** One for each overload that users see. */
  readonly signatures: readonly string[];
  /** The docstring's text without its stars; empty where there is none. */
  readonly docs: string;
  /** "src/api/rdd-core.ts:30". */
  readonly at: string;
}

export interface Declaration {
  readonly name: string;
  readonly docs: string;
  readonly at: string;
  readonly kind: "class" | "interface" | "function" | "constant" | "type";
  /** Of a function its call, of a type what it stands for. */
  readonly signatures: readonly string[];
  readonly members: readonly Member[];
}

interface Found {
  readonly node: Tree;
  readonly docs: string;
  readonly text: string;
  readonly path: string;
}

/** Every exported name, in the order of src/index.ts. An interface and a constant of one name are both there. */
export function publicDeclarations(): Declaration[] {
  const files = new Map<string, Found[]>();
  const fileOf = (path: string): Found[] => {
    let found = files.get(path);
    if (found === undefined) files.set(path, (found = topLevel(path)));
    return found;
  };
  return exportsOf("src/index.ts").flatMap(({ name, path }) =>
    fileOf(path)
      .filter(each => nameOf(each.node) === name)
      .map(each => declarationOf(each, fileOf)),
  );
}

function exportsOf(path: string): { readonly name: string; readonly path: string }[] {
  return listOf(parseProgram(path).program.body).flatMap(statement =>
    listOf(statement.specifiers).map(each => ({
      name: (each.exported as Tree).name as string,
      path: normalize(join(dirname(path), (statement.source as unknown as { value: string }).value)),
    })),
  );
}

function topLevel(path: string): Found[] {
  const { program, text } = parseProgram(path);
  return listOf(program.body).flatMap(statement => {
    const declared = statement.declaration as Tree | null | undefined;
    const nodes = declared?.type === "VariableDeclaration" ? listOf(declared.declarations) : [declared ?? statement];
    return nodes.map(node => ({ node, docs: docsBefore(text, statement.start), text, path }));
  });
}

function declarationOf(found: Found, fileOf: (path: string) => Found[]): Declaration {
  const { node, docs, text, path } = found;
  const shared = { name: nameOf(node)!, docs, at: placeOf(path, node) };
  switch (node.type) {
    case "ClassDeclaration":
      return { ...shared, kind: "class", signatures: constructorOf(found), members: classMembers(found, fileOf) };
    case "TSInterfaceDeclaration":
      return {
        ...shared,
        kind: "interface",
        signatures: [],
        members: interfaceMembers(found, fileOf),
      };
    case "VariableDeclarator":
      return { ...shared, kind: "constant", signatures: [], members: constantMembers(found) };
    case "TSTypeAliasDeclaration":
      return { ...shared, kind: "type", signatures: [sliceOf(text, node.typeAnnotation as Tree)], members: [] };
    default:
      return { ...shared, kind: "function", signatures: [signatureOf(text, nameOf(node)!, node)], members: [] };
  }
}

/** Its own, then those of the interfaces of its file that it extends. */
function interfaceMembers(found: Found, fileOf: (path: string) => Found[]): Member[] {
  const parents = listOf(found.node.extends).map(each => (each.expression as Tree).name);
  const inherited = fileOf(found.path).filter(each => parents.includes(nameOf(each.node)));
  const own = ownMembers(found, listOf((found.node.body as Tree).body));
  return [...own, ...inherited.flatMap(each => interfaceMembers(each, fileOf))];
}

/** `new Name(…)`, where users may call it. */
function constructorOf({ node, text }: Found): string[] {
  const found = listOf((node.body as Tree).body).find(each => each.kind === "constructor");
  if (found === undefined || isHidden(found, docsBefore(text, found.start))) return [];
  return [signatureOf(text, `new ${nameOf(node)!}`, found.value as Tree)];
}

/** Its own, then those of the classes that it extends. */
function classMembers(found: Found, fileOf: (path: string) => Found[]): Member[] {
  const own = ownMembers(found, listOf((found.node.body as Tree).body));
  const parentName = (found.node.superClass as Tree | null)?.name;
  const parent =
    importedFrom(found.path, parentName as string | undefined)
      .flatMap(path => fileOf(path))
      .find(each => nameOf(each.node) === parentName) ?? undefined;
  if (parent === undefined) return own;
  const names = new Set(own.map(each => each.name));
  return [...own, ...classMembers(parent, fileOf).filter(each => !names.has(each.name))];
}

function importedFrom(path: string, name: string | undefined): string[] {
  return listOf(parseProgram(path).program.body)
    .filter(each => each.type === "ImportDeclaration")
    .filter(each => listOf(each.specifiers).some(one => (one.local as Tree).name === name))
    .map(each => normalize(join(dirname(path), (each.source as unknown as { value: string }).value)));
}

/** The members of a class or interface. Of overloads those without a body are what users see. */
function ownMembers({ text, path }: Found, nodes: readonly Tree[]): Member[] {
  const members = new Map<string, Member & { readonly hasBody: boolean }>();
  for (const node of nodes) {
    const docs = docsBefore(text, node.start);
    for (const each of node.kind === "constructor" ? parameterProperties(node, text) : [{ node, docs }]) {
      const name = memberName(each.node, text);
      if (name === undefined || isHidden(each.node, each.docs)) continue;
      const { signature, isCall } = formOf(text, name, each.node);
      const before = members.get(name);
      const hasBody = (each.node.value as Tree | null | undefined)?.type === "FunctionExpression";
      members.set(name, {
        name,
        isStatic: each.node.static === true,
        isCall,
        signatures:
          before === undefined ? [signature] : hasBody ? before.signatures : [...before.signatures, signature],
        docs: before?.docs || each.docs,
        at: before?.at ?? placeOf(path, each.node),
        hasBody,
      });
    }
  }
  return [...members.values()];
}

function parameterProperties(node: Tree, text: string): { node: Tree; docs: string }[] {
  return listOf((node.value as Tree).params)
    .filter(each => each.type === "TSParameterProperty")
    .map(each => ({ node: each, docs: docsBefore(text, each.start) }));
}

/** The properties of an object literal, behind `as const` and `satisfies`. */
function constantMembers({ node, text, path }: Found): Member[] {
  let value = node.init as Tree | null;
  while (value?.type === "TSAsExpression" || value?.type === "TSSatisfiesExpression") value = value.expression as Tree;
  if (value?.type !== "ObjectExpression") return [];
  return listOf(value.properties)
    .filter(each => (each.key as Tree | undefined)?.type === "Identifier")
    .map(each => {
      const name = (each.key as Tree).name as string;
      const docs = docsBefore(text, each.start);
      const value = each.value as Tree;
      const isCall = value.type === "FunctionExpression";
      const signatures = [isCall ? signatureOf(text, name, value) : propertyForm(name)];
      return { name, isStatic: true, isCall, signatures, docs, at: placeOf(path, each) };
    });
}

function memberName(node: Tree, text: string): string | undefined {
  const key = (node.type === "TSParameterProperty" ? innerName(node) : node.key) as Tree | undefined;
  if (key === undefined || key.type === "PrivateIdentifier") return undefined;
  if (node.computed !== true) return key.name as string;
  // `[Symbol.asyncIterator]` is the language's; other computed members are the engine's own
  return key.type === "MemberExpression" ? `[${sliceOf(text, key)}]` : undefined;
}

function innerName(node: Tree): Tree {
  const parameter = node.parameter as Tree;
  return (parameter.type === "AssignmentPattern" ? parameter.left : parameter) as Tree;
}

function isHidden(node: Tree, docs: string): boolean {
  return (
    node.accessibility === "private" ||
    node.accessibility === "protected" ||
    docs.includes("@internal") ||
    node.declare === true
  );
}

function nameOf(node: Tree): string | undefined {
  return (node.id as Tree | null | undefined)?.name as string | undefined;
}

function placeOf(path: string, node: Tree): string {
  return `${path}:${node.loc!.start.line}`;
}

function sliceOf(text: string, node: Tree): string {
  return text.slice(node.start, node.end);
}

/** The docstring that ends right before `start`. */
export function docsBefore(text: string, start: number): string {
  const before = text.slice(0, start).trimEnd();
  if (!before.endsWith("*/")) return "";
  const begin = before.lastIndexOf("/*");
  if (!before.startsWith("/**", begin)) return "";
  return before
    .slice(begin + 3, -2)
    .split("\n")
    .map(line => line.replace(/^\s*\* ?/, "").trimEnd())
    .join("\n")
    .trim();
}
