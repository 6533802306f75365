/** From functions and values that the driver has to sources and bindings: the beginning of a conversion, and each captured value. */
import { types } from "node:util";
import type { Primitive } from "../expr/ir.ts";
import { builtinPath } from "./builtins.ts";
import { unitOf } from "./function-sources.ts";
import type { Binding, FunctionSource, Home, Meanings } from "./lambda-names.ts";
import { type Meta, type Tag, tagOf } from "./runtime.ts";
import { SourceHome } from "./source-home.ts";
import { textSource } from "./text-home.ts";

/** Reads what a tagged function captured. */
export type ReadCaptures = (fn: object, tag: Tag) => { readonly meta: Meta; readonly values: readonly unknown[] };

export class DriverMeanings implements Meanings {
  constructor(private readonly read: ReadCaptures) {}

  /** The source of a function of the user's; undefined where it is not at hand. */
  sourceOf(fn: object, tag: Tag): FunctionSource | undefined {
    const { meta, values } = this.read(fn, tag);
    const { sources } = tag.scope;
    const found = sources === undefined ? undefined : unitOf(sources, tag.id);
    if (found === undefined) return textSource(fn, tag, values, meta.hides ?? [], this);
    return new SourceHome(found.file, found.unit, tag.scope, { names: meta.names, values }, this, fn).source();
  }

  captured(value: unknown, path: string, home: Home): Binding {
    switch (typeof value) {
      case "number":
      case "string":
      case "boolean":
      case "undefined":
        return { kind: "primitive", value, path, home };
      case "function":
        return this.capturedFunction(value, path);
      case "object":
        if (value === null) return { kind: "primitive", value: value as Primitive, path, home };
        if (isPlain(value)) return { kind: "object", value, path, home };
        return { kind: "refused", reason: `uses ${path}, ${described(value)}` };
      default:
        return { kind: "refused", reason: `uses ${path}, a ${typeof value}` };
    }
  }

  private capturedFunction(fn: object, path: string): Binding {
    const tag = tagOf(fn);
    const source = tag && this.sourceOf(fn, tag);
    if (source !== undefined) return { kind: "function", source };
    const builtin = builtinPath(fn);
    if (builtin !== undefined) return { kind: "global", path: builtin };
    return { kind: "refused", reason: `uses ${path}, which is not a function of the job's files` };
  }
}

/** An array or object that is what its own properties say. */
function isPlain(value: object): boolean {
  if (types.isProxy(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (ArrayBuffer.isView(value)) return numberArrays.has(prototype);
  return prototype === (Array.isArray(value) ? Array.prototype : Object.prototype);
}

const numberArrays = new Set<unknown>([Float64Array, Float32Array, Int32Array, Uint8Array].map(each => each.prototype));

function described(value: object): string {
  const { name } = (value.constructor as { name?: unknown } | undefined) ?? {};
  if (typeof name !== "string" || name === "" || types.isProxy(value)) return "an object";
  return `${/^[AEIOU]/.test(name) ? "an" : "a"} ${name}`;
}
