/**
 * One generated function in the making: what every kind of them has, a loop over rows with cursors in the parameter block, ways
 * out of it, captured values, literals and scratch memory. `pipeline.ts` and `fold.ts` say what a row does.
 *
 * The function leaves in one of three ways (`status`): all rows are done; an output is full, and the row that did not fit is as
 * if it had not begun; or an assumption does not hold, and what was written since the call means nothing.
 */
import type { F64, FunctionCode, I32, Import, Label, Local, Statement, ValueType } from "../codegen/code.ts";
import { FunctionBuilder } from "../codegen/function-builder.ts";
import { f64, i32, local } from "../codegen/operations.ts";
import type { Captured, Lambda } from "./ir.ts";
import type { Frame, Lowering } from "./lowering.ts";
import { NotNative } from "./not-native.ts";
import { Parameters, status, word } from "./parameters.ts";
import { tableValue } from "./table-values.ts";
import type { Value } from "./value.ts";

/** From a batch's root to a column in it: a struct's field, an optional's or a list's item, a dictionary's values. */
export type ColumnPath = readonly (number | "item" | "values")[];
/** The arrays that a column consists of. */
export type ColumnPart = "values" | "offsets" | "bytes" | "validity" | "codes" | "starts" | "ends";

/** A word of the parameter block, as the host fills it. */
export type Part =
  | { readonly kind: "column"; readonly input: number; readonly path: ColumnPath; readonly part: ColumnPart }
  | { readonly kind: "output"; readonly slot: number; readonly part: OutputPart }
  /** A captured number (f64) or boolean (u32), or where a captured string is, and its length. */
  | {
      readonly kind: "capture";
      readonly lambda: number;
      readonly capture: number;
      readonly form: CaptureForm;
    };

/** The arrays that an output consists of, and the end of the room for a text's bytes. */
export type OutputPart = "values" | "offsets" | "bytes" | "bytesEnd" | "starts" | "ends";

/** `table`: where the numbers of a captured array are; `tableLength`: how many items it has. */
type CaptureForm = "number" | "boolean" | "text" | "textBytes" | "table" | "tableLength";

/** Where the host puts each word. */
export interface PlacedPart {
  readonly at: number;
  readonly part: Part;
}

export const functionName = "run";

/**
 * Rounds of loops in one call: some milliseconds, as nobody can stop a call. The row that would take more begins the next call; as
 * the first of a call it is left to JavaScript.
 */
export const roundsMax = 4_000_000;

export class Generator implements Lowering {
  readonly out = new FunctionBuilder(functionName, [["block", "i32"]], "i32");
  readonly literals: string[] = [];
  readonly reasons: string[] = [];
  /** Locals that are counted on at the end of each row, without rounding. */
  readonly counters: Local<"f64">[] = [];
  private readonly literalOffsets = new Map<string, number>();
  private literalBytes = 0;
  private readonly prelude: Statement[] = [];
  private readonly rowStart: Statement[] = [];
  private readonly rowEnd: Statement[] = [];
  private readonly whenDone: Statement[] = [];
  private readonly parameters: Parameters<Part>;
  private readonly row: Local<"i32">;
  private readonly outRow: Local<"i32">;
  private readonly outRowStart: Local<"i32">;
  /** Rounds of loops since the call, and its first row. */
  private rounds: { readonly count: Local<"i32">; readonly firstRow: Local<"i32"> } | undefined;
  private scratchNext: Local<"i32"> | undefined;
  private readonly labels: { full: Label; gaveUp: Label } = { full: { name: "full" }, gaveUp: { name: "gaveUp" } };
  private readonly placed: PlacedPart[] = [];

  constructor() {
    const { out } = this;
    out.place([{ kind: "sequence", body: this.prelude }]);
    this.parameters = new Parameters(out, write => this.prelude.push(...out.collect(write)));
    this.row = out.local("i32", "row");
    this.outRow = out.local("i32", "outRow");
    this.outRowStart = out.local("i32", "outRowStart");
  }

  get rowIndex(): I32 {
    return local(this.row);
  }

  /** How many rows are in the outputs. */
  get outIndex(): I32 {
    return local(this.outRow);
  }

  get parts(): readonly PlacedPart[] {
    return this.placed;
  }

  get usesScratch(): boolean {
    return this.scratchNext !== undefined;
  }

