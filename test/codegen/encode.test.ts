import { expect, test } from "bun:test";
import { encodeModule } from "../../src/codegen/encode.ts";
import { FunctionBuilder } from "../../src/codegen/function-builder.ts";
import { f64, i32, local } from "../../src/codegen/operations.ts";
import { createKernelMemory } from "../../src/kernel/kernels.ts";

test("a function of its parameters is exported by name", () => {
  const out = new FunctionBuilder(
    "addTwice",
    [
      ["a", "f64"],
      ["b", "i32"],
    ],
    "f64",
  );
  const [a, b] = out.parameters;
  out.return(f64.add(local(a as never), f64.convert_i32_s(i32.shl(local(b as never), i32.const(1)))));
  const memory = createKernelMemory(65536);
  const module = new WebAssembly.Module(encodeModule({ functions: [out.finish()] }));
  const { addTwice } = new WebAssembly.Instance(module, { env: { memory } }).exports;
  expect((addTwice as (a: number, b: number) => number)(0.5, -3)).toBe(-5.5);
});
