/** Runs the contenders of each job in turn, compares their answers, and only then tells their times. */
import type { Contender, Run } from "../contender.ts";
import { timing } from "../measure.ts";
import type { ContenderResult, JobResult } from "../results.ts";
import type { Scratch } from "../scratch.ts";
import { openContenders, type JobRunOptions } from "./contenders.ts";
import type { JobSpec } from "./specs.ts";

/** A first run longer than this counts: it has warmed up on the way. */
const warmUpSecondsMax = 4;
/** Servers warm up until they have run this long or this often. */
const warmSeconds = 1;
const warmUpsMax = 3;

export interface JobsOptions extends JobRunOptions {
  readonly runs: number;
}

export async function runJob(scratch: Scratch, spec: JobSpec, options: JobsOptions): Promise<JobResult> {
  const contenders = openContenders(scratch, spec, options);
  const runs = new Map<Contender, Run[]>(contenders.map(each => [each, []]));
  for (const contender of contenders) {
    const first = await contender.once();
    if (first.seconds > warmUpSecondsMax) runs.get(contender)!.push(first);
    let warm = first.seconds;
    for (let i = 1; spec.timed === "server" && i < warmUpsMax && warm < warmSeconds; i++)
      warm += (await contender.once()).seconds;
  }
  for (let i = 0; i < options.runs; i++) {
    for (const contender of contenders) {
      const own = runs.get(contender)!;
      if (own.length <= i) own.push(await contender.once());
    }
  }
  const answer = commonAnswer(spec.name, runs);
  const results: ContenderResult[] = [];
  for (const [contender, own] of runs) {
    const peakBytes = await contender.end();
    results.push({ label: contender.label, timing: timing(own.map(run => run.seconds)), peakBytes });
  }
  return { name: spec.name, title: spec.title(options.sizes), answer, contenders: results };
}

/** Of all runs of all contenders. */
function commonAnswer(job: string, runs: ReadonlyMap<Contender, readonly Run[]>): string {
  let first: { readonly label: string; readonly answer: string } | undefined;
  for (const [{ label }, own] of runs) {
    for (const { answer } of own) {
      first ??= { label, answer };
      if (!sameAnswer(first.answer, answer))
        throw new Error(`${job}: ${first.label} answers ${first.answer}, ${label} answers ${answer}`);
    }
  }
  return first!.answer;
}

/** The same text, or the same number: languages write numbers in their own ways. */
export function sameAnswer(a: string, b: string): boolean {
  return a === b || (a !== "" && b !== "" && Number(a) === Number(b));
}
