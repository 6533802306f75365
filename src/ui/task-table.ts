/**
 * Tasks of one stage attempt, the latest so many, as numbers side by side: a task costs a row of 128 bytes and no object of its own, and
 * nothing is counted until someone looks. Rows are in order of launch.
 */
import type { WireError } from "../base/errors.ts";
import type { TaskAttemptId } from "../base/ids.ts";
import type { TaskEnd, TaskRun } from "../exec/observer.ts";

/** Where what stands in a row. */
export const taskColumn = {
  attempt: 0,
  attemptNumber: 1,
  partition: 2,
  executor: 3,
  launchedMs: 4,
  endedMs: 5,
  runMs: 6,
  rowsIn: 7,
  rowsOut: 8,
  kernelRows: 9,
  jsRows: 10,
  shuffleReadBytes: 11,
  shuffleWriteBytes: 12,
  spilledBytes: 13,
  peakMemoryBytes: 14,
  state: 15,
} as const;

export type TaskColumn = keyof typeof taskColumn;
export type TaskState = "running" | "success" | "failed" | "killed";
export type TaskRow = Readonly<Record<Exclude<TaskColumn, "state">, number>> & {
  readonly state: TaskState;
  readonly error: string | undefined;
};

const states: readonly TaskState[] = ["running", "success", "failed", "killed"];
const width = 16;
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
  started({ attempt, attemptNumber, task, executor, launchedMs }: TaskRun): number {
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
    values[at + taskColumn.rowsIn] = metrics.rowsIn;
    values[at + taskColumn.rowsOut] = metrics.rowsOut;
    values[at + taskColumn.kernelRows] = metrics.kernelRows;
    values[at + taskColumn.jsRows] = metrics.jsRows;
    values[at + taskColumn.shuffleReadBytes] = metrics.shuffleReadBytes;
    values[at + taskColumn.shuffleWriteBytes] = metrics.shuffleWriteBytes;
    values[at + taskColumn.spilledBytes] = metrics.spilledBytes;
    values[at + taskColumn.peakMemoryBytes] = metrics.peakMemoryBytes;
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
    return { ...row, state: states[row.state]!, error: this.errors.get(launch) };
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
