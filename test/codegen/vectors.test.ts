/** SIMD instructions against the same computed lane by lane in TypeScript. */
import { describe, expect, test } from "bun:test";
import { Random } from "../../src/base/random.ts";
import type { Code, I32, ValueType } from "../../src/codegen/code.ts";
import { encodeModule } from "../../src/codegen/encode.ts";
import { FunctionBuilder } from "../../src/codegen/function-builder.ts";
import { laneCounts, lanes, loads, operations, type Instruction } from "../../src/codegen/instructions.ts";
import { f64x2, local, v128 } from "../../src/codegen/operations.ts";
import { createKernelMemory } from "../../src/kernel/kernels.ts";
import { awkwardNumbers } from "../kernel/fixture.ts";
import { nearest } from "./scalar-reference.ts";

const memory = createKernelMemory(65536);
const cell = new DataView(memory.buffer, 1024, 64);
const random = new Random(1);

/** Vectors are lanes of bigints without sign; results that are no vector are numbers or bigints. */
type Reference = (...args: never[]) => readonly bigint[] | number | bigint;

const bits = new DataView(new ArrayBuffer(8));
const toNumber = (lane: bigint) => (bits.setBigUint64(0, lane), bits.getFloat64(0));
const toLane = (number: number) => (bits.setFloat64(0, number), bits.getBigUint64(0));

function integers(shape: string, width: number): Record<string, Reference> {
  const signed = (a: bigint) => BigInt.asIntN(width, a);
  const unsigned = (a: bigint) => BigInt.asUintN(width, a);
  const low = -(2n ** BigInt(width - 1));
  const clamp = (a: bigint, from: bigint, to: bigint) => (a < from ? from : a > to ? to : a);
  const saturated = (a: bigint) => clamp(a, low, -low - 1n);
  const saturatedUnsigned = (a: bigint) => clamp(a, 0n, -low * 2n - 1n);
  const magnitude = (a: bigint) => (a < 0n ? -a : a);
  const unary: Record<string, (a: bigint) => bigint> = {
    abs: a => magnitude(signed(a)),
    neg: a => -a,
    popcnt: a => BigInt(a.toString(2).replaceAll("0", "").length),
  };
  const binary: Record<string, (a: bigint, b: bigint) => bigint | boolean> = {
    add: (a, b) => a + b,
    sub: (a, b) => a - b,
    mul: (a, b) => a * b,
    add_sat_s: (a, b) => saturated(signed(a) + signed(b)),
    add_sat_u: (a, b) => saturatedUnsigned(a + b),
    sub_sat_s: (a, b) => saturated(signed(a) - signed(b)),
    sub_sat_u: (a, b) => saturatedUnsigned(a - b),
    avgr_u: (a, b) => (a + b + 1n) / 2n,
    min_s: (a, b) => (signed(a) < signed(b) ? a : b),
    min_u: (a, b) => (a < b ? a : b),
    max_s: (a, b) => (signed(a) > signed(b) ? a : b),
    max_u: (a, b) => (a > b ? a : b),
    eq: (a, b) => a === b,
    ne: (a, b) => a !== b,
    lt_s: (a, b) => signed(a) < signed(b),
    lt_u: (a, b) => a < b,
    gt_s: (a, b) => signed(a) > signed(b),
    gt_u: (a, b) => a > b,
    le_s: (a, b) => signed(a) <= signed(b),
    le_u: (a, b) => a <= b,
    ge_s: (a, b) => signed(a) >= signed(b),
    ge_u: (a, b) => a >= b,
  };
  const count = (n: number) => BigInt(n & (width - 1));
  const made: Record<string, Reference> = {
    splat: (a: number | bigint) => new Array<bigint>(128 / width).fill(unsigned(BigInt(a))),
    shl: (a: bigint[], n: number) => a.map(each => unsigned(each << count(n))),
    shr_s: (a: bigint[], n: number) => a.map(each => unsigned(signed(each) >> count(n))),
    shr_u: (a: bigint[], n: number) => a.map(each => each >> count(n)),
    all_true: (a: bigint[]) => Number(a.every(each => each !== 0n)),
    bitmask: (a: bigint[]) => a.reduce((mask, each, i) => mask | (Number(signed(each) < 0n) << i), 0),
  };
  for (const [name, compute] of Object.entries(unary)) made[name] = (a: bigint[]) => a.map(x => unsigned(compute(x)));
  for (const [name, compute] of Object.entries(binary))
    made[name] = (a: bigint[], b: bigint[]) => a.map((x, i) => masked(compute(x, b[i]!), width));
  return Object.fromEntries(Object.entries(made).map(([name, compute]) => [`${shape}.${name}`, compute]));
}