  get blockBytes(): number {
    return this.parameters.bytes;
  }

  fixed(at: number, name: string): I32 {
    return this.parameters.fixed(at, name);
  }

  fixedNumber(at: number, name: string): ReturnType<typeof f64.load> {
    return this.parameters.fixedNumber(at, name);
  }

  pointer(part: Part, name: string): I32 {
    const key = JSON.stringify(part);
    const value = this.parameters.word(key, part, name);
    this.notePart(key, part);
    return value;
  }

  /** Writes once, before the first row. */
  beforeRows(write: () => void): void {
    this.prelude.push(...this.out.collect(write));
  }

  /** Writes at the beginning of each row. */
  atRowStart(write: () => void): void {
    this.rowStart.push(...this.out.collect(write));
  }

  /** `first` in row 0, and `step` more in each row than in the one before. None of them may be rounded. */
  counter(first: F64, step: F64, name: string): F64 {
    const { out } = this;
    const counter = out.local("f64", name);
    const ofRow = f64.add(first, f64.mul(f64.convert_i32_u(this.rowIndex), step));
    this.beforeRows(() => out.set(counter, ofRow));
    this.rowEnd.push(...out.collect(() => out.set(counter, f64.add(local(counter), step))));
    this.counters.push(counter);
    return local(counter);
  }

  /** A number that goes on from call to call; calls that leave before all rows are done do not change it. */
  total(): Local<"f64"> {
    const { out } = this;
    const { base } = this.parameters;
    const total = out.local("f64", "total");
    this.beforeRows(() => out.set(total, f64.load(base, word.total)));
    this.whenDone.push(...out.collect(() => out.store("f64.store", base, local(total), word.total)));
    return total;
  }

  /** The row being done has one more row in the outputs. */
  countOut(): void {
    this.out.set(this.outRow, i32.add(this.outIndex, i32.const(1)));
  }

  /** Leaves with the outputs as they were before the row. */
  leaveFull(test: I32): void {
    this.out.jump(this.labels.full, test);
  }

  giveUp(why: string, test?: I32): void {
    let at = this.reasons.indexOf(why);
    if (at < 0) at = this.reasons.push(why) - 1;
    const leave = () => {
      this.out.store("i32.store", this.parameters.base, i32.const(at), word.gaveUpAt);
      this.out.jump(this.labels.gaveUp);
    };
    if (test === undefined) leave();
    else this.out.if(test, leave);
  }

  kernel<T extends ValueType>(
    name: string,
    parameters: readonly ValueType[],
    result: T,
  ): Import & { readonly result: T } {
    return { module: "kernels", name, parameters, result };
  }

  host<T extends ValueType>(
    name: string,
    parameters: readonly ValueType[],
    result: T,
  ): Import & { readonly result: T } {
    return { module: "host", name, parameters, result };
  }

  literal(text: string): I32 {
    if (!text.isWellFormed()) throw new NotNative("has a string with half a surrogate pair", undefined);
    let at = this.literalOffsets.get(text);
    if (at === undefined) {
      at = this.literalBytes;
      this.literalOffsets.set(text, at);
      this.literals.push(text);
      this.literalBytes += new TextEncoder().encode(text).length;
    }
    const base = this.parameters.fixed(word.literals, "literals");
    return at === 0 ? base : i32.add(base, i32.const(at));
  }

  scratch(bytes: I32): I32 {
    const { out } = this;
    const start = this.parameters.fixed(word.scratch, "scratch");
    const end = this.parameters.fixed(word.scratchEnd, "scratchEnd");
    if (this.scratchNext === undefined) {
      const next = out.local("i32", "scratchNext");
      this.scratchNext = next;
      this.atRowStart(() => out.set(next, start));
    }
    const next = local(this.scratchNext);
    this.giveUp("makes a very long string", i32.gt_u(bytes, i32.sub(end, next)));
    const at = out.keep(i32.add(next, i32.const(0)), "made");
    out.set(this.scratchNext, i32.add(next, bytes));
    return at;
  }

