/** Times generated loops beside JavaScript's and C's, in turn, and what compiling one costs. */
import { encodeModule } from "../../src/codegen/encode.ts";
import { generatePipeline, type Step } from "../../src/expr/pipeline.ts";
import { compileKernels, createKernelMemory, instantiateKernels } from "../../src/kernel/kernels.ts";
import { instantiate } from "../../src/operators/native-code.ts";
import { sameAnswer } from "../jobs/run-jobs.ts";
import { runNative } from "../kernels/harness.ts";
import { timing } from "../measure.ts";
import type { FigureResult, GeneratedResult } from "../results.ts";
import { exactFlags, type Scratch } from "../scratch.ts";
import { type Loop, openLoop } from "./loops.ts";
import { readLambda } from "./task.ts";

const warmUps = 3;
/** Another answer than ours may come of it: additions in any order. */
const fastFlags = [...exactFlags, "-ffast-math"];
const smallRows = 100;

export interface GeneratedOptions {
  readonly runs: number;
  readonly scratch: Scratch;
}

export async function runGenerated(loop: Loop, { runs, scratch }: GeneratedOptions): Promise<GeneratedResult> {
  const open = await openLoop(loop, scratch.path("generated/local"));
  const twin = { source: "generated.c", args: [loop.form, String(loop.rows)] };
  const before = runNative(scratch, twin);
  const own: number[] = [];
  const js: number[] = [];
  const answers = new Set<number>();
  for (let i = -warmUps; i < runs; i++) {
    const [ownSeconds, ownAnswer] = await timed(() => open.run("native"));
    const [jsSeconds, jsAnswer] = await timed(() => Promise.resolve(open.jsLoop()));
    answers.add(ownAnswer).add(jsAnswer);
    if (i < 0) continue;
    own.push(ownSeconds);
    js.push(jsSeconds);
  }
  const c = runNative(scratch, twin);
  const fast = runNative(scratch, twin, fastFlags);
  if (c !== undefined) answers.add(c.checksum);
  const [first, ...others] = [...answers].map(String);
  if (others.some(each => !sameAnswer(first!, each)))
    throw new Error(`${loop.name}: ${[...answers].join(", ")} differ`);
  return {
    name: loop.name,
    generated: timing(own),
    jsLoop: timing(js),
    c: c && before && timing([before.ms / 1000, c.ms / 1000]),
    fastMathC: fast && timing([fast.ms / 1000]),
  };
}

async function timed(run: () => Promise<number>): Promise<[seconds: number, answer: number]> {
  const startMs = performance.now();
  const answer = await run();
  return [(performance.now() - startMs) / 1000, answer];
}

/** From expressions to a function that can be called; and a job of few rows with all of that, beside JavaScript's. */
export async function runCompiling({ runs, scratch }: GeneratedOptions): Promise<FigureResult[]> {
  const module = compileKernels();
  const kernels = instantiateKernels(createKernelMemory(1 << 20), module);
  const compile: number[] = [];
  for (let i = 0; i < runs; i++) {
    // another constant each time, as another job would have
    const steps: Step[] = [
      { op: "map", lambda: readLambda(`i => i * ${i + 2}`) },
      { op: "filter", lambda: readLambda(`i => i % 7 === ${i % 7}`) },
      { op: "map", lambda: readLambda("i => [i % 1000, i]") },
    ];
    const startMs = performance.now();
    const { code } = generatePipeline(steps, { kind: "range", integer: { min: 0, max: 1 << 24 } }, false);
    instantiate(kernels, code!.module);
    compile.push((performance.now() - startMs) / 1000);
    if (encodeModule(code!.module).length === 0) throw new Error("an empty module");
  }
  const small: Loop = { name: "small", form: "map-filter-sum", rows: smallRows };
  const [native, javascript]: [number[], number[]] = [[], []];
  for (let i = 0; i < runs; i++) {
    // compiled anew: functions are kept by instance of the kernels
    const open = await openLoop(small, scratch.path("generated/local"));
    const [nativeSeconds, a] = await timed(() => open.run("native"));
    const [jsSeconds, b] = await timed(() => open.run("javascript"));
    if (a !== b) throw new Error(`a small job gave ${a} in generated code and ${b} in JavaScript`);
    native.push(nativeSeconds);
    javascript.push(jsSeconds);
  }
  return [
    { name: "compiling a pipeline", timing: timing(compile) },
    { name: `a task of ${smallRows} rows, compiling included`, timing: timing(native) },
    { name: `a task of ${smallRows} rows in JavaScript`, timing: timing(javascript) },
  ];
}
