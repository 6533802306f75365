/**
 * A function's statements as statements of the IR, where it has loops or assigns to its variables: those become locals that
 * change. Functions within see such a variable as it is when they are called, and assign to none outside of themselves.
 */
import type { Binary, Expr, Statement } from "../expr/ir.ts";
import { child, isTypeOnly, list, type Node, nameOf, part, unwrap } from "./ast.ts";
import { alwaysReturns, assignedName } from "./lambda-assigned.ts";
import { constant, type Converter, valueOf } from "./lambda-converter.ts";
import { unsupported } from "./lambda-language.ts";
import { type Binding, type Env, patternNames } from "./lambda-names.ts";
import { isTagStatement } from "./lambda-tags.ts";

/** Where `break` and `continue` go on, and whether nothing follows but the function's end. */
interface Context {
  readonly behind: number | undefined;
  readonly loop: number | undefined;
  readonly isTail: boolean;
}

export function imperativeBody(c: Converter, statements: readonly Node[], env: Env): Expr {
  return { op: "block", body: sequence(c, statements, env, { behind: undefined, loop: undefined, isTail: true }) };
}

function sequence(c: Converter, nodes: readonly Node[], outer: Env, context: Context): Statement[] {
  const env = outer.inner();
  env.declareBlock(nodes);
  return run(c, nodes, env, context);
}

/** Statements whose names are declared. */
function run(c: Converter, nodes: readonly Node[], env: Env, context: Context): Statement[] {
  const made: Statement[] = [];
  for (let at = 0; at < nodes.length; at++) {
    const node = nodes[at]!;
    const isLast = at === nodes.length - 1;
    if (context.isTail && node.type === "IfStatement" && chooses(node)) {
      made.push(choice(c, node, nodes.slice(at + 1), env, context));
      return made;
    }
    made.push(...convert(c, node, env, isLast ? context : { ...context, isTail: false }));
    if (node.type === "ReturnStatement" || node.type === "BreakStatement" || node.type === "ContinueStatement") break;
  }
  return made;
}

/** One branch returns, so that the other one is all that is left. */
function chooses(node: Node): boolean {
  return alwaysReturns(child(node, "consequent")) || alwaysReturns(child(node, "alternate"));
}

/** The two ways to go on as one value: they may be of kinds that no local could hold in turn. */
function choice(c: Converter, node: Node, rest: readonly Node[], env: Env, context: Context): Statement {
  const test = c.expression(part(node, "test"), env);
  const way = (branch: Node | undefined): Expr => {
    const own = branch === undefined ? [] : [branch];
    const inner = env.inner();
    const body = alwaysReturns(branch)
      ? sequence(c, own, inner, context)
      : [...sequence(c, own, inner, { ...context, isTail: false }), ...run(c, rest, env, context)];
    const [first] = body;
    return body.length === 1 && first?.do === "return" ? first.value : { op: "block", body };
  };
  const then = way(child(node, "consequent"));
  const value = c.made({ op: "conditional", test, then, otherwise: way(child(node, "alternate")) }, node, env);
  return { do: "return", value };
}

function convert(c: Converter, node: Node, env: Env, context: Context): Statement[] {
  if (isTypeOnly(node) || isTagStatement(node, env)) return [];
  c.count(node, env);
  const at = c.place(node, env);
  const made = (statement: Statement): Statement[] => [at === undefined ? statement : { ...statement, at }];
  const body = (key: string, inner = context) => {
    const statement = child(node, key);
    return statement === undefined ? [] : sequence(c, [statement], env, { ...inner, isTail: false });
  };
  switch (node.type) {
    case "EmptyStatement":
    case "FunctionDeclaration":
      return [];
    case "ReturnStatement": {
      const argument = child(node, "argument");
      return made({ do: "return", value: argument === undefined ? constant(undefined) : c.expression(argument, env) });
    }
    case "BlockStatement":
      return sequence(c, list(node, "body"), env, context);
    case "ExpressionStatement":
      return typeof node["directive"] === "string" ? [] : effect(c, part(node, "expression"), env);
    case "VariableDeclaration":
      return list(node, "declarations").flatMap(each => declared(c, each, node, env));
    case "IfStatement": {
      const test = c.expression(part(node, "test"), env);
      return made({ do: "if", test, then: body("consequent"), otherwise: body("alternate") });
    }
    case "ForStatement":
      return made(forLoop(c, node, env));
    case "WhileStatement":
    case "DoWhileStatement": {
      const label = c.label();
      const inner = { behind: label, loop: label, isTail: false };
      const counted = node.type === "WhileStatement" ? countedTest(c, part(node, "test"), label, env) : undefined;
      if (counted !== undefined) {
        const all = [...counted, ...body("body", inner)];
        return made({ do: "loop", label, init: [], test: constant(true), update: [], body: all });
      }
      const test = c.expression(part(node, "test"), env);
      const first = node.type === "DoWhileStatement" ? ({ first: true } as const) : {};
      return made({ do: "loop", label, init: [], test, update: [], body: body("body", inner), ...first });
    }
    case "ForOfStatement":
      return made(forOf(c, node, env));
    case "SwitchStatement":
      return switched(c, node, env, context);
    case "BreakStatement":
    case "ContinueStatement": {
      const isBreak = node.type === "BreakStatement";
      const label = isBreak ? context.behind : context.loop;
      if (child(node, "label") !== undefined || label === undefined) return c.refuse("has a label", node, env);
      return made(isBreak ? { do: "leave", label } : { do: "continue", label });
    }
    case "ThrowStatement":
      return made({ do: "evaluate", value: c.made({ op: "giveUp", reason: "it throws" }, node, env) });
    default:
      return c.refuse(unsupported(node), node, env);
  }
}

