/**
 * Walks a file's syntax tree once and records what the transform needs: scopes and units (scopes.ts), and the places that it
 * edits: imports, `import.meta`, dynamic imports, `f.bind(…)`, and method calls in tail position (whose frames the runtime drops).
 */
import { child, eachChild, isTypeOnly, list, nameOf, part, unwrap, type Node } from "./ast.ts";
import { ScopeWalk } from "./scope-walk.ts";
import { bindOuter, resolve, Scope, type TagPlace, type Unit, type UnitKind, usePrivate } from "./scopes.ts";

export interface Analysis {
  readonly program: Node;
  readonly scope: Scope;
  readonly units: readonly Unit[];
  readonly binds: readonly Node[];
  readonly tails: readonly Node[];
  /** `import.meta.url`: the whole expression and "url". */
  readonly metas: readonly { readonly node: Node; readonly property: string }[];
  /** Literal specifiers of `import("…")`. */
  readonly dynamicImports: readonly string[];
  readonly namespaces: readonly Node[];
}

export function analyse(program: Node): Analysis {
  return new Walk(program).run();
}

const wrap: TagPlace = { kind: "wrap" };
const untagged: TagPlace = { kind: "none" };
const mutators = new Set([
  "push",
  "pop",
  "shift",
  "unshift",
  "splice",
  "sort",
  "reverse",
  "fill",
  "copyWithin",
  "set",
  "add",
  "delete",
  "clear",
]);

class Walk extends ScopeWalk {
  private readonly binds: Node[] = [];
  private readonly tails: Node[] = [];
  private readonly metas: { node: Node; property: string }[] = [];
  private readonly dynamicImports: string[] = [];
  private readonly namespaces: Node[] = [];
  /** Where function declarations of the current block are tagged. */
  private home = 0;

  constructor(private readonly program: Node) {
    super();
  }

  run(): Analysis {
    const { scope } = this;
    this.statements(list(this.program, "body"), 0);
    for (const reference of this.references) resolve(reference);
    const { units, binds, tails, metas, dynamicImports, namespaces } = this;
    return { program: this.program, scope, units, binds, tails, metas, dynamicImports, namespaces };
  }

  private statements(body: readonly Node[], home: number): void {
    const outer = this.home;
    this.home = body.findLast(each => typeof each["directive"] === "string")?.end ?? home;
    for (const each of body) this.statement(each);
    this.home = outer;
  }

  /** A statement of a list, after which another may be put. */
  private statement(node: Node): void {
    const inner = node.type === "ExportNamedDeclaration" ? (child(node, "declaration") ?? node) : node;
    const declarators = inner.type === "VariableDeclaration" && !isTypeOnly(inner) ? list(inner, "declarations") : [];
    const [only] = declarators;
    if (declarators.length === 1 && only !== undefined && part(only, "id").type === "Identifier") {
      const init = child(only, "init");
      if (init?.type === "ArrowFunctionExpression" || init?.type === "FunctionExpression") {
        const name = nameOf(part(only, "id"));
        this.declare(part(only, "id"), "variable", inner["kind"] === "var");
        return this.functionLike(init, init.type === "FunctionExpression" ? "function" : "arrow", name, {
          kind: "after",
          at: node.end,
          name,
        });
      }
    }
    this.visit(node);
  }

  private visitAll(nodes: readonly Node[]): void {
    for (const each of nodes) this.visit(each);
  }

