/**
 * Jobs on two threads of the compiled binary: the shuffles of figures.ts beside what each must take, and word count beside an
 * idiomatic script for one thread, run in turn. Answers are compared before times are shown.
 *
 *   bun bench/jobs/main.ts [--text FILE | --megabytes N] [--runs N]
 */
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { machineLine, median, type ProcessRun, runProcess } from "../measure.ts";
import { writeText } from "./text.ts";

const root = join(import.meta.dirname, "../..");
const firesteel = [join(root, "dist/firesteel"), "run", "--quiet", "--master", "local[2]"];

/** What the answers must be, and the most seconds that the job may take on two cores. */
const shuffles: Readonly<Record<string, { readonly answer: string; readonly secondsMax: number }>> = {
  reduceByKey: { answer: "1000000", secondsMax: 1.2 },
  groupByKey: { answer: "10000000", secondsMax: 1.5 },
  sortByKey: { answer: "0,571,696", secondsMax: 1.5 },
  join: { answer: "999997", secondsMax: 0.5 },
  emptyTasks: { answer: "0", secondsMax: 0.5 },
};
const wordCountShareMax = 0.3;

function option(name: string): string | undefined {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? undefined : process.argv[at + 1];
}

console.log(machineLine());
await timeShuffles();
await timeWordCount();

async function timeShuffles(): Promise<void> {
  const { output } = await runProcess([...firesteel, join(import.meta.dirname, "figures.ts")]);
  for (const line of output.trim().split("\n")) {
    const [name, seconds, answer] = line.split(" ") as [string, string, string];
    const wanted = shuffles[name]!;
    if (answer !== wanted.answer) throw new Error(`${name} gave ${answer}, not ${wanted.answer}`);
    console.log(`${name.padEnd(12)} ${Number(seconds).toFixed(3)} s (at most ${wanted.secondsMax} s)`);
  }
}

async function timeWordCount(): Promise<void> {
  const text = option("text") ?? generated(Number(option("megabytes") ?? 200));
  const [ours, baseline]: [ProcessRun[], ProcessRun[]] = [[], []];
  for (let i = 0; i < Number(option("runs") ?? 3); i++) {
    ours.push(await runProcess([...firesteel, join(import.meta.dirname, "word-count.ts"), text]));
    baseline.push(await runProcess([process.execPath, join(import.meta.dirname, "word-count-script.ts"), text]));
    if (ours[i]!.output !== baseline[i]!.output)
      throw new Error(`word count gave ${ours[i]!.output}, the script ${baseline[i]!.output}`);
  }
  const seconds = (runs: readonly ProcessRun[]) => median(runs.map(run => run.seconds));
  const peakMb = Math.max(...ours.map(run => run.peakBytes)) / 1e6;
  const share = seconds(ours) / seconds(baseline);
  console.log(
    `word count   ${seconds(ours).toFixed(2)} s, the script ${seconds(baseline).toFixed(2)} s: ${share.toFixed(2)} × (at most ${wordCountShareMax}), peak ${peakMb.toFixed(0)} MB`,
  );
}

function generated(megabytes: number): string {
  const path = join(root, "build", `words-${megabytes}.txt`);
  mkdirSync(join(root, "build"), { recursive: true });
  if (!existsSync(path)) writeText(path, megabytes * 1e6);
  return path;
}
