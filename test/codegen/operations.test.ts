/** Scalar instructions against what TypeScript computes, each on its own and in random trees. */
import { expect, test } from "bun:test";
import { Random } from "../../src/base/random.ts";
import type { Code, F64, FunctionCode, I32, I64, Local, ValueType } from "../../src/codegen/code.ts";
import { encodeModule } from "../../src/codegen/encode.ts";
import { FunctionBuilder } from "../../src/codegen/function-builder.ts";
import { operations } from "../../src/codegen/instructions.ts";
import * as built from "../../src/codegen/operations.ts";
import { f64, i32, i64, local } from "../../src/codegen/operations.ts";
import { createKernelMemory } from "../../src/kernel/kernels.ts";
import { awkwardNumbers, property } from "../kernel/fixture.ts";
import { evaluate, reference, type Scalar } from "./scalar-reference.ts";

type ScalarType = Exclude<ValueType, "v128">;

const memory = createKernelMemory(65536);
const scalarTypes = ["i32", "i64", "f64"] as const;
const awkward: Record<ScalarType, readonly Scalar[]> = {
  i32: [0, 1, -1, 2, 31, 32, 33, 63, 64, 127, 128, 255, 256, 65535, 2 ** 31 - 1, -(2 ** 31), 0x1234_5678],
  i64: [0n, 1n, -1n, 63n, 64n, 65n, 2n ** 31n, 2n ** 32n, -(2n ** 31n), 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)],
  f64: [
    ...awkwardNumbers,
    0.5,
    -0.5,
    1.5,
    2.5,
    -2.5,
    2 ** 63,
    2 ** 64,
    -(2 ** 63),
    2 ** 52 + 0.5,
    1e300,
    2 ** 31 - 0.5,
  ],
};

const scalarOps = [...operations].filter(
  ([op, { parameters, result }]) =>
    ![...parameters, result].includes("v128") && op !== "f64.promote_f32" && op !== "f32.demote_f64",
);

/** Arguments for which it would trap, or whose NaN has bits of its own. */
function isDefined(op: string, [a, b]: readonly Scalar[]): boolean {
  if (/\.(div|rem)_/.test(op)) return BigInt(b!) !== 0n && !(op.endsWith("div_s") && BigInt(b!) === -1n);
  if (/\.trunc_f64_s$/.test(op)) return Math.abs(Number(a)) < (op.startsWith("i32") ? 2 ** 31 : 2 ** 63);
  if (/\.trunc_f64_u$/.test(op)) return Number(a) > -1 && Number(a) < (op.startsWith("i32") ? 2 ** 32 : 2 ** 64);
  if (op === "i64.reinterpret_f64") return !Number.isNaN(a);
  return op !== "f64.copysign" || !Number.isNaN(b);
}

function instantiate(...functions: FunctionCode[]): Record<string, (...args: Scalar[]) => Scalar> {
  const bytes = encodeModule({ functions });
  expect(WebAssembly.validate(bytes)).toBe(true);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
  return exports as Record<string, (...args: Scalar[]) => Scalar>;
}

function shown(op: string, args: readonly Scalar[], result: Scalar): string {
  const show = (value: Scalar) => (Object.is(value, -0) ? "-0" : String(value));
  return `${op}(${args.map(show).join()}) = ${show(result)}`;
}

test("every scalar instruction has a reference", () => {
  expect(scalarOps.map(([op]) => op).filter(op => !reference.has(op))).toEqual([]);
});

test("every instruction that trees are built with is known", () => {
  const unknown = [];
  for (const [type, group] of Object.entries(built)) {
    if (typeof group === "function") continue;
    for (const [name, build] of Object.entries(group)) {
      const code = (build as (...args: unknown[]) => Code)(0 as never, i32.const(0) as never, i32.const(0));
      if (code.kind === "operation" && code.op !== "select" && !operations.has(code.op))
        unknown.push(`${type}.${name}`);
    }
  }
  expect(unknown).toEqual([]);
});