  protected override visit(node: Node): void {
    if (isTypeOnly(node)) return;
    switch (node.type) {
      case "Identifier":
        return this.refer(node, false);
      case "PrivateIdentifier":
        return usePrivate(this.unit, nameOf(node), node.start);
      case "ThisExpression":
        return bindOuter(this.unit, "this", node.start);
      case "Super":
        return bindOuter(this.unit, "super", node.start);
      case "MetaProperty":
        if (nameOf(child(node, "meta")) === "new") bindOuter(this.unit, "new.target", node.start);
        return;
      case "ObjectExpression":
        return this.objectLiteral(node);
      case "MemberExpression":
        return this.member(node);
      case "Property":
      case "TSEnumMember":
        return this.property(node);
      case "CallExpression":
        return this.call(node);
      case "AssignmentExpression":
        this.target(part(node, "left"));
        return this.named(part(node, "right"), nameOf(child(node, "left")));
      case "UpdateExpression":
        return this.target(part(node, "argument"));
      case "UnaryExpression":
        if (node["operator"] === "delete") this.target(part(node, "argument"));
        else this.visitChild(node, "argument");
        return;
      case "ArrowFunctionExpression":
        return this.functionLike(node, "arrow", "", wrap);
      case "FunctionExpression":
        return this.functionLike(node, "function", nameOf(child(node, "id")), wrap);
      case "FunctionDeclaration":
        return this.functionDeclaration(node);
      case "ClassDeclaration":
      case "ClassExpression":
        return this.classLike(node, nameOf(child(node, "id")));
      case "ReturnStatement":
        this.tail(child(node, "argument"));
        return this.visitChild(node, "argument");
      case "ImportExpression": {
        const value = child(node, "source")?.["value"];
        if (typeof value === "string") this.dynamicImports.push(value);
        return this.visitChild(node, "source");
      }
      case "LabeledStatement":
        return this.visitChild(node, "body");
      case "BreakStatement":
      case "ContinueStatement":
      case "ExportAllDeclaration":
      case "JSXClosingElement":
        return;
      case "JSXAttribute":
        return this.visitChild(node, "value");
      case "JSXIdentifier":
        if (/^[A-Z_$]/.test(nameOf(node))) this.refer(node, false);
        return;
      case "JSXMemberExpression":
        return this.visitChild(node, "object");
      default:
        return this.declarationOrBlock(node);
    }
  }

  private declarationOrBlock(node: Node): void {
    switch (node.type) {
      case "ImportDeclaration":
        if (node["importKind"] === "type") return;
        for (const each of list(node, "specifiers")) {
          if (each["importKind"] !== "type") this.scope.declare(nameOf(part(each, "local")), "import");
        }
        return;
      case "TSImportEqualsDeclaration":
        if (node["importKind"] !== "type") this.scope.declare(nameOf(part(node, "id")), "import");
        return;
      case "ExportNamedDeclaration":
        return this.visitChild(node, "declaration");
      case "VariableDeclaration":
        return this.variables(node);
      case "BlockStatement":
        return this.within(new Scope(this.scope, this.unit, false), () =>
          this.statements(list(node, "body"), node.start + 1),
        );
      case "ForStatement":
      case "ForInStatement":
      case "ForOfStatement":
        return this.within(new Scope(this.scope, this.unit, false), () => this.loop(node));
      case "SwitchStatement":
        this.visitChild(node, "discriminant");
        return this.within(new Scope(this.scope, this.unit, false), () => {
          for (const each of list(node, "cases")) {
            this.visitChild(each, "test");
            const body = list(each, "consequent");
            this.statements(body, body[0]?.start ?? each.end);
          }
        });
      case "CatchClause":
        return this.within(new Scope(this.scope, this.unit, false), () => {
          const param = child(node, "param");
          if (param !== undefined) this.declare(param, "variable", false);
          this.visitChild(node, "body");
        });
      case "TSEnumDeclaration":
        this.scope.declare(nameOf(part(node, "id")), "enum");
        return this.enumMembers(node);
      case "TSModuleDeclaration":
        return this.namespace(node);
      default:
        return eachChild(node, each => this.visit(each));
    }
  }

  private loop(node: Node): void {
    const left = child(node, "left");
    if (left !== undefined && left.type !== "VariableDeclaration") this.target(left);
    else this.visitChild(node, left === undefined ? "init" : "left");
    for (const key of ["right", "test", "update", "body"]) this.visitChild(node, key);
  }

