/**
 * Loops that the engine generates from functions of the user's, each as it runs in a task, beside the loop one would write in
 * JavaScript; bench/native/generated.c has them in C. All numbers are whole, so that the order of additions does not matter.
 */
import { makeBatchWriter } from "../../src/data/batch-writer.ts";
import { type Batch, batchRowsMax } from "../../src/data/column.ts";
import { decodeValue } from "../../src/data/value-codec.ts";
import { compileKernels, createKernelMemory } from "../../src/kernel/kernels.ts";
import { offset } from "../../src/kernel/ptr.ts";
import { adviseHugePages } from "../../src/platform/huge-pages.ts";
import type { Action } from "../../src/plan/action.ts";
import type { Plan } from "../../src/plan/nodes.ts";
import { runAction } from "../../src/operators/actions.ts";
import type { TaskEnv } from "../../src/operators/task-env.ts";
import { type BenchTask, cachedPlan, narrow, openTask, rangePlan } from "./task.ts";

export interface Loop {
  readonly name: string;
  /** For the C program. */
  readonly form: "filter-sum" | "map-filter-sum";
  readonly rows: number;
}

export interface OpenLoop {
  /** In generated code, or as JavaScript operators. Fails when it runs as the other. */
  run(how: "native" | "javascript"): Promise<number>;
  jsLoop(): number;
}

/** What `rdd.sum()` asks of a task. */
const sum: Action = { kind: "sum" };
const columns = 4;

export const loops: readonly Loop[] = [
  { name: "filter and sum over 4 columns, 4 M rows", form: "filter-sum", rows: 4_000_000 },
  { name: "map, filter and sum over a range of 20 M", form: "map-filter-sum", rows: 20_000_000 },
];

export async function openLoop({ form, rows }: Loop, folder: string): Promise<OpenLoop> {
  const cells = form === "filter-sum" ? rows * columns : 0;
  const memory = createKernelMemory(cells * 8 + (64 << 20));
  // as an engine does with its own
  await adviseHugePages(memory);
  const task = openTask(memory, compileKernels(), folder);
  return form === "filter-sum" ? filterSum(task, rows) : mapFilterSum(task, rows);
}

function mapFilterSum(task: BenchTask, rows: number): OpenLoop {
  const plan = narrow("filter", narrow("map", rangePlan(rows), "i => i * 3"), "i => i % 2 === 0");
  return {
    run: how => runSum(task.env({ native: how === "native", batches: [] }), plan, how),
    jsLoop() {
      let total = 0;
      for (let i = 0; i < rows; i++) {
        const tripled = i * 3;
        if (tripled % 2 === 0) total += tripled;
      }
      return total;
    },
  };
}

function filterSum(task: BenchTask, rows: number): OpenLoop {
  const { f64 } = task.kernels;
  const start = task.memory.alloc(rows * columns * 8);
  const [quantity, price, discount, day] = Array.from({ length: columns }, (_, c) => {
    const from = start / 8 + c * rows;
    return f64.subarray(from, from + rows);
  }) as [Float64Array, Float64Array, Float64Array, Float64Array];
  for (let i = 0; i < rows; i++) {
    quantity[i] = (i * 48271) % 50;
    price[i] = (i * 69069) % 10000;
    discount[i] = (i * 7) % 11;
    day[i] = (i * 16807) % 2557;
  }
  const writer = makeBatchWriter(task.kernels, task.memory);
  writer.push([0, 0, 0, 0]);
  const { root } = writer.finish();
  if (root.kind !== "struct") throw new Error("a row of four numbers is no struct");
  const { shape } = root;
  const batches: Batch[] = [];
  for (let from = 0; from < rows; from += batchRowsMax) {
    const count = Math.min(batchRowsMax, rows - from);
    const fields = Array.from({ length: columns }, (_, c) => {
      return { kind: "f64", rows: count, values: offset(start, (c * rows + from) * 8) } as const;
    });
    batches.push({ rows: count, root: { kind: "struct", rows: count, shape, fields } });
  }
  const wanted = "r => r[0] < 24 && r[2] >= 5 && r[2] <= 7 && r[3] >= 366 && r[3] < 731";
  const plan = narrow("map", narrow("filter", cachedPlan(rows), wanted), "r => r[1] * r[2]");
  return {
    run: how => runSum(task.env({ native: how === "native", batches }), plan, how),
    jsLoop() {
      let total = 0;
      for (let i = 0; i < rows; i++) {
        if (quantity[i]! < 24 && discount[i]! >= 5 && discount[i]! <= 7 && day[i]! >= 366 && day[i]! < 731)
          total += price[i]! * discount[i]!;
      }
      return total;
    },
  };
}

async function runSum(env: TaskEnv, plan: Plan, how: "native" | "javascript"): Promise<number> {
  const total = decodeValue(await runAction(sum, plan, 0, env)) as number;
  const { kernelRows, jsRows } = env.metrics;
  if (how === "native" ? jsRows > 0 : jsRows === 0)
    throw new Error(`the loop ran as the other: ${kernelRows} rows in kernels, ${jsRows} in JavaScript`);
  return total;
}
