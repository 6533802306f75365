/** What each job gives in local mode, and when it says its words there: the moments of faults are parts of these times. */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { answerOf, wordsOf } from "./answer.ts";
import { jobFile } from "./cluster.ts";
import type { JobName } from "./plan.ts";
import { Processes, waitFor } from "./processes.ts";

export interface Expected {
  readonly answer: string;
  /** When each word was said, after the first. */
  readonly words: readonly { readonly word: string; readonly atMs: number }[];
}

const localMaxMs = 180_000;

export class LocalRuns {
  private readonly known = new Map<JobName, Expected>();

  constructor(
    private readonly program: readonly string[],
    private readonly folder: string,
    private readonly input: string,
  ) {}

  async of(job: JobName): Promise<Expected> {
    let expected = this.known.get(job);
    if (expected === undefined) this.known.set(job, (expected = await this.run(job)));
    return expected;
  }

  private async run(job: JobName): Promise<Expected> {
    const folder = join(this.folder, `local-${job}`);
    mkdirSync(join(folder, "tmp"), { recursive: true });
    const processes = new Processes(this.program, folder, `local-${job}-${process.pid}`);
    const options = ["--quiet", "--master", "local[2]", "--conf", "firesteel.executor.memory=512m"];
    const driver = processes.start(job, ["run", ...options, jobFile(job), this.input, "out"]);
    const words: { word: string; atMs: number }[] = [];
    await waitFor(`${job} in local mode`, localMaxMs, () => {
      const nowMs = performance.now();
      for (const word of wordsOf(driver.out()).slice(words.length)) words.push({ word, atMs: nowMs });
      return driver.hasEnded();
    });
    if (driver.child.exitCode !== 0 || words.length < 2) throw new Error(`${job} in local mode: ${processes.tails()}`);
    const answer = answerOf(driver.out(), folder);
    rmSync(folder, { recursive: true });
    const [first] = words;
    return { answer, words: words.map(({ word, atMs }) => ({ word, atMs: atMs - first!.atMs })) };
  }
}

/** The last word before a part of the job's time, and how long after it. */
export function momentOf({ words }: Expected, moment: number): { readonly word: string; readonly afterMs: number } {
  const atMs = moment * words.at(-1)!.atMs;
  const last = words.findLast(each => each.atMs <= atMs)!;
  return { word: last.word, afterMs: atMs - last.atMs };
}
