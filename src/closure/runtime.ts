/**
 * What transformed code calls. Each load of a bundle in a thread has a scope of its own, which holds the factories, imports
 * and classes that its modules register; where the driver runs the real modules there is one scope for all of them.
 *
 * Tags are private fields stamped onto the functions: nobody sees them, and they cost next to nothing. In tasks, whose
 * functions never reach an operator, tagging does nothing at all.
 */
import { registerClass, type ShippableClass } from "../data/classes.ts";
import { useBundle } from "./bundles.ts";
import type { FileSources } from "./function-sources.ts";
import { shippableClass, hydration, type UserClass } from "./instances.ts";

/** What the transform found out about a function or class; positions are `line:column`. */
export interface Meta {
  readonly text: string;
  readonly at: string;
  readonly kind: "function" | "async" | "generator" | "class";
  /** In the entry, whose statements do not run in tasks. */
  readonly inEntry?: true;
  /** Captured variables, and where each is first used. */
  readonly names: readonly string[];
  readonly uses: readonly string[];
  /** Classes: indexes of captures that making the class needs. */
  readonly eager?: readonly number[];
  readonly writes?: readonly (readonly [name: string, at: string])[];
  readonly mutations?: readonly (readonly [name: string, path: readonly string[], by: string, at: string])[];
  readonly bound?: readonly (readonly [what: string, at: string])[];
  /** Names of the language that mean something else here: its module's variables and imports. */
  readonly hides?: readonly string[];
}

export type AnyFunction = (...args: unknown[]) => unknown;
export type Setter = (...captures: unknown[]) => void;
export type Factory = (give: (set: Setter) => void) => unknown;
type Captures = (() => unknown[]) | null;

export interface Tag {
  readonly id: string;
  readonly captures: Captures;
  readonly scope: ClosureScope;
}

class ReturnsItsArgument {
  constructor(object: object) {
    return object;
  }
}

class Stamp extends ReturnsItsArgument {
  #id: string;
  #captures: Captures;
  #scope: ClosureScope;

  constructor(fn: object, id: string, captures: Captures, scope: ClosureScope) {
    super(fn);
    this.#id = id;
    this.#captures = captures;
    this.#scope = scope;
  }

  static of(fn: object): Tag | undefined {
    return #id in fn ? { id: fn.#id, captures: fn.#captures, scope: fn.#scope } : undefined;
  }

  static has(fn: object): boolean {
    return #id in fn;
  }
}

/** The tag that a function was given where it was written. */
export function tagOf(fn: object): Tag | undefined {
  return Stamp.of(fn);
}

export interface BoundFunction {
  readonly target: unknown;
  readonly self: unknown;
  readonly args: readonly unknown[];
}

const boundFunctions = new WeakMap<object, BoundFunction>();
export const boundOf = (fn: object): BoundFunction | undefined => boundFunctions.get(fn);

/** `target.bind(self, …args)`, remembered. */
export function recordBound(
  target: { bind(...args: unknown[]): unknown },
  self: unknown,
  args: readonly unknown[] = [],
): unknown {
  const result = target.bind(self, ...args);
  if (typeof target === "function" && typeof result === "function") boundFunctions.set(result, { target, self, args });
  return result;
}

export interface Method {
  readonly owner: object;
  readonly name: string;
  readonly isStatic: boolean;
}

const methods = new WeakMap<object, Method>();
/** The class and name of a method that is passed around without its object. */
export const methodOf = (fn: object): Method | undefined => methods.get(fn);

const userClasses = new WeakMap<object, UserClass & { readonly scope: ClosureScope }>();
export const userClassOf = (constructor: object): (UserClass & { readonly scope: ClosureScope }) | undefined =>
  userClasses.get(constructor);

/** The scopes of this thread, and those of them in which functions are tagged. */
export const scopes: ClosureScope[] = [];
export const driverScopes: ClosureScope[] = [];

export class ClosureScope {
  /** A string is the id of the class that has the factory inside. */
  readonly factories = new Map<string, Factory | string | null>();
  private readonly metaTexts = new Map<string, string>();
  readonly imports = new Map<string, () => Record<string, unknown>>();
  readonly lazies = new Map<string, () => unknown>();
  /** The classes of user modules that exist in this thread, by id. */
  readonly classes = new Map<string, object>();

  constructor(
    /** The bundle that functions of this scope are found in, elsewhere. */
    readonly bundleOf: (id: string) => string,
    readonly isDriver: boolean,
    /** The syntax trees of its files, where this process has parsed them. */
    readonly sources?: FileSources | undefined,
  ) {
    scopes.push(this);
    if (isDriver) driverScopes.push(this);
  }

  meta(id: string): Meta | undefined {
    const text = this.metaTexts.get(id);
    return text === undefined ? undefined : (JSON.parse(text) as Meta);
  }

