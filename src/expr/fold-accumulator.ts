/** Accumulators in generated code: loaded from the arrays of their leaves, and stored there. */
import type { Code, I32, Import } from "../codegen/code.ts";
import { f64, i32, local, v128 } from "../codegen/operations.ts";
import { type AccumulatorType, leavesOf, type LeafType } from "./fold-layout.ts";
import type { Generator } from "./generator.ts";
import { containerOf, itemsEach } from "./lower-items.ts";
import type { Frame } from "./lowering.ts";
import { NotNative } from "./not-native.ts";
import type { Value } from "./value.ts";

type ListType = Extract<AccumulatorType, { kind: "list" }>;
type StructType = Extract<AccumulatorType, { kind: "struct" }>;

/** The accumulator of a group, loaded here. */
export function accumulatorInput(generator: Generator, type: AccumulatorType, group: I32): Value {
  const { out } = generator;
  let next = 0;
  const load = (part: AccumulatorType): Value => {
    if (part.kind === "struct") return { kind: "struct", shape: part.shape, fields: part.fields.map(load) };
    const at = leafAddress(generator, next++, part, group);
    if (part.kind === "f64") return { kind: "number", code: out.keep(f64.load(at), "before") };
    if (part.kind === "bool") return { kind: "boolean", code: out.keep(i32.load8_u(at), "before") };
    const start = out.keep(at, "items");
    return {
      kind: "list",
      container: part.container,
      from: i32.const(0),
      to: i32.const(part.length),
      item: index => ({
        kind: "number",
        code: out.keep(f64.load(i32.add(start, i32.shl(index, i32.const(3)))), "item"),
      }),
    };
  };
  return load(type);
}

/** Lists of so many numbers are copied in a row of instructions. */
const unrolledMax = 32;

const copyBytes: Import = {
  module: "kernels",
  name: "copyBytes",
  parameters: ["i32", "i32", "i32"],
  result: undefined,
};

/** Stores what a merge gave as a group's accumulator, all of it when nothing can give up any more. */
export class AccumulatorOutput {
  private readonly leaves: { readonly leaf: LeafType; readonly code: Code }[] = [];
  private readonly structs = new Set<Value>();

  constructor(
    private readonly generator: Generator,
    private readonly group: I32,
    private readonly frame: Frame,
  ) {}

  /** Throws `NotNative` when the value is of another type. */
  store(value: Value, type: AccumulatorType): void {
    const { out } = this.generator;
    this.compute(value, type);
    this.leaves.forEach(({ leaf, code }, i) => {
      const at = leafAddress(this.generator, i, leaf, this.group);
      if (leaf.kind === "f64") out.store("f64.store", at, code);
      else if (leaf.kind === "bool") out.store("i32.store8", at, code);
      else this.copy(code as I32, leaf.length, out.keep(at, "to"));
    });
  }

  private copy(from: I32, numbers: number, to: I32): void {
    const { out } = this.generator;
    if (numbers > unrolledMax) {
      out.call(copyBytes, from, i32.const(numbers * 8), to);
      return;
    }
    for (let i = 0; i + 2 <= numbers; i += 2) out.store("v128.store", to, v128.load(from, i * 8), i * 8);
    if (numbers % 2 === 1) out.store("f64.store", to, f64.load(from, numbers * 8 - 8), numbers * 8 - 8);
  }

  private compute(value: Value, type: AccumulatorType): void {
    const { generator } = this;
    if (value.kind === "optional") {
      generator.giveUp("folds a value that is missing", i32.eqz(value.present));
      this.compute(value.item, type);
    } else if (type.kind === "struct") this.computeStruct(value, type);
    else if (type.kind === "list") this.leaves.push({ leaf: type, code: this.listed(value, type) });
    else if ((value.kind === "number" && type.kind === "f64") || (value.kind === "boolean" && type.kind === "bool"))
      this.leaves.push({ leaf: type, code: generator.out.keep<"f64" | "i32">(value.code, "after") });
    else throw unlike();
  }

  private computeStruct(value: Value, type: StructType): void {
    if (value.kind !== "struct" || value.fields.length !== type.fields.length || !isShaped(value, type)) throw unlike();
    // one object in two places would become two
    if (this.structs.has(value)) throw new NotNative("keeps one object in two places", undefined);
    this.structs.add(value);
    type.fields.forEach((field, i) => this.compute(value.fields[i]!, field));
  }

  /** Where the items of the result are: aside, because what they are made of may be the accumulator's own. */
  private listed(value: Value, type: ListType): I32 {
    const { generator } = this;
    const { out } = generator;
    if (containerOf(value) !== type.container) throw unlike();
    const start = out.keep(generator.scratch(i32.const(type.length * 8)), "made");
    const end = out.keep(i32.add(start, i32.const(type.length * 8)), "madeEnd");
    const next = out.local("i32", "next");
    out.set(next, start);
    itemsEach(value, this.frame, undefined, item => {
      if (item.kind !== "number") throw unlike();
      generator.giveUp("makes a list of another length", i32.ge_u(local(next), end));
      out.store("f64.store", local(next), item.code);
      out.set(next, i32.add(local(next), i32.const(8)));
    });
    generator.giveUp("makes a list of another length", i32.ne(local(next), end));
    return start;
  }
}

function leafAddress(generator: Generator, slot: number, leaf: LeafType, group: I32): I32 {
  const base = generator.pointer({ kind: "output", slot, part: "values" }, `accumulators${slot}`);
  if (leaf.kind === "bool") return i32.add(base, group);
  const offset = leaf.kind === "f64" ? i32.shl(group, i32.const(3)) : i32.mul(group, i32.const(leaf.length * 8));
  return i32.add(base, offset);
}

function isShaped({ shape }: Extract<Value, { kind: "struct" }>, { shape: wanted }: StructType): boolean {
  if (shape.of === "tuple" || wanted.of === "tuple") return shape.of === wanted.of;
  return shape.names.length === wanted.names.length && shape.names.every((name, i) => name === wanted.names[i]);
}

function unlike(): NotNative {
  return new NotNative("gives another kind of value than it is given", undefined);
}
