/**
 * What the parts that turn a function into an expression share: locals and captures that are given out, the limits of what is
 * worth it, and the refusal that ends a conversion.
 */
import type { Captured, Expr, Place, Primitive } from "../expr/ir.ts";
import { type Table, tableOf } from "../expr/tables.ts";
import type { Node } from "./ast.ts";
import type { Binding, Env, FunctionSource, Home } from "./lambda-names.ts";

/** Thrown where a function has no expression. The reason continues "runs as JavaScript: it …". */
export class Refused extends Error {
  constructor(
    readonly reason: string,
    readonly file: string | undefined,
    readonly at: Place | undefined,
  ) {
    super(reason);
  }
}

/** Of the source and of the expression together. */
const nodesMax = 8000;
const inlinedDepthMax = 64;

export abstract class Converter {
  readonly captures: Captured[] = [];
  locals = 0;
  private readonly tables = new Map<object, Table | null>();
  private nodes = 0;
  private labels = 0;
  private readonly handed: { readonly localsFrom: number; readonly copies: Map<number, number> }[] = [];
  private readonly captureIndexes = new Map<Home, Map<string, number>>();
  /** Functions that are being inlined, and where in the operator's function they are called. */
  private readonly calls: { readonly identity: unknown; readonly at: Place | undefined }[] = [];

  constructor(protected readonly root: Home) {}

  abstract expression(node: Node, env: Env): Expr;
  abstract evaluate(node: Node, env: Env): Binding;
  abstract inline(source: FunctionSource, args: readonly Binding[], node: Node, env: Env): Expr;
  /** The body of a function, whose parameters are in `env`. */
  abstract body(fn: Node, env: Env): Expr;
  abstract bind(pattern: Node, value: Binding, env: Env, body: () => Expr): Expr;

  local(): number {
    return this.locals++;
  }

  label(): number {
    return this.labels++;
  }

  /** The call of a function that is being inlined: its variables are its own. */
  get owner(): object | undefined {
    return this.calls.at(-1);
  }

  /** A variable as it is when the function that reads it is handed to `map` and its kind: their items may be made later. */
  read(local: number): Expr {
    const outside = this.handed.find(each => local < each.localsFrom);
    if (outside === undefined) return { op: "variable", local };
    let copy = outside.copies.get(local);
    if (copy === undefined) outside.copies.set(local, (copy = this.local()));
    return { op: "local", local: copy };
  }

  /** Converts what hands a function over. */
  handing(convert: () => Expr): Expr {
    const copies = new Map<number, number>();
    this.handed.push({ localsFrom: this.locals, copies });
    const made = convert();
    this.handed.pop();
    return [...copies].reduce<Expr>(
      (body, [variable, local]) => ({ op: "let", local, value: { op: "variable", local: variable }, body }),
      made,
    );
  }

  /** The place of a node in the operator's function: where it is called, for what an inlined function of another file does. */
  place(node: Node, env: Env): Place | undefined {
    return env.home.file === this.root.file ? env.home.place(node.start) : this.calls.at(-1)?.at;
  }

  /** Every expression that is made goes through here. */
  made(expr: Expr, node: Node, env: Env): Expr {
    this.count(node, env);
    const at = this.place(node, env);
    return at === undefined ? expr : { ...expr, at };
  }

  /** Keeps what is not worth it from becoming large. */
  count(node: Node, env: Env): void {
    if (++this.nodes > nodesMax) this.refuse("is too long", node, env);
  }

  refuse(reason: string, node: Node, env: Env): never {
    throw new Refused(reason, env.home.file, env.home.place(node.start));
  }

  capture(binding: Extract<Binding, { kind: "primitive" }>): Expr {
    return this.captured(binding, () => binding.value);
  }

  /** A captured array of numbers, or of what is made of them alone, with its numbers as they are now. */
  captureTable(binding: Extract<Binding, { kind: "object" }>): Expr | undefined {
    let table = this.tables.get(binding.value);
    if (table === undefined) this.tables.set(binding.value, (table = tableOf(binding.value) ?? null));
    return table === null ? undefined : this.captured(binding, () => table);
  }

  private captured({ home, path }: { readonly home: Home; readonly path: string }, value: () => Captured): Expr {
    let indexes = this.captureIndexes.get(home);
    if (indexes === undefined) this.captureIndexes.set(home, (indexes = new Map()));
    let index = indexes.get(path);
    if (index === undefined) {
      index = this.captures.push(value()) - 1;
      indexes.set(path, index);
    }
    return { op: "capture", capture: index };
  }

  /** Runs a conversion inside of a called function, which must not be called already. */
  within<T>(identity: unknown, node: Node, env: Env, convert: () => T): T {
    if (this.calls.some(each => each.identity === identity)) this.refuse("calls itself", node, env);
    if (this.calls.length >= inlinedDepthMax) this.refuse("calls functions too deep in each other", node, env);
    this.calls.push({ identity, at: this.place(node, env) });
    const result = convert();
    this.calls.pop();
    return result;
  }

  /** The value in a local, unless it is as good as one. */
  shared(value: Expr, body: (value: Expr) => Expr): Expr {
    if (isTrivial(value)) return body(value);
    const local = this.local();
    return { op: "let", local, value, body: body({ op: "local", local }) };
  }
}

/** Costs nothing to compute twice. */
export function isTrivial({ op }: Expr): boolean {
  return op === "local" || op === "capture" || op === "constant";
}

export function constant(value: Primitive): Expr {
  return { op: "constant", value };
}

export function valueOf(value: Expr): Binding {
  return { kind: "value", value };
}
