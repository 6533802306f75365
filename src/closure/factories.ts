/**
 * The factories that the transform prints at module level, one for each function and top-level class: `$fsr(id, factory, meta)`.
 * A factory makes the function around variables that it hands out a setter for, so that captures may come later and refer
 * back to the function.
 */
import { child, list, part } from "./ast.ts";
import { type Edit, type Output, showPosition } from "./edits.ts";
import { idOf, type FileWork } from "./file-work.ts";
import { languageNames } from "./lambda-language.ts";
import type { Meta } from "./runtime.ts";
import type { Unit, Variable } from "./scopes.ts";

/** A captured variable: its name inside the factory, and how the driver reads it. */
export interface Slot {
  readonly name: string;
  readonly read: string;
  readonly firstUse: number;
  readonly eager: boolean;
}

const outerThis = "$fsthis";

export function slotsOf(work: FileWork, unit: Unit): Slot[] {
  const slots: Slot[] = [];
  for (const [variable, firstUse] of unit.captures) {
    if (!isCapture(work, unit, variable)) continue;
    slots.push({ name: variable.name, read: variable.name, firstUse, eager: unit.eager.has(variable) });
  }
  const [first] = unit.outerThis;
  if (first !== undefined) slots.push({ name: outerThis, read: "this", firstUse: first, eager: false });
  return slots;
}

/** Imports stay imports, and a module's own variables are its own in every thread; the entry's are not, as its body never runs there. */
function isCapture({ analysis, options }: FileWork, unit: Unit, variable: Variable): boolean {
  if (variable.scope === analysis.scope && (options.role === "module" || variable.kind === "import")) return false;
  const isItself = unit.kind === "declaration" && variable.scope === unit.outer && variable.name === unit.name;
  return !isItself || variable.written;
}

export function factoryOf(work: FileWork, unit: Unit, output: Output): void {
  output.generated(`$fsr(${JSON.stringify(idOf(work, unit))},`);
  if (unit.privatesOf === undefined) printFactory(work, unit, output);
  else output.generated(JSON.stringify(idOf(work, unit.privatesOf)));
  output.generated(`,${metaOf(work, unit)});\n`);
}

/** The factories of functions that use a class's private names stand in the class. */
export function factoriesInside(work: FileWork, owner: Unit, output: Output): void {
  for (const unit of work.analysis.units) {
    if (unit.privatesOf !== owner || unit.tag.kind === "none") continue;
    output.generated(`$fsr(${JSON.stringify(idOf(work, unit))},`);
    printFactory(work, unit, output);
    output.generated(");");
  }
}

function printFactory(work: FileWork, unit: Unit, output: Output): void {
  const isOwnDeclaration = unit.kind === "declaration" && unit.outer === work.analysis.scope;
  if (isOwnDeclaration && work.options.role === "module") return output.generated(`()=>${unit.name || "$fsdefault"}`);
  // a class of a module is the module's own; the job itself does not ship
  if (unit.kind === "class" && work.options.role === "module") return output.generated("null");
  if (isOwnDeclaration && isDefaultExport(work, unit)) return output.generated("null");
  if (unit.bound.length > 0) return output.generated("null");
  const slots = slotsOf(work, unit);
  if (slots.length === 0) output.generated("()=>");
  else {
    const setter = slots.map((slot, at) => `${slot.name}=$${at}`).join(";");
    const parameters = slots.map((_, at) => `$${at}`).join(",");
    output.generated(`$fss=>{let ${slots.map(slot => slot.name).join(",")};$fss((${parameters})=>{${setter}});return `);
  }
  printFunction(work, unit, output);
  if (slots.length > 0) output.generated("}");
}