  private variables(node: Node): void {
    for (const each of list(node, "declarations")) {
      const id = part(each, "id");
      this.declare(id, "variable", node["kind"] === "var");
      const init = child(each, "init");
      if (init !== undefined) this.named(init, nameOf(id));
    }
  }

  private member(node: Node): void {
    const object = part(node, "object");
    if (object.type === "MetaProperty" && nameOf(child(object, "meta")) === "import" && node["computed"] !== true) {
      this.metas.push({ node, property: nameOf(part(node, "property")) });
      return;
    }
    this.visit(object);
    const property = part(node, "property");
    if (node["computed"] === true || property.type === "PrivateIdentifier") this.visit(property);
  }

  private call(node: Node): void {
    const callee = part(node, "callee");
    const inner = unwrap(callee);
    if (inner.type === "MemberExpression" && inner["computed"] !== true) {
      const method = nameOf(child(inner, "property"));
      if (mutators.has(method)) this.mutation(part(inner, "object"), method, inner.start);
      const plain = method === "bind" && inner === callee && inner["optional"] !== true && node["optional"] !== true;
      if (plain && part(inner, "object").type !== "Super") this.binds.push(node);
    }
    // a function that is called where it stands never reaches an operator
    if (inner.type === "FunctionExpression") this.functionLike(inner, "function", nameOf(child(inner, "id")), untagged);
    else if (inner.type === "ArrowFunctionExpression") this.functionLike(inner, "arrow", "", untagged);
    else this.visit(callee);
    this.visitAll(list(node, "arguments"));
  }

  private property(node: Node): void {
    const key = child(node, "key");
    if (node["computed"] === true && key !== undefined) this.visit(key);
    const value = child(node, "value") ?? child(node, "initializer");
    if (value !== undefined) this.named(value, propertyName(node) ?? "");
  }

  /** An expression that gives its name to an anonymous function. */
  protected override named(node: Node, name: string): void {
    if (node.type === "ArrowFunctionExpression") this.functionLike(node, "arrow", name, wrap);
    else if (node.type === "FunctionExpression")
      this.functionLike(node, "function", nameOf(child(node, "id")) || name, wrap);
    else if (node.type === "ClassExpression") this.classLike(node, nameOf(child(node, "id")) || name);
    else if (node.type === "ObjectExpression") this.objectLiteral(node);
    else this.visit(node);
  }

  private objectLiteral(node: Node): void {
    const properties = list(node, "properties");
    const lastSpread = properties.findLastIndex(each => each.type === "SpreadElement");
    const names = properties.map(propertyName);
    properties.forEach((each, at) => {
      if (each["method"] !== true && each["kind"] !== "get" && each["kind"] !== "set") return this.visit(each);
      if (each["computed"] === true) this.visitChild(each, "key");
      const key = names[at];
      // only when the property still holds this function once the literal is complete
      const tagged = each["method"] === true && key !== undefined && at > lastSpread && names.lastIndexOf(key) === at;
      const place: TagPlace = tagged ? { kind: "object", object: node, key } : untagged;
      this.functionLike(part(each, "value"), each["method"] === true ? "method" : "member", key ?? "", place, each);
    });
  }

  private functionDeclaration(node: Node): void {
    const id = child(node, "id");
    const name = nameOf(id);
    if (id !== undefined) this.declare(id, "function", false);
    if (child(node, "body") === undefined) return;
    this.functionLike(node, "declaration", name, { kind: "block", at: this.home });
  }

  private functionLike(node: Node, kind: UnitKind, name: string, tag: TagPlace, whole: Node = node): void {
    const unit = this.newUnit(whole, kind, name, tag);
    this.inUnit(unit, () => {
      const id = child(node, "id");
      if (kind === "function" && id !== undefined) this.scope.declare(nameOf(id), "function");
      for (const each of list(node, "params")) this.declare(each, "variable", false);
      const body = part(node, "body");
      if (body.type === "BlockStatement") {
        return this.within(new Scope(this.scope, unit, true), () =>
          this.statements(list(body, "body"), body.start + 1),
        );
      }
      this.tail(body);
      this.named(body, "");
    });
  }