  /** Makes the function or class of an id; what it captures is set later, or earlier by `atOnce`. */
  make(
    id: string,
    atOnce?: (set: Setter) => void,
  ): { readonly made: unknown; readonly set: Setter | undefined } | undefined {
    if (!this.factories.has(id)) this.loadLazily(id, () => this.factories.has(id));
    let factory = this.factories.get(id);
    if (typeof factory === "string") {
      this.make(factory);
      factory = this.factories.get(id);
    }
    if (typeof factory !== "function") return undefined;
    let setter: Setter | undefined;
    const made = factory(set => {
      setter = set;
      atOnce?.(set);
    });
    return { made, set: setter };
  }

  /** What a file of the user's imports from elsewhere. */
  imported(key: string): Record<string, unknown> | undefined {
    if (!this.imports.has(key)) this.loadLazily(key, () => this.imports.has(key));
    return this.imports.get(key)?.();
  }

  /** Modules that are imported dynamically are loaded when a task meets something of theirs, likely ones first. */
  private loadLazily(wanted: string, isDone: () => boolean): void {
    const bare = (name: string) => name.slice(name.lastIndexOf("/") + 1).replace(/\.\w+$/, "");
    const file = bare(wanted.replace(/(:\d+|\|.*)$/, ""));
    const order = [...this.lazies].sort(([a], [b]) => Number(bare(b) === file) - Number(bare(a) === file));
    for (const [key, load] of order) {
      if (isDone()) return;
      this.lazies.delete(key);
      load();
    }
  }

  /** The helpers by the names that the transform uses, `$fs` apart. */
  readonly helpers = {
    /** Tags a function. */
    t: <F extends object>(fn: F, id: string, captures: Captures): F => {
      if (this.isDriver && !Stamp.has(fn)) new Stamp(fn, id, captures, this);
      return fn;
    },
    /** Tags methods of an object literal: name, id, captures, and again. */
    o: <T extends Record<string, unknown>>(object: T, ...tags: unknown[]): T => {
      if (!this.isDriver) return object;
      for (let i = 0; i < tags.length; i += 3) {
        const fn = object[tags[i] as string];
        if (typeof fn === "function" && !Stamp.has(fn))
          new Stamp(fn, tags[i + 1] as string, tags[i + 2] as Captures, this);
      }
      return object;
    },
    /** `target.bind(self, …args)`. */
    b: (target: { bind(...args: unknown[]): unknown }, ...args: unknown[]): unknown =>
      this.isDriver && typeof target === "function"
        ? recordBound(target, args[0], args.slice(1))
        : target.bind(...args),
    /** Registers a class, from a static block at its beginning. */
    c: (
      constructor: object,
      id: string,
      captures: Captures,
      own: Access,
      statics: Access,
      hasPrivates: boolean,
    ): void => {
      this.addClass({
        id,
        captures,
        hasPrivates,
        constructor: constructor as UserClass["constructor"],
        privates: own[0] === undefined ? undefined : { read: own[0], write: own[1]! },
        staticPrivates: statics[0] === undefined ? undefined : { read: statics[0], write: statics[1]! },
      });
    },
    /** Keeps the caller's frame on the stack, which a tail call would drop. */
    k: <T>(value: T): T => value,
    /** Registers a factory; those inside of classes have said their meta before. */
    r: (id: string, factory: Factory | string | null, meta?: string): void => {
      if (typeof factory !== "string" || !this.factories.has(id)) this.factories.set(id, factory);
      if (meta !== undefined) this.metaTexts.set(id, meta);
    },
    x: (key: string, names: () => Record<string, unknown>): void => {
      this.imports.set(key, names);
    },
    l: (key: string, load: () => unknown): void => {
      this.lazies.set(key, load);
    },
    /** `on` while an instance is made without its user's code. */
    h: hydration,
    /** Whether this is the driver: `import.meta.main` of the entry. */
    m: (): boolean => this.isDriver,
  };

  private addClass(userClass: UserClass): void {
    const { constructor, id } = userClass;
    this.classes.set(id, constructor);
    userClasses.set(constructor, { ...userClass, scope: this });
    const shippable = shippableClass(userClass, parent => userClasses.get(parent));
    registerClass(
      this.isDriver ? { ...shippable, dehydrate: instance => this.dehydrate(shippable, instance) } : shippable,
    );
    if (!this.isDriver) return;
    addMethods(constructor, constructor, true);
    addMethods(constructor, (constructor as { prototype: object }).prototype, false);
  }

  /** Tasks that get an instance need its class, also when no function of its bundle reaches them. */
  private dehydrate(shippable: ShippableClass, instance: object): unknown[] {
    useBundle(this.bundleOf(shippable.id));
    return shippable.dehydrate(instance);
  }
}

type Access = readonly [read?: (of: object) => unknown[], write?: (of: object, values: unknown[]) => void];

function addMethods(owner: object, holder: object, isStatic: boolean): void {
  for (const name of Object.getOwnPropertyNames(holder)) {
    const value: unknown =
      name === "constructor" || name === "prototype" ? undefined : Object.getOwnPropertyDescriptor(holder, name)?.value;
    if (typeof value === "function") methods.set(value, { owner, name, isStatic });
  }
}

/** Where a bundle that is being imported finds the helpers of its scope. */
export const helpersSymbol: unique symbol = Symbol.for("firesteel.closures");
