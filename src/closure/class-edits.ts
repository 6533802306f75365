/**
 * What a top-level class needs so that its instances can travel: it registers itself with access to its private fields, and
 * lets an instance be made without running the user's constructor bodies and initialisers ($fsh.on while that happens).
 */
import { child, list, nameOf, part, type Node } from "./ast.ts";
import type { Output } from "./edits.ts";
import { factoriesInside, slotsOf } from "./factories.ts";
import { idOf, type FileWork } from "./file-work.ts";
import type { Unit } from "./scopes.ts";

export function classEdits(work: FileWork): void {
  for (const unit of work.analysis.units) {
    if (unit.kind === "class" && unit.outer === work.analysis.scope) editClass(work, unit);
  }
}

function editClass(work: FileWork, unit: Unit): void {
  const { edits } = work;
  const body = part(unit.node, "body");
  const members = list(body, "body");
  const isDerived = child(unit.node, "superClass") !== undefined;
  const hasPrivates = members.some(each => each["static"] !== true && child(each, "key")?.type === "PrivateIdentifier");
  const slots = slotsOf(work, unit);
  const thunk = slots.length === 0 ? "null" : `()=>[${slots.map(slot => slot.read).join(",")}]`;
  const access = `[${privateAccess(members, false)}],[${privateAccess(members, true)}],${hasPrivates}`;
  const registration = `static{$fsc(this,${JSON.stringify(idOf(work, unit))},${thunk},${access});`;
  const print = (output: Output) => {
    output.generated(registration);
    if (work.options.mode === "bundle") factoriesInside(work, unit, output);
    output.generated("}");
  };
  edits.insert(body.start + 1, print, true);
  if (!isDerived && !hasPrivates) return; // made with Object.create
  for (const member of members) {
    const value = child(member, "value");
    if (member.type === "MethodDefinition" && member["kind"] === "constructor" && value !== undefined) {
      const code = child(value, "body");
      if (code !== undefined)
        edits.insert(code.start + 1, isDerived ? "if($fsh.on){super();return}" : "if($fsh.on)return;", true);
    } else if (
      member.type === "PropertyDefinition" &&
      member["static"] !== true &&
      value !== undefined &&
      mayDoThings(value)
    ) {
      edits.wrap(value.start, value.end, "$fsh.on?undefined:(", ")", true);
    }
  }
}

/** `o=>[o.#x,…],(o,v)=>{…}` for the private fields, or nothing. */
function privateAccess(members: readonly Node[], isStatic: boolean): string {
  const names = members
    .filter(each => each.type === "PropertyDefinition" || each.type === "AccessorProperty")
    .filter(each => (each["static"] === true) === isStatic && child(each, "key")?.type === "PrivateIdentifier")
    .map(each => `#${nameOf(child(each, "key"))}`);
  if (names.length === 0) return "";
  return `o=>[${names.map(name => `o.${name}`).join(",")}],(o,v)=>{${names.map((name, at) => `o.${name}=v[${at}]`).join(";")}}`;
}

/** Whether evaluating an initialiser could do more than make a value. */
function mayDoThings(value: Node): boolean {
  switch (value.type) {
    case "Literal":
    case "ArrowFunctionExpression":
    case "FunctionExpression":
      return false;
    case "Identifier":
      return false;
    case "ArrayExpression":
      return list(value, "elements").some(mayDoThings);
    case "ObjectExpression":
      return list(value, "properties").length > 0;
    case "UnaryExpression":
      return mayDoThings(part(value, "argument"));
    case "NewExpression": {
      const callee = nameOf(child(value, "callee"));
      return !["Map", "Set", "Array", "WeakMap"].includes(callee) || list(value, "arguments").length > 0;
    }
    default:
      return true;
  }
}
