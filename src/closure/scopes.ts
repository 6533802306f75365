/**
 * What the transform must know of a file: its functions and classes (units), and which variables of surrounding scopes each
 * of them reads, assigns or changes. `analyse.ts` fills it in while walking the tree; names are resolved at the end, when
 * every declaration has been seen.
 */
import type { Node } from "./ast.ts";

export type VariableKind = "import" | "function" | "class" | "enum" | "variable";

export interface Variable {
  readonly name: string;
  readonly kind: VariableKind;
  readonly scope: Scope;
  /** Read or written as a value somewhere in the file, exports apart. */
  used: boolean;
  written: boolean;
}

export class Scope {
  readonly variables = new Map<string, Variable>();

  constructor(
    readonly parent: Scope | undefined,
    /** The function or class that owns it; undefined at module level. */
    readonly unit: Unit | undefined,
    /** Whether `var` declarations inside land here. */
    readonly holdsVars: boolean,
  ) {}

  declare(name: string, kind: VariableKind): Variable {
    const known = this.variables.get(name);
    if (known !== undefined) return known;
    const variable: Variable = { name, kind, scope: this, used: false, written: false };
    this.variables.set(name, variable);
    return variable;
  }

  find(name: string): Variable | undefined {
    for (let scope: Scope | undefined = this; scope !== undefined; scope = scope.parent) {
      const variable = scope.variables.get(name);
      if (variable !== undefined) return variable;
    }
    return undefined;
  }
}

/** Where the statement or call goes that tags a function. */
export type TagPlace =
  | { readonly kind: "wrap" }
  | { readonly kind: "after"; readonly at: number; readonly name: string }
  | { readonly kind: "block"; readonly at: number }
  | { readonly kind: "object"; readonly object: Node; readonly key: string }
  | { readonly kind: "none" };

export interface Mutation {
  readonly variable: string;
  /** Property names from the variable to the container: `state.seen.push` has ["seen"]. */
  readonly path: readonly string[];
  /** The method called on it, or "=" when one of its properties is assigned or deleted. */
  readonly by: string;
  readonly at: number;
}

export type UnitKind = "arrow" | "function" | "declaration" | "method" | "member" | "initialiser" | "class";

export interface Unit {
  readonly kind: UnitKind;
  readonly node: Node;
  readonly parent: Unit | undefined;
  /** Its own name or the one it is inferred to have. */
  readonly name: string;
  readonly tag: TagPlace;
  /** The scope that the unit stands in. */
  readonly outer: Scope;
  /** Variables of outside, with the offset of the first use inside. */
  readonly captures: Map<Variable, number>;
  /** Classes: the captures that its heritage and computed keys read when the class is made. */
  readonly eager: Set<Variable>;
  readonly writes: { readonly variable: Variable; readonly at: number }[];
  readonly mutations: (Mutation & { readonly of: Variable })[];
  /** `this` of an outer function, by offset (arrows). */
  readonly outerThis: number[];
  /** Classes: the private names declared. */
  readonly privateNames: ReadonlySet<string>;
  /** The outer class whose private names it uses, which it can be rebuilt in only. */
  privatesOf: Unit | undefined;
  /** What cannot be rebuilt elsewhere: `arguments`, `super` and `new.target` of an outer function. */
  readonly bound: { readonly what: string; readonly at: number }[];
}

export interface Reference {
  readonly name: string;
  readonly at: number;
  readonly scope: Scope;
  readonly unit: Unit | undefined;
  readonly write: boolean;
  readonly eagerIn: Unit | undefined;
  readonly mutation: Omit<Mutation, "variable"> | undefined;
}

/** Tells each unit between a reference and its variable's scope that it captures the variable. */
export function resolve(reference: Reference): void {
  const variable = reference.scope.find(reference.name);
  if (variable === undefined) {
    if (reference.name === "arguments") bindOuter(reference.unit, "arguments", reference.at);
    return;
  }
  variable.used = true;
  if (reference.write) variable.written = true;
  for (let unit = reference.unit; unit !== undefined && unit !== variable.scope.unit; unit = unit.parent) {
    if (!unit.captures.has(variable)) unit.captures.set(variable, reference.at);
    if (reference.eagerIn === unit) unit.eager.add(variable);
    if (reference.write) unit.writes.push({ variable, at: reference.at });
    if (reference.mutation !== undefined)
      unit.mutations.push({ ...reference.mutation, variable: variable.name, of: variable });
  }
}

/** Records a use of something that belongs to the nearest function that is no arrow. */
export function bindOuter(
  from: Unit | undefined,
  what: "this" | "arguments" | "super" | "new.target",
  at: number,
): void {
  for (let unit = from; unit !== undefined; unit = unit.parent) {
    if (unit.kind === "class") continue;
    if (unit.kind !== "arrow") {
      // a method's home object cannot be rebuilt either
      if (what === "super") unit.bound.push({ what, at });
      return;
    }
    if (what === "this") unit.outerThis.push(at);
    else unit.bound.push({ what, at });
  }
}

/** Records a use of `#name`. */
export function usePrivate(from: Unit | undefined, name: string, at: number): void {
  const inside: Unit[] = [];
  let owner = from;
  for (; owner !== undefined && !owner.privateNames.has(name); owner = owner.parent) inside.push(owner);
  if (owner === undefined) return;
  const isTopLevel = owner.parent === undefined && owner.outer.parent === undefined;
  for (const unit of inside) {
    if (isTopLevel && (unit.privatesOf === undefined || unit.privatesOf === owner)) unit.privatesOf = owner;
    else unit.bound.push({ what: `#${name}`, at });
  }
}
