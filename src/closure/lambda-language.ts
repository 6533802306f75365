/** What of the language an expression may use, and how the rest is called. */
import type { Primitive } from "../expr/ir.ts";
import { languageFunctions } from "../expr/language-functions.ts";
import { child, type Node, nameOf, part, unwrap } from "./ast.ts";

const constants = new Map<string, Primitive>([
  ["undefined", undefined],
  ["NaN", NaN],
  ["Infinity", Infinity],
  ...(["E", "LN10", "LN2", "LOG10E", "LOG2E", "PI", "SQRT1_2", "SQRT2"] as const).map(
    name => [`Math.${name}`, Math[name]] as const,
  ),
  ...(
    [
      "EPSILON",
      "MAX_SAFE_INTEGER",
      "MAX_VALUE",
      "MIN_SAFE_INTEGER",
      "MIN_VALUE",
      "NaN",
      "NEGATIVE_INFINITY",
      "POSITIVE_INFINITY",
    ] as const
  ).map(name => [`Number.${name}`, Number[name]] as const),
]);

/** A constant of the language, which nobody can change, by its path. */
export function constantOf(path: string): { readonly value: Primitive } | undefined {
  return constants.has(path) ? { value: constants.get(path) } : undefined;
}

/** Functions that look at more than their first argument. */
const severalArguments = new Set(
  "Math.max Math.min Math.hypot Math.pow Math.atan2 Math.imul parseInt Number.parseInt Object.is String.fromCharCode String.fromCodePoint".split(
    " ",
  ),
);

/** Functions of the language that compute and do nothing else. */
export function isPureFunction(path: string): boolean {
  return languageFunctions.has(path);
}

/** Those of them that look at one argument, whatever else they are given. */
export function isUnaryFunction(path: string): boolean {
  return languageFunctions.has(path) && !severalArguments.has(path);
}

/** Names that a function hides from the language when it declares or imports them. */
export const languageNames: ReadonlySet<string> = new Set(
  [...languageFunctions.keys(), ...constants.keys()].map(path => path.split(".")[0]!),
);

const named: Readonly<Record<string, string>> = {
  ThisExpression: "uses this",
  Super: "uses super",
  AwaitExpression: "is async",
  YieldExpression: "is a generator",
  UpdateExpression: "assigns to a variable",
  ClassExpression: "makes a class",
  TaggedTemplateExpression: "uses a tagged template",
  ImportExpression: "imports a module",
  MetaProperty: "uses a meta property",
  ForStatement: "has a loop",
  ForInStatement: "has a loop",
  ForOfStatement: "has a loop",
  WhileStatement: "has a loop",
  DoWhileStatement: "has a loop",
  TryStatement: "has a try statement",
  LabeledStatement: "has a label",
  ClassDeclaration: "declares a class",
  TSEnumDeclaration: "declares an enum",
  DebuggerStatement: "has a debugger statement",
  JSXElement: "uses JSX",
  JSXFragment: "uses JSX",
};

/** Why an expression or statement has no place in an expression: continues "runs as JavaScript: it …". */
export function unsupported(node: Node): string {
  if (node.type === "NewExpression") {
    const name = nameOf(unwrap(part(node, "callee")));
    return name === "" ? "creates an object" : `creates ${/^[AEIOU]/.test(name) ? "an" : "a"} ${name}`;
  }
  if (node.type === "AssignmentExpression") {
    return child(node, "left")?.type === "MemberExpression" ? "assigns to a property" : "assigns to a variable";
  }
  return named[node.type] ?? `uses syntax that is not known (${node.type})`;
}