/** `while (n-- > 0)`: what it does at the beginning of each round. */
function countedTest(c: Converter, wrapped: Node, label: number, env: Env): Statement[] | undefined {
  const test = unwrap(wrapped);
  const isComparison = test.type === "BinaryExpression" && /^[<>!=]=*$/.test(String(test["operator"]));
  const isCompared = isComparison && unwrap(part(test, "right")).type === "Literal";
  const counting = isCompared ? unwrap(part(test, "left")) : test;
  if (counting.type !== "UpdateExpression") return undefined;
  const counter = variable(c, part(counting, "argument"), counting, env);
  const local = c.local();
  const value: Expr = { op: "unary", operator: "+", operand: { op: "variable", local: counter } };
  const read: Statement = { do: "let", local, value };
  const update = effect(c, counting, env);
  const left: Expr = { op: "local", local };
  const operator = test["operator"] as Binary;
  const goesOn: Expr = isCompared
    ? { op: "binary", operator, left, right: c.expression(part(test, "right"), env) }
    : left;
  const leave: Statement = { do: "if", test: goesOn, then: [], otherwise: [{ do: "leave", label }] };
  return counting["prefix"] === true ? [...update, read, leave] : [read, ...update, leave];
}

function declared(c: Converter, declarator: Node, node: Node, env: Env): Statement[] {
  const init = child(declarator, "init");
  if (init === undefined && node["kind"] === "var") c.refuse("declares a variable without a value", declarator, env);
  const value = init === undefined ? valueOf(constant(undefined)) : c.evaluate(init, env);
  if (value.kind === "refused") return c.refuse(value.reason, declarator, env);
  const pattern = part(declarator, "id");
  const made = bound(c, pattern, value, env);
  if (node["kind"] === "const") keepConstant(pattern, env);
  return made;
}

/** Assigning to it is an error. */
function keepConstant(pattern: Node, env: Env): void {
  for (const name of patternNames(pattern)) {
    const found = env.find(name);
    if (found.kind === "value" && found.owner !== undefined) env.declare(name, valueOf(found.value));
  }
}

const end: Expr = { op: "constant", value: undefined };

/** What binds a pattern's names, as statements. */
function bound(c: Converter, pattern: Node, value: Binding, env: Env): Statement[] {
  const made: Statement[] = [];
  const last: Expr = { ...end };
  let next = c.bind(pattern, value, env, () => last);
  while (next !== last) {
    if (next.op === "let") {
      made.push({ do: "let", local: next.local, value: next.value });
      next = next.body;
    } else if (next.op === "block") {
      const [declaration, rest] = next.body;
      if (declaration === undefined || rest?.do !== "return") break;
      made.push(declaration);
      next = rest.value;
    } else break;
  }
  if (next !== last) return c.refuse("uses a pattern that is not known", pattern, env);
  return made;
}

function forLoop(c: Converter, node: Node, outer: Env): Statement {
  const env = outer.inner();
  const given = child(node, "init");
  if (given !== undefined) env.declareBlock([given]);
  const label = c.label();
  const isDeclaration = given?.type === "VariableDeclaration";
  const context = { behind: label, loop: label, isTail: false };
  const init = given === undefined ? [] : isDeclaration ? convert(c, given, env, context) : effect(c, given, env);
  const condition = child(node, "test");
  const test = condition === undefined ? constant(true) : c.expression(condition, env);
  const after = child(node, "update");
  const update = after === undefined ? [] : effect(c, after, env);
  return { do: "loop", label, init, test, update, body: sequence(c, [part(node, "body")], env, context) };
}

function forOf(c: Converter, node: Node, outer: Env): Statement {
  const left = part(node, "left");
  if (node["await"] === true) c.refuse("is async", node, outer);
  if (left.type !== "VariableDeclaration") c.refuse("assigns to a variable in a loop's head", left, outer);
  const target = c.expression(part(node, "right"), outer);
  const env = outer.inner();
  env.declareBlock([left]);
  const label = c.label();
  const item = c.local();
  const names = bound(c, part(list(left, "declarations")[0]!, "id"), valueOf({ op: "local", local: item }), env);
  if (left["kind"] === "const") keepConstant(part(list(left, "declarations")[0]!, "id"), env);
  const body = sequence(c, [part(node, "body")], env, { behind: label, loop: label, isTail: false });
  return { do: "forOf", label, item, target, body: [...names, ...body] };
}

