/** Expressions of the source as expressions of the IR. What changes something, or makes what is no plain value, is refused. */
import type { Binary, Expr, ObjectEntry, Unary } from "../expr/ir.ts";
import { child, list, type Node, nameOf, part, unwrap } from "./ast.ts";
import { callExpression, methodCall } from "./lambda-calls.ts";
import { constant, type Converter, valueOf } from "./lambda-converter.ts";
import { constantOf, unsupported } from "./lambda-language.ts";
import type { Binding, Env } from "./lambda-names.ts";
import { isIndex, keyOf, partOf } from "./lambda-parts.ts";
import { withoutTag } from "./lambda-tags.ts";

const unaries = new Set<unknown>(["-", "+", "!", "~", "typeof"] satisfies Unary[]);
const binaries = new Set<unknown>(
  "+ - * / % ** & | ^ << >> >>> < <= > >= == != === !==".split(" ") as Binary[] satisfies Binary[],
);

/** The value of an expression. */
export function toExpression(c: Converter, node: Node, env: Env): Expr {
  c.count(node, env);
  const found = c.evaluate(node, env);
  switch (found.kind) {
    case "value":
      return found.value;
    case "primitive":
      return c.capture(found);
    case "object":
      return (
        c.captureTable(found) ?? c.refuse(`uses ${found.path}, which is not a number, string or boolean`, node, env)
      );
    case "function":
      return c.refuse("uses a function as a value", node, env);
    case "namespace":
      return c.refuse("uses a module as a value", node, env);
    case "global":
      return c.refuse(`uses ${found.path}`, node, env);
    case "refused":
      return c.refuse(found.reason, node, env);
  }
}

/** What an expression stands for, which may be more than a value. */
export function evaluateNode(c: Converter, wrapped: Node, env: Env): Binding {
  const node = withoutTag(unwrap(wrapped), env);
  switch (node.type) {
    case "Identifier":
      return named(c, env.find(nameOf(node)));
    case "ArrowFunctionExpression":
    case "FunctionExpression":
      return functionBinding(node, env);
    case "MemberExpression":
      return named(c, partOf(c, c.evaluate(part(node, "object"), env), node, env));
    case "CallExpression":
      return callExpression(c, node, env);
    case "ChainExpression":
      return chain(c, part(node, "expression"), env);
    case "Literal":
      return valueOf(literal(c, node, env));
    case "SequenceExpression":
      return sequence(c, list(node, "expressions"), env);
    default:
      return valueOf(c.made(operation(c, node, env), node, env));
  }
}

function named(c: Converter, binding: Binding): Binding {
  if (binding.kind === "value" && binding.value.op === "variable") return valueOf(c.read(binding.value.local));
  if (binding.kind !== "global") return binding;
  const known = constantOf(binding.path);
  return known === undefined ? binding : valueOf(constant(known.value));
}

/** A function expression may call itself by its own name. */
function functionBinding(node: Node, outer: Env): Binding {
  const env = outer.inner();
  const binding: Binding = { kind: "function", source: { node, env, identity: node } };
  const name = nameOf(child(node, "id"));
  if (name !== "") env.declare(name, binding);
  return binding;
}

function literal(c: Converter, node: Node, env: Env): Expr {
  const value = node["value"];
  if (node["regex"] !== undefined) return c.refuse("uses a regular expression", node, env);
  if (typeof node["bigint"] === "string" || typeof value === "bigint") return c.refuse("uses a bigint", node, env);
  return constant(value as number | string | boolean | null);
}

function operation(c: Converter, node: Node, env: Env): Expr {
  const of = (key: string) => c.expression(part(node, key), env);
  switch (node.type) {
    case "UnaryExpression":
      return unary(c, node, env);
    case "BinaryExpression": {
      const operator = node["operator"];
      if (!binaries.has(operator)) return c.refuse(`uses the operator ${String(operator)}`, node, env);
      return { op: "binary", operator: operator as Binary, left: of("left"), right: of("right") };
    }
    case "LogicalExpression":
      return { op: "logical", operator: node["operator"] as "&&", left: of("left"), right: of("right") };
    case "ConditionalExpression":
      return { op: "conditional", test: of("test"), then: of("consequent"), otherwise: of("alternate") };
    case "TemplateLiteral":
      return template(c, node, env);
    case "ArrayExpression":
      return { op: "array", items: items(c, node, env) };
    case "ObjectExpression":
      return { op: "object", entries: list(node, "properties").map(each => entry(c, each, env)) };
    default:
      return c.refuse(unsupported(node), node, env);
  }
}

function unary(c: Converter, node: Node, env: Env): Expr {
  const operator = node["operator"];
  const argument = part(node, "argument");
  if (operator === "void" && argument.type === "Literal") return constant(undefined);
  if (!unaries.has(operator)) {
    return c.refuse(operator === "delete" ? "deletes a property" : `uses the operator ${String(operator)}`, node, env);
  }
  const operand = c.expression(argument, env);
  if (operator === "-" && operand.op === "constant" && typeof operand.value === "number")
    return constant(-operand.value);
  return { op: "unary", operator: operator as Unary, operand };
}

