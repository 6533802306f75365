/**
 * The parameter block of a generated function: one address is all it gets, and the block behind it says the rest. Words of 4
 * bytes at fixed places, then what the code asked for while it was compiled: captured values and literals, where input columns
 * lie, where outputs go. The function writes its cursors back.
 */
import type { F64, I32, Local } from "../codegen/code.ts";
import type { FunctionBuilder } from "../codegen/function-builder.ts";
import { f64, i32, local } from "../codegen/operations.ts";

/** Byte offsets of the fixed words. */
export const word = {
  /** Input rows, and the next one to do (read and written). */
  rows: 0,
  row: 4,
  /** Rows that the outputs have room for, and rows in them (read and written). */
  capacity: 8,
  outRows: 12,
  /** Bytes of the literals, one after the other. */
  literals: 16,
  /** Memory for strings made in one row. */
  scratch: 20,
  scratchEnd: 24,
  /** Which `giveUp` was reached. */
  gaveUpAt: 28,
  /** Where a read of 16 bytes may begin at the latest. */
  lastVector: 32,
  /** f64: the first number of a range, and the step. */
  rangeStart: 40,
  rangeStep: 48,
  /** f64: what the rows' numbers are added to (read, and written when all rows are done). */
  total: 56,
} as const;

const firstFree = 64;

/** What a generated function returns. */
export const status = { done: 0, full: 1, gaveUp: 2 } as const;

/** Words that the code asked for, each with what the host is to put there. */
export class Parameters<Part> {
  readonly parts: Part[] = [];
  private readonly known = new Map<string, I32 | F64>();
  private readonly offsets = new Map<string, number>();
  private next = firstFree;
  private readonly block: Local;

  /** `prelude` runs before everything else of the function. */
  constructor(
    private readonly out: FunctionBuilder,
    private readonly prelude: (write: () => void) => void,
  ) {
    this.block = out.parameters[0]!;
  }

  /** The block's address. */
  get base(): I32 {
    return local(this.block) as I32;
  }

  get bytes(): number {
    return this.next;
  }

  word(key: string, part: Part, name: string): I32 {
    return this.value(key, 4, part, name) as I32;
  }

  number(key: string, part: Part, name: string): F64 {
    return this.value(key, 8, part, name) as F64;
  }

  fixed(at: number, name: string): I32 {
    const key = `fixed ${at}`;
    return (this.known.get(key) as I32 | undefined) ?? this.load(key, () => i32.load(this.base, at), name);
  }

  fixedNumber(at: number, name: string): F64 {
    const key = `fixed ${at}`;
    return (this.known.get(key) as F64 | undefined) ?? this.load(key, () => f64.load(this.base, at), name);
  }

  /** Where the host finds the word of a key. */
  offsetOf(key: string): number {
    return this.offsets.get(key)!;
  }

  private value(key: string, bytes: 4 | 8, part: Part, name: string): I32 | F64 {
    const known = this.known.get(key);
    if (known !== undefined) return known;
    const at = bytes === 8 ? Math.ceil(this.next / 8) * 8 : this.next;
    this.next = at + bytes;
    this.offsets.set(key, at);
    this.parts.push(part);
    return bytes === 8
      ? this.load(key, () => f64.load(this.base, at), name)
      : this.load(key, () => i32.load(this.base, at), name);
  }

  private load<C extends I32 | F64>(key: string, make: () => C, name: string): C {
    let kept: C | undefined;
    this.prelude(() => (kept = this.out.keep(make() as never, name) as C));
    this.known.set(key, kept!);
    return kept!;
  }
}
