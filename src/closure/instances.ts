/**
 * Instances of the user's classes as plain state and back, without running the user's constructors: own properties, private
 * fields of the class and its parents, and what a built-in parent keeps (a Map's entries, an Error's message).
 */
import { FiresteelError } from "../base/errors.ts";
import type { ShippableClass } from "../data/classes.ts";
import { errorProperties } from "../data/value-kinds.ts";

interface Access {
  readonly read: (of: object) => unknown[];
  readonly write: (of: object, values: unknown[]) => void;
}

export interface UserClass {
  readonly id: string;
  readonly constructor: abstract new (...args: never[]) => object;
  readonly captures: (() => unknown[]) | null;
  readonly privates: Access | undefined;
  readonly staticPrivates: Access | undefined;
  /** Private fields, methods or accessors: an instance must come from the constructor. */
  readonly hasPrivates: boolean;
}

/** Constructors of user classes return, and their fields stay empty, while `on`. */
export const hydration = { on: false };

type BuiltinState = "map" | "set" | "array" | "error" | undefined;

interface Layout {
  readonly privates: readonly Access[];
  readonly construct: boolean;
  readonly builtin: BuiltinState;
}

export function shippableClass(userClass: UserClass, find: (parent: object) => UserClass | undefined): ShippableClass {
  const { constructor, id } = userClass;
  let known: Layout | undefined;
  const layout = () => (known ??= layoutOf(userClass, find));
  const allocate = () =>
    layout().construct ? construct(constructor) : (Object.create(constructor.prototype as object) as object);
  const restore = (instance: object, state: unknown[]) => write(instance, state, layout());
  return {
    id,
    constructorFunction: constructor,
    dehydrate: instance => read(instance, layout()),
    rehydrate: state => {
      const instance = allocate();
      restore(instance, state);
      return instance;
    },
    allocate,
    restore,
  };
}

function layoutOf(userClass: UserClass, find: (parent: object) => UserClass | undefined): Layout {
  const privates: Access[] = [];
  let construct = false;
  let at: unknown = userClass.constructor;
  for (let known = find(at as object); known !== undefined; known = find(at as object)) {
    if (known.privates !== undefined) privates.push(known.privates);
    construct ||= known.hasPrivates;
    at = Object.getPrototypeOf(at);
    if (typeof at !== "function") break;
  }
  const isRoot = at === Function.prototype || typeof at !== "function" || at === Object;
  const builtin = isRoot ? undefined : builtinState(at as object);
  if (!isRoot && builtin === undefined && (construct || hasPrivateNames(at as object))) {
    throw new FiresteelError(
      "user",
      `an instance of the class ${userClass.constructor.name} cannot be sent to tasks: its private fields`,
      {
        hint: `send plain data: ${userClass.constructor.name} has a parent from a package`,
      },
    );
  }
  return { privates, construct: construct || builtin !== undefined, builtin };
}

function builtinState(constructor: object): BuiltinState {
  if (constructor === Map) return "map";
  if (constructor === Set) return "set";
  if (constructor === Array) return "array";
  return constructor === Error || Object.getPrototypeOf(constructor) === Error ? "error" : undefined;
}

/** Whether a class of a package's has private fields, which no one else can read. */
export function hasPrivateNames(constructor: object): boolean {
  for (
    let at: unknown = constructor;
    typeof at === "function" && at !== Function.prototype;
    at = Object.getPrototypeOf(at)
  ) {
    if (/[\s;{.]#[A-Za-z_$]/.test(Function.prototype.toString.call(at))) return true;
  }
  return false;
}

function construct(constructor: abstract new (...args: never[]) => object): object {
  hydration.on = true;
  try {
    return Reflect.construct(constructor, []);
  } finally {
    hydration.on = false;
  }
}

/** [own properties, …private fields, what the built-in parent keeps]. */
function read(instance: object, { privates, builtin }: Layout): unknown[] {
  const state: unknown[] = [builtin === "error" ? errorState(instance as Error) : { ...instance }];
  for (const access of privates) state.push(...access.read(instance));
  if (builtin === "map") state.push([...Map.prototype.entries.call(instance)]);
  else if (builtin === "set") state.push([...Set.prototype.values.call(instance)]);
  else if (builtin === "array") state.push((instance as unknown[]).length);
  return state;
}

function errorState(error: Error): Record<string, unknown> {
  const state = errorProperties(error, true);
  if (!Object.hasOwn(error, "name")) delete state["name"];
  return state;
}

const hiddenInErrors = new Set(["message", "stack", "cause", "errors"]);

function write(instance: object, state: unknown[], { privates, builtin }: Layout): void {
  const properties = state[0] as Record<string, unknown>;
  for (const name of Object.keys(properties)) {
    const value = properties[name];
    // assigning is much faster than defining, and the same unless the class has a setter of that name
    const isPlain = builtin !== "error" && (Object.hasOwn(instance, name) || !(name in instance));
    const enumerable = builtin !== "error" || !hiddenInErrors.has(name);
    if (isPlain) (instance as Record<string, unknown>)[name] = value;
    else Object.defineProperty(instance, name, { value, enumerable, writable: true, configurable: true });
  }
  let at = 1;
  for (const access of privates) {
    const count = access.read(instance).length;
    access.write(instance, state.slice(at, at + count));
    at += count;
  }
  if (builtin === "map")
    for (const [key, value] of state[at] as [unknown, unknown][]) Map.prototype.set.call(instance, key, value);
  else if (builtin === "set") for (const value of state[at] as unknown[]) Set.prototype.add.call(instance, value);
  else if (builtin === "array") (instance as unknown[]).length = state[at] as number;
}
