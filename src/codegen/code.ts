/**
 * WASM code as typed trees: expressions that give a value, statements that do not. The types keep an i32 from being added to
 * an f64 when a generator is compiled; `encode.ts` turns the trees into a module's bytes and `print.ts` into readable text.
 * Nothing here knows what the code computes.
 */

export type ValueType = "i32" | "i64" | "f64" | "v128";

/** An expression. `op` is the instruction's name in the WASM text format: `f64.add`, `i32.load8_u`. */
export type Code<T extends ValueType = ValueType> =
  | { readonly kind: "constant"; readonly type: T; readonly value: number | bigint }
  | { readonly kind: "local"; readonly type: T; readonly local: Local<T> }
  | { readonly kind: "operation"; readonly type: T; readonly op: string; readonly args: readonly Code[] }
  /** `offset` is added to the address. Alignment is 1: it is a hint only. */
  | { readonly kind: "load"; readonly type: T; readonly op: string; readonly address: I32; readonly offset: number }
  /** f64x2.extract_lane and its kind. */
  | {
      readonly kind: "lane";
      readonly type: T;
      readonly op: string;
      readonly lane: number;
      readonly args: readonly Code[];
    }
  | { readonly kind: "call"; readonly type: T; readonly target: Import; readonly args: readonly Code[] };

export type I32 = Code<"i32">;
export type I64 = Code<"i64">;
export type F64 = Code<"f64">;
export type V128 = Code<"v128">;

/** A local variable, made by `FunctionBuilder.local`. The name is for the reader of the printed text and may repeat. */
export interface Local<T extends ValueType = ValueType> {
  readonly type: T;
  readonly name: string;
  readonly index: number;
}

/** A function of another module or of JavaScript. Two imports are the same when module and name are. */
export interface Import {
  readonly module: string;
  readonly name: string;
  readonly parameters: readonly ValueType[];
  readonly result: ValueType | undefined;
}

/** What `leave` and `again` refer to. */
export interface Label {
  readonly name: string;
}

export type Statement =
  | { readonly kind: "set"; readonly local: Local; readonly value: Code }
  | {
      readonly kind: "store";
      readonly op: string;
      readonly address: I32;
      readonly offset: number;
      readonly value: Code;
    }
  | {
      readonly kind: "if";
      readonly test: I32;
      readonly then: readonly Statement[];
      readonly otherwise: readonly Statement[];
    }
  /** Statements that `leave` jumps behind. */
  | { readonly kind: "block"; readonly label: Label; readonly body: readonly Statement[] }
  /** Runs once; `again` jumps back to its beginning. */
  | { readonly kind: "loop"; readonly label: Label; readonly body: readonly Statement[] }
  /** To the end of a block, or to the beginning of a loop; only when `test` is not 0, if there is one. */
  | { readonly kind: "jump"; readonly label: Label; readonly test: I32 | undefined }
  | { readonly kind: "return"; readonly value: Code }
  /** Statements one after the other; a list that may still grow when it is placed. */
  | { readonly kind: "sequence"; readonly body: readonly Statement[] }
  /** A call for its effect; a result is dropped. */
  | { readonly kind: "call"; readonly target: Import; readonly args: readonly Code[] }
  /** A line in the printed text; no code. */
  | { readonly kind: "comment"; readonly text: string };

/** One exported function with its parameters and locals, complete. */
export interface FunctionCode {
  readonly name: string;
  readonly parameters: readonly Local[];
  readonly result: ValueType;
  /** All locals, parameters first, in the order of their indexes. */
  readonly locals: readonly Local[];
  readonly body: readonly Statement[];
}

/** A module of functions over the shared kernel memory, imported as `env.memory`. */
export interface ModuleCode {
  readonly functions: readonly FunctionCode[];
}
