/**
 * What is around a function of a file that this process transformed: captures by name, and its module's constants, functions and
 * imports. Of these only what every task's own evaluation of the module makes the same: literals, and functions that are
 * declared at top level and never assigned.
 */
import { dirname, resolve } from "node:path";
import { interpret } from "../expr/interpret.ts";
import { isLambda, type Place, type Primitive } from "../expr/ir.ts";
import { child, type Node, nameOf } from "./ast.ts";
import { showPosition } from "./edits.ts";
import { type FileSource, functionNode, unitOf } from "./function-sources.ts";
import { lambdaOf } from "./lambda.ts";
import { type Binding, Env, type FunctionSource, type Home, type Meanings } from "./lambda-names.ts";
import { exportedLocal, importOf, topLevel } from "./module-parts.ts";
import { type ClosureScope, tagOf } from "./runtime.ts";
import type { Unit, Variable } from "./scopes.ts";

/** The names and values that a function captured. */
export interface Captured {
  readonly names: readonly string[];
  readonly values: readonly unknown[];
}

const nothing: Captured = { names: [], values: [] };

export class SourceHome implements Home {
  readonly isTransformed = false;

  constructor(
    private readonly from: FileSource,
    /** The function; undefined for the module's own statements. */
    private readonly unit: Unit | undefined,
    private readonly scope: ClosureScope,
    private readonly given: Captured,
    private readonly meanings: Meanings,
    /** The function itself, when it is a value. */
    private readonly identity: unknown = unit,
  ) {}

  /** The function, or an expression of the module as a function without parameters. */
  source(node = functionNode(this.unit!)): FunctionSource {
    return { node, env: new Env(this, undefined), identity: this.identity };
  }

  get file(): string {
    return this.from.name;
  }

  place(offset: number): Place {
    return showPosition(this.from.positions, offset) as Place;
  }

  captured(value: unknown, path: string): Binding {
    return this.meanings.captured(value, path, this);
  }

  outside(name: string): Binding | undefined {
    const { unit, given, from } = this;
    const isOwnName = unit?.kind === "function" && nameOf(child(functionNode(unit), "id")) === name;
    if (isOwnName) return { kind: "function", source: this.source() };
    const variable = (unit?.outer ?? from.analysis.scope).find(name);
    if (variable === undefined) return undefined;
    const index = given.names.indexOf(name);
    if (index >= 0) return this.captured(given.values[index], name);
    const isItself = unit?.kind === "declaration" && variable.scope === unit.outer && name === unit.name;
    if (isItself && !variable.written) return { kind: "function", source: this.source() };
    if (variable.scope === from.analysis.scope) {
      if (variable.kind === "import") return this.imported(variable);
      if (from.role === "module") return this.ofModule(from, name);
    }
    return { kind: "refused", reason: `uses ${name}, whose value is not known` };
  }

  /** A variable of a module, which each thread makes for itself. */
  private ofModule(file: FileSource, name: string): Binding {
    const variable = file.analysis.scope.variables.get(name);
    const node = topLevel(file.analysis.program, name);
    if (variable?.written === true) return { kind: "refused", reason: `uses ${name}, which is assigned to` };
    const unit = node && file.unitAt(node.start);
    if (unit !== undefined && unit.kind !== "class") {
      return { kind: "function", source: new SourceHome(file, unit, this.scope, nothing, this.meanings).source() };
    }
    const computed = node && this.computed(file, node);
    if (computed !== undefined) return { kind: "value", value: { op: "constant", value: computed.value } };
    return { kind: "refused", reason: `uses ${name}, which its module computes` };
  }

  /** What a module computes of constants alone: `24 * 60 * 60 * 1000`. */
  private computed(file: FileSource, body: Node): { readonly value: Primitive } | undefined {
    const home = new SourceHome(file, undefined, this.scope, nothing, this.meanings, body);
    const { start, end } = body;
    const lambda = lambdaOf(home.source({ type: "ArrowFunctionExpression", params: [], body, start, end }));
    if (!isLambda(lambda)) return undefined;
    try {
      const value = interpret(lambda, []);
      return (typeof value === "object" && value !== null) || typeof value === "bigint"
        ? undefined
        : { value: value as Primitive };
    } catch {
      return undefined;
    }
  }

  private imported(variable: Variable): Binding {
    const { name: local } = variable;
    const refused: Binding = { kind: "refused", reason: `uses ${local}, which is not a function of the job's files` };
    const { from, name } = importOf(this.from.analysis.program, local) ?? {};
    if (from === undefined || name === undefined) return refused;
    if (name === "*") {
      const exported = this.valueOfImport(from, "*") as Record<string, unknown> | undefined;
      return { kind: "namespace", member: each => this.importedAs(`${local}.${each}`, from, each, exported?.[each]) };
    }
    return this.importedAs(local, from, name, this.valueOfImport(from, name));
  }

  /** The value that the driver has says which; the syntax tree, that each task has the same. */
  private importedAs(local: string, from: string, name: string, value: unknown): Binding {
    const refused: Binding = { kind: "refused", reason: `uses ${local}, which is not a function of the job's files` };
    if (typeof value === "function") return this.importedFunction(value, name) ?? refused;
    const file = this.resolved(from);
    const own = file && exportedLocal(file.analysis.program, name);
    if (file === undefined || own === undefined) return refused;
    const found = this.ofModule(file, own);
    const isKnown = found.kind === "value" && found.value.op === "constant" && Object.is(found.value.value, value);
    return isKnown ? found : { kind: "refused", reason: `uses ${local}, which its module computes` };
  }

  private valueOfImport(from: string, name: string): unknown {
    try {
      return this.scope.imports.get(`${this.from.name}|${from}`)?.()[name];
    } catch {
      return undefined; // a module in a cycle that is not complete yet
    }
  }

  /** The function that the driver has, if its file declares it under the name that is imported. */
  private importedFunction(value: object, name: string): Binding | undefined {
    const tag = tagOf(value);
    const sources = tag?.scope.sources;
    const found = tag === undefined || sources === undefined ? undefined : unitOf(sources, tag.id);
    if (found === undefined || found.file.role === "entry") return undefined;
    const own = exportedLocal(found.file.analysis.program, name);
    const node = own === undefined ? undefined : topLevel(found.file.analysis.program, own);
    return node === undefined || found.file.unitAt(node.start) !== found.unit
      ? undefined
      : this.ofModule(found.file, own!);
  }

  /** The file of the user's that a relative import leads to. */
  private resolved(specifier: string): FileSource | undefined {
    if (!/^\.{1,2}\//.test(specifier)) return undefined;
    const path = resolve(dirname(this.from.path), specifier);
    const stem = path.replace(/\.[cm]?[jt]sx?$/, "");
    const files = [...(this.scope.sources?.values() ?? [])];
    const found = files.filter(
      each => each.path === path || each.path.replace(/(?:\/index)?\.[cm]?[jt]sx?$/, "") === stem,
    );
    return found.find(each => each.path === path) ?? (found.length === 1 ? found[0] : undefined);
  }
}
