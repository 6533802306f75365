/**
 * A function that reached an operator, as plain data: its id and, by value, everything it captures, other functions included.
 * What cannot ship is refused here, before anything runs. instantiate.ts is the other side.
 *
 * The bytes are empty for a function without captures. Otherwise they are one value: [classes, their states, classes that
 * cannot be had and why, the function], so that an object captured twice is one object again.
 */
import { encodeValue, UnshippableValue, type OtherValue } from "../data/value-codec.ts";
import type { Lambda, NoLambda } from "../expr/ir.ts";
import { useBundle } from "./bundles.ts";
import { builtinPath } from "./builtins.ts";
import "./class-source.ts";
import { type CaptureOptions, type ClosureRef, refuseSymbol } from "./contracts.ts";
import { encodeHandle, keepingAlive } from "./handles.ts";
import { ImportIndex } from "./imported.ts";
import { lambdaOf, lambdaOfBuiltin } from "./lambda.ts";
import { DriverMeanings } from "./lambda-homes.ts";
import { warnOfMutations } from "./mutations.ts";
import { foreignFunction, hintForBound, hintForCapture, operatorPlace, positionIn, refusal } from "./refusals.ts";
import {
  boundOf,
  type ClosureScope,
  driverScopes,
  type Meta,
  methodOf,
  recordBound,
  tagOf,
  userClassOf,
} from "./runtime.ts";

type AnyFunction = (...args: never[]) => unknown;

/** Captures a function. Throws an error of kind "user" when it or something that it uses cannot be sent to tasks. */
export function captureClosure(fn: AnyFunction, options: CaptureOptions): ClosureRef {
  return new Capture(options).capture(fn);
}

/** Captures a method together with the object that it is called on. */
export function captureMethod(object: object, name: string, options: CaptureOptions): ClosureRef {
  const method = (object as Record<string, unknown>)[name];
  return new Capture(options).capture(
    typeof method === "function" ? (recordBound(method, object) as AnyFunction) : (method as never),
  );
}

interface CapturedFunction {
  readonly file: string;
  readonly meta: Meta;
  readonly values: readonly unknown[];
}

const imports = new ImportIndex(driverScopes);
const largeBytes = 1024 * 1024;
const empty = new Uint8Array(0);

class Capture {
  /** Functions and classes met so far, the root first. */
  private readonly functions = new Map<object, CapturedFunction>();
  private readonly classesMet = new Set<object>();
  private lastRefused: unknown;

  constructor(
    private readonly options: CaptureOptions,
    /** What went by its handle. */
    private readonly handles = new Set<object>(),
  ) {}

  capture(fn: AnyFunction): ClosureRef {
    if (typeof fn !== "function") {
      const got =
        fn === null ? "null" : typeof fn === "object" ? "an object" : fn === undefined ? "nothing" : `a ${typeof fn}`;
      throw refusal(this.options, `needs a function and got ${got}`, "give it a function: x => …", undefined);
    }
    const named = boundOf(fn)?.target ?? fn;
    const tag = tagOf(named as object);
    const meta = tag?.scope.meta(tag.id);
    this.refuseAsync(named as AnyFunction, tag?.id, meta);
    if (tagOf(fn) === undefined && this.shippableForeign(fn) === undefined) {
      if (driverScopes.length === 0) {
        const hint = "run it with `firesteel run job.ts`, or with `bun --preload firesteel/register job.ts`";
        throw refusal(this.options, "got a function from a file that Firesteel did not load", hint, undefined);
      }
      const { what, hint } = foreignFunction(fn);
      throw refusal(this.options, `got ${what}, which cannot be sent to tasks`, hint, undefined);
    }
    const bundle = (tag?.scope ?? this.scopeOf(fn) ?? driverScopes.at(-1))?.bundleOf(tag?.id ?? "") ?? "";
    const captures = this.encode(fn, bundle);
    this.warn();
    useBundle(bundle);
    const captured: ClosureRef = {
      id: tag?.id ?? "",
      bundle,
      captures,
      text: meta?.text ?? (fn.name === "" ? "function" : fn.name),
      at: tag === undefined ? this.options.at : positionIn(fileOf(tag.id), meta?.at),
      lambda: this.lambda(fn),
    };
    return keepingAlive(captured, this.handles);
  }

