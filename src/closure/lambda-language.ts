/** What of the language an expression may use: constants, functions and methods without effects; and how the rest is called. */
import type { Primitive } from "../expr/ir.ts";
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

const mathUnary =
  "abs acos acosh asin asinh atan atanh cbrt ceil clz32 cos cosh exp expm1 floor fround log log10 log1p log2 round sign sin sinh sqrt tan tanh trunc";

/** Functions of one argument, whatever else they are given. */
const unaryFunctions = new Set([
  ...mathUnary.split(" ").map(name => `Math.${name}`),
  ..."isFinite isInteger isNaN isSafeInteger parseFloat".split(" ").map(name => `Number.${name}`),
  ..."Number String Boolean isNaN isFinite parseFloat Array.isArray".split(" "),
]);
const functions = new Set([
  ...unaryFunctions,
  ..."max min hypot pow atan2 imul".split(" ").map(name => `Math.${name}`),
  ..."parseInt Number.parseInt Object.is String.fromCharCode String.fromCodePoint".split(" "),
]);

/** Functions of the language that compute and do nothing else. */
export function isPureFunction(path: string): boolean {
  return functions.has(path);
}

export function isUnaryFunction(path: string): boolean {
  return unaryFunctions.has(path);
}

/** Names that a function hides from the language when it declares or imports them. */
export const languageNames: ReadonlySet<string> = new Set(
  [...functions, ...constants.keys()].map(path => path.split(".")[0]!),
);

/** Methods of strings, arrays, dates and numbers that compute and do nothing else. */
export const pureMethods: ReadonlySet<string> = new Set(
  [
    "at charAt charCodeAt codePointAt concat endsWith includes indexOf isWellFormed lastIndexOf localeCompare normalize padEnd",
    "padStart repeat replace replaceAll slice split startsWith substr substring toLowerCase toString toUpperCase",
    "toWellFormed trim trimEnd trimStart valueOf join toReversed with toFixed toPrecision toExponential hasOwnProperty",
    "getDate getDay getFullYear getHours getMilliseconds getMinutes getMonth getSeconds getTime getTimezoneOffset getUTCDate",
    "getUTCDay getUTCFullYear getUTCHours getUTCMilliseconds getUTCMinutes getUTCMonth getUTCSeconds toISOString",
  ].flatMap(each => each.split(" ")),
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
