/** Functions of the language and the runtime by their path from the global object: `Math.sqrt`, `String.prototype.trim`. */

const roots = [
  "Array",
  "ArrayBuffer",
  "Atomics",
  "BigInt",
  "Boolean",
  "Buffer",
  "Date",
  "Error",
  "Intl",
  "Iterator",
  "JSON",
  "Map",
  "Math",
  "Number",
  "Object",
  "Promise",
  "RangeError",
  "Reflect",
  "RegExp",
  "Set",
  "String",
  "Symbol",
  "SyntaxError",
  "TypeError",
  "URL",
  "URLSearchParams",
  "TextDecoder",
  "TextEncoder",
  "DataView",
  "Float32Array",
  "Float64Array",
  "Int8Array",
  "Int16Array",
  "Int32Array",
  "Uint8Array",
  "Uint8ClampedArray",
  "Uint16Array",
  "Uint32Array",
  "BigInt64Array",
  "BigUint64Array",
  "console",
  "crypto",
  "performance",
  "atob",
  "btoa",
  "decodeURI",
  "decodeURIComponent",
  "encodeURI",
  "encodeURIComponent",
  "escape",
  "fetch",
  "isFinite",
  "isNaN",
  "parseFloat",
  "parseInt",
  "queueMicrotask",
  "setTimeout",
  "structuredClone",
  "unescape",
];

let paths: Map<unknown, string> | undefined;

/** The path of a built-in function; undefined for any other. */
export function builtinPath(fn: object): string | undefined {
  paths ??= collect();
  return paths.get(fn);
}

export function builtinAt(path: string): unknown {
  let value: unknown = globalThis;
  for (const name of path.split(".")) value = (value as Record<string, unknown> | undefined)?.[name];
  return value;
}

function collect(): Map<unknown, string> {
  const found = new Map<unknown, string>();
  for (const root of roots) {
    const value = (globalThis as Record<string, unknown>)[root];
    if (typeof value !== "function" && (typeof value !== "object" || value === null)) continue;
    add(found, value, root);
    addProperties(found, value, root);
    const prototype: unknown = typeof value === "function" ? value.prototype : Object.getPrototypeOf(value);
    const path = typeof value === "function" ? `${root}.prototype` : root;
    if (typeof prototype === "object" && prototype !== null && prototype !== Object.prototype)
      addProperties(found, prototype, path);
  }
  return found;
}

function addProperties(found: Map<unknown, string>, holder: object, path: string): void {
  for (const name of Object.getOwnPropertyNames(holder)) {
    if (name !== "constructor" && !name.includes("."))
      add(found, Object.getOwnPropertyDescriptor(holder, name)?.value, `${path}.${name}`);
  }
}

function add(found: Map<unknown, string>, value: unknown, path: string): void {
  if (typeof value === "function" && !found.has(value)) found.set(value, path);
}
