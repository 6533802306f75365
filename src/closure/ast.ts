/**
 * A syntax tree as the parsers give it (ESTree and TypeScript's nodes), read by name. Only values matter to the transform:
 * `children` leaves types out.
 */

export interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

export function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && typeof (value as { type?: unknown }).type === "string";
}

export function child(node: Node, key: string): Node | undefined {
  const value = node[key];
  return isNode(value) ? value : undefined;
}

/** The child under a key that the grammar promises. */
export function part(node: Node, key: string): Node {
  const value = child(node, key);
  if (value === undefined) throw new Error(`a ${node.type} without ${key}`);
  return value;
}

export function list(node: Node, key: string): readonly Node[] {
  const value = node[key];
  return Array.isArray(value) ? value.filter(isNode) : [];
}

export function nameOf(node: Node | undefined): string {
  return typeof node?.["name"] === "string" ? node["name"] : "";
}

/** Keys that hold types, or positions. */
const typeKeys = new Set([
  "type",
  "start",
  "end",
  "loc",
  "range",
  "typeAnnotation",
  "returnType",
  "typeParameters",
  "typeArguments",
  "superTypeParameters",
  "superTypeArguments",
  "implements",
  "raw",
  "regex",
  "extra",
  "assertions",
  "attributes",
]);

const typeWrappers = new Set([
  "TSAsExpression",
  "TSSatisfiesExpression",
  "TSNonNullExpression",
  "TSTypeAssertion",
  "TSInstantiationExpression",
  "ParenthesizedExpression",
]);

/** Nodes that are types and declarations of types alone. */
export function isTypeOnly(node: Node): boolean {
  if (node["declare"] === true) return true;
  switch (node.type) {
    case "TSInterfaceDeclaration":
    case "TSTypeAliasDeclaration":
    case "TSDeclareFunction":
    case "TSIndexSignature":
    case "TSAbstractMethodDefinition":
    case "TSAbstractPropertyDefinition":
    case "TSDeclareMethod":
    case "TSNamespaceExportDeclaration":
      return true;
    case "TSModuleDeclaration":
      return node["global"] === true || child(node, "id")?.type === "Literal";
    default:
      return false;
  }
}

export function eachChild(node: Node, visit: (child: Node) => void): void {
  for (const key in node) {
    if (typeKeys.has(key)) continue;
    const value = node[key];
    if (Array.isArray(value)) {
      for (const item of value) if (isNode(item)) visit(item);
    } else if (isNode(value)) visit(value);
  }
}

/** The expression inside `x as T`, `x!`, `(x)`. */
export function unwrap(node: Node): Node {
  let inner = node;
  while (typeWrappers.has(inner.type)) inner = part(inner, "expression");
  return inner;
}