  /** What the function computes, as far as it can be read. */
  private lambda(fn: object): Lambda | NoLambda {
    const tag = tagOf(fn);
    const no = (reason: string): NoLambda => ({ reason, file: undefined, at: undefined });
    if (tag !== undefined) {
      const meanings = new DriverMeanings((each, { id, scope, captures }) =>
        this.readCaptures(each, id, scope, captures),
      );
      const source = meanings.sourceOf(fn, tag);
      return source === undefined ? no("has no source at hand") : lambdaOf(source);
    }
    const path = builtinPath(fn);
    if (path !== undefined) return lambdaOfBuiltin(path, this.options.operator);
    if (boundOf(fn) !== undefined) return no("is bound to an object");
    return no(methodOf(fn) !== undefined ? "is a method" : "is not a function of the job's files");
  }

  private scopeOf(fn: object): ClosureScope | undefined {
    return imports.find(fn)?.scope ?? (methodOf(fn) && userClassOf(methodOf(fn)!.owner)?.scope);
  }

  private encode(root: object, bundle: string): Uint8Array {
    try {
      const classes = entryClasses(bundle);
      if (classes.length === 0) {
        const tag = tagOf(root);
        if (tag !== undefined && tag.captures === null) {
          this.readCaptures(root, tag.id, tag.scope, null);
          return empty;
        }
        return this.checked([[], [], [], root], root);
      }
      return this.encodeWithClasses(root, classes);
    } catch (thrown) {
      if (thrown instanceof UnshippableValue) throw this.explain(thrown);
      throw thrown;
    }
  }

  /** Classes that the function reaches ship in its own bytes; the others on their own, for rows, and only if they can. */
  private encodeWithClasses(root: object, classes: readonly object[]): Uint8Array {
    let reached = -1;
    let states: unknown[] = [];
    while (this.classesMet.size > reached) {
      reached = this.classesMet.size;
      states = classes.map(each => (this.classesMet.has(each) ? this.classState(each) : undefined));
      encodeValue([states, root], this.hooks());
    }
    const unavailable: [string, string][] = [];
    const available = classes.filter((each, at) => {
      if (states[at] !== undefined) return true;
      try {
        const alone = new Capture(this.options, this.handles);
        states[at] = encodeValue([each, alone.classState(each)], alone.hooks());
        return true;
      } catch (thrown) {
        const { id } = userClassOf(each)!;
        unavailable.push([
          id,
          `the class ${(each as { name: string }).name} cannot be used in tasks: ${(thrown as Error).message}`,
        ]);
        return false;
      }
    });
    return this.checked(
      [available, states.filter((_, at) => available.includes(classes[at]!)), unavailable, root],
      root,
    );
  }

  private checked(value: unknown, root: object): Uint8Array {
    const bytes = encodeValue(value, this.hooks());
    if (bytes.length > largeBytes) this.warnOfSize(root);
    return bytes;
  }

  private hooks(what = "function"): {
    what: string;
    references: true;
    encodeOther: (value: object | symbol) => OtherValue | undefined;
  } {
    return { what, references: true, encodeOther: value => this.encodeOther(value, true) };
  }

  /** Functions, classes and handles. `deep` also encodes what functions capture. */
  private encodeOther(value: object | symbol, deep: boolean): OtherValue | undefined {
    const other =
      typeof value === "function"
        ? this.encodeFunction(value, deep)
        : typeof value === "object"
          ? encodeHandle(value, this.handles)
          : undefined;
    if (other === undefined) this.lastRefused = value;
    return other;
  }

  private encodeFunction(fn: object, deep: boolean): OtherValue | undefined {
    const tag = tagOf(fn);
    if (tag === undefined) return this.shippableForeign(fn);
    const { values } = this.readCaptures(fn, tag.id, tag.scope, tag.captures);
    return { tag: "f", meta: tag.id, data: deep && values.length > 0 ? values : undefined };
  }

