/** Calls: of the user's functions, which are inlined; of the language's functions and methods; of `map` and its kind with a lambda. */
import type { Expr } from "../expr/ir.ts";
import { eachMethods, pureMethods } from "../expr/language-functions.ts";
import { list, type Node, nameOf, part, unwrap } from "./ast.ts";
import { assignedNames } from "./lambda-assigned.ts";
import { constant, type Converter, isTrivial, valueOf } from "./lambda-converter.ts";
import { isPureFunction, isUnaryFunction } from "./lambda-language.ts";
import type { Binding, Env, FunctionSource } from "./lambda-names.ts";
import { keyOf, partOf } from "./lambda-parts.ts";

type EachMethod = Extract<Expr, { op: "each" }>["method"];

export function callExpression(c: Converter, node: Node, env: Env): Binding {
  const callee = unwrap(part(node, "callee"));
  if (callee.type === "MemberExpression") {
    return methodCall(c, c.evaluate(part(callee, "object"), env), callee, node, env);
  }
  if (callee.type === "Super") return c.refuse("uses super", node, env);
  return callOf(c, c.evaluate(callee, env), node, env);
}

/** Calls what a name or captured object holds. */
function callOf(c: Converter, callee: Binding, node: Node, env: Env): Binding {
  const name = calleeText(node);
  switch (callee.kind) {
    case "function":
      return valueOf(c.inline(callee.source, givenArguments(c, node, env), node, env));
    case "global":
      if (!isPureFunction(callee.path)) return c.refuse(`calls ${callee.path}`, node, env);
      return valueOf(c.made({ op: "call", callee: callee.path, args: values(c, node, env) }, node, env));
    case "refused":
      return c.refuse(callee.reason.replace(/^uses (?=.*which is not a function)/, "calls "), node, env);
    case "value":
    case "object":
    case "namespace":
    case "primitive":
      return c.refuse(`calls ${name}, which is not a function of the job's files`, node, env);
  }
}

function calleeText(node: Node): string {
  const callee = unwrap(part(node, "callee"));
  return (
    nameOf(callee) || nameOf(callee.type === "MemberExpression" ? part(callee, "property") : undefined) || "a value"
  );
}

/** `target.name(…)`, where the target is already known. */
export function methodCall(c: Converter, target: Binding, member: Node, node: Node, env: Env): Binding {
  const table = target.kind === "object" ? tableWithMethod(c, target, member, env) : undefined;
  if (table !== undefined) return methodCall(c, valueOf(table), member, node, env);
  if (target.kind === "global" || target.kind === "object" || target.kind === "namespace") {
    return callOf(c, partOf(c, target, member, env), node, env);
  }
  if (target.kind === "function") return c.refuse("calls a method of a function", node, env);
  if (target.kind === "refused") return c.refuse(target.reason, node, env);
  const of = target.kind === "primitive" ? c.capture(target) : target.value;
  const name = keyOf(c, member, env);
  if (name === undefined) return c.refuse("calls a method by a computed name", node, env);
  if (eachMethods.includes(name)) return valueOf(eachCall(c, of, name as EachMethod, node, env));
  if (!pureMethods.has(name)) return c.refuse(`calls the method ${name}`, part(member, "property"), env);
  return valueOf(
    c.made({ op: "method", target: of, name, args: values(c, node, env, name) }, part(member, "property"), env),
  );
}

/** A captured array that a method of all arrays is called of. */
function tableWithMethod(
  c: Converter,
  target: Extract<Binding, { kind: "object" }>,
  member: Node,
  env: Env,
): Expr | undefined {
  const name = keyOf(c, member, env);
  const isMethod = name !== undefined && (eachMethods.includes(name) || pureMethods.has(name));
  return isMethod && !Object.hasOwn(target.value, name) ? c.captureTable(target) : undefined;
}

/** A separator is part of the code, also a captured one: `split` by another is another loop. */
function values(c: Converter, node: Node, env: Env, method?: string): Expr[] {
  return list(node, "arguments").map((each, at) => {
    if (each.type === "SpreadElement") return c.refuse("spreads arguments", each, env);
    const found = method === "split" && at === 0 ? c.evaluate(each, env) : undefined;
    if (found?.kind === "primitive" && typeof found.value === "string") return constant(found.value);
    return c.expression(each, env);
  });
}

