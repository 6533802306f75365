/**
 * Finds why a value cannot ship, for the message: walks it as the encoder does and names the first thing that is refused and
 * the path to it. Slow; only called after the encoder has refused.
 */
import { FiresteelError } from "../base/errors.ts";
import { inspected } from "../base/inspected.ts";
import { classOf } from "./classes.ts";
import { errorProperties, kindOf } from "./value-kinds.ts";
import type { EncodeHooks } from "./value-encoder.ts";
import { valueDepthMax } from "./value-tags.ts";

/** A value that has no bytes. `path` leads from the whole to the part, `part` is what it is: "a function". */
export class UnshippableValue extends FiresteelError {
  readonly path: string;
  readonly part: string;

  constructor(path: string, verb: string, part: string, hint: string | undefined, place = "") {
    super("user", `${path} ${verb} ${part}${place}`, { hint, isPermanent: true });
    this.path = path;
    this.part = part;
  }
}

interface Found {
  readonly path: string;
  readonly verb: string;
  readonly part: string;
  readonly hint: string | undefined;
}

/** The error for a value that the encoder refused. `root` is what the whole is called: `row`; `place` where it is met: "the rows of map". */
export function unshippable(
  value: unknown,
  root: string,
  place: string | undefined,
  hooks: EncodeHooks = {},
): UnshippableValue {
  const found = new Search(hooks).visit(value, root) ?? {
    path: root,
    verb: "holds",
    part: "what cannot be sent",
    hint: undefined,
  };
  return new UnshippableValue(
    found.path,
    found.verb,
    found.part,
    found.hint,
    place === undefined ? "" : `, in ${place}`,
  );
}

/** Whether a value has bytes. Slow, as the rest of this file. */
export function ships(value: unknown): boolean {
  return new Search({}).visit(value, "value") === undefined;
}

class Search {
  private readonly ancestors = new Map<unknown, string>();
  private readonly visited = new Set<unknown>();

  constructor(private readonly hooks: EncodeHooks) {}

  visit(value: unknown, path: string): Found | undefined {
    if (typeof value === "function" || typeof value === "symbol") return this.visitOther(value, path);
    if (typeof value !== "object" || value === null) return undefined;
    const above = this.ancestors.get(value);
    if (above !== undefined && this.hooks.references !== true) {
      return { path, verb: "refers to", part: `itself at ${above}`, hint: "send plain data without cycles" };
    }
    if (this.visited.has(value)) return undefined;
    if (this.ancestors.size >= valueDepthMax) {
      return {
        path: shorten(path),
        verb: "is nested",
        part: `deeper than ${valueDepthMax} levels`,
        hint: "send flatter data",
      };
    }
    this.ancestors.set(value, path);
    const found = this.visitParts(value, path);
    this.ancestors.delete(value);
    // what was searched once without a find need not be searched again
    this.visited.add(value);
    return found;
  }

  private visitParts(value: object, path: string): Found | undefined {
    switch (kindOf(value)) {
      case "array": {
        const array = value as unknown[];
        return this.first(array.keys(), at => this.visit(array[at], `${path}[${at}]`));
      }
      case "object":
        return this.visitProperties(value, path);
      case "map":
        return this.first(value as Map<unknown, unknown>, ([key, item]) => {
          return this.visit(key, `${path}'s key ${printKey(key)}`) ?? this.visit(item, `${path}.get(${printKey(key)})`);
        });
      case "set":
        return this.first([...(value as Set<unknown>)].entries(), ([at, item]) =>
          this.visit(item, `${path}'s item ${at}`),
        );
      case "error":
        if (classOf(value) !== undefined) return this.visitOther(value, path);
        return this.visitProperties(errorProperties(value as Error, false), path);
      case "other":
        return this.visitOther(value, path);
      default:
        return undefined;
    }
  }

  private visitProperties(value: object, path: string): Found | undefined {
    return this.first(Object.keys(value), name =>
      this.visit((value as Record<string, unknown>)[name], path + property(name)),
    );
  }

  private visitOther(value: object | symbol, path: string): Found | undefined {
    const shippable = typeof value === "object" ? classOf(value) : undefined;
    if (shippable !== undefined) {
      const state = shippable.dehydrate(value as object);
      return (
        this.visitProperties(value as object, path) ??
        this.first(state, each => this.visit(each, `${path}'s private state`))
      );
    }
    const other = this.hooks.encodeOther?.(value);
    if (other === undefined) return { path, verb: "is", part: describe(value), hint: hintFor(value) };
    return this.visit(other.data, path);
  }

  private first<T>(each: Iterable<T>, visit: (item: T) => Found | undefined): Found | undefined {
    for (const item of each) {
      const found = visit(item);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

/** "a function", "a Promise", "an instance of the class Point". */
export function describe(value: object | symbol): string {
  if (typeof value === "symbol") return "a symbol";
  if (typeof value === "function")
    return /^class\b/.test(Function.prototype.toString.call(value)) ? "a class" : "a function";
  const name = className(value);
  if (builtinNames.has(name)) return `${/^[AEIOU]/.test(name) ? "an" : "a"} ${name}`;
  return name === "" ? "an object with a prototype of its own" : `an instance of the class ${name}`;
}

const builtinNames = new Set([
  "Promise",
  "WeakMap",
  "WeakSet",
  "WeakRef",
  "SharedArrayBuffer",
  "Number",
  "String",
  "Boolean",
  "Symbol",
  "BigInt",
  "Proxy",
  "Generator",
  "AsyncGenerator",
  "Iterator",
  "Request",
  "Response",
  "Headers",
  "Blob",
  "File",
  "ReadableStream",
  "Worker",
  "MessagePort",
  "AbortSignal",
  "AbortController",
  "EventEmitter",
  "Socket",
  "Server",
  "Database",
]);

/** The engine's own classes that users hold. */
const ofDriver = new Set(["Rdd", "Context", "Broadcast", "Accumulator"]);

function hintFor(value: object | symbol): string {
  if (typeof value === "function") return "send plain data, and call the function before or after";
  if (typeof value === "symbol") return "send a string instead";
  const name = className(value);
  if (name === "Promise") return "await it first, or use mapAsync";
  if (name === "SharedArrayBuffer") return "copy it into an ArrayBuffer first";
  if (name === "Number" || name === "String" || name === "Boolean")
    return `Send the ${name.toLowerCase()} itself, not a ${name} object`;
  if (ofDriver.has(name) && inspected in value)
    return "it lives on the driver: send rows or values that it gave instead";
  if (builtinNames.has(name) || name === "") return "send plain data instead";
  return "declare the class at the top level of one of the job's modules, or send plain data";
}

function className(value: object): string {
  const { constructor } = value as { constructor?: unknown };
  const own = typeof constructor === "function" && constructor.prototype === Object.getPrototypeOf(value);
  return own ? constructor.name : "";
}

function property(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`;
}

function printKey(key: unknown): string {
  if (typeof key === "string") return JSON.stringify(key);
  return typeof key === "object" || typeof key === "function" || typeof key === "symbol" ? "…" : String(key);
}

function shorten(path: string): string {
  return path.length <= 80 ? path : `${path.slice(0, 77)}…`;
}