function masked(result: bigint | boolean, width: number): bigint {
  return BigInt.asUintN(width, typeof result === "boolean" ? -BigInt(result) : result);
}

function doubles(): Record<string, Reference> {
  const unary: Record<string, (a: number) => number> = {
    ...{ abs: Math.abs, neg: a => -a, sqrt: Math.sqrt, ceil: Math.ceil, floor: Math.floor, trunc: Math.trunc, nearest },
  };
  const binary: Record<string, (a: number, b: number) => number | boolean> = {
    add: (a, b) => a + b,
    sub: (a, b) => a - b,
    mul: (a, b) => a * b,
    div: (a, b) => a / b,
    min: (a, b) => Math.min(a, b),
    max: (a, b) => Math.max(a, b),
    pmin: (a, b) => (b < a ? b : a),
    pmax: (a, b) => (a < b ? b : a),
    eq: (a, b) => a === b,
    ne: (a, b) => a !== b,
    lt: (a, b) => a < b,
    gt: (a, b) => a > b,
    le: (a, b) => a <= b,
    ge: (a, b) => a >= b,
  };
  const made: Record<string, Reference> = { splat: (a: number) => [toLane(a), toLane(a)] };
  const lane = (result: number | boolean) => (typeof result === "boolean" ? masked(result, 64) : toLane(result));
  for (const [name, compute] of Object.entries(unary))
    made[name] = (a: bigint[]) => a.map(x => lane(compute(toNumber(x))));
  for (const [name, compute] of Object.entries(binary))
    made[name] = (a: bigint[], b: bigint[]) => a.map((x, i) => lane(compute(toNumber(x), toNumber(b[i]!))));
  return Object.fromEntries(Object.entries(made).map(([name, compute]) => [`f64x2.${name}`, compute]));
}

const whole: Record<string, Reference> = {
  "v128.not": ([a]: bigint[]) => [masked(~a!, 128)],
  "v128.and": ([a]: bigint[], [b]: bigint[]) => [a! & b!],
  "v128.or": ([a]: bigint[], [b]: bigint[]) => [a! | b!],
  "v128.xor": ([a]: bigint[], [b]: bigint[]) => [a! ^ b!],
  "v128.andnot": ([a]: bigint[], [b]: bigint[]) => [a! & masked(~b!, 128)],
  "v128.bitselect": ([a]: bigint[], [b]: bigint[], [mask]: bigint[]) => [(a! & mask!) | (b! & masked(~mask!, 128))],
  "v128.any_true": ([a]: bigint[]) => Number(a !== 0n),
};
const reference: Record<string, Reference> = {
  ...{ ...integers("i8x16", 8), ...integers("i16x8", 16), ...integers("i32x4", 32), ...integers("i64x2", 64) },
  ...{ ...doubles(), ...whole },
  "i8x16.swizzle": (a: bigint[], at: bigint[]) => at.map(each => a[Number(each)] ?? 0n),
};
const widthOf = (op: string) => 128 / (laneCounts[op.split(".")[0]!] ?? 1);

function randomVector(op: string): bigint {
  const width = widthOf(op);
  let vector = 0n;
  for (let lane = 0; lane < 128 / width; lane++) {
    let value = masked(
      (BigInt(random.uint32()) << 96n) | (BigInt(random.uint32()) << 48n) | BigInt(random.uint32()),
      width,
    );
    if (op.startsWith("f64x2")) value = toLane(awkwardNumbers[random.below(awkwardNumbers.length)]!);
    else if (random.below(2) === 0) value = masked([0n, 1n, -1n, 2n ** BigInt(width - 1), 5n][random.below(5)]!, width);
    vector |= value << BigInt(lane * width);
  }
  return vector;
}

const lanesOf = (vector: bigint, width: number) =>
  Array.from({ length: 128 / width }, (_, i) => masked(vector >> BigInt(i * width), width));

const readVector = () => cell.getBigUint64(0, true) | (cell.getBigUint64(8, true) << 64n);

function compile(result: ValueType, parameters: readonly ValueType[], of: (...args: Code[]) => Code) {
  const isVector = result === "v128";
  const scalars = parameters.map((type, i) => [`p${i}`, type === "v128" ? "i32" : type] as const);
  const out = new FunctionBuilder("f", scalars, isVector ? "i32" : result);
  const args = out.parameters.map((each, i) =>
    parameters[i] === "v128" ? v128.load(local(each) as I32) : local(each),
  );
  if (isVector) {
    out.store("v128.store", { kind: "constant", type: "i32", value: 1024 }, of(...args));
    out.return({ kind: "constant", type: "i32", value: 0 });
  } else out.return(of(...args));
  const bytes = encodeModule({ functions: [out.finish()] });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
  return exports["f"] as (...args: (number | bigint)[]) => number | bigint;
}

