/** Properties and elements: of values, of captured objects, of the language's own. */
import type { Expr } from "../expr/ir.ts";
import { child, type Node, nameOf, part } from "./ast.ts";
import { constant, type Converter, valueOf } from "./lambda-converter.ts";
import type { Binding, Env } from "./lambda-names.ts";

/** `object.name`, `object[key]`, and what a property of an object pattern takes. */
export function partOf(c: Converter, of: Binding, node: Node, env: Env): Binding {
  const name = keyOf(c, node, env);
  switch (of.kind) {
    case "refused":
      return c.refuse(of.reason, node, env);
    case "function":
      return c.refuse("uses a function as an object", node, env);
    case "global":
      if (name === undefined) return c.refuse(`uses ${of.path} with a computed name`, node, env);
      return { kind: "global", path: `${of.path}.${name}` };
    case "namespace":
      return name === undefined ? c.refuse("uses a module with a computed name", node, env) : of.member(name);
    case "object": {
      // an index that is only known to be one when rows are: of an array that travels with the code
      const table = name === undefined || isCounted(of.value, name) ? c.captureTable(of) : undefined;
      if (table !== undefined) return valuePart(c, table, name, node, env);
      return name === undefined
        ? c.refuse(`looks into ${of.path} with a computed name`, node, env)
        : ownPart(c, of, name, node, env);
    }
    case "primitive":
      return valuePart(c, c.capture(of), name, node, env);
    case "value":
      return valuePart(c, of.value, name, node, env);
  }
}

function valuePart(c: Converter, target: Expr, name: string | undefined, node: Node, env: Env): Binding {
  if (name === undefined) {
    const index = c.expression(keyNode(node), env);
    return valueOf(c.made({ op: "element", target, index }, keyNode(node), env));
  }
  if (isIndex(name)) {
    return valueOf(c.made({ op: "element", target, index: constant(Number(name)) }, keyNode(node), env));
  }
  if (name in Object.prototype) c.refuse(`uses ${name}, which every object has`, keyNode(node), env);
  return valueOf(c.made({ op: "property", target, name }, keyNode(node), env));
}

/** What is read of arrays of numbers as they lie. */
function isCounted(value: object, name: string): boolean {
  return ArrayBuffer.isView(value) || (name === "length" && Array.isArray(value));
}

/** A captured object is a frozen copy: what it has of its own is known. */
function ownPart(
  c: Converter,
  { value, path, home }: Extract<Binding, { kind: "object" }>,
  name: string,
  node: Node,
  env: Env,
): Binding {
  const written = isIndex(name) ? `${path}[${name}]` : `${path}.${name}`;
  const descriptor = Object.getOwnPropertyDescriptor(value, name);
  // other properties of arrays, and hidden ones, stay on the driver
  const ships = Array.isArray(value) ? isIndex(name) || name === "length" : descriptor?.enumerable !== false;
  if (!ships) return c.refuse(`uses ${written}, which is not part of its data`, node, env);
  if (descriptor === undefined) {
    if (name in value) return c.refuse(`uses ${written}, which is not its own`, node, env);
    return home.captured(undefined, written);
  }
  if (!("value" in descriptor)) return c.refuse(`uses ${written}, a getter`, node, env);
  return home.captured(descriptor.value, written);
}

export function keyNode(node: Node): Node {
  return child(node, "property") ?? part(node, "key");
}

/** The name of a member or property, if it is known. Captured strings count: they are few, and the code is theirs. */
export function keyOf(c: Converter, node: Node, env: Env): string | undefined {
  const key = keyNode(node);
  if (key.type === "PrivateIdentifier") return c.refuse("uses a private name", key, env);
  if (node["computed"] !== true && key.type === "Identifier") return nameOf(key);
  if (key.type === "Literal") {
    const value = key["value"];
    if (typeof value === "string" || typeof value === "number") return String(value);
  }
  if (key.type !== "Identifier" && key.type !== "MemberExpression") return undefined;
  const found = c.evaluate(key, env);
  return found.kind === "primitive" && typeof found.value === "string" ? found.value : undefined;
}

/** A canonical array index. */
export function isIndex(name: string): boolean {
  return /^(?:0|[1-9]\d{0,9})$/.test(name) && Number(name) < 2 ** 32 - 1;
}
