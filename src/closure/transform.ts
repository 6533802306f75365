/**
 * Rewrites one file of the user's so that its functions can ship. In place, each function is tagged with an id and a way to
 * read its captures; at module level a factory is registered under that id, which makes the same function, word for word,
 * around captures that it is given:
 *
 *   rdd.map(x => x + offset)          becomes   rdd.map($fst(x => x + offset, "job.ts:57", () => [offset]))
 *   and, at module level,             $fsr("job.ts:57", $fss => { let offset; $fss(($0) => { offset = $0 }); return x => x + offset; }, meta)
 *
 * The entry's imports stay at module level and its body becomes the function `$fsrun`, so that importing the bundle does not
 * run it. In other modules the factories see the module's own variables, which are not captures. Where the driver runs the
 * real modules (register.ts), only the tags are added, and no line moves.
 */
import { child, list, type Node } from "./ast.ts";
import { analyse } from "./analyse.ts";
import { classEdits } from "./class-edits.ts";
import { Edits, Lines, Output, type Positions } from "./edits.ts";
import { editEntry } from "./entry-edits.ts";
import { factoryOf, metaOf, slotsOf } from "./factories.ts";
import { idOf, type FileWork, type Transformed, type TransformOptions } from "./file-work.ts";
import { FileSource } from "./function-sources.ts";
import { helperNames } from "./helper-names.ts";
import { importRegistrations, lazyRegistrations } from "./import-registrations.ts";
import { loaderOf, parse } from "./parse.ts";
import type { Unit } from "./scopes.ts";

/** Throws SyntaxError when the text is none that the parser knows. */
export function transform(text: string, options: TransformOptions): Transformed {
  return transformProgram(text, parse(text, loaderOf(options.path)), new Lines(text), options);
}

/** The same for a syntax tree whose text may not be the user's own: `lines` leads back to that. */
export function transformProgram(
  text: string,
  program: Node,
  lines: Positions,
  options: TransformOptions,
): Transformed {
  const work: FileWork = { text, options, analysis: analyse(program), lines, edits: new Edits() };
  const tags = tagEdits(work);
  placeEdits(work);
  classEdits(work);
  const prefix = `import {${helperNames.map(name => `$fs${name}`).join(",")}} from ${JSON.stringify(options.runtime)};${importRegistrations(work)}`;
  const output = new Output(text, work.lines);
  if (options.mode === "register") printRegistered(work, output, prefix + tags);
  else if (options.role === "entry") printEntry(work, output, prefix, tags);
  else printModule(work, output, prefix, tags);
  const source = new FileSource(options.name, options.path, options.role, work.analysis, lines);
  return { ...output.result(), source };
}

/** Tags every function where it stands; returns the tags of the module's own declarations. */
function tagEdits(work: FileWork): string {
  const { edits, analysis, options } = work;
  let moduleTags = "";
  const objects = new Map<Node, string[]>();
  for (const unit of analysis.units) {
    const { tag, node } = unit;
    const tail = `,${JSON.stringify(idOf(work, unit))},${capturesThunk(work, unit)})`;
    if (tag.kind === "wrap") edits.wrap(node.start, node.end, "$fst(", tail);
    else if (tag.kind === "after") edits.insert(tag.at, `;$fst(${tag.name}${tail};`);
    else if (tag.kind === "object") {
      const parts = objects.get(tag.object) ?? [];
      parts.push(`,${JSON.stringify(tag.key)}${tail.slice(0, -1)}`);
      objects.set(tag.object, parts);
    } else if (tag.kind === "block" && unit.name !== "") {
      const call = `$fst(${unit.name}${tail};`;
      if (unit.outer === analysis.scope) moduleTags += call;
      else edits.insert(tag.at, call);
    } else if (tag.kind === "block" && options.role === "module") {
      // a default export without a name needs one to be tagged by
      moduleTags += `$fst($fsdefault${tail};`;
      edits.insert(afterKeyword(work.text, node.start), " $fsdefault ");
    }
  }
  for (const [object, parts] of objects) edits.wrap(object.start, object.end, "$fso(", `${parts.join("")})`);
  return moduleTags;
}

/** After `function`, `async function *` … */
function afterKeyword(text: string, start: number): number {
  const keyword = /^(?:async\s+)?function\s*\*?/.exec(text.slice(start, start + 200));
  return start + (keyword?.[0].length ?? 0);
}

