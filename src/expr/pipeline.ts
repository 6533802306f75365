/**
 * The narrow operators between two breakers as one generated function over the columns of a batch, or over a range: a row's
 * values stay in locals from the first operator to the last, and only what leaves the last is stored.
 *
 * Where rows end in a sum or a count, nothing is stored either: the function adds up, or counts.
 *
 * As many operators are taken, from the first on, as have native code for the layout of the rows they get; what stops the next
 * is said in `stopped`. Which they are depends on the expressions and the layout alone.
 */
import type { ModuleCode, Statement } from "../codegen/code.ts";
import { f64, i32, local } from "../codegen/operations.ts";
import { vectorise } from "../codegen/vectorise.ts";
import type { SpanRows } from "../data/column.ts";
import type { ColumnType } from "../data/schema.ts";
import { Generator, type PlacedPart } from "./generator.ts";
import { inputValue } from "./input-values.ts";
import type { Expr, Lambda, NoLambda, Primitive } from "./ir.ts";
import { lowerExpr, lowerTest } from "./lower.ts";
import { NotNative } from "./not-native.ts";
import { type OutputLayout, OutputPlan, OutputWriter, type SlotKind } from "./output-values.ts";
import { word } from "./parameters.ts";
import { stream } from "./streams.ts";
import type { IntegerRange, Value } from "./value.ts";

export type Step = MappingStep | FlatteningStep | TestingStep;

type WithLambda<Op> = Op extends string ? { readonly op: Op; readonly lambda: Lambda | NoLambda } : never;
type MappingStep = WithLambda<"map" | "keyBy" | "mapValues"> | { readonly op: "keys" } | { readonly op: "values" };
type FlatteningStep = WithLambda<"flatMap" | "flatMapValues">;
/** `lookup`: values of the pairs with the key, which is undefined when it is no number, string or boolean. */
type TestingStep = WithLambda<"filter"> | { readonly op: "lookup"; readonly key: Primitive };

/** What rows are laid out as. The numbers of a range are start + row × step. */
export type InputType = ColumnType | RangeType;

export interface RangeType {
  readonly kind: "range";
  /** When all its numbers are whole. */
  readonly integer: IntegerRange | undefined;
}

/** What becomes of the rows that leave the last operator, where that is not rows: their sum, or their number. */
export type EndingKind = "sum" | "count";

export interface PipelineCode {
  readonly module: ModuleCode;
  /** Operators taken. */
  readonly steps: number;
  /** Why the next one is not. */
  readonly stopped: NotNative | undefined;
  readonly parts: readonly PlacedPart[];
  readonly blockBytes: number;
  readonly usesScratch: boolean;
  readonly literals: readonly string[];
  /** By the number that the function leaves when it gives up. */
  readonly reasons: readonly string[];
  readonly slots: readonly SlotKind[];
  /** Rows leave as they came, with some of their columns left out or constants put in: there is nothing to run. */
  readonly idle: boolean;
  /** By slot, the number that all its rows are: the code does not write it. */
  readonly fills: ReadonlyMap<number, number>;
  /** Undefined where the function ends in a sum or a count: of all operators, and without outputs. */
  readonly output: OutputLayout | undefined;
  readonly ending: EndingKind | undefined;
  /** Of u32, the input row of each output row; undefined when nothing needs it. */
  readonly indexSlot: number | undefined;
  /** Output row i is of input row i. */
  readonly aligned: boolean;
  /** A row may give several. */
  readonly mayGrow: boolean;
}

/** Places where a flatMap's later operators are written: each is a copy of them. */
const emissionsMax = 32;

/**
 * Undefined code when not even the first operator is taken. `toJavaScript`: what leaves the last becomes JavaScript values. With an
 * ending the code has it too, if it can; else rows leave, with strings as spans where those are wanted.
 */
