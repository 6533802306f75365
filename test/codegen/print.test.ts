import { expect, test } from "bun:test";
import type { Code, F64, I32, Import, Statement } from "../../src/codegen/code.ts";
import { FunctionBuilder } from "../../src/codegen/function-builder.ts";
import { call, f64, i32, i64, local } from "../../src/codegen/operations.ts";
import { printModule } from "../../src/codegen/print.ts";

const copyBytes: Import = { module: "kernels", name: "copyBytes", parameters: ["i32", "i32"], result: undefined };
const sine = { module: "host", name: "Math.sin", parameters: ["f64"], result: "f64" } as const;

test("a loop over rows", () => {
  const out = new FunctionBuilder(
    "run",
    [
      ["columns", "i32"],
      ["rows", "i32"],
    ],
    "i32",
  );
  const [columns, rows] = out.parameters.map(each => local(each) as I32) as [I32, I32];
  const row = out.local("i32", "row");
  const kept = out.local("i32", "kept");
  out.block("done", done =>
    out.loop("rows", again => {
      out.jump(done, i32.ge_u(local(row), rows));
      out.block("skip", skip => {
        const price = out.keep(f64.load(i32.add(columns, i32.shl(local(row), i32.const(3))), 8), "price");
        const other = out.keep(f64.load_f32(columns), "price");
        out.comment("cheap ones are left out");
        out.jump(skip, i32.eqz(i32.eqz(i32.or(f64.lt(price, f64.const(10)), f64.ne(other, price)))));
        out.if(
          i32.eqz(i32.eq(local(kept), i32.const(7))),
          () => out.store("f64.store", columns, f64.mul(price, f64.sub(f64.const(1), call(sine, other))), 16),
          () => out.if(local(kept), () => out.call(copyBytes, columns, i32.add(columns, i32.const(-1)))),
        );
        out.if(f64.lt(price, f64.const(-0)), () => out.return(i32.const(-1)));
        out.set(kept, i32.add(local(kept), i32.const(1)));
      });
      out.set(row, i32.sub(local(row), i32.const(-1)));
      out.jump(again);
    }),
  );
  out.return(local(kept));
  expect(printModule({ functions: [out.finish()] })).toBe(`\
run(columns: i32, rows: i32): i32 {
  loop rows {
    if (row >=u rows) break rows
    skip: {
      price = f64[columns + (row << 3) + 8]
      price2 = f32[columns]
      // cheap ones are left out
      if (price < 10 || price2 != price) break skip
      if (kept != 7) {
        f64[columns + 16] = price * (1 - Math.sin(price2))
      } else if (kept) {
        copyBytes(columns, columns - 1)
      }
      if (price < -0) return -1
      kept += 1
    }
    row -= -1
    again rows
  }
  return kept
}
`);
});

test("functions one below the other, without what control does not reach", () => {
  const make = (name: string) => {
    const out = new FunctionBuilder(name, [], "i32");
    out.block("unused", () => out.return(i32.load8_u(i32.const(64), 8)));
    out.return(i32.const(2));
    return out.finish();
  };
  const text = (name: string) => `${name}(): i32 {\n  return u8[72]\n}\n`;
  expect(printModule({ functions: [make("first"), make("second")] })).toBe(`${text("first")}\n${text("second")}`);
});

const x = named("x", "f64");
const y = named("y", "f64");
const n = named("n", "i32");
const long = named("long", "i64");

test.each<[Code, string]>([
  [f64.add(f64.add(x, y), x), "x + y + x"],
  [f64.add(x, f64.add(y, x)), "x + (y + x)"],
  [f64.mul(f64.add(x, y), f64.neg(x)), "(x + y) * -x"],
  [f64.neg(f64.add(x, f64.const(NaN))), "-(x + NaN)"],
  [f64.add(x, f64.const(-0)), "x + -0"],
  [f64.add(x, f64.const(-Infinity)), "x + -Infinity"],
  [f64.add(x, f64.const(-1.5)), "x - 1.5"],
  [f64.select(x, f64.max(x, y), f64.lt(x, y)), "x < y ? x : max(x, y)"],
  [f64.add(x, f64.select(x, y, n)), "x + (n ? x : y)"],
  [i32.eqz(f64.lt(x, y)), "!(x < y)"],
  [i32.eqz(f64.eq(x, y)), "x != y"],
  [i32.eqz(i32.eqz(n)), "!!n"],
  [i32.and(f64.lt(x, y), i32.eqz(n)), "x < y && !n"],
  [i32.and(n, i32.add(n, i32.const(1))), "n & n + 1"],
  [i32.shr_u(i32.shl(n, i32.const(3)), i32.const(1)), "n << 3 >>> 1"],
  [i32.rem_u(n, i32.const(3)), "n %u 3"],
  [i32.trunc_sat_f64_s(f64.convert_i32_u(n)), "i32(f64u(n))"],
  [i64.mul(i64.reinterpret_f64(x), long), "bits(x) * long"],
  [i64.load(i32.add(n, n)), "i64[n + n]"],
  [i32.load16_u(i32.and(n, n), 6), "u16[(n & n) + 6]"],
])("%#: expressions have the parentheses they need", (code, text) => {
  expect(printStatement({ kind: "return", value: code }, code)).toBe(`return ${text}`);
});

test("nesting beyond what anybody reads is left out", () => {
  let deep: F64 = x;
  for (let i = 0; i < 100_000; i++) deep = f64.add(deep, f64.const(1));
  expect(printStatement({ kind: "return", value: deep }, deep)).toStartWith("return … + … + 1 + 1");
});

test("a tree that shares its branches is not printed without end", () => {
  let wide: F64 = x;
  for (let i = 0; i < 90; i++) wide = f64.add(wide, wide);
  expect(printStatement({ kind: "return", value: wide }, wide).length).toBeLessThan(1_000_000);
});

function named<T extends "i32" | "i64" | "f64">(name: string, type: T): Code<T> {
  return { kind: "local", type, local: { name, type, index: 0 } };
}

function printStatement(statement: Statement, { type }: Code): string {
  const text = printModule({
    functions: [{ name: "f", parameters: [], result: type, locals: [], body: [statement] }],
  });
  return text.split("\n")[1]!.trim();
}