  /** Functions that no file of the user's wrote: bound ones, methods, classes, built-in ones, and exports of packages. */
  private shippableForeign(fn: object): OtherValue | undefined {
    const userClass = userClassOf(fn);
    if (userClass !== undefined) {
      this.classesMet.add(fn);
      const meta = userClass.scope.meta(userClass.id);
      const eager =
        meta?.eager === undefined
          ? undefined
          : this.classCaptures(fn).map((value, at) => (meta.eager!.includes(at) ? value : undefined));
      return { tag: "c", meta: eager === undefined ? [userClass.id] : [userClass.id, eager] };
    }
    const bound = boundOf(fn);
    if (bound !== undefined) return { tag: "d", meta: [bound.target, bound.self, bound.args] };
    const method = methodOf(fn);
    if (method !== undefined) return { tag: "m", meta: [method.owner, method.name, method.isStatic] };
    const path = builtinPath(fn);
    if (path !== undefined) return { tag: "b", meta: path };
    const imported = imports.find(fn);
    return imported === undefined ? undefined : { tag: "x", meta: [imported.key, ...imported.path] };
  }

  private classCaptures(constructor: object): readonly unknown[] {
    const { id, scope, captures } = userClassOf(constructor)!;
    return this.readCaptures(constructor, id, scope, captures).values;
  }

  /** [captures, static properties, private static fields]. */
  private classState(constructor: object): unknown[] {
    const { staticPrivates } = userClassOf(constructor)!;
    return [this.classCaptures(constructor), { ...constructor }, staticPrivates?.read(constructor)];
  }

  /** Reads what a function captures, once, and refuses what its code must not do. */
  private readCaptures(
    fn: object,
    id: string,
    scope: ClosureScope,
    captures: (() => unknown[]) | null,
  ): CapturedFunction {
    const known = this.functions.get(fn);
    if (known !== undefined) return known;
    const file = fileOf(id);
    const meta = scope.meta(id)!;
    const [written] = meta.writes ?? [];
    if (written !== undefined) {
      const what = `got a function that assigns to the captured variable \`${written[0]}\`, which would change only a task's copy`;
      throw refusal(
        this.options,
        what,
        "use an accumulator: ctx.longAccumulator() and its add()",
        positionIn(file, written[1]),
      );
    }
    const [bound] = meta.bound ?? [];
    if (bound !== undefined) {
      const what = `got a function that uses \`${bound[0]}\` of the code around it, which cannot be sent to tasks`;
      throw refusal(this.options, what, hintForBound(bound[0]), positionIn(file, bound[1]));
    }
    let values: readonly unknown[] = [];
    try {
      values = captures?.() ?? [];
    } catch (thrown) {
      throw this.tooEarly(file, meta, thrown as Error);
    }
    useBundle(scope.bundleOf(id));
    const captured = { file, meta, values };
    this.functions.set(fn, captured);
    return captured;
  }

  private tooEarly(file: string, meta: Meta, thrown: Error): Error {
    const name =
      meta.names.find(each =>
        new RegExp(`(^|[^\\w$])${each.replaceAll("$", "\\$")}([^\\w$]|$)`).test(thrown.message),
      ) ?? meta.names[0];
    const at = positionIn(file, meta.uses[meta.names.indexOf(name ?? "")]);
    return refusal(
      this.options,
      `got a function that uses \`${name}\`, whose declaration has not run yet`,
      "move the declaration above this line",
      at,
    );
  }

  private refuseAsync(fn: AnyFunction, id: string | undefined, meta: Meta | undefined): void {
    if (this.options.allowAsync === true) return;
    const isAsync =
      meta?.kind === "async" || (fn as { constructor?: { name?: string } }).constructor?.name === "AsyncFunction";
    if (!isAsync) return;
    const at = id === undefined ? undefined : positionIn(fileOf(id), meta?.at);
    const { operator } = this.options;
    const hint = operator === "map" ? "use mapAsync" : `use mapAsync for what it awaits, and ${operator} after that`;
    throw refusal(this.options, "got an async function", hint, at);
  }

