/**
 * Makes what a file imports findable by value, so that `rdd.map(capitalize)` ships a package's function as a reference to
 * its export; and modules that are imported dynamically loadable by tasks that meet one of their functions.
 */
import { child, list, nameOf, part, type Node } from "./ast.ts";
import type { FileWork } from "./file-work.ts";

export function importRegistrations(work: FileWork): string {
  // one registration for a specifier, however many statements import from it
  const names = new Map<string, string[]>();
  for (const statement of list(work.analysis.program, "body")) {
    if (statement.type !== "ImportDeclaration" || statement["importKind"] === "type") continue;
    const used = list(statement, "specifiers").filter(each => isUsed(work, each));
    const specifier = String(part(statement, "source")["value"]);
    names.set(specifier, [...(names.get(specifier) ?? []), ...used.map(specifierText)]);
  }
  return [...names]
    .filter(([, each]) => each.length > 0)
    .map(
      ([specifier, each]) => `$fsx(${JSON.stringify(`${work.options.name}|${specifier}`)},()=>({${each.join(",")}}));`,
    )
    .join("");
}

function isUsed({ analysis }: FileWork, specifier: Node): boolean {
  return analysis.scope.variables.get(nameOf(part(specifier, "local")))?.used === true;
}

/** `"imported":local`; a namespace is `"*"`. */
function specifierText(specifier: Node): string {
  const local = nameOf(part(specifier, "local"));
  const imported = child(specifier, "imported");
  const name =
    imported === undefined
      ? specifier.type === "ImportNamespaceSpecifier"
        ? "*"
        : "default"
      : (imported["value"] ?? nameOf(imported));
  return `${JSON.stringify(name)}:${local}`;
}

export function lazyRegistrations({ analysis, options }: FileWork): string {
  if (!options.lazy) return "";
  const specifiers = new Set(analysis.dynamicImports.filter(each => /^\.{1,2}\//.test(each)));
  return [...specifiers]
    .map(each => `$fsl(${JSON.stringify(`${options.name}|${each}`)},()=>require(${JSON.stringify(each)}));`)
    .join("");
}