export function generatePipeline(
  steps: readonly Step[],
  input: InputType,
  toJavaScript: boolean,
  ending?: EndingKind,
  spans?: SpanRows,
): { readonly code: PipelineCode | undefined; readonly stopped: NotNative | undefined } {
  let stopped: NotNative | undefined;
  if (ending !== undefined) {
    const writer = new PipelineWriter(steps, input, toJavaScript);
    try {
      return { code: { ...writer.writeEnding(ending), steps: steps.length, stopped }, stopped };
    } catch (thrown) {
      if (!(thrown instanceof NotNative)) throw thrown;
      stopped = thrown;
    }
  }
  for (let count = steps.length; count > 0;) {
    const isAll = count === steps.length;
    const writer = new PipelineWriter(steps.slice(0, count), input, toJavaScript || !isAll);
    try {
      return { code: { ...writer.write(isAll ? spans : undefined), steps: count, stopped }, stopped };
    } catch (thrown) {
      if (!(thrown instanceof NotNative)) throw thrown;
      stopped = thrown;
      count = writer.reached;
    }
  }
  return { code: undefined, stopped };
}

class PipelineWriter {
  /** The operator being written. */
  reached = 0;
  private emissions = 0;
  private early: Statement[] = [];

  constructor(
    private readonly steps: readonly Step[],
    private readonly input: InputType,
    private readonly toJavaScript: boolean,
  ) {}

  /** Writes twice: how rows leave is known when all ways out have been seen. */
  write(spans: SpanRows | undefined): Omit<PipelineCode, "steps" | "stopped"> {
    const { steps } = this;
    const mayGrow = steps.some(({ op }) => op === "flatMap" || op === "flatMapValues");
    const aligned = !mayGrow && !steps.some(({ op }) => op === "filter" || op === "lookup");
    const leaving: Value[] = [];
    this.generate(() => value => void leaving.push(value));
    this.reached = steps.length - 1;
    const plan = new OutputPlan(leaving, aligned, spans);
    // of two columns come two objects
    if (this.toJavaScript && leaving.some(hasOneObjectTwice))
      throw new NotNative("gives one object in two places", undefined);
    const { generator, module } = this.generate(generator => {
      const writer = new OutputWriter(generator, plan, mayGrow);
      return value => writer.write(value);
    });
    const { slots, fills, indexSlot, layout: output } = plan;
    return {
      ...whatCodeNeeds(generator, module),
      slots,
      fills,
      idle: aligned && slots.length === fills.size && generator.reasons.length === 0,
      output,
      ending: undefined,
      indexSlot,
      aligned,
      mayGrow,
    };
  }

  writeEnding(ending: EndingKind): Omit<PipelineCode, "steps" | "stopped"> {
    const leaving: Value[] = [];
    const { generator, module } = this.generate(generator => {
      const { out } = generator;
      const total = ending === "sum" ? generator.total() : undefined;
      return value => {
        leaving.push(value);
        if (total === undefined) generator.countOut();
        else if (value.kind === "number") out.set(total, f64.add(local(total), value.code));
        else throw new NotNative("adds up what is no number", undefined);
      };
    });
    // rows that have no layout are not counted either: making them may be what fails
    if (ending === "count" && leaving.length > 0) new OutputPlan(leaving, false);
    const needs = whatCodeNeeds(generator, module);
    return {
      ...needs,
      slots: [],
      fills: new Map(),
      idle: false,
      output: undefined,
      ending,
      indexSlot: undefined,
      aligned: false,
      mayGrow: false,
    };
  }

  private generate(emitWith: (generator: Generator) => (value: Value) => void): {
    readonly generator: Generator;
    readonly module: ModuleCode;
  } {
    const generator = new Generator();
    const emit = emitWith(generator);
    this.emissions = 0;
    const code = generator.rows(() => {
      this.beginStep(generator);
      this.apply(generator, 0, this.row(generator), true, emit);
    });
    return { generator, module: { functions: [code] } };
  }

  private row(generator: Generator): Value {
    const { input } = this;
    if (input.kind !== "range") {
      const early = (write: () => void) => void this.early.push(...generator.out.collect(write));
      return inputValue({ generator, input: 0, early }, input, generator.rowIndex, [], []);
    }
    const start = generator.fixedNumber(word.rangeStart, "start");
    const step = generator.fixedNumber(word.rangeStep, "step");
    const { integer } = input;
    // then all multiples of the step up to the range's width are exact
    if (integer !== undefined && Number.isSafeInteger(integer.max - integer.min))
      return { kind: "number", code: generator.counter(start, step, "i"), integer };
    const number = f64.add(start, f64.mul(generator.counter(f64.const(0), f64.const(1), "rowNumber"), step));
    const code = generator.out.keep(number, "i");
    return { kind: "number", code, ...(integer !== undefined && { integer }) };
  }

