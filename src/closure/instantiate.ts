/**
 * The tasks' side of closures: loads bundles, and makes functions around fresh copies of what they captured, every time.
 */
import { FiresteelError } from "../base/errors.ts";
import { decodeValue, type DecodeHooks } from "../data/value-codec.ts";
import { loadScope } from "./bundle.ts";
import { builtinAt } from "./builtins.ts";
import { unavailableClasses } from "./class-source.ts";
import type { ClosureRef, Handle, JobBundle, ResolveHandle } from "./contracts.ts";
import { importedAt } from "./imported.ts";
import { ClosureScope, scopes, type Setter, userClassOf } from "./runtime.ts";

type AnyFunction = (...args: never[]) => unknown;

export class ClosureLoader {
  private readonly loads = new Map<string, Promise<void>>();
  private readonly scopes = new Map<string, ClosureScope>();
  /** For functions that need no bundle: `Math.sqrt`. */
  private readonly none = new ClosureScope(() => "", false);

  /** Imports a bundle into this thread, once. */
  load(bundle: JobBundle): Promise<void> {
    let load = this.loads.get(bundle.hash);
    if (load === undefined) {
      load = loadScope(bundle, false).then(({ scope }) => {
        this.scopes.set(bundle.hash, scope);
      });
      this.loads.set(bundle.hash, load);
    }
    return load;
  }

  /** The function with captures of its own; call it again for every task attempt. */
  instantiate(ref: ClosureRef, resolveHandle: ResolveHandle): AnyFunction {
    const scope = ref.bundle === "" ? this.none : this.scopes.get(ref.bundle);
    if (scope === undefined) throw new FiresteelError("internal", `the bundle of ${ref.text} is not loaded here`);
    if (ref.captures.length === 0) return make(scope, ref.id).made as AnyFunction;
    const [classes, states, unavailable, root] = decodeValue(ref.captures, hooks(scope, resolveHandle)) as [
      object[],
      unknown[],
      [string, string][],
      AnyFunction,
    ];
    for (const [id, reason] of unavailable) unavailableClasses.set(id, reason);
    classes.forEach((each, at) => setClassState(scope, each, states[at], resolveHandle));
    return root;
  }
}

function make(
  scope: ClosureScope,
  id: string,
  atOnce?: (set: Setter) => void,
): { made: unknown; set: Setter | undefined } {
  // with several entries in one process, a function may capture one of another's
  const result =
    scope.make(id, atOnce) ?? scopes.find(each => !each.isDriver && each.factories.has(id))?.make(id, atOnce);
  if (result === undefined) throw new FiresteelError("internal", `the function ${id} is not in its bundle`);
  return result;
}

const setters = new WeakMap<object, Setter>();

function hooks(scope: ClosureScope, resolveHandle: ResolveHandle): DecodeHooks {
  return {
    references: true,
    createOther(tag, meta) {
      switch (tag) {
        case "f": {
          const { made, set } = make(scope, meta as string);
          if (set !== undefined) setters.set(made as object, set);
          return made;
        }
        case "c":
          return classOfTask(scope, meta as [string, unknown[]?]);
        case "b":
          return builtinAt(meta as string);
        case "x": {
          const [key, ...path] = meta as [string, ...string[]];
          return importedAt(scope, key, path);
        }
        case "d": {
          const [target, self, args] = meta as [(...args: unknown[]) => unknown, unknown, unknown[]];
          return target.bind(self, ...args);
        }
        case "m": {
          const [owner, name, isStatic] = meta as [
            { prototype: Record<string, unknown> } & Record<string, unknown>,
            string,
            boolean,
          ];
          return isStatic ? owner[name] : owner.prototype[name];
        }
        case "h":
          return resolveHandle(meta as Handle);
        default:
          throw new FiresteelError("internal", `a captured value of the unknown kind ${tag}`);
      }
    },
    fillOther(shell, data) {
      if (data !== undefined) setters.get(shell as object)?.(...(data as unknown[]));
    },
  };
}

/** Classes exist once a thread: instances that meet in one task are of one class, whichever function made them. */
function classOfTask(scope: ClosureScope, [id, eager]: [string, unknown[]?]): unknown {
  const known = scope.classes.get(id);
  if (known !== undefined) return known;
  const { made, set } = make(scope, id, eager === undefined ? undefined : setter => setter(...eager));
  if (set !== undefined) setters.set(made as object, set);
  return made;
}

/** Captures and static fields are as fresh as those of functions. */
function setClassState(scope: ClosureScope, constructor: object, encoded: unknown, resolveHandle: ResolveHandle): void {
  const state =
    encoded instanceof Uint8Array
      ? (decodeValue(encoded, hooks(scope, resolveHandle)) as [object, unknown])[1]
      : encoded;
  const [captures, statics, privates] = state as [unknown[], Record<string, unknown>, unknown[] | undefined];
  setters.get(constructor)?.(...captures);
  for (const [name, value] of Object.entries(statics))
    (constructor as unknown as Record<string, unknown>)[name] = value;
  if (privates !== undefined) userClassOf(constructor)?.staticPrivates?.write(constructor, privates);
}
