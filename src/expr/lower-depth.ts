/**
 * What is too large to be compiled: expressions nested deeper than recursion should go, and those that become much more code than
 * they are, because what is done for the items of a tuple is written for each.
 */
import type { Expr } from "./ir.ts";
import type { Lowering } from "./lowering.ts";
import { NotNative } from "./not-native.ts";
import { expressionsOf } from "./statements.ts";

const depthMax = 400;

/** Expressions written in one function, those written again included. */
const writtenMax = 50_000;

const written = new WeakMap<Lowering, number>();

export function countWritten(lowering: Lowering, expr: Expr): void {
  const count = (written.get(lowering) ?? 0) + 1;
  if (count > writtenMax) throw new NotNative("becomes too much code", expr.at);
  written.set(lowering, count);
}

const checked = new WeakSet<Expr>();

/** Goes down without recursion. `const`s and sums do not count: they are compiled one after the other. */
export function checkDepth(root: Expr): void {
  if (checked.has(root)) return;
  const waiting: { readonly expr: Expr; readonly depth: number }[] = [{ expr: root, depth: 0 }];
  for (let each = waiting.pop(); each !== undefined; each = waiting.pop()) {
    const { expr, depth } = each;
    if (depth > depthMax) throw new NotNative("is nested too deeply", expr.at);
    const isSum = expr.op === "binary" && expr.operator === "+";
    for (const child of childrenOf(expr)) {
      const isNext = (expr.op === "let" && child === expr.body) || (isSum && child === expr.left);
      waiting.push({ expr: child, depth: isNext ? depth : depth + 1 });
    }
  }
  checked.add(root);
}

export function childrenOf(expr: Expr): readonly Expr[] {
  switch (expr.op) {
    case "let":
      return [expr.value, expr.body];
    case "unary":
      return [expr.operand];
    case "spread":
      return [expr.of];
    case "binary":
    case "logical":
      return [expr.left, expr.right];
    case "conditional":
      return [expr.test, expr.then, expr.otherwise];
    case "property":
    case "item":
      return [expr.target];
    case "element":
      return [expr.target, expr.index];
    case "array":
      return expr.items;
    case "object":
      return expr.entries.map(entry => ("spread" in entry ? entry.spread : entry.value));
    case "call":
      return expr.args;
    case "method":
      return [expr.target, ...expr.args];
    case "each":
      return [expr.target, expr.body, ...(expr.accumulator === undefined ? [] : [expr.accumulator.first])];
    case "block":
      return expressionsOf(expr.body);
    default:
      return [];
  }
}