  /** Finds the captured variable that is to blame, and says so. */
  private explain(thrown: UnshippableValue): Error {
    for (const [fn, { file, meta, values }] of this.functions) {
      const candidates: [string, unknown][] = values.map((value, at) => [meta.names[at]!, value]);
      if (meta.kind === "class")
        candidates.push(
          ...Object.entries(fn).map(([name, value]): [string, unknown] => [
            `${(fn as { name: string }).name}.${name}`,
            value,
          ]),
        );
      for (const [name, value] of candidates) {
        const found = this.refusedIn(name, value);
        if (found !== undefined)
          return this.refuseCapture(name, found, positionIn(file, meta.uses[meta.names.indexOf(name)] ?? meta.at));
      }
    }
    return refusal(
      this.options,
      `got a function that cannot be sent to tasks: ${thrown.message}`,
      thrown.hint,
      undefined,
    );
  }

  private refusedIn(name: string, value: unknown): UnshippableValue | undefined {
    try {
      encodeValue(value, { what: name, references: true, encodeOther: each => this.encodeOther(each, false) });
      return undefined;
    } catch (thrown) {
      if (thrown instanceof UnshippableValue) return thrown;
      throw thrown;
    }
  }

  private refuseCapture(
    name: string,
    { path, part, hint }: UnshippableValue,
    at: ReturnType<typeof positionIn>,
  ): Error {
    const refused = this.lastRefused;
    const reason =
      typeof refused === "object" && refused !== null
        ? (refused as { [refuseSymbol]?: unknown })[refuseSymbol]
        : undefined;
    const subject = path === name ? "it is" : `\`${path}\` is`;
    const start = `got a function that uses \`${name}\`, which cannot be sent to tasks:`;
    if (typeof reason === "string") {
      const [why, ...advice] = reason.split(": ");
      const ofThis = path.startsWith("this.") ? "take what it uses out of `this` before: const { name } = this" : "";
      const fix = ofThis || advice.join(": ") || undefined;
      return refusal(this.options, `${start} ${path === name ? "" : `\`${path}\`: `}${why}`, fix, at);
    }
    if (typeof refused === "function") {
      const foreign = foreignFunction(refused);
      return refusal(this.options, `${start} ${subject} ${foreign.what}`, foreign.hintForCapture, at);
    }
    return refusal(this.options, `${start} ${subject} ${part}`, hintForCapture(part, hint), at);
  }

  private warn(): void {
    for (const { file, meta, values } of this.functions.values()) warnOfMutations(this.options, file, meta, values);
  }

  /** Names the largest of the captured variables. */
  private warnOfSize(root: object): void {
    let largest = { name: "", bytes: 0 };
    for (const { meta, values } of this.functions.values()) {
      values.forEach((value, at) => {
        if (typeof value === "function") return;
        const bytes = encodeValue(value, this.hooks()).length;
        if (bytes > largest.bytes) largest = { name: meta.names[at]!, bytes };
      });
    }
    if (largest.name === "" || root === undefined) return;
    const size = `${(largest.bytes / largeBytes).toFixed(1)} MB`;
    this.options.warn(
      `${operatorPlace(this.options)} sends \`${largest.name}\` (${size}) with every task: broadcast it, ctx.broadcast(${largest.name}), and use its .value`,
    );
  }
}

/** Classes of a bundle's entry that have captures or static state, in the order of their declaration. */
function entryClasses(bundle: string): object[] {
  const found: object[] = [];
  for (const scope of driverScopes) {
    for (const [id, constructor] of scope.classes) {
      const { captures, staticPrivates } = userClassOf(constructor)!;
      const hasState = captures !== null || staticPrivates !== undefined || Object.keys(constructor).length > 0;
      if (hasState && scope.bundleOf(id) === bundle && scope.meta(id)?.inEntry === true) found.push(constructor);
    }
  }
  return found;
}

function fileOf(id: string): string {
  return id.slice(0, id.lastIndexOf(":"));
}
