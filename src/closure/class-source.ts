/**
 * Classes that nobody has registered: exports of packages, whose instances travel as their own properties; and in tasks the
 * entry's classes, which are made when first needed.
 */
import { isBuiltin } from "node:module";
import { FiresteelError } from "../base/errors.ts";
import { classById, type ClassSource, registerClass, setClassSource, type ShippableClass } from "../data/classes.ts";
import { ImportIndex, importedAt } from "./imported.ts";
import { hasPrivateNames, shippableClass } from "./instances.ts";
import { scopes } from "./runtime.ts";

const prefix = "import ";
const imports = new ImportIndex(scopes);

/** Why a class of the entry cannot be had in this thread, by id. */
export const unavailableClasses = new Map<string, string>();

const source: ClassSource = {
  of(constructor) {
    const found = imports.find(constructor);
    if (found === undefined || hasPrivateNames(constructor)) return undefined;
    // sockets and Rdds are no data, whatever they are made of
    const specifier = specifierOf(found.key);
    if (isBuiltin(specifier) || specifier === "firesteel") return undefined;
    return register(prefix + JSON.stringify([found.key, ...found.path]), constructor);
  },
  byId(id) {
    if (id.startsWith(prefix)) {
      const [key, ...path] = JSON.parse(id.slice(prefix.length)) as [string, ...string[]];
      const scope = scopes.find(each => each.imported(key) !== undefined);
      const constructor = scope && importedAt(scope, key, path);
      return typeof constructor === "function" ? register(id, constructor) : undefined;
    }
    return entryClass(id);
  },
};

setClassSource(source);

function register(id: string, constructor: object): ShippableClass {
  const userClass = {
    id,
    constructor: constructor as never,
    captures: null,
    privates: undefined,
    staticPrivates: undefined,
    hasPrivates: false,
  };
  const made = shippableClass(userClass, at => (at === constructor ? userClass : undefined));
  registerClass(made);
  return made;
}

function entryClass(id: string): ShippableClass | undefined {
  const reason = unavailableClasses.get(id);
  if (reason !== undefined) throw new FiresteelError("user", reason);
  for (const scope of scopes) {
    const meta = scope.isDriver ? undefined : scope.meta(id);
    if (meta?.kind !== "class" || scope.classes.has(id)) continue;
    if (meta.names.length > 0) {
      throw new FiresteelError("user", `a task met an instance of the ${meta.text}, but not what the class captures`, {
        hint: "declare the class above the operators, or in a module of its own",
      });
    }
    // making it registers it
    if (scope.make(id) !== undefined) return classById(id);
  }
  return undefined;
}

function specifierOf(key: string): string {
  return key.slice(key.indexOf("|") + 1);
}
