/**
 * The part of the analysis that knows where the walk is: the current scope and unit, what patterns declare, and what
 * assignments write or change.
 */
import { child, list, nameOf, part, unwrap, type Node } from "./ast.ts";
import { Scope, type Reference, type TagPlace, type Unit, type UnitKind, type VariableKind } from "./scopes.ts";

const noNames: ReadonlySet<string> = new Set();

export abstract class ScopeWalk {
  protected readonly units: Unit[] = [];
  protected readonly references: Reference[] = [];
  protected scope = new Scope(undefined, undefined, true);
  protected unit: Unit | undefined = undefined;
  protected eagerIn: Unit | undefined = undefined;

  protected abstract visit(node: Node): void;
  /** An expression that gives its name to an anonymous function. */
  protected abstract named(node: Node, name: string): void;

  protected visitChild(node: Node, key: string): void {
    const found = child(node, key);
    if (found !== undefined) this.visit(found);
  }

  /** Declares the names of a pattern and visits its defaults and computed keys. */
  protected declare(pattern: Node, kind: VariableKind, isVar: boolean): void {
    switch (pattern.type) {
      case "Identifier": {
        let { scope } = this;
        while (isVar && !scope.holdsVars && scope.parent !== undefined) scope = scope.parent;
        scope.declare(nameOf(pattern), kind);
        return;
      }
      case "ObjectPattern":
        for (const each of list(pattern, "properties")) {
          if (each.type === "RestElement") this.declare(part(each, "argument"), kind, isVar);
          else {
            if (each["computed"] === true) this.visitChild(each, "key");
            this.declare(part(each, "value"), kind, isVar);
          }
        }
        return;
      case "ArrayPattern":
        for (const each of list(pattern, "elements")) this.declare(each, kind, isVar);
        return;
      case "AssignmentPattern":
        this.declare(part(pattern, "left"), kind, isVar);
        return this.named(part(pattern, "right"), nameOf(child(pattern, "left")));
      case "RestElement":
        return this.declare(part(pattern, "argument"), kind, isVar);
      case "TSParameterProperty":
        return this.declare(part(pattern, "parameter"), kind, isVar);
    }
  }

  /** The target of an assignment: a variable is written, a container changed. */
  protected target(node: Node): void {
    const inner = unwrap(node);
    switch (inner.type) {
      case "Identifier":
        return this.refer(inner, true);
      case "MemberExpression":
        this.mutation(part(inner, "object"), "=", inner.start);
        return this.visit(inner);
      case "ObjectPattern":
        for (const each of list(inner, "properties")) {
          if (each["computed"] === true) this.visitChild(each, "key");
          this.target(part(each, each.type === "RestElement" ? "argument" : "value"));
        }
        return;
      case "ArrayPattern":
        for (const each of list(inner, "elements")) this.target(each);
        return;
      case "AssignmentPattern":
        this.target(part(inner, "left"));
        return this.visitChild(inner, "right");
      case "RestElement":
        return this.target(part(inner, "argument"));
      default:
        this.visit(inner);
    }
  }

  /** Notes that the container that `object` names is changed. */
  protected mutation(object: Node, by: string, at: number): void {
    const path: string[] = [];
    let root = unwrap(object);
    while (
      root.type === "MemberExpression" &&
      root["computed"] !== true &&
      part(root, "property").type === "Identifier"
    ) {
      path.unshift(nameOf(part(root, "property")));
      root = unwrap(part(root, "object"));
    }
    // a change of `a[i].b` changes what `a` holds
    while (root.type === "MemberExpression") {
      path.length = 0;
      root = unwrap(part(root, "object"));
    }
    if (root.type === "Identifier") this.refer(root, false, { path, by, at });
  }

  protected refer(node: Node, write: boolean, mutation?: Reference["mutation"]): void {
    const { scope, unit, eagerIn } = this;
    this.references.push({ name: nameOf(node), at: node.start, scope, unit, write, eagerIn, mutation });
  }

  protected newUnit(
    node: Node,
    kind: UnitKind,
    name: string,
    tag: TagPlace,
    privateNames: ReadonlySet<string> = noNames,
  ): Unit {
    const unit: Unit = {
      node,
      kind,
      name,
      tag,
      parent: this.unit,
      outer: this.scope,
      captures: new Map(),
      eager: new Set(),
      writes: [],
      mutations: [],
      outerThis: [],
      bound: [],
      privateNames,
      privatesOf: undefined,
    };
    this.units.push(unit);
    return unit;
  }

  protected inUnit(unit: Unit, walk: () => void): void {
    const outer = this.unit;
    this.unit = unit;
    this.within(new Scope(this.scope, unit, true), walk);
    this.unit = outer;
  }

  protected within(scope: Scope, walk: () => void): void {
    const outer = this.scope;
    this.scope = scope;
    walk();
    this.scope = outer;
  }

  protected eagerly(unit: Unit, walk: () => void): void {
    const outer = this.eagerIn;
    this.eagerIn = unit;
    walk();
    this.eagerIn = outer;
  }
}