test.each(scalarOps)("%s computes what TypeScript does", (op, { parameters, result }) => {
  const out = new FunctionBuilder(
    "f",
    parameters.map((type, i) => [`p${i}`, type] as const),
    result,
  );
  out.return({ kind: "operation", type: result, op, args: out.parameters.map(each => local(each)) });
  const { f } = instantiate(out.finish());
  const values = parameters.map(type => awkward[type as ScalarType]);
  const rows = values.length === 1 ? values[0]!.map(a => [a]) : values[0]!.flatMap(a => values[1]!.map(b => [a, b]));
  for (const args of rows) {
    if (isDefined(op, args))
      expect(shown(op, args, f!(...args))).toBe(shown(op, args, reference.get(op)!(...(args as never[]))));
  }
});

test("random trees compute what TypeScript does", () => {
  property(40, random => {
    const functions: FunctionCode[] = [];
    const bodies: Code[] = [];
    for (let i = 0; i < 10; i++) {
      const type = scalarTypes[random.below(3)]!;
      const out = new FunctionBuilder(
        `f${i}`,
        [...scalarTypes, ...scalarTypes].map(each => [each, each]),
        type,
      );
      const body = randomTree(random, type, out.parameters, 2 + random.below(6));
      out.return(body);
      bodies.push(body);
      functions.push(out.finish());
    }
    const instance = instantiate(...functions);
    for (const [i, { name, parameters }] of functions.entries()) {
      for (let round = 0; round < 5; round++) {
        const args = parameters.map(each => randomScalar(random, each.type as ScalarType));
        const locals = new Map(parameters.map((each, at) => [each, args[at]!]));
        expect(instance[name]!(...args)).toBe(evaluate(bodies[i]!, locals));
      }
    }
  });
});

function randomScalar(random: Random, type: ScalarType): Scalar {
  if (random.below(2) === 0) return awkward[type][random.below(awkward[type].length)]!;
  if (type === "f64") return (random.float() - 0.5) * 10 ** random.below(20);
  return type === "i32"
    ? random.uint32() | 0
    : BigInt.asIntN(64, (BigInt(random.uint32()) << 32n) | BigInt(random.uint32()));
}

function randomTree(random: Random, type: ScalarType, parameters: readonly Local[], depth: number): Code {
  if (depth === 0 || random.below(8) === 0) {
    if (random.below(3) === 0) return { kind: "constant", type, value: randomScalar(random, type) };
    const fitting = parameters.filter(each => each.type === type);
    return local(fitting[random.below(fitting.length)]!);
  }
  const tree = (of: ValueType) => randomTree(random, of as ScalarType, parameters, depth - 1);
  if (random.below(8) === 0)
    return { kind: "operation", type, op: "select", args: [tree(type), tree(type), tree("i32")] };
  const fitting = scalarOps.filter(([op, each]) => each.result === type && !/\.trunc_f64/.test(op));
  const [op, { parameters: types }] = fitting[random.below(fitting.length)]!;
  return { kind: "operation", type, op, args: defined(op, types.map(tree)) };
}

/** Arguments changed where the instruction would trap or see the bits of a NaN. */
function defined(op: string, args: readonly Code[]): readonly Code[] {
  const [a, b] = args;
  const notNaN = (value: F64) => f64.select(value, f64.const(1), f64.eq(value, value));
  if (op === "i64.reinterpret_f64") return [notNaN(a as F64)];
  if (op === "f64.copysign") return [a!, notNaN(b as F64)];
  if (!/\.(div|rem)_/.test(op)) return args;
  if (op.startsWith("i32")) return [a!, i32.or(i32.and(b as I32, i32.const(0x7fff_ffff)), i32.const(1))];
  return [a!, i64.or(i64.and(b as I64, i64.const(2n ** 63n - 1n)), i64.const(1n))];
}
