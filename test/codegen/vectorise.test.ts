/** Rows done in pairs against rows done one by one: the same bytes, whatever rows do. */
import { describe, expect, test } from "bun:test";
import type { Random } from "../../src/base/random.ts";
import type { F64, Local } from "../../src/codegen/code.ts";
import { call, f64, i32, local } from "../../src/codegen/operations.ts";
import { printModule } from "../../src/codegen/print.ts";
import { property } from "../kernel/fixture.ts";
import { RandomTrees } from "./random-trees.ts";
import {
  columns,
  expectSame,
  half,
  inPairs,
  instantiate,
  memory,
  outputs,
  type RowCode,
  type RowLoop,
  rowLoop,
  rowsMax,
} from "./row-loop.ts";

const printed = (loop: RowLoop) => printModule({ functions: [inPairs(loop)] });

test("random rows", () => {
  property(60, random => {
    const loop = rowLoop(row => writeRandomRow(random, row));
    expectSame(random, loop);
  });
});

test("rows that take little go four at a time", () => {
  const atOnce = new Map<string | undefined, number>();
  property(60, random => {
    const loop = rowLoop(row => {
      const { out, cell, outRow } = row;
      const trees = new RandomTrees(random, row);
      if (random.below(2) === 0) out.jump(row.skip, trees.flag(1));
      out.store("f64.store", cell(outputs[0], 3, outRow), trees.number(1));
      if (random.below(2) === 0) out.store("i32.store8", cell(outputs[2], 0, outRow), trees.flag(1));
      row.emit();
    });
    expectSame(random, loop);
    const [, count] = /(\w+) rows at a time/.exec(printed(loop)) ?? [];
    atOnce.set(count, (atOnce.get(count) ?? 0) + 1);
  });
  expect([...atOnce.keys()]).toContain("four");
});

test("totals get rows in their order", () => {
  property(60, random => {
    const loop = rowLoop(row => {
      const trees = new RandomTrees(random, row);
      if (random.below(4) > 0) row.out.jump(row.skip, trees.flag(2));
      const value = row.out.keep(trees.number(1 + random.below(4)), "value");
      // one NaN or infinity more, and totals would be all alike
      row.add(f64.select(value, f64.const(0.1), f64.lt(f64.abs(value), f64.const(1e6))));
      if (random.below(3) === 0) row.add(f64.div(row.counter, f64.const(3)));
    });
    expectSame(random, loop);
  });
});

test("numbers are counted on where pairs are left", () => {
  property(20, random => {
    const loop = rowLoop(row => {
      const { out, cell, counter } = row;
      const value = out.keep(f64.load(cell(columns.f64[0], 3)), "value");
      const result = out.local("f64", "result");
      out.if(
        f64.lt(value, f64.const(random.below(60) - 50)),
        () => out.set(result, call(half, counter)),
        () => out.set(result, f64.mul(counter, f64.min(value, f64.const(100)))),
      );
      row.add(local(result));
    });
    expect(printed(loop)).toInclude("two rows at a time");
    expectSame(random, loop);
  });
});

test("much work behind a filter is jumped over", () => {
  property(10, random => {
    const loop = rowLoop(row => {
      const { out, cell, outRow } = row;
      const trees = new RandomTrees(random, row);
      out.jump(row.skip, trees.flag(3));
      let value = trees.number(3);
      for (let i = 0; i < 50; i++) value = out.keep(f64.add(value, trees.number(0)), "number");
      out.store("f64.store", cell(outputs[0], 3, outRow), value);
      row.emit();
    });
    expect(printed(loop)).toInclude("break none");
    expectSame(random, loop);
  });
});

