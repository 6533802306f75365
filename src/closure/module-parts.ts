/** What a module's own statements declare, import and export, read from its syntax tree. */
import { child, list, type Node, nameOf, part, unwrap } from "./ast.ts";

/** The import that a local name stands for; `*` is the namespace. */
export function importOf(program: Node, local: string): { readonly from: string; readonly name: string } | undefined {
  for (const statement of list(program, "body")) {
    if (statement.type !== "ImportDeclaration") continue;
    for (const each of list(statement, "specifiers")) {
      if (nameOf(part(each, "local")) !== local) continue;
      const imported = child(each, "imported");
      const name =
        imported === undefined ? (each.type === "ImportDefaultSpecifier" ? "default" : "*") : nameText(imported);
      return { from: String(part(statement, "source")["value"]), name };
    }
  }
  return undefined;
}

/** The local name of what a module exports under a name; undefined when it is not its own. */
export function exportedLocal(program: Node, name: string): string | undefined {
  for (const statement of list(program, "body")) {
    const declaration = child(statement, "declaration");
    if (statement.type === "ExportDefaultDeclaration" && name === "default") {
      if (declaration?.type === "Identifier") return nameOf(declaration);
      return nameOf(child(declaration ?? statement, "id")) || undefined;
    }
    if (statement.type !== "ExportNamedDeclaration" || child(statement, "source") !== undefined) continue;
    if (declaration !== undefined && declaredIn(declaration, name) !== undefined) return name;
    for (const each of list(statement, "specifiers")) {
      if (nameText(part(each, "exported")) === name) return nameOf(part(each, "local"));
    }
  }
  return undefined;
}

/** The function declaration, or the value that a variable is declared with, of a name at a module's top level. */
export function topLevel(program: Node, name: string): Node | undefined {
  for (const statement of list(program, "body")) {
    const found = declaredIn(child(statement, "declaration") ?? statement, name);
    if (found !== undefined) return found;
  }
  return undefined;
}

function declaredIn(node: Node, name: string): Node | undefined {
  if (node.type === "FunctionDeclaration") return nameOf(child(node, "id")) === name ? node : undefined;
  if (node.type !== "VariableDeclaration") return undefined;
  const declarator = list(node, "declarations").find(each => nameOf(part(each, "id")) === name);
  const init = declarator && child(declarator, "init");
  return init && unwrap(init);
}

function nameText(node: Node): string {
  return typeof node["value"] === "string" ? node["value"] : nameOf(node);
}
