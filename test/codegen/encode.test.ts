/** Control flow, memory, imports, limits and errors of encoded modules. */
import { describe, expect, test } from "bun:test";
import type { Code, F64, FunctionCode, I32, Import, Local, Statement, ValueType } from "../../src/codegen/code.ts";
import { encodeModule } from "../../src/codegen/encode.ts";
import { FunctionTooLong } from "../../src/codegen/encode-function.ts";
import { FunctionBuilder } from "../../src/codegen/function-builder.ts";
import { call, f64, i32, i64, local, v128 } from "../../src/codegen/operations.ts";
import { beyondTwoGiB, fixture, putF64, putU32 } from "../kernel/fixture.ts";

const { kernels, allocator } = fixture();

type Run = (...args: (number | bigint)[]) => number | bigint;

function instantiate(functions: readonly FunctionCode[], host: Record<string, unknown> = {}): Record<string, Run> {
  const module = new WebAssembly.Module(encodeModule({ functions }));
  const imports = { env: { memory: kernels.memory }, kernels: { ...kernels.run }, host } as never;
  return new WebAssembly.Instance(module, imports).exports as Record<string, Run>;
}

type Written = (out: FunctionBuilder, ...parameters: never[]) => void;

function build(name: string, parameters: readonly ValueType[], result: ValueType, write: Written): FunctionCode {
  const out = new FunctionBuilder(
    name,
    parameters.map((type, i) => [`p${i}`, type] as const),
    result,
  );
  write(out, ...(out.parameters.map(each => local(each)) as never[]));
  return out.finish();
}

function run(parameters: readonly ValueType[], result: ValueType, write: Written): Run {
  return instantiate([build("f", parameters, result, write)])["f"]!;
}

describe("control flow", () => {
  test("if, else, and statements behind", () => {
    const f = run(["i32"], "i32", (out, a: I32) => {
      const found = out.local("i32", "found");
      out.if(
        i32.lt_s(a, i32.const(0)),
        () => out.set(found, i32.const(-1)),
        () => out.if(a, () => out.set(found, i32.const(1))),
      );
      out.return(i32.mul(local(found), i32.const(10)));
    });
    expect([-5, 0, 5].map(each => f(each))).toEqual([-10, 0, 10]);
  });

  test("nested loops are left and begun again by label, from within ifs", () => {
    // how many pairs (i, j) with i, j < n there are before i × j is the limit; only odd j count
    const f = run(["i32", "i32"], "i32", (out, n: I32, limit: I32) => {
      const [i, j, count] = ["i", "j", "count"].map(name => out.local("i32", name)) as [Local, Local, Local];
      const [iNow, jNow] = [local(i) as I32, local(j) as I32];
      out.block("done", done =>
        out.loop("outer", outer => {
          out.jump(done, i32.ge_u(iNow, n));
          out.set(j, i32.const(0));
          out.block("inner done", innerDone =>
            out.loop("inner", inner => {
              out.if(i32.ge_u(jNow, n), () => out.jump(innerDone));
              out.if(i32.eq(i32.mul(iNow, jNow), limit), () => out.if(i32.const(1), () => out.jump(done)));
              out.set(j, i32.add(jNow, i32.const(1)));
              out.if(
                i32.and(jNow, i32.const(1)),
                () => out.jump(inner),
                () => out.set(count, i32.add(local(count) as I32, i32.const(1))),
              );
              out.jump(inner, i32.const(1));
            }),
          );
          out.set(i, i32.add(iNow, i32.const(1)));
          out.jump(outer);
        }),
      );
      out.return(local(count));
    });
    const expected = (n: number, limit: number) => {
      let count = 0;
      for (let i = 0; i < n; i++)
        for (let j = 0; j < n; j++) {
          if (i * j === limit) return count;
          if (j % 2 === 1) count++;
        }
      return count;
    };
    for (const [n, limit] of [
      [0, 0],
      [1, 0],
      [5, 99],
      [9, 21],
      [20, 37],
      [20, 289],
    ] as const)
      expect(f(n, limit)).toBe(expected(n, limit));
  });

  test("what is collected is placed where it is wanted, and may still grow", () => {
    const f = run(["f64"], "f64", (out, a: F64) => {
      const body: Statement[] = [];
      const sum = out.local("f64", "sum");
      out.place([{ kind: "sequence", body }]);
      out.comment("the sum is set by what comes later");
      out.return(local(sum));
      body.push(...out.collect(() => out.set(sum, f64.add(a, f64.const(1)))));
    });
    expect(f(41)).toBe(42);
  });

  test("code behind a return or a jump is allowed", () => {
    const f = run([], "i32", out => {
      out.block("left", left => {
        out.jump(left);
        out.return(i32.const(1));
      });
      out.return(i32.const(2));
      out.return(i32.const(3));
    });
    expect(f()).toBe(2);
  });
});

