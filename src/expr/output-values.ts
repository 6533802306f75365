/**
 * How rows leave a generated function: which parts are stored, in which arrays, and which are the input's own columns, taken as
 * they are or, where rows were left out or repeated, by the index of the row that each came from.
 */
import type { I32, Import, Local } from "../codegen/code.ts";
import { i32, local, v128 } from "../codegen/operations.ts";
import type { SpanRows } from "../data/column.ts";
import type { StructShape } from "../data/schema.ts";
import { assertNever } from "../base/assert.ts";
import type { Generator, OutputPart } from "./generator.ts";
import { NotNative } from "./not-native.ts";
import { word } from "./parameters.ts";
import type { Source, Value } from "./value.ts";

export type OutputLayout =
  /** `inPlace`: strings that are spans may stay so. */
  | { readonly kind: "source"; readonly source: Source; readonly inPlace: boolean }
  | { readonly kind: "f64" | "date" | "bool" | "utf8" | "spans"; readonly slot: number }
  | { readonly kind: "constant"; readonly value: undefined | null }
  | { readonly kind: "struct"; readonly shape: StructShape; readonly fields: readonly OutputLayout[] }
  /** The slot is that of one byte a row: 1 present. */
  | {
      readonly kind: "optional";
      readonly absent: undefined | null;
      readonly slot: number;
      readonly item: OutputLayout;
    };

/**
 * What a slot's arrays hold: `index` is u32, the input row of each output row; `spans` two u32, where each string starts and ends in
 * memory.
 */
export type SlotKind = "f64" | "bool" | "utf8" | "index" | "spans";

/** Structs with more parts than this leave by row index, not part by part. */
const storedPartsMax = 8;

/** The one layout for all the values that a row may leave as. `aligned`: row i of the output is of row i of the input. */
export class OutputPlan {
  readonly slots: SlotKind[] = [];
  readonly layout: OutputLayout;
  /** Slots of numbers that are the same in every row: written once. */
  readonly fills = new Map<number, number>();
  /** The slot of row indexes, if any part needs them. */
  indexSlot: number | undefined;

  /** `spans`: strings that stay where they are need not be copied. */
  constructor(
    values: readonly Value[],
    private readonly aligned: boolean,
    spans?: SpanRows,
  ) {
    this.layout = this.plan(values, spans);
  }

  private plan(values: readonly Value[], spans?: SpanRows): OutputLayout {
    const inPlace = spans === "rows" && values.length > 0 && values.every(isLasting);
    const source = commonSource(values);
    if (inPlace && !(source !== undefined && this.aligned)) return { kind: "spans", slot: this.slot("spans") };
    if (source !== undefined && (this.aligned || !isStored(values[0]!))) return this.bySource(source, inPlace);
    const first = values[0];
    // no row ever leaves
    if (first === undefined) return { kind: "constant", value: undefined };
    if (values.some(value => value.kind !== first.kind)) return this.planUnlike(values);
    switch (first.kind) {
      case "number": {
        const slot = this.slot("f64");
        const fill = commonNumber(values);
        if (fill !== undefined) this.fills.set(slot, fill);
        return { kind: "f64", slot };
      }
      case "date":
        return { kind: "date", slot: this.slot("f64") };
      case "boolean":
        return { kind: "bool", slot: this.slot("bool") };
      case "string":
        return { kind: "utf8", slot: this.slot("utf8") };
      case "constant":
        return values.every(value => (value as typeof first).value === first.value)
          ? { kind: "constant", value: first.value }
          : this.planUnlike(values);
      case "struct": {
        const structs = values as (typeof first)[];
        if (structs.some(each => !sameShape(each.shape, first.shape) || each.fields.length !== first.fields.length))
          throw new NotNative("gives rows of more than one shape", undefined);
        const ofField = (i: number) => (spans === "keys" && i === 0 ? "rows" : undefined);
        const fields = Array.from(first.fields, (_, i) =>
          this.plan(
            structs.map(each => each.fields[i]!),
            ofField(i),
          ),
        );
        return { kind: "struct", shape: first.shape, fields };
      }
      case "optional": {
        const optionals = values as (typeof first)[];
        if (optionals.some(each => each.absent !== first.absent)) return this.planUnlike(values);
        const slot = this.slot("bool");
        return { kind: "optional", absent: first.absent, slot, item: this.plan(optionals.map(each => each.item)) };
      }
      case "list":
      case "pieces":
      case "mapped":
        throw new NotNative("makes an array of any length", undefined);
      case "opaque":
        throw new NotNative("gives values that have no native layout", undefined);
      default:
        return assertNever(first);
    }
  }

  private planUnlike(values: readonly Value[]): never {
    throw new NotNative(`gives rows of unlike kinds: ${[...new Set(values.map(kindName))].join(", ")}`, undefined);
  }

  private bySource(source: Source, inPlace: boolean): OutputLayout {
    if (!this.aligned) this.indexSlot ??= this.slot("index");
    return { kind: "source", source, inPlace };
  }

  private slot(kind: SlotKind): number {
    return this.slots.push(kind) - 1;
  }
}

function isLasting(value: Value): boolean {
  return value.kind === "string" && value.lasting === true;
}

/** The number that all values are, when the code says it. */
function commonNumber(values: readonly Value[]): number | undefined {
  const numbers = values.map(value =>
    value.kind === "number" && value.code.kind === "constant" ? Number(value.code.value) : undefined,
  );
  return numbers.every(each => Object.is(each, numbers[0])) ? numbers[0] : undefined;
}

function kindName(value: Value): string {
  return value.kind === "constant" ? String(value.value) : value.kind;
}

