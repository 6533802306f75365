/**
 * What the compiler knows of a value while it writes code for one layout of rows: its JavaScript type, and where its parts are.
 * Parts are locals or constants, so that using a value twice computes it once. A value that is a part of the input row,
 * unchanged, says so in `source`: it may then leave the pipeline as the input's own column, whatever its layout.
 */
import type { F64, I32 } from "../codegen/code.ts";
import type { ColumnType, ListContainer, StructShape } from "../data/schema.ts";

/** Which part of the input row a value is: indexes of struct fields from the root, [] for the whole row. */
export type Source = readonly number[];

/** A whole number that is not −0, between the bounds. */
export interface IntegerRange {
  readonly min: number;
  readonly max: number;
}

export type Value = { readonly source?: Source } & (
  | { readonly kind: "number"; readonly code: F64; readonly integer?: IntegerRange }
  /** 0 or 1 */
  | { readonly kind: "boolean"; readonly code: I32 }
  | { readonly kind: "constant"; readonly value: undefined | null }
  /**
   * UTF-8 somewhere in kernel memory, valid while its row is. `ascii`: known to be below 0x80 throughout. `lasting`: stays where it
   * is until the next batch comes, as parts of the input do, and constants.
   */
  | {
      readonly kind: "string";
      readonly start: I32;
      readonly bytes: I32;
      readonly ascii: boolean;
      readonly lasting?: boolean;
      readonly text?: string;
    }
  /** Milliseconds, NaN for an invalid date. */
  | { readonly kind: "date"; readonly code: F64 }
  | { readonly kind: "struct"; readonly shape: StructShape; readonly fields: readonly Value[] }
  /** `present` 1: the item; 0: `absent`. The item's parts of an absent value may be read and mean nothing. */
  | { readonly kind: "optional"; readonly absent: undefined | null; readonly present: I32; readonly item: Value }
  /** Items from … to of a list column of the input. */
  | {
      readonly kind: "list";
      readonly container: ListContainer;
      readonly from: I32;
      readonly to: I32;
      item(index: I32): Value;
    }
  /** What `split` gives, not made: the pieces of a string between separators (a constant, or one ASCII character). */
  | {
      readonly kind: "pieces";
      readonly text: Extract<Value, { kind: "string" }>;
      readonly separator: Extract<Value, { kind: "string" }>;
    }
  /** `list.map(f)` or `list.filter(f)`, not made. `index` is the item's among `items`, for whoever knows it. */
  | {
      readonly kind: "mapped";
      readonly items: Value;
      readonly each: (item: Value, emit: (value: Value) => void, index?: () => ValueOf<"number">) => void;
    }
  /** Of a layout that code does not look into: it can only be passed on, by its source if it has one. */
  | { readonly kind: "opaque"; readonly type: ColumnType }
);

export type ValueOf<K extends Value["kind"]> = Extract<Value, { kind: K }>;