describe("memory", () => {
  test("every load and store has its width, sign and offset", () => {
    const at = putU32({ kernels, allocator }, [0xdead_beef, 0xfedc_ba98, 0, 0, 0, 0]);
    const load = (code: (address: I32) => Code, type: ValueType) =>
      run(["i32"], type, (out, address: I32) => out.return(code(address)))(at - 8);
    expect(load(a => i32.load(a, 8), "i32")).toBe(0xdead_beef | 0);
    expect(load(a => i32.load8_u(a, 9), "i32")).toBe(0xbe);
    expect(load(a => i32.load8_s(a, 9), "i32")).toBe(0xbe - 256);
    expect(load(a => i32.load16_u(a, 10), "i32")).toBe(0xdead);
    expect(load(a => i64.load(a, 8), "i64")).toBe(BigInt.asIntN(64, 0xfedc_ba98_dead_beefn));
    kernels.f64[at / 8] = -0.1;
    expect(load(a => f64.load(a, 8), "f64")).toBe(-0.1);
    kernels.f32[at / 4] = -0.1;
    expect(load(a => f64.load_f32(a, 8), "f64")).toBe(Math.fround(-0.1));

    const store = run(["i32", "i32", "f64"], "i32", (out, address: I32, word: I32, number: F64) => {
      out.store("i32.store", address, word, 4);
      out.store("i32.store8", address, word, 8);
      out.store("i32.store16", address, word, 10);
      out.store("i64.store", address, i64.extend_i32_s(word), 16);
      out.store("f64.store", address, number, 24);
      out.store("v128.store", address, v128.load(address, 16), 32);
      out.return(i32.const(0));
    });
    const to = putF64({ kernels, allocator }, new Array(6).fill(0));
    store(to, -2, 2.5);
    const view = new DataView(kernels.memory.buffer, to, 48);
    expect(view.getInt32(4, true)).toBe(-2);
    expect([view.getUint8(8), view.getUint8(9), view.getUint16(10, true)]).toEqual([254, 0, 65534]);
    expect([view.getBigInt64(16, true), view.getFloat64(24, true)]).toEqual([-2n, 2.5]);
    expect([view.getBigInt64(32, true), view.getFloat64(40, true)]).toEqual([-2n, 2.5]);
  });

  test("addresses beyond 2 GiB, as constants and as sums", () => {
    const large = fixture({ start: beyondTwoGiB });
    const at = putF64(large, [1, 2, 3]);
    const out = new FunctionBuilder("f", [["offset", "i32"]], "f64");
    const offset = local(out.parameters[0]!) as I32;
    out.return(f64.add(f64.load(i32.const(at), 8), f64.load(i32.add(offset, i32.const(at)))));
    const module = new WebAssembly.Module(encodeModule({ functions: [out.finish()] }));
    const { exports } = new WebAssembly.Instance(module, { env: { memory: large.kernels.memory } });
    expect((exports as Record<string, Run>)["f"]!(16)).toBe(5);
  });
});

describe("imports", () => {
  const sum = { module: "kernels", name: "foldSumF64", parameters: ["i32", "i32", "f64"], result: "f64" } as const;
  const note: Import = { module: "host", name: "note", parameters: ["f64"], result: undefined };
  const twice = { module: "host", name: "twice", parameters: ["f64"], result: "f64" } as const;

  test("kernels and functions of JavaScript are called, by several functions, for results and for effects", () => {
    const values = putF64({ kernels, allocator }, [1, 2, 3.5]);
    const noted: number[] = [];
    const first = build("first", [], "f64", out => {
      out.call(note, f64.const(7));
      // a result nobody wants
      out.call(twice, f64.const(8));
      out.return(call(sum, i32.const(values), i32.const(3), call(twice, f64.const(50))));
    });
    const second = build("second", ["f64"], "f64", (out, a: F64) => {
      out.call({ ...note }, a);
      out.return(call({ ...twice }, a));
    });
    const run = instantiate([first, second], {
      note: (value: number) => noted.push(value),
      twice: (value: number) => value * 2,
    });
    expect(run["first"]!()).toBe(106.5);
    expect(run["second"]!(-0)).toBe(-0);
    expect(noted).toEqual([7, -0]);
    const bytes = encodeModule({ functions: [first, second] });
    const imports = WebAssembly.Module.imports(new WebAssembly.Module(bytes)).map(each => each.name);
    expect(imports).toEqual(["memory", "note", "twice", "foldSumF64"]);
  });

  test("what a function of JavaScript throws comes through", () => {
    const f = build("f", [], "f64", out => out.return(call(twice, f64.const(1))));
    const host = {
      twice: () => {
        throw new RangeError("no more");
      },
    };
    expect(() => instantiate([f], host)["f"]!()).toThrow("no more");
  });
});

