/**
 * What the compiler of expressions writes to and reads from: one `Lowering` per generated function, one `Frame` per lambda in it.
 * `pipeline.ts` and `fold.ts` make them; `lower.ts` and the files beside it use them.
 */
import type { I32, Import, ValueType } from "../codegen/code.ts";
import type { FunctionBuilder } from "../codegen/function-builder.ts";
import type { Lambda } from "./ir.ts";
import type { Value } from "./value.ts";

export interface Lowering {
  readonly out: FunctionBuilder;
  /**
   * Leaves the function: an assumption does not hold, and JavaScript computes the batch again. With a test, only when it is
   * not 0. `why` is for people: `a number that is not whole`.
   */
  giveUp(why: string, test?: I32): void;
  /** A function of `kernels/`, by its export's name. */
  kernel<T extends ValueType>(
    name: string,
    parameters: readonly ValueType[],
    result: T,
  ): Import & { readonly result: T };
  /** A function of `host-functions.ts`, by its name there: what WASM lacks (`Math.sin`). */
  host<T extends ValueType>(name: string, parameters: readonly ValueType[], result: T): Import & { readonly result: T };
  /** Where the UTF-8 of a string constant is, while the function runs. */
  literal(text: string): I32;
  /** Memory for a string that is made, until the row is done. Gives up when a row makes too much. */
  scratch(bytes: I32): I32;
  /** Once more through a loop whose end only rows know: leaves when that goes on for too long. */
  countRound(): void;
}

export interface Frame {
  readonly lowering: Lowering;
  readonly lambda: Lambda;
  /** By local; parameters are there from the start, the others once their `let` is lowered. */
  readonly locals: (Value | undefined)[];
  /** By capture: a number, boolean, string or constant, read from the parameters. */
  readonly captures: readonly Value[];
}
