/** `bench memory`: a gigabyte grouped, sorted and joined with 64 MB of engine memory beside ample memory, and the matrix. */
import { openChild } from "../child.ts";
import { firesteelCommand } from "../programs.ts";
import { heading } from "../print.ts";
import type { Scratch } from "../scratch.ts";
import { cellLine, fullMatrix, matrixHeading, quickMatrix, runMatrix, wrongCells } from "./matrix.ts";

export interface MemoryOptions {
  readonly quick: boolean;
  readonly runs: number;
  readonly threads: number;
  readonly only: ReadonlySet<string> | undefined;
}

interface HeavyRun {
  readonly seconds: number;
  readonly answer: string;
  readonly peakBytes: number;
}

export const heavyJobs = ["group-by-key", "sort", "join"] as const;
const rows = 10_000_000;
const quickRows = 1_000_000;
const partitions = 32;
const heavyRunsMax = 3;
/** Times the time with ample memory. */
const ratioMax = 4;

/** False when something does not hold. */
export async function runMemory(
  scratch: Scratch,
  options: MemoryOptions,
  print: (line: string) => void,
): Promise<boolean> {
  const heavy = heavyJobs.filter(name => options.only?.has(name) ?? true);
  let holds = true;
  if (heavy.length > 0) {
    const count = options.quick ? quickRows : rows;
    print(heading(`memory: ${count / 1e7} GB in 64 MB beside 4 GB, local[${options.threads}]`));
    for (const name of heavy) holds = (await compareHeavy(scratch, name, count, options, print)) && holds;
  }
  if (options.only?.has("matrix") ?? true) {
    const matrix = options.quick ? quickMatrix : fullMatrix;
    print(heading("memory: the same bytes"));
    print(matrixHeading());
    const wrong = wrongCells(await runMatrix(scratch, matrix, cell => print(cellLine(cell))), matrix);
    for (const sentence of wrong) process.stderr.write(`${sentence}\n`);
    if (wrong.length === 0) print("the same bytes everywhere");
    holds = wrong.length === 0 && holds;
  }
  return holds;
}

/** In turn, the best of each: other work on the machine slows either. */
async function compareHeavy(
  scratch: Scratch,
  name: string,
  count: number,
  { runs, threads }: MemoryOptions,
  print: (line: string) => void,
): Promise<boolean> {
  const best: Record<string, HeavyRun> = {};
  for (let i = 0; i < Math.min(runs, heavyRunsMax); i++) {
    for (const memory of ["64m", "4g"]) {
      const run = await runHeavy(scratch, name, count, threads, memory);
      const before = best[memory];
      if (before === undefined || run.seconds < before.seconds) best[memory] = run;
    }
  }
  const [small, ample] = [best["64m"]!, best["4g"]!];
  if (small.answer !== ample.answer) throw new Error(`${name}: 64 MB answer ${small.answer}, 4 GB ${ample.answer}`);
  const ratio = small.seconds / ample.seconds;
  const figures = ({ seconds, peakBytes }: HeavyRun) =>
    `${seconds.toFixed(2)} s, ${(peakBytes / 2 ** 20).toFixed(0)} MB`;
  print(
    `${name.padEnd(14)} 64 MB: ${figures(small).padEnd(18)} 4 GB: ${figures(ample).padEnd(18)} ratio ${ratio.toFixed(2)}`,
  );
  if (ratio > ratioMax)
    process.stderr.write(`${name} takes ${ratio.toFixed(2)} × as long, at most ${ratioMax} is allowed\n`);
  return ratio <= ratioMax;
}

async function runHeavy(
  scratch: Scratch,
  name: string,
  count: number,
  threads: number,
  memory: string,
): Promise<HeavyRun> {
  const command = firesteelCommand(scratch, [
    ...["run", "--quiet", "--master", `local[${threads}]`, `--conf=firesteel.executor.memory=${memory}`],
    ...[scratch.source("memory/heavy-jobs.ts"), name, String(count), String(partitions)],
  ]);
  const { output, peakBytes } = await openChild(command, "ignore").end();
  const [seconds, answer] = output.trim().split(" ");
  return { seconds: Number(seconds), answer: answer!, peakBytes };
}
