/**
 * The statements of a function's body as one expression: constants become `let`, an `if` that returns becomes a conditional whose
 * other branch is the rest of the body, `throw` gives the row to JavaScript.
 */
import type { Expr } from "../expr/ir.ts";
import { child, isTypeOnly, list, type Node, part, unwrap } from "./ast.ts";
import { isImperative } from "./lambda-assigned.ts";
import { constant, type Converter, valueOf } from "./lambda-converter.ts";
import { unsupported } from "./lambda-language.ts";
import { imperativeBody } from "./lambda-loops.ts";
import { type Env, nestedVar } from "./lambda-names.ts";
import { isTagStatement } from "./lambda-tags.ts";

/** What follows a statement, and where `break` goes on. */
interface Flow {
  readonly next: () => Expr;
  readonly leave: (() => Expr) | undefined;
}

export function functionBody(c: Converter, node: Node, env: Env): Expr {
  const body = part(node, "body");
  if (body.type !== "BlockStatement") return c.expression(body, env);
  const statements = list(body, "body");
  const hoisted = nestedVar(statements);
  if (hoisted !== undefined) c.refuse("declares a variable with var in a block", hoisted, env);
  if (isImperative(statements)) return imperativeBody(c, statements, env);
  return block(c, statements, env, { next: () => constant(undefined), leave: undefined });
}

function block(c: Converter, statements: readonly Node[], outer: Env, flow: Flow): Expr {
  const env = outer.inner();
  env.declareBlock(statements);
  const from = (at: number): Expr => {
    const statement = statements[at];
    if (statement === undefined) return flow.next();
    return convert(c, statement, env, { next: () => from(at + 1), leave: flow.leave });
  };
  return from(0);
}

function convert(c: Converter, node: Node, env: Env, flow: Flow): Expr {
  if (isTypeOnly(node) || isTagStatement(node, env)) return flow.next();
  switch (node.type) {
    case "EmptyStatement":
    case "FunctionDeclaration":
      return flow.next();
    case "ReturnStatement": {
      const argument = child(node, "argument");
      return argument === undefined ? constant(undefined) : c.expression(argument, env);
    }
    case "BlockStatement":
      return block(c, list(node, "body"), env, flow);
    case "IfStatement":
      return conditional(c, node, env, flow);
    case "VariableDeclaration":
      return declaration(c, node, env, flow);
    case "SwitchStatement":
      return choice(c, node, env, flow);
    case "BreakStatement":
      if (child(node, "label") !== undefined || flow.leave === undefined) return c.refuse("has a label", node, env);
      return flow.leave();
    case "ThrowStatement":
      return c.made({ op: "giveUp", reason: "it throws" }, node, env);
    case "ExpressionStatement": {
      if (typeof node["directive"] === "string") return flow.next();
      const value = c.expression(part(node, "expression"), env);
      return { op: "let", local: c.local(), value, body: flow.next() };
    }
    default:
      return c.refuse(unsupported(node), node, env);
  }
}

/** What follows is written once in each branch that does not return. */
function conditional(c: Converter, node: Node, env: Env, flow: Flow): Expr {
  const test = c.expression(part(node, "test"), env);
  const branch = (statement: Node | undefined) =>
    statement === undefined ? flow.next() : block(c, [statement], env, flow);
  const then = branch(child(node, "consequent"));
  return c.made({ op: "conditional", test, then, otherwise: branch(child(node, "alternate")) }, node, env);
}

function declaration(c: Converter, node: Node, env: Env, flow: Flow): Expr {
  const declarators = list(node, "declarations");
  const from = (at: number): Expr => {
    const declarator = declarators[at];
    if (declarator === undefined) return flow.next();
    const init = child(declarator, "init");
    // it may have one already: a parameter's
    if (init === undefined && node["kind"] === "var") c.refuse("declares a variable without a value", declarator, env);
    const value = init === undefined ? valueOf(constant(undefined)) : c.evaluate(init, env);
    if (value.kind === "refused") return c.refuse(value.reason, declarator, env);
    return c.bind(part(declarator, "id"), value, env, () => from(at + 1));
  };
  return from(0);
}

/** A chain of comparisons; what a case runs goes on through the cases after it. */
function choice(c: Converter, node: Node, env: Env, flow: Flow): Expr {
  const cases = list(node, "cases");
  const bodies = cases.map(each => list(each, "consequent"));
  // one scope for all cases
  const scope = env.inner();
  scope.declareBlock(bodies.flat());
  const run = (from: number): Expr => block(c, bodies.slice(from).flat(), scope, { next: flow.next, leave: flow.next });
  const otherwise = cases.findIndex(each => child(each, "test") === undefined);
  const discriminant = c.expression(unwrap(part(node, "discriminant")), env);
  return c.shared(discriminant, left => {
    const from = (at: number): Expr => {
      const each = cases[at];
      if (each === undefined) return otherwise < 0 ? flow.next() : run(otherwise);
      const value = child(each, "test");
      if (value === undefined) return from(at + 1);
      const test = c.made({ op: "binary", operator: "===", left, right: c.expression(value, scope) }, each, env);
      return c.made({ op: "conditional", test, then: run(at), otherwise: from(at + 1) }, each, env);
    };
    return from(0);
  });
}
