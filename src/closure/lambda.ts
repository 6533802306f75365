/**
 * From a function of the user's to an expression: what it computes from its parameters and captures, with exactly JavaScript's
 * meaning; or the first thing in it that has none, and where. Functions of the user's that it calls become part of it.
 */
import type { Expr, Lambda, NoLambda } from "../expr/ir.ts";
import type { Node } from "./ast.ts";
import { inlineCall, parametersOf, refuseKind } from "./lambda-calls.ts";
import { Converter, Refused, valueOf } from "./lambda-converter.ts";
import { evaluateNode, toExpression } from "./lambda-expressions.ts";
import { isPureFunction, isUnaryFunction } from "./lambda-language.ts";
import type { Binding, Env, FunctionSource } from "./lambda-names.ts";
import { bindPattern } from "./lambda-patterns.ts";
import { functionBody } from "./lambda-statements.ts";

class Conversion extends Converter {
  override expression(node: Node, env: Env): Expr {
    return toExpression(this, node, env);
  }

  override evaluate(node: Node, env: Env): Binding {
    return evaluateNode(this, node, env);
  }

  override inline(source: FunctionSource, args: readonly Binding[], node: Node, env: Env): Expr {
    return inlineCall(this, source, args, node, env);
  }

  override body(fn: Node, env: Env): Expr {
    return functionBody(this, fn, env);
  }

  override bind(pattern: Node, value: Binding, env: Env, body: () => Expr): Expr {
    return bindPattern(this, pattern, value, env, body);
  }

  lambda(source: FunctionSource): Lambda {
    refuseKind(this, source);
    const { node, env } = source;
    const parameters = parametersOf(node).length;
    this.locals = parameters;
    const args = Array.from({ length: parameters }, (_, local) => valueOf({ op: "local", local }));
    const body = this.inline(source, args, node, env);
    return { file: this.root.file, parameters, locals: this.locals, captures: this.captures, body };
  }
}

export function lambdaOf(source: FunctionSource): Lambda | NoLambda {
  try {
    return new Conversion(source.env.home).lambda(source);
  } catch (thrown) {
    if (thrown instanceof Refused) return { reason: thrown.reason, file: thrown.file, at: thrown.at };
    // a syntax tree too deep for the stack
    if (thrown instanceof RangeError) return { reason: "is too long", file: source.env.home.file, at: undefined };
    throw thrown;
  }
}

/** Operators that hand two values. */
const folds: ReadonlySet<string> = new Set(["reduce", "fold", "reduceByKey", "foldByKey"]);

/** A function of the language given as it is: `map(Math.sqrt)`. */
export function lambdaOfBuiltin(path: string, operator: string): Lambda | NoLambda {
  const parameters = isUnaryFunction(path) ? 1 : path === "parseInt" || path === "Number.parseInt" ? 2 : 0;
  const count = parameters === 0 && isPureFunction(path) && folds.has(operator) ? 2 : parameters;
  if (count === 0) return { reason: `calls ${path}`, file: undefined, at: undefined };
  const args = Array.from({ length: count }, (_, local): Expr => ({ op: "local", local }));
  return { file: undefined, parameters: count, locals: count, captures: [], body: { op: "call", callee: path, args } };
}