test("pairs that have to be left are not tried again at once", () => {
  let halved = 0;
  const count = { half: (value: number) => (halved++, value / 2) };
  const loop = rowLoop(({ out, cell, outRow, emit }) => {
    const value = out.keep(f64.load(cell(columns.f64[0]!, 3)), "value");
    const result = out.local("f64", "result");
    out.if(
      f64.lt(value, f64.const(0)),
      () => out.set(result, call(half, value)),
      () => out.set(result, value),
    );
    out.store("f64.store", cell(outputs[0], 3, outRow), local(result));
    emit();
  });
  const run = instantiate(inPairs(loop), count);
  const [values, results] = [columns.f64[0]!, outputs[0]].map(at => new Float64Array(memory.buffer, at, rowsMax));
  for (const negative of [0, 1, 5, rowsMax - 1]) {
    values!.fill(3)[negative] = -3;
    halved = 0;
    expect(run(rowsMax, 0)).toBe(rowsMax);
    expect([halved, results!.indexOf(-1.5), results!.lastIndexOf(-1.5)]).toEqual([1, negative, negative]);
  }
  expect(printed(loop)).toInclude("pairsFrom = row + 16");
});

describe("loops that stay as they are", () => {
  const refuses = (write: (code: RowCode) => void) => () => {
    const loop = rowLoop(write);
    expect(inPairs(loop)).toBe(loop.code);
  };
  const store = ({ out, cell, outRow }: RowCode, value: F64) =>
    out.store("f64.store", cell(outputs[0], 3, outRow), value);

  test(
    "one that calls JavaScript for every row",
    refuses(code => {
      store(code, call(half, f64.load(code.cell(columns.f64[0]!, 3))));
      code.emit();
    }),
  );
  test(
    "one that reads another row",
    refuses(code => {
      store(code, f64.load(code.cell(columns.f64[0]!, 3, i32.add(code.row, i32.const(1)))));
      code.emit();
    }),
  );
  test("one that adds up", () => {
    let sum: Local<"f64"> | undefined;
    refuses(code => {
      sum ??= code.out.local("f64", "sum");
      code.out.set(sum, f64.add(local(sum), f64.load(code.cell(columns.f64[0]!, 3))));
      store(code, local(sum));
      code.emit();
    })();
  });
  test(
    "one that looks at the output's cursor",
    refuses(code => {
      store(code, f64.convert_i32_s(code.outRow));
      code.emit();
    }),
  );
  test(
    "one that writes behind where its cursor moves",
    refuses(code => {
      code.emit();
      store(code, f64.const(1));
    }),
  );
  test(
    "one with a loop in it",
    refuses(code => {
      code.out.loop("inner", () => store(code, f64.const(1)));
      code.emit();
    }),
  );
  test(
    "one with a test or a number that is very deep",
    refuses(code => {
      let [deep, sum] = [f64.lt(code.captured, f64.const(1)), code.captured];
      for (let i = 0; i < 20_000; i++) [deep, sum] = [i32.and(deep, deep), f64.add(sum, f64.const(1))];
      code.out.jump(code.skip, deep);
      store(code, sum);
      code.emit();
    }),
  );
  test(
    "one where both branches call JavaScript",
    refuses(code => {
      const result = code.out.local("f64", "result");
      const set = (value: number) => () => code.out.set(result, call(half, f64.const(value)));
      code.out.if(f64.lt(code.captured, f64.const(1)), set(1), set(2));
      store(code, local(result));
      code.emit();
    }),
  );
});

function writeRandomRow(random: Random, code: RowCode): void {
  const { out } = code;
  const trees = new RandomTrees(random, code);
  for (let i = 1 + random.below(3); i > 0; i--) trees.numbers.push(out.keep(trees.number(2), "number"));
  if (random.below(2) === 0) {
    out.if(trees.rareFlag(), () => {
      out.store("i32.store8", i32.const(64), i32.const(1));
      out.jump(code.gaveUp);
    });
  }
  for (let i = random.below(3); i > 0; i--) trees.branch();
  for (let i = random.below(3); i > 0; i--) {
    out.jump(code.skip, trees.flag(3));
    trees.numbers.push(out.keep(trees.number(3), "number"));
  }
  const value = trees.number(4);
  out.store("f64.store", code.cell(outputs[0], 3, code.outRow), value);
  if (random.below(2) === 0) out.store("f64.store", code.cell(outputs[1], 3, code.outRow), trees.number(3));
  if (random.below(2) === 0) out.store("i32.store8", code.cell(outputs[2], 0, code.outRow), trees.flag(2));
  code.emit();
}
