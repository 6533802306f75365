/**
 * What names mean while a function is turned into an expression: parameters and constants, functions that are inlined where they
 * are called, what was captured, and the language's own. What a name cannot be known to mean is a reason to stay JavaScript.
 */
import type { Expr, Place, Primitive } from "../expr/ir.ts";
import { child, eachChild, list, type Node, nameOf, part } from "./ast.ts";

/** A user's function, and what the names outside of it mean. */
export interface FunctionSource {
  /** Parameters and body. */
  readonly node: Node;
  /** What stands around it. */
  readonly env: Env;
  /** The same for the same function: recursion is found by it. */
  readonly identity: unknown;
}

/** What an expression of the source stands for. */
export type Binding =
  /** `owner`: of a variable, the call of the function that it is in; `constant`, when it is not to be assigned to. */
  | { readonly kind: "value"; readonly value: Expr; readonly owner?: object }
  | { readonly kind: "function"; readonly source: FunctionSource }
  /** A captured number, string or boolean; `path` is how the user writes it. */
  | { readonly kind: "primitive"; readonly value: Primitive; readonly path: string; readonly home: Home }
  /** A captured object, of which parts may be read. */
  | { readonly kind: "object"; readonly value: object; readonly path: string; readonly home: Home }
  /** A module of the user's. */
  | { readonly kind: "namespace"; member(name: string): Binding }
  /** Something of the language: `Math`, `parseInt`. */
  | { readonly kind: "global"; readonly path: string }
  /** Why it cannot be: `uses x before its declaration`. */
  | { readonly kind: "refused"; readonly reason: string };

/** Where a function was written, and what it captured. */
export interface Home {
  /** As in messages; undefined when unknown. */
  readonly file: string | undefined;
  /** Whether the text is the transform's and not the user's. */
  readonly isTransformed: boolean;
  /** In that file, when known. */
  place(offset: number): Place | undefined;
  /** What a name means that the function itself does not declare; undefined for the language's own. */
  outside(name: string): Binding | undefined;
  /** What a value of the driver's means; `path` is how the user writes it. */
  captured(value: unknown, path: string): Binding;
}

/** Finds what values of the driver's mean; see lambda-homes.ts. */
export interface Meanings {
  captured(value: unknown, path: string, home: Home): Binding;
}

const none: ReadonlySet<string> = new Set();

/** A scope: names declared in one block, or parameters. */
export class Env {
  private readonly names = new Map<string, Binding>();
  /** Names that the function assigns to, whichever of its variables they are. */
  assigned: ReadonlySet<string>;

  constructor(
    readonly home: Home,
    private readonly parent: Env | undefined,
  ) {
    this.assigned = parent?.assigned ?? none;
  }

  declare(name: string, binding: Binding): void {
    this.names.set(name, binding);
  }

  find(name: string): Binding {
    for (let env: Env | undefined = this; env !== undefined; env = env.parent) {
      const binding = env.names.get(name);
      if (binding !== undefined) return binding;
    }
    return this.home.outside(name) ?? { kind: "global", path: name };
  }

  inner(): Env {
    return new Env(this.home, this);
  }

  /** The names of a pattern, whose values come later. */
  declareEarly(pattern: Node): void {
    for (const name of patternNames(pattern))
      this.declare(name, { kind: "refused", reason: `uses ${name} before its declaration` });
  }

  /** Names of a block exist from its beginning, functions with their value. */
  declareBlock(statements: readonly Node[]): void {
    for (const each of statements) {
      const name = nameOf(child(each, "id"));
      if (each.type === "FunctionDeclaration" && child(each, "body") !== undefined) {
        this.declare(name, { kind: "function", source: { node: each, env: this, identity: each } });
      } else if (each.type === "VariableDeclaration") {
        for (const declarator of list(each, "declarations")) {
          this.declareEarly(part(declarator, "id"));
        }
      } else if (name !== "") this.declare(name, { kind: "refused", reason: `declares ${name} in it` });
    }
  }
}

export function patternNames(pattern: Node): string[] {
  switch (pattern.type) {
    case "Identifier":
      return [nameOf(pattern)];
    case "ObjectPattern":
      return list(pattern, "properties").flatMap(each =>
        patternNames(part(each, each.type === "RestElement" ? "argument" : "value")),
      );
    case "ArrayPattern":
      return list(pattern, "elements").flatMap(patternNames);
    case "AssignmentPattern":
      return patternNames(part(pattern, "left"));
    case "RestElement":
      return patternNames(part(pattern, "argument"));
    default:
      return [];
  }
}

/** A `var` below the top level of a function's body. */
export function nestedVar(body: readonly Node[]): Node | undefined {
  let found: Node | undefined;
  const visit = (node: Node): void => {
    if (/Function|^Class/.test(node.type) || found !== undefined) return;
    if (node.type === "VariableDeclaration" && node["kind"] === "var") found = node;
    else eachChild(node, visit);
  };
  for (const each of body) if (each.type !== "VariableDeclaration") visit(each);
  return found;
}
