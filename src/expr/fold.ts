/**
 * A fold by key as one generated function: for every row, the accumulator of its group is loaded, merged with the row's value and
 * stored, or made of the first value. A row that needs JavaScript ends the call; the rows before it are folded.
 *
 * Rows are input 0; input 1 is an i32 column of group ids, of which those from `outRows` on are new, each when first met the
 * next. Slot k is the array of the accumulator's leaf k. `outRows` is the number of groups when all rows are done.
 */
import type { I32, ModuleCode, Statement } from "../codegen/code.ts";
import { i32 } from "../codegen/operations.ts";
import type { ColumnType } from "../data/schema.ts";
import { accumulatorInput, AccumulatorOutput } from "./fold-accumulator.ts";
import { type AccumulatorType, accumulatorKey } from "./fold-layout.ts";
import { accumulatorOfResult, accumulatorOfZero, type LengthAt, zeroInput } from "./fold-types.ts";
import { Generator, type PlacedPart } from "./generator.ts";
import { inputValue } from "./input-values.ts";
import type { Lambda } from "./ir.ts";
import { lowerExpr } from "./lower.ts";
import { exactly, lambdaShape } from "./shape.ts";
import type { Value } from "./value.ts";

export interface FoldLambdas {
  readonly merge: Lambda;
  /** Makes the first accumulator of a group's first value; undefined: the value itself, or `zero` merged with it. */
  readonly create: Lambda | undefined;
  readonly zero: FoldZero | undefined;
}

export interface FoldZero {
  readonly value: unknown;
  readonly encoded: Uint8Array;
}

export interface FoldCode {
  readonly module: ModuleCode;
  readonly accumulator: AccumulatorType;
  readonly parts: readonly PlacedPart[];
  readonly blockBytes: number;
  readonly usesScratch: boolean;
  readonly literals: readonly string[];
  readonly reasons: readonly string[];
}

/** What the code's captures are numbered by. */
export const foldLambdas = { merge: 0, create: 1 } as const;

/** Throws `NotNative`. `accumulator` is that of groups there are; `lengthAt` says how long the lists of the first value are. */
export function compileFold(
  lambdas: FoldLambdas,
  values: ColumnType,
  accumulator: AccumulatorType | undefined,
  lengthAt: LengthAt,
): FoldCode {
  const writer = new FoldWriter(lambdas, values, accumulator, lengthAt);
  return writer.write();
}

/** Two folds with one key have the same code. */
export function foldKey(
  { merge, create, zero }: FoldLambdas,
  values: ColumnType,
  accumulator: AccumulatorType | undefined,
): string {
  const shapes = ["fold", lambdaShape(merge), create && lambdaShape(create), zero && String(zero.encoded)];
  return JSON.stringify([...shapes, values, accumulator && accumulatorKey(accumulator)], exactly);
}

class FoldWriter {
  private readonly generator = new Generator();
  private type: AccumulatorType | undefined;

  constructor(
    private readonly lambdas: FoldLambdas,
    private readonly values: ColumnType,
    accumulator: AccumulatorType | undefined,
    private readonly lengthAt: LengthAt,
  ) {
    this.type = accumulator;
  }

  write(): FoldCode {
    const { generator } = this;
    const { out } = generator;
    const code = generator.rows(() => {
      const ids = generator.pointer({ kind: "column", input: 1, path: [], part: "values" }, "ids");
      const group = out.keep(i32.load(i32.add(ids, i32.shl(generator.rowIndex, i32.const(2)))), "group");
      out.if(
        i32.ge_u(group, generator.outIndex),
        () => {
          this.store(group, this.first(this.value()));
          generator.countOut();
        },
        () => {
          const before = accumulatorInput(generator, this.type!, group);
          this.store(group, this.merged(before, this.value()));
        },
      );
    });
    return {
      module: { functions: [code] },
      accumulator: this.type!,
      parts: generator.parts,
      blockBytes: generator.blockBytes,
      usesScratch: generator.usesScratch,
      literals: generator.literals,
      reasons: generator.reasons,
    };
  }

  /** The row's value, loaded where this is called. */
  private value(): Value {
    const { generator } = this;
    const { out } = generator;
    const loads: Statement[] = [];
    out.place([{ kind: "sequence", body: loads }]);
    const early = (write: () => void) => void loads.push(...out.collect(write));
    return inputValue({ generator, input: 0, early }, this.values, generator.rowIndex, [], []);
  }

  private first(value: Value): Value {
    const { create, zero } = this.lambdas;
    if (zero !== undefined) {
      this.type ??= accumulatorOfZero(zero.value);
      return this.merged(zeroInput(zero.value), value);
    }
    const { generator } = this;
    const made =
      create === undefined ? value : lowerExpr(create.body, generator.frame(create, foldLambdas.create, [value]));
    this.type ??= accumulatorOfResult(made, this.lengthAt);
    return made;
  }

  private merged(before: Value, value: Value): Value {
    const { merge } = this.lambdas;
    return lowerExpr(merge.body, this.generator.frame(merge, foldLambdas.merge, [before, value]));
  }

  private store(group: I32, result: Value): void {
    const { generator, lambdas } = this;
    const frame = generator.frame(lambdas.merge, foldLambdas.merge, []);
    new AccumulatorOutput(generator, group, frame).store(result, this.type!);
  }
}
