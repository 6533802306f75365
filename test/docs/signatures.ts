/**
 * Signatures as readers want them: without the types that only help inference (`Widen`, `Hint`, `NoInfer` and the like), without type
 * parameters, and with the receiver's type in front. What is shown is a shorthand; the types in the sources are what compiles.
 */
import { listOf, type Tree } from "../source-tree.ts";

const lineMax = 110;

/** A member of a class or interface: its signature behind a dot, and whether it is called. */
export function formOf(
  text: string,
  name: string,
  node: Tree,
): { readonly signature: string; readonly isCall: boolean } {
  if (node.type === "TSParameterProperty") {
    const parameter = node.parameter as Tree;
    return { signature: propertyForm(name, typeText(text, parameter), parameter.optional === true), isCall: false };
  }
  if (node.kind === "get")
    return { signature: propertyForm(name, returnText(text, node.value as Tree)), isCall: false };
  if (node.type === "TSMethodSignature") return { signature: signatureOf(text, name, node), isCall: true };
  if (node.type === "MethodDefinition") return { signature: signatureOf(text, name, node.value as Tree), isCall: true };
  const value = node.value as Tree | null | undefined;
  const made = value?.type === "NewExpression" ? ((value.callee as Tree).name as string) : "";
  return { signature: propertyForm(name, typeText(text, node) || made, node.optional === true), isCall: false };
}

export function propertyForm(name: string, type = "", isOptional = false): string {
  return `${name}${isOptional ? "?" : ""}${type === "" ? "" : `: ${type}`}`;
}

/** `receiver.name(parameters): result`, over several lines where it is long; the receiver only where `this` is typed. */
export function signatureOf(text: string, name: string, node: Tree): string {
  const all = listOf(node.params ?? node.parameters).map(each => ({ node: each, text: parameterText(text, each) }));
  const receiver = all.find(each => each.node.type === "Identifier" && each.node.name === "this");
  const parameters = all.filter(each => each !== receiver).map(each => each.text);
  const result = name.startsWith("new ") ? "" : `: ${returnText(text, node)}`;
  const before = receiver === undefined ? "" : `${receiverText(text, receiver.node)}.`;
  const line = `${before}${name}(${parameters.join(", ")})${result}`;
  if (line.length <= lineMax) return line;
  return `${before}${name}(\n${parameters.map(each => `  ${each},\n`).join("")})${result}`;
}

/** `this: RddPairs<Pair<K, V>>` → `Rdd<[K, V]>`. */
function receiverText(text: string, node: Tree): string {
  return typeText(text, node).replace(/^Rdd\w+</, "Rdd<");
}

function parameterText(text: string, given: Tree): string {
  const node = (given.type === "TSParameterProperty" ? given.parameter : given) as Tree;
  if (node.type === "AssignmentPattern") {
    const left = node.left as Tree;
    const right = node.right as Tree;
    const type = typeText(text, left);
    if (right.type === "Literal") return `${left.name as string} = ${text.slice(right.start, right.end)}`;
    return `${left.name as string}?: ${type || (right.type === "TemplateLiteral" ? "string" : "unknown")}`;
  }
  if (node.type === "RestElement") return `...${(node.argument as Tree).name as string}: ${typeText(text, node)}`;
  return `${node.name as string}${node.optional === true ? "?" : ""}: ${typeText(text, node)}`;
}

function returnText(text: string, node: Tree): string {
  const type = (node.returnType ?? node.typeAnnotation) as Tree | undefined;
  return type === undefined ? "void" : readable(annotated(text, type));
}

function typeText(text: string, node: Tree): string {
  const type = node.typeAnnotation as Tree | undefined;
  return type === undefined ? "" : readable(annotated(text, type));
}

function annotated(text: string, node: Tree): string {
  const inner = node.typeAnnotation as Tree | undefined;
  return text.slice((inner ?? node).start, (inner ?? node).end);
}

/** A type without what only inference needs. */
export function readable(type: string): string {
  let text = type.replace(/\s+/g, " ");
  for (const name of ["Widen", "NoInfer"]) text = unwrapped(text, name, ([inner]) => inner!);
  text = unwrapped(text, "ValueOf", () => "V");
  text = unwrapped(text, "Pair", parts => `[${parts.join(", ")}]`);
  text = unwrapped(text, "Paired", parts => `Rdd<[${parts.join(", ")}]>`);
  text = unwrapped(text, "IteratorObject", ([row]) => `Iterator<${row!}>`);
  text = unwrapped(text, "AsyncGenerator", ([row]) => `AsyncIterator<${row!}>`);
  text = text.replace(/\b[A-Z] & ([A-Z])\b/g, "$1").replace(/> & object\b/g, ">");
  return text.replace(/\b(Rdd<\[[^|]*\]>) \| \1/g, "$1").trim();
}

/** Each `name<a, b>` replaced by what `by` makes of its arguments. */
function unwrapped(text: string, name: string, by: (parts: string[]) => string): string {
  const start = text.search(new RegExp(`\\b${name}<`));
  if (start < 0) return text;
  const parts: string[] = [""];
  let depth = 0;
  let end = start + name.length;
  for (; end < text.length; end++) {
    const char = text[end]!;
    const isArrow = char === ">" && text[end - 1] === "=";
    if ("<([{".includes(char)) depth++;
    else if (">)]}".includes(char) && !isArrow) depth--;
    if (depth === 0) break;
    if (depth === 1 && char === ",") parts.push("");
    else if (depth > 1 || char !== "<") parts[parts.length - 1] += char;
  }
  const made = by(parts.map(each => each.trim()));
  return unwrapped(text.slice(0, start) + made + text.slice(end + 1), name, by);
}
