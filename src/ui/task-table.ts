/**
 * Tasks of one stage attempt, the latest so many, as numbers side by side: a task costs a row of 192 bytes and no object of its own, and
 * nothing is counted until someone looks. Rows are in order of launch.
 */
import type { WireError } from "../base/errors.ts";
import { type TaskMetrics, zeroMetrics } from "../base/events.ts";
import type { TaskAttemptId } from "../base/ids.ts";
import type { TaskEnd, TaskRun } from "../exec/observer.ts";
import type { Locality } from "../schedule/contracts.ts";

/** Where what stands in a row. */
export const taskColumn = {
  attempt: 0,
  attemptNumber: 1,
  partition: 2,
  executor: 3,
  launchedMs: 4,
  endedMs: 5,
  runMs: 6,
  state: 7,
  locality: 8,
  inputRows: 9,
  inputBytes: 10,
  shuffleReadRows: 11,
  shuffleReadBytes: 12,
  remoteReadBytes: 13,
  fetchWaitMs: 14,
  outputRows: 15,
  outputBytes: 16,
  shuffleWriteRows: 17,
  shuffleWriteBytes: 18,
  resultRows: 19,
  kernelRows: 20,
  jsRows: 21,
  spilledBytes: 22,
  peakMemoryBytes: 23,
} as const;

/** Of the metrics, those that a row has. */
const measured = (Object.keys(zeroMetrics) as (keyof TaskMetrics)[]).filter(
  (name): name is keyof TaskMetrics & TaskColumn => name in taskColumn,
);

export type TaskColumn = keyof typeof taskColumn;
export type TaskState = "running" | "success" | "failed" | "killed";
export type TaskRow = Readonly<Record<Exclude<TaskColumn, "state" | "locality">, number>> & {
  readonly state: TaskState;
  readonly locality: Locality;
  readonly error: string | undefined;
};

const localities: readonly Locality[] = ["process", "node", "noPref", "any"];
const states: readonly TaskState[] = ["running", "success", "failed", "killed"];
const width = 24;
const firstRows = 16;
/** Errors whose text is kept, the latest, and how much of each. */
const errorsMax = 100;
const errorCharactersMax = 2000;

export class TaskTable {
  private values = new Float64Array(firstRows * width);
  private launched = 0;
  /** By attempt: which launch it was. */
  private readonly running = new Map<TaskAttemptId, number>();
  private readonly errors = new Map<number, string>();

  constructor(private readonly rowsMax: number) {}

  /** Rows there is room for. */
  get rowsAllocated(): number {
    return this.values.length / width;
  }

  get kept(): number {
    return Math.min(this.launched, this.rowsMax);
  }

  get dropped(): number {
    return this.launched - this.kept;
  }

  /** Gives by how many rows the table grew. */
  started({ attempt, attemptNumber, task, executor, launchedMs, locality }: TaskRun): number {
    const launch = this.launched++;
    const grown = launch < this.rowsMax ? this.makeRoom(launch) : 0;
    const at = this.offsetOf(launch);
    const { values } = this;
    if (launch >= this.rowsMax) {
      values.fill(0, at, at + width);
      this.errors.delete(launch - this.rowsMax);
    }
    values[at + taskColumn.attempt] = attempt;
    values[at + taskColumn.attemptNumber] = attemptNumber;
    values[at + taskColumn.partition] = task.partition;
    values[at + taskColumn.executor] = executor;
    values[at + taskColumn.launchedMs] = launchedMs;
    values[at + taskColumn.locality] = localities.indexOf(locality);
    this.running.set(attempt, launch);
    return grown;
  }

  ended(attempt: TaskAttemptId, { endedMs, runMs, metrics, error }: TaskEnd): void {
    const launch = this.running.get(attempt);
    if (launch === undefined) return;
    this.running.delete(attempt);
    if (launch < this.launched - this.rowsMax) return;
    const at = this.offsetOf(launch);
    const { values } = this;
    values[at + taskColumn.endedMs] = endedMs;
    values[at + taskColumn.runMs] = error === undefined ? runMs : endedMs - values[at + taskColumn.launchedMs]!;
    values[at + taskColumn.state] = error === undefined ? 1 : error.kind === "cancelled" ? 3 : 2;
    if (error !== undefined) this.keepError(launch, error);
    if (metrics === undefined) return;
    for (const name of measured) values[at + taskColumn[name]] = metrics[name] ?? 0;
  }

  /** A page of the table: sorted by a column, equal ones in order of launch. */
  rows(by: TaskColumn, descending: boolean, offset: number, length: number): TaskRow[] {
    const [first, { values }] = [this.dropped, this];
    const launches = Array.from({ length: this.kept }, (_, i) => first + i);
    const column = taskColumn[by];
    const valueOf = (launch: number) => values[this.offsetOf(launch) + column]!;
    const sign = descending ? -1 : 1;
    launches.sort((a, b) => sign * (valueOf(a) - valueOf(b)) || a - b);
    return launches.slice(offset, offset + length).map(launch => this.row(launch));
  }

  /** Of tasks that succeeded: for each column the values below which such parts of the tasks lie. */
  quantiles(columns: readonly TaskColumn[], parts: readonly number[]): number[][] | undefined {
    const { values } = this;
    const offsets: number[] = [];
    for (let launch = this.dropped; launch < this.launched; launch++) {
      const at = this.offsetOf(launch);
      if (values[at + taskColumn.state] === 1) offsets.push(at);
    }
    if (offsets.length === 0) return undefined;
    return columns.map(name => {
      const sorted = Float64Array.from(offsets, at => values[at + taskColumn[name]]!).sort();
      return parts.map(part => sorted[Math.min(Math.floor(part * sorted.length), sorted.length - 1)]!);
    });
  }

  private row(launch: number): TaskRow {
    const at = this.offsetOf(launch);
    const row = Object.fromEntries(
      Object.entries(taskColumn).map(([name, column]) => [name, this.values[at + column]!]),
    ) as Record<TaskColumn, number>;
    return { ...row, state: states[row.state]!, locality: localities[row.locality]!, error: this.errors.get(launch) };
  }

  private offsetOf(launch: number): number {
    return (launch % this.rowsMax) * width;
  }

  private makeRoom(launch: number): number {
    const rows = this.rowsAllocated;
    if (launch < rows) return 0;
    const values = new Float64Array(Math.min(rows * 2, this.rowsMax) * width);
    values.set(this.values);
    this.values = values;
    return this.rowsAllocated - rows;
  }

  private keepError(launch: number, error: WireError): void {
    const text = error.hint === undefined ? error.message : `${error.message}\n${error.hint}`;
    this.errors.set(launch, text.slice(0, errorCharactersMax));
    if (this.errors.size <= errorsMax) return;
    for (const oldest of this.errors.keys()) {
      this.errors.delete(oldest);
      break;
    }
  }
}