function capturesThunk(work: FileWork, unit: Unit): string {
  const slots = slotsOf(work, unit);
  return slots.length === 0 ? "null" : `()=>[${slots.map(slot => slot.read).join(",")}]`;
}

/** `f.bind(…)`, calls in tail position, `import.meta`. */
function placeEdits({ analysis, edits, text, options }: FileWork): void {
  for (const call of analysis.tails) edits.wrap(call.start, call.end, "$fsk(", ")");
  for (const call of analysis.binds) {
    const callee = call["callee"] as Node;
    const dot = text.lastIndexOf(".", (callee["property"] as Node).start);
    const [first] = list(call, "arguments");
    edits.wrap(call.start, call.end, "$fsb(", "");
    edits.replace(dot, first?.start ?? call.end - 1, first === undefined ? "" : ",");
  }
  if (options.mode === "register") return;
  for (const { node, property } of analysis.metas) {
    const value = metaValue(property, options);
    if (value !== undefined) edits.replace(node.start, node.end, value, true);
  }
}

/** What `import.meta` says of the original file. */
function metaValue(property: string, { path, role }: TransformOptions): string | undefined {
  const slash = path.lastIndexOf("/");
  switch (property) {
    case "url":
      return JSON.stringify(new URL(`file://${encodeURI(path).replace(/[?#]/g, encodeURIComponent)}`).href);
    case "filename":
    case "path":
      return JSON.stringify(path);
    case "dirname":
    case "dir":
      return JSON.stringify(path.slice(0, slash));
    case "file":
      return JSON.stringify(path.slice(slash + 1));
    case "main":
      return role === "entry" ? "$fsm()" : "false";
    default:
      return undefined;
  }
}

function registrations(work: FileWork, output: Output): void {
  for (const unit of work.analysis.units) {
    if (unit.tag.kind !== "none") factoryOf(work, unit, output);
    else if (unit.kind === "class" && unit.outer === work.analysis.scope) factoryOf(work, unit, output);
  }
}

/** Modules that the bundler would not let anyone else provide. */
const replacedModules = new Map<unknown, string>([["bun:test", "firesteel:test"]]);

function printModule(work: FileWork, output: Output, prefix: string, tags: string): void {
  const start = hashbangEnd(work.text);
  for (const each of list(work.analysis.program, "body")) {
    const source = each.type === "ImportDeclaration" ? child(each, "source") : undefined;
    const replaced = replacedModules.get(source?.["value"]);
    if (source !== undefined && replaced !== undefined)
      work.edits.replace(source.start, source.end, JSON.stringify(replaced));
  }
  output.generated(`${prefix}${lazyRegistrations(work)}\n`);
  registrations(work, output);
  output.generated(`${tags}\n`);
  output.copy(start, work.text.length, work.edits.between(start, work.text.length, false));
}

function printEntry(work: FileWork, output: Output, prefix: string, tags: string): void {
  const { text, edits, analysis } = work;
  const { imports, results } = editEntry(work);
  output.generated(`${prefix}${lazyRegistrations(work)}\n`);
  for (const each of imports) {
    const source = child(each, "source");
    output.copy(each.start, source?.start ?? each.end, []);
    if (source !== undefined) output.generated(JSON.stringify(replacedModules.get(source["value"]) ?? source["value"]));
    output.copy(source?.end ?? each.end, each.end, []);
    output.generated("\n");
  }
  registrations(work, output);
  output.generated(`export async function $fsrun(){${tags}\n`);
  const start = hashbangEnd(text);
  output.copy(start, analysis.program.end, edits.between(start, text.length, false));
  output.generated(`\nreturn {${results.join(",")}};}\n`);
}

function printRegistered(work: FileWork, output: Output, prefix: string): void {
  const start = hashbangEnd(work.text);
  let metas = "";
  for (const unit of work.analysis.units) {
    const isClass = unit.kind === "class" && unit.outer === work.analysis.scope;
    if (unit.tag.kind !== "none" || isClass)
      metas += `$fsr(${JSON.stringify(idOf(work, unit))},null,${metaOf(work, unit)});`;
  }
  output.copy(0, start, []);
  output.generated(prefix + metas);
  output.copy(start, work.text.length, work.edits.between(start, work.text.length, false));
}

/** Where the text begins after a line `#!…`. */
function hashbangEnd(text: string): number {
  if (!text.startsWith("#!")) return 0;
  const end = text.indexOf("\n");
  return end < 0 ? text.length : end + 1;
}