/** Where vectors that are arguments are put. */
function put(vector: bigint, at: number): number {
  cell.setBigUint64(at, masked(vector, 64), true);
  cell.setBigUint64(at + 8, vector >> 64n, true);
  return 1024 + at;
}

function asText(result: readonly bigint[] | number | bigint, op: string): string {
  if (!Array.isArray(result)) return String(result);
  // the bits of a NaN are its own; min(0, −0) and its kind are compared as they are
  return result
    .map(lane => (op.startsWith("f64x2") && Number.isNaN(toNumber(lane)) ? "NaN" : lane.toString(16)))
    .join();
}

describe("operations", () => {
  const vectorOps = [...operations].filter(([, { parameters, result }]) => [...parameters, result].includes("v128"));

  test.each(vectorOps.filter(([op]) => reference[op] !== undefined))("%s", (op, { parameters, result }) => {
    const f = compile(result, parameters, (...args) => ({ kind: "operation", type: result, op, args }));
    const width = widthOf(op);
    const isBitwise = /\.(neg|abs|eq|ne|lt|gt|le|ge)$/.test(op);
    for (let round = 0; round < 40; round++) {
      const given = parameters.map(type => {
        if (type === "v128") return randomVector(op);
        if (type === "f64") return awkwardNumbers[round % awkwardNumbers.length]!;
        return type === "i64" ? BigInt.asIntN(64, randomVector("i64x2.")) : random.uint32() | 0;
      });
      const passed = given.map((each, i) => (parameters[i] === "v128" ? put(each as bigint, 16 + i * 16) : each));
      const args = given.map((each, i) => (parameters[i] === "v128" ? lanesOf(each as bigint, width) : each));
      const direct = f(...passed);
      const got = result === "v128" ? lanesOf(readVector(), width) : direct;
      const wanted = reference[op]!(...(args as never[]));
      const of = isBitwise ? "" : op;
      if (asText(got, of) !== asText(wanted, of))
        throw new Error(`${op}(${args.join(" / ")}) = ${asText(got, op)}, wanted ${asText(wanted, op)}`);
    }
  });

  test("what has no reference here is narrowing, widening and conversion", () => {
    const rest = vectorOps.map(([op]) => op).filter(op => reference[op] === undefined);
    expect(rest.filter(op => !/narrow|extend|dot|promote|convert|trunc_sat/.test(op))).toEqual([]);
    for (const op of rest) {
      const { parameters, result } = operations.get(op)!;
      compile(result, parameters, (...args) => ({ kind: "operation", type: result, op, args }));
    }
  });
});

describe("lanes", () => {
  test.each([...lanes])("%s", (op, { parameters, result }: Instruction) => {
    const width = widthOf(op);
    for (let lane = 0; lane < 128 / width; lane++) {
      const f = compile(result, parameters, (...args) => ({ kind: "lane", type: result, op, lane, args }));
      const vector = randomVector(op);
      const was = lanesOf(vector, width);
      const value = result !== "v128" ? undefined : parameters[1] === "i64" ? -3n : -3;
      const got = f(put(vector, 16), ...(value === undefined ? [] : [value]));
      if (value === undefined) {
        const expected = op.endsWith("_u") ? was[lane]! : BigInt.asIntN(width, was[lane]!);
        if (result === "f64") expect(got).toBe(toNumber(was[lane]!));
        else expect(BigInt(got)).toBe(expected);
      } else {
        was[lane] = parameters[1] === "f64" ? toLane(-3) : masked(-3n, width);
        expect(lanesOf(readVector(), width)).toEqual(was);
      }
    }
  });
});

describe("loads", () => {
  const splats = [...loads.keys()].filter(op => op.endsWith("_splat") || op.endsWith("_zero"));

  test.each(splats)("%s", op => {
    const width = Number(/\d+(?=_)/.exec(op)![0]);
    const f = compile("v128", ["i32"], address => ({
      kind: "load",
      type: "v128",
      op,
      address: address as I32,
      offset: 4,
    }));
    const vector = randomVector("i8x16");
    f(put(vector, 16));
    const read = masked(vector >> 32n, width);
    const expected = lanesOf(0n, width).map((_, i) => (i === 0 || op.endsWith("splat") ? read : 0n));
    expect(lanesOf(readVector(), width)).toEqual(expected);
  });
});

test("vectors are kept in locals and constants", () => {
  const mask = 0x7fff_ffff_ffff_ffff_0000_0000_0000_0000n;
  const f = compile("v128", ["f64"], number => {
    const constant: Code<"v128"> = { kind: "constant", type: "v128", value: mask };
    return v128.and(constant, f64x2.splat(number as never));
  });
  f(-1.5);
  expect(lanesOf(readVector(), 64)).toEqual([0n, toLane(1.5)]);
});
