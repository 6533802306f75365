/**
 * Values of an input row, by the layout of its columns. Nothing is loaded before it is used, and then once, at the beginning of
 * the operator that uses it first. Layouts that code does not look into are opaque: they can be passed on.
 */
import type { Code, F64, I32, Statement } from "../codegen/code.ts";
import { f64, i32 } from "../codegen/operations.ts";
import type { ColumnType } from "../data/schema.ts";
import type { ColumnPart, ColumnPath, Generator } from "./generator.ts";
import type { Source, Value } from "./value.ts";

export interface InputReader {
  readonly generator: Generator;
  /** Which of the function's inputs. */
  readonly input: number;
  /** Writes where the value dominates all its uses: for a row's parts at the beginning of an operator. */
  early(write: () => void): void;
}

/** The row `row` of the column at a path. `source` is undefined for what is no part of the row by itself: items of lists. */
export function inputValue(
  reader: InputReader,
  type: ColumnType,
  row: I32,
  path: ColumnPath,
  source: Source | undefined,
): Value {
  const from = source === undefined ? {} : { source };
  const column = (part: ColumnPart) =>
    reader.generator.pointer({ kind: "column", input: reader.input, path, part }, nameOf(path, part));
  const once = (make: () => Code, name: string) => lazily(reader, make, name);
  const scaled = (part: ColumnPart, shift: number): I32 =>
    i32.add(column(part), shift === 0 ? row : i32.shl(row, i32.const(shift)));
  switch (type.kind) {
    case "f64":
    case "date":
    case "f32":
    case "i32":
    case "u8":
      return lazyValue(
        { ...numbers[type.kind], ...from },
        { code: once(() => loadNumber(type.kind, scaled), "number") },
      );
    case "bool":
      return lazyValue({ kind: "boolean", ...from }, { code: once(() => i32.load8_u(scaled("values", 0)), "flag") });
    case "constant":
      return typeof type.value === "boolean"
        ? { kind: "boolean", code: i32.const(type.value ? 1 : 0), ...from }
        : { kind: "constant", value: type.value, ...from };
    case "utf8":
      return text(reader, row, column, from);
    case "spans":
      return spanText(reader, scaled, column, from);
    case "dictionary": {
      if (type.values.kind !== "utf8") return { kind: "opaque", type, ...from };
      const code = once(() => i32.load(scaled("codes", 2)), "code");
      const values = (part: ColumnPart) =>
        reader.generator.pointer(
          { kind: "column", input: reader.input, path: [...path, "values"], part },
          nameOf(path, part),
        );
      return text(reader, code as () => I32, values, from);
    }
    case "struct": {
      const fields = lazyFields(type.fields, (field, i) =>
        inputValue(reader, field, row, [...path, i], source && [...source, i]),
      );
      return { kind: "struct", shape: type.shape, fields, ...from };
    }
    case "optional": {
      const present = once(() => i32.load8_u(scaled("validity", 0)), "present");
      const item = inputValue(reader, type.item, row, [...path, "item"], undefined);
      return lazyValue({ kind: "optional", absent: type.absent, item, ...from }, { present });
    }
    case "list": {
      const item = (index: I32) => inputValue(readingHere(reader), type.item, index, [...path, "item"], undefined);
      return lazyValue(
        { kind: "list", container: type.container, item, ...from },
        {
          from: once(() => i32.load(scaled("offsets", 2)), "from"),
          to: once(() => i32.load(scaled("offsets", 2), 4), "to"),
        },
      );
    }
    default:
      return { kind: "opaque", type, ...from };
  }
}

const numbers = {
  f64: { kind: "number" },
  date: { kind: "date" },
  f32: { kind: "number" },
  i32: { kind: "number", integer: { min: -(2 ** 31), max: 2 ** 31 - 1 } },
  u8: { kind: "number", integer: { min: 0, max: 255 } },
} as const;

function loadNumber(kind: keyof typeof numbers, cell: (part: ColumnPart, shift: number) => I32): F64 {
  switch (kind) {
    case "f64":
    case "date":
      return f64.load(cell("values", 3));
    case "f32":
      return f64.load_f32(cell("values", 2));
    case "i32":
      return f64.convert_i32_s(i32.load(cell("values", 2)));
    case "u8":
      return f64.convert_i32_u(i32.load8_u(cell("values", 0)));
  }
}

/** Loads what is used later at the place that is being written now: within a loop over items. */
function readingHere(reader: InputReader): InputReader {
  const { out } = reader.generator;
  const body: Statement[] = [];
  out.place([{ kind: "sequence", body }]);
  return { ...reader, early: write => void body.push(...out.collect(write)) };
}

function text(
  reader: InputReader,
  row: I32 | (() => I32),
  column: (part: ColumnPart) => I32,
  from: { readonly source?: Source },
): Value {
  const slot = (): I32 => i32.add(column("offsets"), i32.shl(typeof row === "function" ? row() : row, i32.const(2)));
  const begin = lazily(reader, () => i32.load(slot()), "begin");
  return lazyValue(
    { kind: "string", ascii: false, lasting: true, ...from },
    {
      start: lazily(reader, () => i32.add(column("bytes"), begin() as I32), "start"),
      bytes: lazily(reader, () => i32.sub(i32.load(slot(), 4), begin() as I32), "bytes"),
    },
  );
}

function spanText(
  reader: InputReader,
  scaled: (part: ColumnPart, shift: number) => I32,
  column: (part: ColumnPart) => I32,
  from: { readonly source?: Source },
): Value {
  const begin = lazily(reader, () => i32.load(scaled("starts", 2)), "begin");
  return lazyValue(
    { kind: "string", ascii: false, lasting: true, ...from },
    {
      start: lazily(reader, () => i32.add(column("bytes"), begin() as I32), "start"),
      bytes: lazily(reader, () => i32.sub(i32.load(scaled("ends", 2)), begin() as I32), "bytes"),
    },
  );
}

/** Code that is written when it is first asked for. */
function lazily(reader: InputReader, make: () => Code, name: string): () => Code {
  let kept: Code | undefined;
  return () => {
    if (kept === undefined) {
      const code = make();
      reader.early(() => (kept = reader.generator.out.keep(code, name)));
    }
    return kept!;
  };
}

/** A value some of whose properties are made when they are read. */
function lazyValue(known: object, parts: Readonly<Record<string, () => Code>>): Value {
  const value = { ...known };
  for (const [name, get] of Object.entries(parts)) Object.defineProperty(value, name, { get, enumerable: true });
  return value as Value;
}

function lazyFields(types: readonly ColumnType[], make: (type: ColumnType, i: number) => Value): readonly Value[] {
  const fields: Value[] = [];
  types.forEach((type, i) => {
    let made: Value | undefined;
    Object.defineProperty(fields, i, { get: () => (made ??= make(type, i)), enumerable: true });
  });
  return fields;
}

function nameOf(path: ColumnPath, part: ColumnPart): string {
  const place = path.length === 0 ? "row" : `row.${path.join(".")}`;
  return part === "values" ? place : `${place}.${part}`;
}