function commonSource(values: readonly Value[]): Source | undefined {
  const [first] = values;
  const source = first?.source;
  if (source === undefined) return undefined;
  return values.every(each => each.source !== undefined && String(each.source) === String(source)) ? source : undefined;
}

/** Whether storing the parts is better than noting which row they are of. */
function isStored(value: Value): boolean {
  switch (value.kind) {
    case "number":
    case "boolean":
    case "date":
    case "constant":
      return true;
    case "struct":
      return value.fields.length <= storedPartsMax && value.fields.every(isStored);
    default:
      return false;
  }
}

function sameShape(a: StructShape, b: StructShape): boolean {
  if (a.of === "tuple" || b.of === "tuple") return a.of === b.of;
  return a.names.length === b.names.length && a.names.every((name, i) => name === b.names[i]);
}

/** Writes rows into the slots' arrays. */
export class OutputWriter {
  private readonly positions = new Map<number, Local<"i32">>();

  constructor(
    private readonly generator: Generator,
    private readonly plan: OutputPlan,
    /** Whether rows may give more rows than there is room for. */
    private readonly mayOverflow: boolean,
  ) {}

  write(value: Value): void {
    const { generator, plan } = this;
    if (this.mayOverflow) generator.leaveFull(i32.ge_u(generator.outIndex, generator.fixed(word.capacity, "capacity")));
    this.store(plan.layout, value);
    if (plan.indexSlot !== undefined)
      generator.out.store("i32.store", this.cell(plan.indexSlot, 2), generator.rowIndex);
    generator.countOut();
  }

  private store(layout: OutputLayout, value: Value): void {
    const { out } = this.generator;
    switch (layout.kind) {
      case "source":
      case "constant":
        return;
      case "f64":
      case "date":
        if (this.plan.fills.has(layout.slot)) return;
        if (value.kind === "number" || value.kind === "date")
          out.store("f64.store", this.cell(layout.slot, 3), value.code);
        return;
      case "bool":
        if (value.kind === "boolean") out.store("i32.store8", this.cell(layout.slot, 0), value.code);
        return;
      case "utf8":
        if (value.kind === "string") this.storeText(layout.slot, value.start, value.bytes);
        return;
      case "spans":
        if (value.kind === "string") {
          out.store("i32.store", this.cell(layout.slot, 2, "starts"), value.start);
          out.store("i32.store", this.cell(layout.slot, 2, "ends"), i32.add(value.start, value.bytes));
        }
        return;
      case "struct":
        if (value.kind === "struct") layout.fields.forEach((field, i) => this.store(field, value.fields[i]!));
        return;
      case "optional": {
        if (value.kind !== "optional") return;
        out.store("i32.store8", this.cell(layout.slot, 0), value.present);
        this.store(layout.item, readable(value.item, value.present));
        return;
      }
      default:
        assertNever(layout);
    }
  }

  private cell(slot: number, shift: number, part: OutputPart = "values"): I32 {
    const { generator } = this;
    const name = part === "values" ? `out${slot}` : `out${slot}.${part}`;
    const base = generator.pointer({ kind: "output", slot, part }, name);
    return i32.add(base, shift === 0 ? generator.outIndex : i32.shl(generator.outIndex, i32.const(shift)));
  }

  private storeText(slot: number, start: I32, bytes: I32): void {
    const { generator } = this;
    const { out } = generator;
    const offsets = generator.pointer({ kind: "output", slot, part: "offsets" }, `out${slot}.offsets`);
    const base = generator.pointer({ kind: "output", slot, part: "bytes" }, `out${slot}.bytes`);
    const end = generator.pointer({ kind: "output", slot, part: "bytesEnd" }, `out${slot}.bytesEnd`);
    const cell = i32.add(offsets, i32.shl(generator.outIndex, i32.const(2)));
    const position = this.position(slot, cell);
    const length = out.keep(bytes, "length");
    generator.leaveFull(i32.gt_u(length, i32.sub(end, local(position))));
    copy(generator, out.keep(i32.add(base, local(position)), "to"), start, length);
    out.set(position, i32.add(local(position), length));
    out.store("i32.store", cell, local(position), 4);
  }

  /** Where the next text goes; rows begin where the row before, in the offsets, ends. */
  private position(slot: number, cell: I32): Local<"i32"> {
    let position = this.positions.get(slot);
    if (position === undefined) {
      position = this.generator.out.local("i32", `position${slot}`);
      const made = position;
      this.generator.beforeRows(() => this.generator.out.set(made, i32.load(cell)));
      this.positions.set(slot, position);
    }
    return position;
  }
}

/** An absent text has no bytes to copy. */
function readable(item: Value, present: I32): Value {
  if (item.kind === "string") return { ...item, bytes: i32.select(item.bytes, i32.const(0), present) };
  if (item.kind === "struct") return { ...item, fields: item.fields.map(field => readable(field, present)) };
  return item;
}

const copyBytes: Import = {
  module: "kernels",
  name: "copyBytes",
  parameters: ["i32", "i32", "i32"],
  result: undefined,
};

/** Short texts, the usual ones, as one vector; outputs have room for what is written behind them. */
function copy(generator: Generator, to: I32, from: I32, bytes: I32): void {
  const { out } = generator;
  const isShort = i32.and(
    i32.le_u(bytes, i32.const(16)),
    i32.le_u(from, generator.fixed(word.lastVector, "lastVector")),
  );
  out.if(
    isShort,
    () => out.store("v128.store", to, v128.load(from)),
    () => out.call(copyBytes, from, bytes, to),
  );
}