/** The function as an expression, with the name that it had. */
function printFunction(work: FileWork, unit: Unit, output: Output): void {
  const { node, kind, name } = unit;
  const key = JSON.stringify(name);
  const named = name !== "" && (kind === "arrow" || (kind === "function" && node["id"] == null));
  const [before, after] = kind === "method" ? ["({", `})[${key}]`] : named ? [`({${key}:`, `})[${key}]`] : ["(", ")"];
  output.generated(before);
  const start =
    kind === "class"
      ? node.start + (/^abstract\s+/.exec(work.text.slice(node.start, node.start + 99))?.[0].length ?? 0)
      : node.start;
  const edits = work.edits.between(start, node.end, true);
  for (const at of unit.outerThis) {
    edits.push({ at, until: at + "this".length, text: outerThis, inCopies: true, rank: 0, low: at, high: at });
  }
  if (kind === "class") edits.push(...withoutStatics(unit));
  output.copy(
    start,
    node.end,
    edits.sort((a, b) => a.at - b.at || a.rank - b.rank),
  );
  output.generated(after);
}

/** A class's static state travels with its captures; what made it ran on the driver and does not run again. */
function withoutStatics({ node }: Unit): Edit[] {
  const edits: Edit[] = [];
  for (const member of list(part(node, "body"), "body")) {
    const isBlock = member.type === "StaticBlock";
    const range = isBlock
      ? member
      : member.type === "PropertyDefinition" && member["static"] === true
        ? child(member, "value")
        : undefined;
    if (range === undefined) continue;
    const text = isBlock ? "" : "undefined";
    edits.push({
      at: range.start,
      until: range.end,
      text,
      inCopies: true,
      rank: -1,
      low: range.start,
      high: range.end,
    });
  }
  return edits;
}

function isDefaultExport({ analysis }: FileWork, unit: Unit): boolean {
  const statements = list(analysis.program, "body");
  return statements.some(each => each.type === "ExportDefaultDeclaration" && each["declaration"] === unit.node);
}

/** What the driver needs to know of a function, as the text of a string literal that holds JSON. */
export function metaOf(work: FileWork, unit: Unit): string {
  const { lines } = work;
  const slots = slotsOf(work, unit);
  const captured = new Set(slots.map(slot => slot.name));
  const fn = unit.kind === "method" ? part(unit.node, "value") : unit.node;
  const meta: Meta = {
    text: shortText(work, unit),
    at: showPosition(lines, unit.node.start),
    kind:
      unit.kind === "class"
        ? "class"
        : fn["async"] === true
          ? "async"
          : fn["generator"] === true
            ? "generator"
            : "function",
    ...(work.options.role === "entry" && { inEntry: true as const }),
    names: slots.map(slot => slot.read),
    uses: slots.map(slot => showPosition(lines, slot.firstUse)),
    ...(slots.some(slot => slot.eager) && { eager: slots.flatMap((slot, at) => (slot.eager ? [at] : [])) }),
    ...optional(
      "writes",
      unit.writes
        .filter(each => captured.has(each.variable.name))
        .map(each => [each.variable.name, showPosition(lines, each.at)]),
    ),
    ...optional(
      "mutations",
      unit.mutations
        .filter(each => isCapture(work, unit, each.of))
        .map(each => [each.variable, each.path, each.by, showPosition(lines, each.at)]),
    ),
    ...optional(
      "bound",
      unit.bound.map(each => [each.what, showPosition(lines, each.at)]),
    ),
    ...optional(
      "hides",
      [...unit.captures.keys()].map(each => each.name).filter(name => languageNames.has(name) && !captured.has(name)),
    ),
  };
  return JSON.stringify(JSON.stringify(meta));
}

function optional<T>(key: string, values: readonly T[]): Record<string, readonly T[]> {
  return values.length === 0 ? {} : { [key]: values };
}

const textCharactersMax = 60;

function shortText({ text }: FileWork, unit: Unit): string {
  if (unit.kind === "class") return `class ${unit.name}`;
  const { start, end } = unit.node;
  const flat = text.slice(start, Math.min(end, start + 400)).replace(/\s+/g, " ");
  return flat.length <= textCharactersMax ? flat : `${flat.slice(0, textCharactersMax - 1)}…`;
}
