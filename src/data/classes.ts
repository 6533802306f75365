/**
 * The classes whose instances can travel as values. The closure transform registers every top-level class of the user's
 * modules, in the driver and in each task thread, under the same id; the value codec writes the id and the state.
 */

export interface ShippableClass {
  /** Stable across threads and processes: module and position in the bundle, or package and export name. */
  readonly id: string;
  readonly constructorFunction: abstract new (...args: never[]) => object;
  /** Own enumerable state, private fields included, in a fixed order. */
  readonly dehydrate: (instance: object) => unknown[];
  /** An instance of the class with that state; no user constructor body runs. */
  readonly rehydrate: (state: unknown[]) => object;
  /** The same in two steps, for instances that refer to themselves: one without state, then the state into it. */
  readonly allocate?: () => object;
  readonly restore?: (instance: object, state: unknown[]) => void;
}

/** Knows classes that nobody has registered yet: packages' exports, and the entry's classes in tasks. */
export interface ClassSource {
  byId(id: string): ShippableClass | undefined;
  of(constructor: object): ShippableClass | undefined;
}

const byId = new Map<string, ShippableClass>();
let source: ClassSource | undefined;
const byConstructor = new Map<unknown, ShippableClass>();

export function registerClass(entry: ShippableClass): void {
  byId.set(entry.id, entry);
  byConstructor.set(entry.constructorFunction, entry);
}

export function setClassSource(from: ClassSource): void {
  source = from;
}

export function classById(id: string): ShippableClass | undefined {
  return byId.get(id) ?? source?.byId(id);
}

/** The class of an instance, by its direct prototype; subclasses are classes of their own. */
export function classOf(instance: object): ShippableClass | undefined {
  const prototype: unknown = Object.getPrototypeOf(instance);
  if (typeof prototype !== "object" || prototype === null) return undefined;
  const { constructor } = prototype as { constructor?: unknown };
  return byConstructor.get(constructor) ?? (typeof constructor === "function" ? source?.of(constructor) : undefined);
}