  private beginStep({ out }: Generator): void {
    this.early = [];
    out.place([{ kind: "sequence", body: this.early }]);
  }

  /** Operators from `at` on. `isOnce`: not in a loop within the row, where loads would be repeated. */
  private apply(generator: Generator, at: number, row: Value, isOnce: boolean, emit: (value: Value) => void): void {
    const step = this.steps[at];
    if (step === undefined) {
      emit(row);
      return;
    }
    this.reached = at;
    const { out } = generator;
    if (isOnce && at > 0) this.beginStep(generator);
    if (step.op === "flatMap" || step.op === "flatMapValues") {
      const isPairs = step.op === "flatMapValues";
      const given = isPairs ? pairOf(row)[1]! : row;
      const { body, frame } = this.enter(generator, step.lambda, at, [given]);
      stream(body, frame, item => {
        if (++this.emissions > emissionsMax) throw new NotNative("gives rows in too many places", body.at);
        const next = isPairs ? pair(pairOf(row)[0]!, item) : item;
        out.block("item", label => generator.skippingTo(label, () => this.apply(generator, at + 1, next, false, emit)));
      });
      return;
    }
    if (step.op === "filter" || step.op === "lookup") {
      generator.skipRow(i32.eqz(this.test(generator, step, at, row)));
      this.apply(generator, at + 1, step.op === "lookup" ? pairOf(row)[1]! : row, isOnce, emit);
      return;
    }
    this.apply(generator, at + 1, this.mapped(generator, step, at, row), isOnce, emit);
  }

  private mapped(generator: Generator, step: MappingStep, at: number, row: Value): Value {
    if (step.op === "keys") return pairOf(row)[0]!;
    if (step.op === "values") return pairOf(row)[1]!;
    const given = step.op === "mapValues" ? pairOf(row)[1]! : row;
    const { body, frame } = this.enter(generator, step.lambda, at, [given]);
    const value = lowerExpr(body, frame);
    if (step.op === "map") return value;
    return step.op === "keyBy" ? pair(value, row) : pair(pairOf(row)[0]!, value);
  }

  private test(generator: Generator, step: TestingStep, at: number, row: Value) {
    if (step.op === "filter") {
      const { body, frame } = this.enter(generator, step.lambda, at, [row]);
      return lowerTest(body, frame);
    }
    const isPlain = typeof step.key === "string" || typeof step.key === "boolean" || step.key === Number(step.key);
    if (!isPlain) throw new NotNative("looks up a key of its own kind", undefined);
    const body: Expr = {
      op: "binary",
      operator: "===",
      left: { op: "local", local: 0 },
      right: { op: "capture", capture: 0 },
    };
    const lambda: Lambda = { file: undefined, parameters: 1, locals: 1, captures: [step.key], body };
    return lowerTest(body, generator.frame(lambda, at, [pairOf(row)[0]!]));
  }

  private enter(generator: Generator, lambda: Lambda | NoLambda, at: number, args: readonly Value[]) {
    if ("reason" in lambda) throw new NotNative(lambda.reason, lambda.at);
    return { body: lambda.body, frame: generator.frame(lambda, at, args) };
  }
}

function whatCodeNeeds(generator: Generator, module: ModuleCode) {
  const { parts, blockBytes, usesScratch, literals, reasons } = generator;
  // outputs are never inputs, and have room for every row; a total begins with 0
  const functions = module.functions.map(each => vectorise(each, generator.counters));
  return { module: { functions }, parts, blockBytes, usesScratch, literals, reasons };
}

function hasOneObjectTwice(value: Value): boolean {
  const seen = new Set<unknown>();
  const visit = (each: Value): boolean => {
    if (each.kind === "optional") return visit(each.item);
    if (each.kind !== "struct" && each.kind !== "list" && each.kind !== "opaque" && each.kind !== "date") return false;
    const identity = each.source === undefined ? each : String(each.source);
    if (seen.has(identity)) return true;
    seen.add(identity);
    return each.kind === "struct" && each.fields.some(visit);
  };
  return visit(value);
}

function pairOf(row: Value): readonly Value[] {
  if (row.kind === "struct" && row.shape.of === "tuple" && row.fields.length === 2) return row.fields;
  throw new NotNative("is given rows that are not pairs", undefined);
}

function pair(key: Value, value: Value): Value {
  return { kind: "struct", shape: { of: "tuple" }, fields: [key, value] };
}
