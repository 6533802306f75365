/**
 * Turns the entry's module into the body of a function: imports and re-exports are taken out (they stay at module level),
 * `export` keywords go, and the exported values become the function's result.
 */
import { FiresteelError } from "../base/errors.ts";
import { child, isTypeOnly, list, nameOf, part, type Node } from "./ast.ts";
import type { FileWork } from "./file-work.ts";

export interface EntryParts {
  /** Statements that stay at module level, in order. */
  readonly imports: readonly Node[];
  /** Properties of the result: `default:main`. */
  readonly results: readonly string[];
}

export function editEntry(work: FileWork): EntryParts {
  const imports: Node[] = [];
  const results: string[] = [];
  refuseNamespaces(work);
  for (const statement of list(work.analysis.program, "body")) {
    switch (statement.type) {
      case "ImportDeclaration":
      case "ExportAllDeclaration":
      case "TSImportEqualsDeclaration":
        imports.push(statement);
        work.edits.replace(statement.start, statement.end, "");
        break;
      case "ExportNamedDeclaration":
        if (child(statement, "source") !== undefined) imports.push(statement);
        else exportNamed(work, statement, results);
        if (child(statement, "declaration") === undefined) work.edits.replace(statement.start, statement.end, "");
        break;
      case "ExportDefaultDeclaration":
        exportDefault(work, statement, results);
        break;
      case "TSModuleDeclaration":
      case "TSDeclareFunction":
        work.edits.replace(statement.start, statement.end, "");
        break;
    }
  }
  return { imports, results };
}

function exportNamed(work: FileWork, statement: Node, results: string[]): void {
  const declaration = child(statement, "declaration");
  if (declaration !== undefined) {
    if (isTypeOnly(declaration) || isNamespaceOfTypes(declaration))
      return work.edits.replace(statement.start, statement.end, "");
    work.edits.replace(statement.start, declaration.start, "");
    const id = child(declaration, "id");
    if (id !== undefined) results.push(nameOf(id));
    for (const each of list(declaration, "declarations")) {
      if (part(each, "id").type === "Identifier") results.push(nameOf(part(each, "id")));
    }
    return;
  }
  if (statement["exportKind"] === "type") return;
  for (const each of list(statement, "specifiers")) {
    const local = nameOf(part(each, "local"));
    const variable = work.analysis.scope.variables.get(local);
    if (each["exportKind"] === "type" || variable === undefined || variable.kind === "import") continue;
    const exported = part(each, "exported");
    results.push(`${JSON.stringify(exported["value"] ?? nameOf(exported))}:${local}`);
  }
}

function exportDefault(work: FileWork, statement: Node, results: string[]): void {
  const declaration = part(statement, "declaration");
  if (isTypeOnly(declaration)) return work.edits.replace(statement.start, statement.end, "");
  const isDeclaration = declaration.type === "FunctionDeclaration" || declaration.type === "ClassDeclaration";
  const name = isDeclaration ? nameOf(child(declaration, "id")) : "";
  work.edits.replace(statement.start, declaration.start, name === "" ? "const $fsdefault=" : "");
  if (name === "") work.edits.insert(statement.end, ";");
  results.push(`default:${name === "" ? "$fsdefault" : name}`);
}

/** A namespace without a value disappears with the types. */
function isNamespaceOfTypes(node: Node): boolean {
  if (node.type !== "TSModuleDeclaration") return false;
  const body = child(node, "body");
  if (body === undefined || isTypeOnly(node)) return true;
  if (body.type === "TSModuleDeclaration") return isNamespaceOfTypes(body);
  const declared = list(body, "body").map(each =>
    each.type === "ExportNamedDeclaration" ? (child(each, "declaration") ?? each) : each,
  );
  return declared.every(each => isTypeOnly(each) || isNamespaceOfTypes(each));
}

/** TypeScript has namespaces at module level only. */
function refuseNamespaces({ analysis, lines, options }: FileWork): void {
  const own = list(analysis.program, "body").map(each => child(each, "declaration") ?? each);
  const found = analysis.namespaces.find(each => own.includes(each) && !isNamespaceOfTypes(each));
  if (found === undefined) return;
  const [line, column] = lines.position(found.start);
  throw new FiresteelError(
    "user",
    `the namespace ${nameOf(part(found, "id"))} cannot be declared in the job's own file`,
    {
      hint: "declare it in a module of its own and import it",
      at: { file: options.name, line: line + 1, column: column + 1 },
    },
  );
}