  countRound(): void {
    const { out } = this;
    if (this.rounds === undefined) {
      const made = { count: out.local("i32", "rounds"), firstRow: out.local("i32", "firstRow") };
      this.rounds = made;
      this.beforeRows(() => {
        out.set(made.count, i32.const(0));
        out.set(made.firstRow, i32.load(this.parameters.base, word.row));
      });
    }
    const { count, firstRow } = this.rounds;
    out.set(count, i32.add(local(count), i32.const(1)));
    out.if(i32.gt_u(local(count), i32.const(roundsMax)), () => {
      this.giveUp("takes too many rounds of a loop", i32.eq(this.rowIndex, local(firstRow)));
      this.leaveFull(i32.const(1));
    });
  }

  /** A lambda's frame, with its parameters bound. `index` tells its captures from those of others. */
  frame(lambda: Lambda, index: number, args: readonly Value[]): Frame {
    const locals = new Array<Value | undefined>(lambda.locals).fill(undefined);
    for (let i = 0; i < lambda.parameters; i++) locals[i] = args[i] ?? { kind: "constant", value: undefined };
    const captures = lambda.captures.map((value, at) => this.capture(value, index, at));
    return { lowering: this, lambda, locals, captures };
  }

  /** The loop over rows; `row` writes what one does. */
  rows(row: () => void): FunctionCode {
    const { out, labels } = this;
    const { base } = this.parameters;
    out.block("gaveUp", gaveUp => {
      labels.gaveUp = gaveUp;
      out.block("full", full => {
        labels.full = full;
        this.beforeRows(() => {
          out.set(this.row, i32.load(base, word.row));
          out.set(this.outRow, i32.load(base, word.outRows));
        });
        const count = this.parameters.fixed(word.rows, "rows");
        out.block("done", done => {
          out.loop("next", next => {
            out.jump(done, i32.ge_u(this.rowIndex, count));
            out.set(this.outRowStart, this.outIndex);
            out.place([{ kind: "sequence", body: this.rowStart }]);
            out.block("skip", skip => {
              this.skip = skip;
              row();
            });
            out.place(this.rowEnd);
            out.set(this.row, i32.add(this.rowIndex, i32.const(1)));
            out.jump(next);
          });
        });
        out.place(this.whenDone);
        this.leave(status.done, this.outIndex);
      });
      this.leave(status.full, local(this.outRowStart));
    });
    this.leave(status.gaveUp, i32.const(0));
    return out.finish();
  }

  private skip: Label = { name: "skip" };

  /** On with the next row, when the test holds. */
  skipRow(test: I32): void {
    this.out.jump(this.skip, test);
  }

  /** For loops within a row: where `skipRow` goes while `write` writes. */
  skippingTo(label: Label, write: () => void): void {
    const outer = this.skip;
    this.skip = label;
    write();
    this.skip = outer;
  }

  private leave(how: number, outRows: I32): void {
    const { out } = this;
    out.store("i32.store", this.parameters.base, this.rowIndex, word.row);
    out.store("i32.store", this.parameters.base, outRows, word.outRows);
    out.return(i32.const(how));
  }

  private capture(value: Captured, lambda: number, capture: number): Value {
    const part = (form: CaptureForm): Part => ({ kind: "capture", lambda, capture, form });
    switch (typeof value) {
      case "number": {
        const numberPart: Part = { kind: "capture", lambda, capture, form: "number" };
        const key = JSON.stringify(numberPart);
        const code = this.parameters.number(key, numberPart, `captured${capture}`);
        this.notePart(key, numberPart);
        return { kind: "number", code };
      }
      case "boolean":
        return { kind: "boolean", code: this.pointer(part("boolean"), `captured${capture}`) };
      case "string":
        if (!value.isWellFormed()) throw new NotNative("captures a string with half a surrogate pair", undefined);
        return {
          kind: "string",
          start: this.pointer(part("text"), `captured${capture}`),
          bytes: this.pointer(part("textBytes"), `captured${capture}Bytes`),
          ascii: false,
          lasting: true,
        };
      case "undefined":
        return { kind: "constant", value: undefined };
      case "object":
        if (value === null) return { kind: "constant", value };
        return tableValue(
          value,
          this.pointer(part("table"), `captured${capture}`),
          () => this.pointer(part("tableLength"), `captured${capture}Length`),
          this.out,
        );
      default:
        throw new NotNative("captures a value that has no native form", undefined);
    }
  }

  private notePart(key: string, part: Part): void {
    const at = this.parameters.offsetOf(key);
    if (!this.placed.some(each => each.at === at)) this.placed.push({ at, part });
  }
}