/** Texts and values in turn; a value becomes a string as `String` makes it. */
function template(c: Converter, node: Node, env: Env): Expr {
  const texts = list(node, "quasis").map(each => (each["value"] as { cooked: string }).cooked);
  const pieces: Expr[] = [];
  texts.forEach((text, at) => {
    if (text !== "") pieces.push(constant(text));
    const value = list(node, "expressions")[at];
    if (value === undefined) return;
    pieces.push(c.made({ op: "call", callee: "String", args: [c.expression(value, env)] }, value, env));
  });
  return pieces.reduce(
    (left, right) => c.made({ op: "binary", operator: "+", left, right }, node, env),
    pieces.shift() ?? constant(""),
  );
}

function items(c: Converter, node: Node, env: Env): Expr[] {
  return (node["elements"] as readonly (Node | null)[]).map(each => {
    if (each === null) return c.refuse("makes an array with holes", node, env);
    if (each.type === "SpreadElement")
      return c.made({ op: "spread", of: c.expression(part(each, "argument"), env) }, each, env);
    return c.expression(each, env);
  });
}

function entry(c: Converter, node: Node, env: Env): ObjectEntry {
  if (node.type === "SpreadElement") return { spread: c.expression(part(node, "argument"), env) };
  if (node["kind"] !== "init" || node["method"] === true) return c.refuse("makes an object with a method", node, env);
  const name = keyOf(c, node, env);
  if (name === undefined) return c.refuse("makes an object with a computed name", node, env);
  if (name === "__proto__") return c.refuse("uses __proto__", node, env);
  return { name, value: c.expression(part(node, "value"), env) };
}

function sequence(c: Converter, nodes: readonly Node[], env: Env): Binding {
  const [first, ...rest] = nodes as [Node, ...Node[]];
  if (rest.length === 0) return c.evaluate(first, env);
  const value = c.expression(first, env);
  const local = c.local();
  const body = sequence(c, rest, env);
  if (body.kind === "refused") return body;
  if (body.kind !== "value") return c.refuse("uses a comma", first, env);
  return valueOf({ op: "let", local, value, body: body.value });
}

/** `a?.b.c()`: from the first `?.` whose object is missing the whole chain is undefined. */
function chain(c: Converter, node: Node, env: Env): Binding {
  const properties = optionalProperties(c, node, env);
  if (properties !== undefined) return properties;
  return valueOf(link(c, node, env, found => (found.kind === "value" ? found.value : asValue(c, found, node, env))));
}

function asValue(c: Converter, found: Binding, node: Node, env: Env): Expr {
  if (found.kind === "primitive") return c.capture(found);
  return c.refuse("uses an optional chain of functions", node, env);
}

/** `a?.b?.c` needs no test of its own: each property is undefined when its object is missing. */
function optionalProperties(c: Converter, wrapped: Node, env: Env): Binding | undefined {
  const node = unwrap(wrapped);
  if (node.type !== "MemberExpression" || node["optional"] !== true || node["computed"] === true) return undefined;
  const object = unwrap(part(node, "object"));
  const isEnd = object.type !== "MemberExpression" && object.type !== "CallExpression";
  const target = isEnd || !hasOptional(object) ? c.evaluate(object, env) : optionalProperties(c, object, env);
  if (target === undefined || target.kind !== "value") return undefined;
  const name = keyOf(c, node, env)!;
  if (name in Object.prototype || isIndex(name)) return undefined;
  return valueOf(c.made({ op: "property", target: target.value, name, optional: true }, part(node, "property"), env));
}

function hasOptional(node: Node): boolean {
  const inner = unwrap(node);
  if (inner["optional"] === true) return true;
  const next = child(inner, inner.type === "CallExpression" ? "callee" : "object");
  return next !== undefined && /^(Member|Call|TSNonNull)Expression$/.test(inner.type) && hasOptional(next);
}

/** Computes a chain up to `node` and gives it to what follows, which is skipped when something before is missing. */
function link(c: Converter, wrapped: Node, env: Env, then: (found: Binding) => Expr): Expr {
  const node = unwrap(wrapped);
  if (node.type === "MemberExpression") {
    return link(c, part(node, "object"), env, object =>
      guarded(c, node, object, env, present => then(named(c, partOf(c, present, node, env)))),
    );
  }
  const callee = node.type === "CallExpression" ? unwrap(part(node, "callee")) : undefined;
  if (callee?.type === "MemberExpression") {
    if (node["optional"] === true) return c.refuse("calls a method that may be missing", node, env);
    return link(c, part(callee, "object"), env, object =>
      guarded(c, callee, object, env, present => then(methodCall(c, present, callee, node, env))),
    );
  }
  if (node["optional"] === true) return c.refuse("calls a function that may be missing", node, env);
  return then(c.evaluate(node, env));
}

function guarded(c: Converter, node: Node, object: Binding, env: Env, then: (present: Binding) => Expr): Expr {
  if (node["optional"] !== true) return then(object);
  const given = object.kind === "primitive" ? valueOf(c.capture(object)) : object;
  if (given.kind !== "value") return then(object);
  return c.shared(given.value, target => {
    const test = c.made({ op: "binary", operator: "==", left: target, right: constant(null) }, node, env);
    return c.made({ op: "conditional", test, then: constant(undefined), otherwise: then(valueOf(target)) }, node, env);
  });
}