/** A chain of comparisons; what a case runs goes on through the cases after it. */
function switched(c: Converter, node: Node, env: Env, context: Context): Statement[] {
  const cases = list(node, "cases");
  const bodies = cases.map(each => list(each, "consequent"));
  const scope = env.inner();
  scope.declareBlock(bodies.flat());
  const label = c.label();
  const run = (from: number) =>
    sequence(c, bodies.slice(from).flat(), scope, { ...context, behind: label, isTail: false });
  const local = c.local();
  const value = c.expression(unwrap(part(node, "discriminant")), env);
  const otherwise = cases.findIndex(each => child(each, "test") === undefined);
  const from = (at: number): Statement[] => {
    const each = cases[at];
    if (each === undefined) return otherwise < 0 ? [] : run(otherwise);
    const right = child(each, "test");
    if (right === undefined) return from(at + 1);
    const left: Expr = { op: "local", local };
    const test = c.made({ op: "binary", operator: "===", left, right: c.expression(right, scope) }, each, env);
    return [{ do: "if", test, then: run(at), otherwise: from(at + 1) }];
  };
  return [
    { do: "let", local, value },
    { do: "block", label, body: from(0) },
  ];
}

/** An expression for what it does. */
function effect(c: Converter, wrapped: Node, env: Env): Statement[] {
  const node = unwrap(wrapped);
  const at = c.place(node, env);
  if (node.type === "SequenceExpression") return list(node, "expressions").flatMap(each => effect(c, each, env));
  if (node.type === "UpdateExpression") {
    const local = variable(c, part(node, "argument"), node, env);
    const operand: Expr = { op: "unary", operator: "+", operand: { op: "variable", local } };
    const operator: Binary = node["operator"] === "++" ? "+" : "-";
    const value = c.made({ op: "binary", operator, left: operand, right: constant(1) }, node, env);
    return [{ do: "assign", local, value, ...(at && { at }) }];
  }
  if (node.type === "AssignmentExpression") return assignment(c, node, env);
  return [{ do: "evaluate", value: c.expression(node, env) }];
}

function assignment(c: Converter, node: Node, env: Env): Statement[] {
  const target = unwrap(part(node, "left"));
  const right = unwrap(part(node, "right"));
  const at = c.place(node, env);
  if (target.type === "ArrayPattern" || target.type === "ObjectPattern") return destructured(c, node, env);
  const local = variable(c, target, node, env);
  const operator = (node["operator"] as string).slice(0, -1);
  const before: Expr = { op: "variable", local };
  if (operator === "" && right.type === "AssignmentExpression" && assignedName(part(right, "left")) !== undefined) {
    const inner = assignment(c, right, env);
    const value: Expr = { op: "variable", local: variable(c, part(right, "left"), right, env) };
    return [...inner, { do: "assign", local, value, ...(at && { at }) }];
  }
  const given = c.expression(right, env);
  const assign = (value: Expr): Statement => ({ do: "assign", local, value, ...(at && { at }) });
  if (operator === "") return [assign(given)];
  if (operator === "&&") return [{ do: "if", test: before, then: [assign(given)], otherwise: [] }];
  if (operator === "||") return [{ do: "if", test: before, then: [], otherwise: [assign(given)] }];
  if (operator === "??") {
    const test: Expr = { op: "binary", operator: "==", left: before, right: constant(null) };
    return [{ do: "if", test, then: [assign(given)], otherwise: [] }];
  }
  const value: Expr = { op: "binary", operator: operator as Binary, left: before, right: given };
  return [assign(c.made(value, node, env))];
}

/** `[a, b] = [b, a]`: names are bound as constants, and then assigned. */
function destructured(c: Converter, node: Node, env: Env): Statement[] {
  if (node["operator"] !== "=") return c.refuse("assigns to a pattern", node, env);
  const pattern = unwrap(part(node, "left"));
  if (pattern.type !== "ArrayPattern") return c.refuse("assigns to a pattern", node, env);
  const names = (pattern["elements"] as readonly (Node | null)[]).map(each => each && assignedName(each));
  if (names.includes(undefined) || patternNames(pattern).length === 0)
    return c.refuse("assigns to a pattern", node, env);
  const target = c.local();
  const made: Statement[] = [{ do: "let", local: target, value: c.expression(part(node, "right"), env) }];
  names.forEach((name, index) => {
    if (name == null) return;
    const element = (pattern["elements"] as readonly Node[])[index]!;
    const value = c.made({ op: "item", target: { op: "local", local: target }, index }, element, env);
    made.push({ do: "assign", local: variable(c, element, node, env), value });
  });
  return made;
}

/** The local of a variable that may be assigned to here. */
function variable(c: Converter, target: Node, node: Node, env: Env): number {
  const name = assignedName(target);
  if (name === undefined) return c.refuse("assigns to a property", node, env);
  const found = env.find(name);
  if (found.kind === "refused") return c.refuse(found.reason, target, env);
  if (found.kind !== "value" || found.owner === undefined) return c.refuse(`assigns to ${name}`, node, env);
  if (found.owner !== c.owner) return c.refuse(`assigns to ${name}, a variable outside of it`, node, env);
  return (found.value as Extract<Expr, { op: "variable" }>).local;
}