/** Arguments of a user's function: functions and captured objects may be passed on. */
function givenArguments(c: Converter, node: Node, env: Env): Binding[] {
  return list(node, "arguments").map(each => {
    if (each.type === "SpreadElement") return c.refuse("spreads arguments", each, env);
    const found = c.evaluate(each, env);
    return found.kind === "refused" ? c.refuse(found.reason, each, env) : found;
  });
}

/** The function's body with its parameters bound to what it is given: all arguments are computed before it begins. */
export function inlineCall(c: Converter, source: FunctionSource, args: readonly Binding[], node: Node, env: Env): Expr {
  refuseKind(c, source);
  return c.within(source.identity, node, env, () => {
    const ready: Binding[] = [];
    const next = (at: number): Expr => {
      const arg = args[at];
      if (arg === undefined) return bodyOf(c, source, ready);
      if (arg.kind !== "value" || isTrivial(arg.value)) {
        ready.push(arg);
        return next(at + 1);
      }
      const local = c.local();
      ready.push(valueOf({ op: "local", local }));
      return { op: "let", local, value: arg.value, body: next(at + 1) };
    };
    return next(0);
  });
}

/** The body of a function whose parameters are bound in turn to what it is given. */
export function bodyOf(c: Converter, source: FunctionSource, args: readonly Binding[]): Expr {
  const env = source.env.inner();
  env.assigned = assignedNames(source.node);
  const parameters = parametersOf(source.node);
  for (const each of parameters) env.declareEarly(each);
  const next = (at: number): Expr => {
    const parameter = parameters[at];
    if (parameter === undefined) return c.body(source.node, env);
    return c.bind(parameter, args[at] ?? valueOf(constant(undefined)), env, () => next(at + 1));
  };
  return next(0);
}

/** Without the `this` that TypeScript lets one declare. */
export function parametersOf(node: Node): readonly Node[] {
  return list(node, "params").filter(each => nameOf(each) !== "this");
}

export function refuseKind(c: Converter, { node, env }: FunctionSource): void {
  if (node["async"] === true) c.refuse("is async", node, env);
  if (node["generator"] === true) c.refuse("is a generator", node, env);
}

function eachCall(c: Converter, target: Expr, method: EachMethod, node: Node, env: Env): Expr {
  return c.handing(() => eachWith(c, target, method, node, env));
}

function eachWith(c: Converter, target: Expr, method: EachMethod, node: Node, env: Env): Expr {
  const [callback, first, ...more] = list(node, "arguments");
  if (callback === undefined || callback.type === "SpreadElement")
    return c.refuse(`calls ${method} without a function`, node, env);
  if (method === "reduce" && first === undefined) return c.refuse("calls reduce without a first value", node, env);
  if (more.length > 0 || (method !== "reduce" && first !== undefined))
    return c.refuse(`calls ${method} with more than a function`, node, env);
  const fn = c.evaluate(callback, env);
  const accumulator = first === undefined ? undefined : { local: c.local(), first: c.expression(first, env) };
  const locals = accumulator === undefined ? [] : [accumulator.local];
  const item = c.local();
  locals.push(item);
  let index: number | undefined;
  let body: Expr;
  if (fn.kind === "global" && isUnaryFunction(fn.path)) {
    body = c.made({ op: "call", callee: fn.path, args: [{ op: "local", local: locals[0]! }] }, callback, env);
  } else if (fn.kind === "function") {
    const { length } = parametersOf(fn.source.node);
    if (length > locals.length + 1) c.refuse(`gives ${method} a function that takes the whole array`, callback, env);
    if (length > locals.length) locals.push((index = c.local()));
    const args = locals.map(local => valueOf({ op: "local", local }));
    body = c.inline(fn.source, args, callback, env);
  } else return c.refuse(`calls ${method} with what is not a function of the job's files`, callback, env);
  return c.made({ op: "each", target, method, item, index, ...(accumulator && { accumulator }), body }, node, env);
}
