/**
 * Kills, stops and cuts off processes of real clusters at seeded moments, and compares what their jobs give with local mode.
 *
 *   bun run chaos [--seeds N] [--from SEED] [--program PATH] [--plans]
 */
import { existsSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { Random } from "../../src/base/random.ts";
import { LocalRuns } from "./expected.ts";
import { describePlan, planOf } from "./plan.ts";
import { runSeed } from "./seed.ts";
import { textOf } from "./text.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "20" },
    from: { type: "string", default: "1" },
    program: { type: "string", default: join(import.meta.dirname, "../../dist/firesteel") },
    plans: { type: "boolean", default: false },
  },
});
const first = Number(values.from);
const program = [resolve(values.program)];
if (!existsSync(program[0]!)) throw new Error(`${program[0]} is not there: npm run build makes it`);
const folder = realpathSync(mkdtempSync(join(tmpdir(), "firesteel-chaos-")));
const input = join(folder, "text");
writeFileSync(input, textOf(new Random(5), 350_000));
const local = new LocalRuns(program, folder, input);
const started = performance.now();
let faults = 0;
let wrong = 0;
for (let seed = first; seed < first + Number(values.seeds); seed++) {
  const plan = planOf(seed);
  console.log(describePlan(plan));
  if (values.plans) continue;
  const beganMs = performance.now();
  try {
    const expected = await local.of(plan.job);
    const done = await runSeed(plan, { program, folder: join(folder, `seed-${seed}`), input, expected });
    faults += done.length;
    console.log(`  ${((performance.now() - beganMs) / 1000).toFixed(1)} s: ${done.join("; ")}`);
  } catch (error) {
    wrong++;
    console.log(`FAILED: ${describePlan(plan)}\n${(error as Error).message}\n`);
  }
}
rmSync(folder, { recursive: true, force: true });
const seconds = (performance.now() - started) / 1000;
console.log(`${values.seeds} seeds in ${seconds.toFixed(1)} s: ${faults} faults, ${wrong} wrong`);
process.exit(wrong === 0 ? 0 : 1);
