/**
 * Functions and classes of packages, found by value among what the user's files import: `rdd.map(capitalize)` ships as "the
 * import `capitalize` of job.ts from lodash". Namespaces and default objects are searched two levels deep.
 */
import type { ClosureScope } from "./runtime.ts";

export interface ImportedPath {
  /** File and specifier: `job.ts|lodash`. */
  readonly key: string;
  readonly path: readonly string[];
  readonly scope: ClosureScope;
}

const depthMax = 2;

export class ImportIndex {
  private readonly found = new Map<unknown, ImportedPath>();
  private readonly counted = new Map<ClosureScope, number>();

  constructor(private readonly scopes: readonly ClosureScope[]) {}

  find(value: unknown): ImportedPath | undefined {
    for (const scope of this.scopes) {
      if (this.counted.get(scope) === scope.imports.size) continue;
      this.counted.set(scope, scope.imports.size);
      for (const [key, names] of scope.imports) this.add(scope, key, names);
    }
    return this.found.get(value);
  }

  private add(scope: ClosureScope, key: string, names: () => Record<string, unknown>): void {
    let level: [unknown, readonly string[]][];
    try {
      level = Object.entries(names()).map(([name, value]) => [value, [name]]);
    } catch {
      return; // a module in a cycle that is not complete yet
    }
    for (let depth = 0; depth <= depthMax; depth++) {
      const next: typeof level = [];
      for (const [value, path] of level) {
        if ((typeof value !== "function" && typeof value !== "object") || value === null || this.found.has(value))
          continue;
        this.found.set(value, { key, path, scope });
        if (depth < depthMax) next.push(...properties(value, path));
      }
      level = next;
    }
  }
}

function properties(value: object, path: readonly string[]): [unknown, readonly string[]][] {
  const isNamespace = path.length === 1 && (path[0] === "*" || path[0] === "default");
  const prototype: unknown = Object.getPrototypeOf(value);
  if (typeof value === "object" && !isNamespace && prototype !== Object.prototype && prototype !== null) return [];
  const found: [unknown, readonly string[]][] = [];
  for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(value))) {
    if (name === "prototype" || name === "caller" || name === "arguments") continue;
    // bundled namespaces have getters
    if (isNamespace && descriptor.get !== undefined) found.push([readQuietly(value, name), [...path, name]]);
    else if ("value" in descriptor) found.push([descriptor.value, [...path, name]]);
  }
  return found;
}

function readQuietly(value: object, name: string): unknown {
  try {
    return (value as Record<string, unknown>)[name];
  } catch {
    return undefined;
  }
}

/** The other half: what an import is in this thread. */
export function importedAt(scope: ClosureScope, key: string, path: readonly string[]): unknown {
  let value: unknown = scope.imported(key);
  for (const name of path) value = (value as Record<string, unknown> | undefined)?.[name];
  return value;
}