  private classLike(node: Node, name: string): void {
    const id = child(node, "id");
    if (node.type === "ClassDeclaration" && id !== undefined) this.scope.declare(name, "class");
    this.visitAll(list(node, "decorators"));
    const members = list(part(node, "body"), "body");
    const keys = members.flatMap(each => child(each, "key") ?? []).filter(each => each.type === "PrivateIdentifier");
    const unit = this.newUnit(node, "class", name, untagged, new Set(keys.map(nameOf)));
    this.inUnit(unit, () => {
      if (id !== undefined) this.scope.declare(nameOf(id), "class");
      this.eagerly(unit, () => this.visitChild(node, "superClass"));
      for (const each of members) this.classMember(unit, each);
    });
  }

  private classMember(unit: Unit, member: Node): void {
    if (isTypeOnly(member)) return;
    this.eagerly(unit, () => {
      this.visitAll(list(member, "decorators"));
      if (member["computed"] === true) this.visitChild(member, "key");
    });
    if (member.type === "MethodDefinition") {
      const value = part(member, "value");
      if (child(value, "body") === undefined) return;
      return this.functionLike(value, "member", propertyName(member) ?? "", untagged, member);
    }
    const inner = this.newUnit(member, "initialiser", propertyName(member) ?? "", untagged);
    this.inUnit(inner, () => {
      const value = child(member, "value");
      if (value !== undefined) this.named(value, propertyName(member) ?? "");
      const brace = member.type === "StaticBlock" ? list(member, "body")[0]?.start : undefined;
      if (brace !== undefined) {
        this.within(new Scope(this.scope, inner, true), () => this.statements(list(member, "body"), brace));
      }
    });
  }

  private enumMembers(node: Node): void {
    const members = child(node, "body") ?? node;
    this.within(new Scope(this.scope, this.unit, false), () => {
      for (const each of list(members, "members")) this.scope.declare(nameOf(part(each, "id")), "enum");
      for (const each of list(members, "members")) this.visitChild(each, "initializer");
    });
  }

  private namespace(node: Node): void {
    this.scope.declare(nameOf(part(node, "id")), "enum");
    this.namespaces.push(node);
    const body = child(node, "body");
    if (body === undefined) return;
    // what is inside stays as it is: a namespace's functions are shipped by none but their own module
    this.within(new Scope(this.scope, this.unit, true), () => {
      if (body.type === "TSModuleDeclaration") this.namespace(body);
      else this.statements(list(body, "body"), body.start + 1);
    });
  }

  /** Method calls in tail position: JavaScriptCore drops the caller's frame, which the user would look for in a stack trace. */
  private tail(node: Node | undefined): void {
    const unit = this.unit;
    if (node === undefined || unit === undefined || this.isSuspendable(unit)) return;
    const inner = unwrap(node);
    if (inner.type === "ConditionalExpression") {
      this.tail(child(inner, "consequent"));
      this.tail(child(inner, "alternate"));
    } else if (inner.type === "LogicalExpression") this.tail(child(inner, "right"));
    else if (inner.type === "CallExpression" && unwrap(part(inner, "callee")).type === "MemberExpression")
      this.tails.push(inner);
  }

  private isSuspendable(unit: Unit): boolean {
    const fn =
      unit.node.type === "Property" || unit.node.type === "MethodDefinition" ? part(unit.node, "value") : unit.node;
    return fn["async"] === true || fn["generator"] === true;
  }
}

/** The name of a property or class member when it is plain to see. */
export function propertyName(node: Node): string | undefined {
  const key = child(node, "key");
  if (key === undefined || node["computed"] === true) return undefined;
  if (key.type === "Identifier" || key.type === "PrivateIdentifier")
    return (key.type === "Identifier" ? "" : "#") + nameOf(key);
  const value = key["value"];
  return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
}
