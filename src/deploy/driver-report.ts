/**
 * What the driver of a job that was submitted tells of it, in two small files of its work directory: `progress.json`, written
 * anew as the job goes on, and `result.json`, written when it has ended well. `firesteel run` writes them where its environment
 * names a folder; the worker reads them for whoever asks its master. Files are replaced whole and bounded in size.
 */
import { readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Clock, Timer } from "../base/clock.ts";
import type { EngineEvent } from "../base/events.ts";
import { StageLedger } from "../base/stage-ledger.ts";
import type { DriverReport } from "./messages.ts";

/** Names the folder; set by the launcher of drivers. */
export const reportVariable = "FIRESTEEL_INTERNAL_REPORT";
/** Both fit into one message, with room. */
export const reportBytesMax = 256 * 1024;

const progressFile = "progress.json";
const resultFile = "result.json";
const progressPeriodMs = 500;

export interface DriverProgress {
  /** What the master calls the driver's application; undefined before it has registered. */
  readonly applicationId: string | undefined;
  readonly jobs: { readonly started: number; readonly ended: number };
  /** Skipped ones had no task to run: what they make was there. */
  readonly stages: Readonly<Record<"running" | "completed" | "failed" | "cancelled" | "skipped", number>>;
  readonly tasks: {
    readonly total: number;
    readonly done: number;
    readonly running: number;
    readonly failures: number;
    /** None of `total`. */
    readonly skipped: number;
  };
}

/** What the job's default export returned. `problem` instead, for people, when that is no JSON or too long. */
export type DriverResult = { readonly value?: unknown } | { readonly problem: string };

/** Writes the reports of one run of a job. */
export class ReportWriter {
  applicationId: string | undefined;
  private readonly ledger = new StageLedger();
  private jobsStarted = 0;
  private jobsEnded = 0;
  private timer: Timer | undefined;
  private ended = false;
  private writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly folder: string,
    private readonly clock: Clock,
  ) {
    // those of an earlier launch of the same driver
    this.write(() => Promise.all([progressFile, resultFile].map(name => rm(join(folder, name), { force: true }))));
  }

  readonly onEvent = (event: EngineEvent): void => {
    this.ledger.apply(event);
    if (event.type === "jobStarted") this.jobsStarted++;
    if (event.type === "jobEnded") this.jobsEnded++;
    if (!this.ended) this.timer ??= this.clock.after(progressPeriodMs, () => this.writeProgress());
  };

  /** `value` is what the job returned; resolves when it is written. A job that failed ends without. */
  async end(outcome: { readonly value: unknown } | undefined): Promise<void> {
    this.ended = true;
    this.timer?.cancel();
    this.writeProgress();
    if (outcome !== undefined) this.write(() => this.replace(resultFile, resultText(outcome.value)));
    await this.writing;
  }

  private writeProgress(): void {
    this.timer = undefined;
    const text = JSON.stringify(this.progress());
    this.write(() => this.replace(progressFile, text));
  }

  private progress(): DriverProgress {
    const { skipped, passed } = this.ledger;
    const stages = this.ledger.stages();
    const sum = (of: (stage: (typeof stages)[number] | typeof passed) => number) =>
      stages.reduce((all, stage) => all + of(stage), of(passed));
    const inState = (state: string) => stages.filter(stage => stage.state === state).length;
    return {
      applicationId: this.applicationId,
      jobs: { started: this.jobsStarted, ended: this.jobsEnded },
      stages: {
        ...{ running: inState("running"), completed: inState("completed") + passed.completed },
        ...{ failed: inState("failed") + passed.failed, cancelled: inState("cancelled") + passed.cancelled },
        skipped: skipped.stages,
      },
      tasks: {
        total: sum(stage => stage.tasks),
        done: sum(stage => stage.tasksDone),
        running: stages.reduce((all, stage) => all + stage.tasksRunning, 0),
        failures: sum(stage => stage.taskFailures),
        skipped: skipped.tasks,
      },
    };
  }

  /** One write at a time. A report that cannot be written is missing; the job is not to fail by it. */
  private write(task: () => Promise<unknown>): void {
    this.writing = this.writing.then(task).then(
      () => undefined,
      () => undefined,
    );
  }

  private async replace(name: string, text: string): Promise<void> {
    const partial = join(this.folder, `${name}.partial`);
    await writeFile(partial, text);
    await rename(partial, join(this.folder, name));
  }
}

/** A JSON text of at most `reportBytesMax`. */
export function resultText(value: unknown): string {
  try {
    const text = JSON.stringify({ value } satisfies DriverResult);
    const bytes = Buffer.byteLength(text);
    if (bytes <= reportBytesMax) return text;
    return problemText(
      `what the job returned is ${bytes} bytes as JSON, more than the ${reportBytesMax} that are kept; write it to a file`,
    );
  } catch (error) {
    return problemText(`what the job returned cannot be written as JSON: ${String((error as Error).message)}`);
  }
}

function problemText(problem: string): string {
  return JSON.stringify({ problem: problem.slice(0, 1000) } satisfies DriverResult);
}

/** For the worker. Files that are missing, too long or odd are as if they were not there: user code can write them too. */
export async function readDriverReport(folder: string): Promise<DriverReport> {
  const [progress, result] = await Promise.all([progressFile, resultFile].map(name => readSmall(join(folder, name))));
  return { progress, result };
}

async function readSmall(path: string): Promise<string | undefined> {
  try {
    const found = await stat(path);
    if (!found.isFile() || found.size > reportBytesMax) return undefined;
    return await readFile(path, "utf8");
  } catch {
    return undefined;
  }
}

export function parseProgress(text: string | undefined): DriverProgress | undefined {
  const parsed = parseObject(text);
  return parsed === undefined ? undefined : (parsed as unknown as DriverProgress);
}

export function parseResult(text: string | undefined): DriverResult | undefined {
  return parseObject(text);
}

function parseObject(text: string | undefined): Record<string, unknown> | undefined {
  if (text === undefined) return undefined;
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)
      ? (parsed as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
