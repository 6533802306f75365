/** Destructuring, of parameters and constants: each name becomes what the pattern takes from the value. */
import type { Expr, Statement } from "../expr/ir.ts";
import { list, type Node, nameOf, part, unwrap } from "./ast.ts";
import { constant, type Converter, isTrivial, valueOf } from "./lambda-converter.ts";
import type { Binding, Env } from "./lambda-names.ts";
import { partOf } from "./lambda-parts.ts";

/** Declares a pattern's names in `env`, and computes `body` with them. */
export function bindPattern(c: Converter, pattern: Node, value: Binding, env: Env, body: () => Expr): Expr {
  switch (pattern.type) {
    case "Identifier":
      return bindName(c, pattern, value, env, body);
    case "AssignmentPattern":
      return bindDefault(c, pattern, value, env, body);
    case "ObjectPattern":
      return bindObject(c, pattern, value, env, body);
    case "ArrayPattern":
      return bindArray(c, pattern, value, env, body);
    case "RestElement":
      return c.refuse("collects the rest of a pattern", pattern, env);
    default:
      return c.refuse("uses a pattern that is not known", pattern, env);
  }
}

function bindName(c: Converter, pattern: Node, value: Binding, env: Env, body: () => Expr): Expr {
  const name = nameOf(pattern);
  if (env.assigned.has(name)) {
    const local = c.local();
    const given = firstValue(c, name, value, pattern, env);
    env.declare(name, { kind: "value", value: { op: "variable", local }, owner: c.owner! });
    const at = c.place(pattern, env);
    const declaration: Statement = { do: "variable", local, value: given, ...(at && { at }) };
    return { op: "block", body: [declaration, { do: "return", value: body() }] };
  }
  if (value.kind !== "value" || isTrivial(value.value)) {
    env.declare(name, value);
    return body();
  }
  const local = c.local();
  env.declare(name, valueOf({ op: "local", local }));
  return { op: "let", local, value: value.value, body: body() };
}

function firstValue(c: Converter, name: string, value: Binding, node: Node, env: Env): Expr {
  if (value.kind === "value") return value.value;
  return value.kind === "primitive" ? c.capture(value) : c.refuse(`assigns to ${name}`, node, env);
}

function bindDefault(c: Converter, pattern: Node, value: Binding, env: Env, body: () => Expr): Expr {
  const left = part(pattern, "left");
  const right = part(pattern, "right");
  const given = value.kind === "primitive" ? valueOf(c.capture(value)) : value;
  if (given.kind !== "value") return c.bind(left, given, env, body);
  if (given.value.op === "constant") {
    return c.bind(left, given.value.value === undefined ? c.evaluate(right, env) : given, env, body);
  }
  return c.shared(given.value, shared => {
    const test = c.made({ op: "binary", operator: "===", left: shared, right: constant(undefined) }, pattern, env);
    const chosen = c.made({ op: "conditional", test, then: c.expression(right, env), otherwise: shared }, pattern, env);
    return c.bind(left, valueOf(chosen), env, body);
  });
}

function bindObject(c: Converter, pattern: Node, value: Binding, env: Env, body: () => Expr): Expr {
  const properties = list(pattern, "properties");
  if (properties.length === 0) c.refuse("uses an empty pattern", pattern, env);
  return sharedBinding(c, value, shared => {
    const next = (at: number): Expr => {
      const property = properties[at];
      if (property === undefined) return body();
      if (property.type === "RestElement") return c.refuse("collects the rest of a pattern", property, env);
      return c.bind(part(property, "value"), partOf(c, shared, property, env), env, () => next(at + 1));
    };
    return next(0);
  });
}

function bindArray(c: Converter, pattern: Node, value: Binding, env: Env, body: () => Expr): Expr {
  // holes are null
  const elements = pattern["elements"] as readonly (Node | null)[];
  if (elements.every(each => each === null)) c.refuse("uses an empty pattern", pattern, env);
  return sharedBinding(c, value, shared => {
    const next = (index: number): Expr => {
      if (index >= elements.length) return body();
      const element = elements[index];
      if (element == null) return next(index + 1);
      return c.bind(element, itemOf(c, shared, index, unwrap(element), env), env, () => next(index + 1));
    };
    return next(0);
  });
}

function itemOf(c: Converter, of: Binding, index: number, node: Node, env: Env): Binding {
  if (of.kind === "object") {
    if (!Array.isArray(of.value)) c.refuse(`destructures ${of.path}, which is no array`, node, env);
    return of.home.captured(of.value[index], `${of.path}[${index}]`);
  }
  if (of.kind !== "value") return c.refuse("destructures a function", node, env);
  return valueOf(c.made({ op: "item", target: of.value, index }, node, env));
}

function sharedBinding(c: Converter, value: Binding, body: (value: Binding) => Expr): Expr {
  const given = value.kind === "primitive" ? valueOf(c.capture(value)) : value;
  return given.kind === "value" ? c.shared(given.value, shared => body(valueOf(shared))) : body(given);
}
