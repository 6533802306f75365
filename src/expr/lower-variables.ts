/** Locals that statements assign to. What is to stay as it was when they change is copied. */
import type { Code, Local } from "../codegen/code.ts";
import { local } from "../codegen/operations.ts";
import type { Frame, Lowering } from "./lowering.ts";
import type { Value } from "./value.ts";

const changing = new WeakMap<Lowering, Set<Local>>();

/** All locals that the value is made of change from now on. */
export function noteVariable(value: Value, { lowering }: Frame): void {
  let locals = changing.get(lowering);
  if (locals === undefined) changing.set(lowering, (locals = new Set()));
  const noted = locals;
  withParts(value, code => {
    if (code.kind === "local") noted.add(code.local as Local);
    return code;
  });
}

/** The value as it is here, whatever is assigned later. */
export function snapshot(value: Value, { lowering }: Frame): Value {
  const locals = changing.get(lowering);
  if (locals === undefined) return value;
  return withParts(value, code => {
    if (code.kind !== "local" || !locals.has(code.local as Local)) return code;
    const copy = lowering.out.local(code.type, code.local.name);
    lowering.out.set(copy, code);
    return local(copy);
  });
}

/** With each part replaced; the value itself where none is another. Arrays that are not made are never in variables. */
function withParts(value: Value, part: <C extends Code>(code: C) => C | Code<C["type"]>): Value {
  if (value.source !== undefined) return value;
  switch (value.kind) {
    case "number":
    case "date": {
      const code = part(value.code);
      return code === value.code ? value : { ...value, code };
    }
    case "boolean": {
      const code = part(value.code);
      return code === value.code ? value : { ...value, code };
    }
    case "string": {
      const [start, bytes] = [part(value.start), part(value.bytes)];
      return start === value.start && bytes === value.bytes ? value : { ...value, start, bytes };
    }
    case "optional": {
      const [present, item] = [part(value.present), withParts(value.item, part)];
      return present === value.present && item === value.item ? value : { ...value, present, item };
    }
    case "struct": {
      // parts of the input are read when they are needed, and are no variables
      const fields = Array.from(value.fields, field => withParts(field, part));
      return fields.every((field, i) => field === value.fields[i]) ? value : { ...value, fields };
    }
    case "pieces": {
      const [text, separator] = [withParts(value.text, part), withParts(value.separator, part)];
      if (text === value.text && separator === value.separator) return value;
      return { ...value, text: text as typeof value.text, separator: separator as typeof value.separator };
    }
    default:
      return value;
  }
}
