/**
 * What the transform wrote around functions and calls, seen through: in a bundle that another process made, a function is read from
 * its own text, which is the transformed one.
 */
import { list, type Node, nameOf, part } from "./ast.ts";
import type { Env } from "./lambda-names.ts";

const tagCall = /^\$fs[tok]\d*$/;

/** The function in `$fst(function, id, captures)`, the call in `$fsk(call)`, the object in `$fso(object, …)`. */
export function withoutTag(node: Node, { home }: Env): Node {
  let inner = node;
  if (!home.isTransformed) return inner;
  for (;;) {
    if (inner.type !== "CallExpression" || !tagCall.test(nameOf(part(inner, "callee")))) return inner;
    const [first] = list(inner, "arguments");
    if (first === undefined) return inner;
    inner = first;
  }
}

/** `$fst(name, id, captures);` after a declaration. */
export function isTagStatement(node: Node, { home }: Env): boolean {
  if (node.type !== "ExpressionStatement" || !home.isTransformed) return false;
  const expression = part(node, "expression");
  return expression.type === "CallExpression" && /^\$fst\d*$/.test(nameOf(part(expression, "callee")));
}
