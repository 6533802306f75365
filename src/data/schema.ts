/**
 * Column types. A batch is one root column: rows that are numbers have a root of f64, rows that are pairs a root struct
 * of shape "tuple" with two fields. Types describe layout; two layouts of equal values are still equal values.
 */

export type ColumnType =
  | { readonly kind: "f64" } // numbers
  | { readonly kind: "f32" } // numbers that f32 holds exactly (from sources)
  | { readonly kind: "i32" } // numbers that are int32 and not −0
  | { readonly kind: "u8" } // numbers that are 0 … 255: the items of a Uint8Array
  | { readonly kind: "i64" } // bigints in −2⁶³ … 2⁶³ − 1
  | { readonly kind: "bool" } // one byte a row
  | { readonly kind: "date" } // f64 milliseconds, NaN for an invalid date
  | { readonly kind: "utf8" } // well-formed strings: i32 offsets and bytes
  | { readonly kind: "spans" } // well-formed strings of a batch that is read in place: never stored
  | { readonly kind: "constant"; readonly value: undefined | null | boolean } // no storage at all
  | { readonly kind: "dictionary"; readonly values: ColumnType } // i32 codes into a short column
  | { readonly kind: "struct"; readonly shape: StructShape; readonly fields: readonly ColumnType[] }
  | { readonly kind: "list"; readonly container: ListContainer; readonly item: ColumnType } // i32 offsets into items
  | { readonly kind: "optional"; readonly absent: undefined | null; readonly item: ColumnType } // validity bytes
  | { readonly kind: "any" }; // i32 offsets and encoded values (value-codec.ts)

/** A tuple is an array of fixed length; an object has its keys in insertion order. */
export type StructShape = { readonly of: "tuple" } | { readonly of: "object"; readonly names: readonly string[] };

export type ListContainer = "array" | "Float64Array" | "Float32Array" | "Int32Array" | "Uint8Array";

/** What the items of a typed container are; an array's items may be anything. */
export const containerItems = {
  Float64Array: "f64",
  Float32Array: "f32",
  Int32Array: "i32",
  Uint8Array: "u8",
} as const;

export const f64: ColumnType = { kind: "f64" };
export const i32: ColumnType = { kind: "i32" };
export const i64: ColumnType = { kind: "i64" };
export const bool: ColumnType = { kind: "bool" };
export const utf8: ColumnType = { kind: "utf8" };
export const any: ColumnType = { kind: "any" };

export function tuple(...fields: ColumnType[]): ColumnType {
  return { kind: "struct", shape: { of: "tuple" }, fields };
}

/** A type in one line, for `explain` and errors: `(utf8, f64)`, `{id: f64, tags: utf8[]}`. */
export function printType(type: ColumnType): string {
  switch (type.kind) {
    case "constant":
      return String(type.value);
    case "dictionary":
      return `dictionary<${printType(type.values)}>`;
    case "struct": {
      const { shape } = type;
      if (shape.of === "tuple") return `(${type.fields.map(printType).join(", ")})`;
      return `{${type.fields.map((field, i) => `${shape.names[i]}: ${printType(field)}`).join(", ")}}`;
    }
    case "list":
      return type.container === "array" ? `${printType(type.item)}[]` : type.container;
    case "optional":
      return `${printType(type.item)} | ${type.absent}`;
    default:
      return type.kind;
  }
}