describe("sizes", () => {
  test("thousands of locals of mixed types", () => {
    const f = run(["f64"], "f64", (out, a: F64) => {
      let last: F64 = a;
      for (let i = 0; i < 5000; i++) {
        out.keep(i32.eqz(i32.const(i)), "flag");
        last = out.keep(f64.add(last, f64.const(1)), "sum");
      }
      out.return(last);
    });
    expect(f(0.5)).toBe(5000.5);
  });

  test("very deep expressions and deeply nested statements", () => {
    const f = run(["f64"], "f64", (out, a: F64) => {
      let deep: F64 = a;
      for (let i = 0; i < 20_000; i++) deep = i % 2 ? f64.add(deep, f64.const(1)) : f64.sub(deep, f64.neg(f64.abs(a)));
      const nest = (depth: number) => {
        if (depth === 0) out.return(deep);
        else out.if(f64.ge(a, f64.const(-depth)), () => nest(depth - 1));
      };
      nest(500);
      out.return(f64.const(0));
    });
    expect(f(1)).toBe(20_001);
    expect(f(-2)).toBe(0);
  });

  test("a function that is too long is refused, also when only shared branches make it long", () => {
    let wide: F64 = f64.const(1);
    for (let i = 0; i < 200; i++) wide = f64.add(wide, wide);
    const f = build("f", [], "f64", out => out.return(wide));
    expect(() => encodeModule({ functions: [f] })).toThrow(FunctionTooLong);
  });
});

describe("mistakes are named", () => {
  const failure =
    (value: Code, result: ValueType = value.type) =>
    () =>
      encodeModule({ functions: [build("f", [], result, out => out.return(value))] });

  test.each<[string, () => unknown]>([
    ["no operation is called i32.plus", failure({ kind: "operation", type: "i32", op: "i32.plus", args: [] })],
    [
      "no load is called i32.load7",
      failure({ kind: "load", type: "i32", op: "i32.load7", address: i32.const(0), offset: 0 }),
    ],
    ["no lane is called f64x2.lane", failure({ kind: "lane", type: "f64", op: "f64x2.lane", lane: 0, args: [] })],
    ["i32.add is given (i32,f64) for (i32,i32)", failure(i32.add(i32.const(1), f64.const(1) as never))],
    ["i32.eqz is given () for (i32)", failure({ kind: "operation", type: "i32", op: "i32.eqz", args: [] })],
    ["f64.lt does not give f64", failure({ ...f64.lt(f64.const(1), f64.const(1)), type: "f64" } as never)],
    [
      "select is given (f64,i32,i32) for (f64,f64,i32)",
      failure(f64.select(f64.const(1), i32.const(1) as never, i32.const(1))),
    ],
    ["i32.const is given 4294967296", failure(i32.const(2 ** 32))],
    ["i32.const is given 0.5", failure(i32.const(0.5))],
    ["i32.load is given offset -1", failure(i32.load(i32.const(0), -1))],
    ["return is given i32", failure(i32.const(0), "f64")],
    ["local x of another function", failure(local({ name: "x", type: "f64", index: 0 }))],
  ])("%s", (message, encode) => {
    expect(encode).toThrow(message);
  });

  test("a store that there is not, and a jump out of nothing", () => {
    const encode = (write: Written) => () => encodeModule({ functions: [build("f", [], "i32", write)] });
    expect(encode(out => out.store("i32.save", i32.const(0), i32.const(0)))).toThrow("no store is called i32.save");
    expect(encode(out => out.jump({ name: "nowhere" }))).toThrow(
      "generated code of f: a jump is given the label nowhere",
    );
    expect(encode(out => out.if(f64.const(1) as never, () => undefined))).toThrow("a test is given f64");
  });
});
