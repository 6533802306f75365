/**
 * A fold of the user's as native code: generated for each layout of values that comes, when the functions have expressions. Gives
 * the loops that `FoldedValues` runs; where there is none it folds in JavaScript.
 */
import { invariant } from "../base/assert.ts";
import type { Column } from "../data/column.ts";
import { typeKey } from "../data/layout.ts";
import { typeOf } from "../data/type-of.ts";
import { decodeValue } from "../data/value-codec.ts";
import { accumulatorKey, type AccumulatorType } from "../expr/fold-layout.ts";
import { compileFold, type FoldCode, foldKey, type FoldLambdas } from "../expr/fold.ts";
import type { LengthAt } from "../expr/fold-types.ts";
import { isLambda } from "../expr/ir.ts";
import { NotNative } from "../expr/not-native.ts";
import { status, word } from "../expr/parameters.ts";
import type { Allocator } from "../kernel/allocator.ts";
import type { Kernels } from "../kernel/kernels.ts";
import type { Ptr } from "../kernel/ptr.ts";
import type { PlanFunction } from "../plan/nodes.ts";
import { columnAt, compiledOnce, instantiate, ParameterBlock, type Run } from "./native-code.ts";
import type { FoldLoop, NativeFold } from "./folded-values.ts";

export interface FoldFunctions {
  readonly create: PlanFunction | undefined;
  /** Encoded. */
  readonly zero: Uint8Array | undefined;
  readonly merge: PlanFunction;
}

/** Opens the fold in native code; undefined when a function of it has no expression. */
export function nativeFold(
  functions: FoldFunctions,
  isWorthMaking: () => boolean,
): ((kernels: Kernels, allocator: Allocator) => NativeFold) | undefined {
  const lambdas = foldLambdasOf(functions);
  return lambdas && ((kernels, allocator) => new GeneratedFold(kernels, allocator, lambdas, isWorthMaking));
}

/** The functions as expressions; undefined when one of them has none. */
export function foldLambdasOf({ merge: mergeFn, create: createFn, zero }: FoldFunctions): FoldLambdas | undefined {
  const merge = lambdaOf(mergeFn);
  const create = createFn && lambdaOf(createFn);
  if (merge === undefined || (createFn !== undefined && create === undefined)) return undefined;
  return { merge, create, zero: zero && { value: decodeValue(zero), encoded: zero } };
}

function lambdaOf(fn: PlanFunction) {
  return isLambda(fn.lambda) ? fn.lambda : undefined;
}

interface Compiled {
  readonly code: FoldCode;
  readonly run: Run;
}

/** Nothing where there is no code for a layout. */
interface Made {
  readonly compiled: Compiled | undefined;
}

/** Bytes of a parameter block are few, so a fold keeps those of all layouts it met, up to this many. */
const layoutsMax = 64;

class GeneratedFold implements NativeFold {
  private readonly loops = new Map<string, GeneratedLoop | undefined>();

  constructor(
    private readonly kernels: Kernels,
    private readonly allocator: Allocator,
    private readonly lambdas: FoldLambdas,
    private readonly isWorthMaking: () => boolean,
  ) {}

  loopFor(values: Column, accumulators: AccumulatorType | undefined): FoldLoop | undefined {
    const layout = `${typeKey(typeOf(values))} ${accumulators === undefined ? "" : accumulatorKey(accumulators)}`;
    const known = this.loops.get(layout);
    if (known !== undefined || this.loops.has(layout)) return known;
    if (this.loops.size === layoutsMax) this.free();
    const made = this.compile(values, accumulators);
    if (made === undefined) return undefined;
    const loop = made.compiled && this.open(made.compiled);
    this.loops.set(layout, loop);
    return loop;
  }

  free(): void {
    for (const loop of this.loops.values()) loop?.free();
    this.loops.clear();
  }

  private open({ code, run }: Compiled): GeneratedLoop {
    const { merge, create } = this.lambdas;
    const captures = [merge.captures, create?.captures ?? []];
    return new GeneratedLoop(new ParameterBlock(this.kernels, this.allocator, code, captures), code, run);
  }

  private compile(values: Column, accumulators: AccumulatorType | undefined): Made | undefined {
    const { kernels, lambdas } = this;
    const type = typeOf(values);
    const lengthAt: LengthAt = source => firstLength(kernels, columnAt(values, source));
    const lengths = accumulators === undefined ? listLengths(kernels, values) : "";
    const key = `${foldKey(lambdas, type, accumulators)}${lengths}`;
    return compiledOnce(kernels, key, this.isWorthMaking(), (): Made => {
      try {
        const code = compileFold(lambdas, type, accumulators, lengthAt);
        const run = instantiate(kernels, code.module);
        return { compiled: run && { code, run } };
      } catch (thrown) {
        if (thrown instanceof NotNative) return { compiled: undefined };
        throw thrown;
      }
    });
  }
}

/** Of the first row, for each list in the column that is not within another. */
function listLengths(kernels: Kernels, column: Column): string {
  if (column.kind === "struct") return column.fields.map(field => listLengths(kernels, field)).join("");
  return column.kind === "list" ? ` ${firstLength(kernels, column)}` : "";
}

function firstLength({ i32 }: Kernels, column: Column): number {
  invariant(column.kind === "list" && column.rows > 0, "a list of the first row");
  return i32[column.offsets / 4 + 1]! - i32[column.offsets / 4]!;
}

class GeneratedLoop implements FoldLoop {
  constructor(
    private readonly block: ParameterBlock,
    private readonly code: FoldCode,
    private readonly runCode: Run,
  ) {}

  get type(): AccumulatorType {
    return this.code.accumulator;
  }

  run(ids: Ptr, values: Column, groups: number, accumulators: readonly Ptr[]): number {
    const { block, code } = this;
    const { rows } = values;
    block.setWord(word.rows, rows);
    block.setWord(word.row, 0);
    block.setWord(word.outRows, groups);
    block.setInput(0, values);
    block.setInput(1, { kind: "i32", rows, values: ids });
    for (const { at, part } of code.parts) {
      if (part.kind === "output") block.setWord(at, accumulators[part.slot]!);
    }
    for (let before = -1; ; before = block.word(word.row)) {
      const how = this.runCode(block.ptr);
      if (how === status.done) return rows;
      // a call that took long ends early, with its cursors where the next goes on
      if (how !== status.full || block.word(word.row) === before) return block.word(word.row);
    }
  }

  free(): void {
    this.block.free();
  }
}
