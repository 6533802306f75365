/**
 * The same bytes at any memory: jobs × engine memory × threads, and a local cluster, each job in a process of its own. Every
 * process must give the same sha256, spill where memory is small, account for no more than it was given, and hold no more than
 * that and what a runtime with its threads takes.
 */
import { openChild } from "../child.ts";
import { firesteelCommand } from "../programs.ts";
import type { Scratch } from "../scratch.ts";

const MiB = 2 ** 20;

export const matrixJobs = [
  "aggregateByKey",
  "groupByKey",
  "join",
  "cogroup",
  "sortByKey",
  "distinct",
  "reduceByKey of strings",
  "skewed key",
  "floats summed",
  "nested objects",
  "cached and used again",
  "saved as text",
  "saved as gzipped text",
  "saved as object file",
] as const;

export interface Place {
  readonly master: string;
  /** Of one process. */
  readonly memoryMb: number;
  /** Whether every job must spill. */
  readonly spills: boolean;
  readonly conf?: Readonly<Record<string, string>>;
}

export interface MatrixOptions {
  /** 1: jobs of about 60 MB. */
  readonly scale: number;
  readonly partitions: number;
  readonly places: readonly Place[];
  readonly jobs: readonly string[];
  /** What a process may hold beyond its engine memory. */
  readonly residentBytesMax: number;
  /** Whether all jobs of a place run in one process. */
  readonly isShared: boolean;
}

export interface Cell {
  readonly job: string;
  readonly place: Place;
  readonly sha256: string;
  readonly seconds: number;
  readonly spilledBytes: number;
  /** The most that a task accounted for. */
  readonly peakBytes: number;
  /** The most that any process held. */
  readonly residentBytes: number;
}

const partitions = 4;
const ample: Place = { master: "local[2]", memoryMb: 2048, spills: false };

export const fullMatrix: MatrixOptions = {
  scale: 1,
  partitions,
  places: [
    ample,
    ...[32, 64, 256].flatMap(memoryMb =>
      [1, 2, 4].map(threads => ({ master: `local[${threads}]`, memoryMb, spills: memoryMb <= 32 })),
    ),
    { master: "local[1]", memoryMb: 2048, spills: false },
    { master: "local[4]", memoryMb: 2048, spills: false },
    { master: "local-cluster[2,1,32]", memoryMb: 32, spills: false },
    { master: "local[2]", memoryMb: 32, spills: true, conf: { "firesteel.io.encryption": "true" } },
  ],
  jobs: matrixJobs,
  residentBytesMax: 200 * MiB,
  isShared: false,
};

/** Small enough for every change: memory as little as there can be, for jobs that do not fit it. */
export const quickMatrix: MatrixOptions = {
  ...fullMatrix,
  scale: 0.25,
  places: [
    { ...ample, memoryMb: 512 },
    { master: "local[2]", memoryMb: 16, spills: true },
    { master: "local[4]", memoryMb: 32, spills: false },
    { master: "local-cluster[2,1,32]", memoryMb: 32, spills: false },
  ],
  // a process that did fourteen jobs keeps their code, and four threads a heap each
  residentBytesMax: 450 * MiB,
  isShared: true,
};

export function placeName({ master, memoryMb, conf }: Place): string {
  return `${master}, ${memoryMb} MB${conf === undefined ? "" : ", encrypted"}`;
}

/** Runs all cells; `found` is told each as it is there. */
export async function runMatrix(
  scratch: Scratch,
  options: MatrixOptions,
  found: (cell: Cell) => void = () => {},
): Promise<readonly Cell[]> {
  const cells: Cell[] = [];
  for (const place of options.places) {
    const groups = options.isShared ? [options.jobs] : options.jobs.map(job => [job]);
    for (const jobs of groups) {
      for (const cell of await runJobs(scratch, options, place, jobs)) {
        cells.push(cell);
        found(cell);
      }
    }
  }
  return cells;
}

/** What is wrong, as sentences; none when all holds. Cells are compared with the first of their job. */
export function wrongCells(cells: readonly Cell[], options: MatrixOptions): string[] {
  const first = new Map<string, Cell>();
  return cells.flatMap(cell => {
    const { job, place, sha256, spilledBytes, peakBytes, residentBytes } = cell;
    const like = first.get(job) ?? cell;
    first.set(job, like);
    const memoryBytes = place.memoryMb * MiB;
    const at = `${job}, ${placeName(place)}`;
    const wrong: string[] = [];
    if (sha256 !== like.sha256) wrong.push(`${at}: other bytes than ${placeName(like.place)}`);
    if (place.spills && spilledBytes === 0) wrong.push(`${at}: nothing was spilled`);
    if (peakBytes === 0 || peakBytes > memoryBytes) wrong.push(`${at}: a task accounted for ${peakBytes} bytes`);
    if (place.memoryMb <= 256 && residentBytes > memoryBytes + options.residentBytesMax)
      wrong.push(`${at}: a process held ${(residentBytes / MiB).toFixed(0)} MB`);
    return wrong;
  });
}

export function matrixHeading(): string {
  return `${"job".padEnd(24)}${"place".padEnd(38)}${"sha256".padEnd(18)}${"time".padStart(8)}${"spilled".padStart(10)}${"a task".padStart(9)}${"resident".padStart(10)}`;
}

export function cellLine({ job, place, sha256, seconds, spilledBytes, peakBytes, residentBytes }: Cell): string {
  const mb = (bytes: number) => `${(bytes / MiB).toFixed(0)} MB`;
  const figures = `${seconds.toFixed(2)} s`.padStart(8) + mb(spilledBytes).padStart(10) + mb(peakBytes).padStart(9);
  return `${job.padEnd(24)}${placeName(place).padEnd(38)}${sha256.slice(0, 16).padEnd(18)}${figures}${mb(residentBytes).padStart(10)}`;
}

async function runJobs(
  scratch: Scratch,
  { scale, partitions }: MatrixOptions,
  place: Place,
  jobs: readonly string[],
): Promise<readonly Cell[]> {
  const conf: Record<string, string> = {
    "firesteel.ui.enabled": "true",
    "firesteel.ui.port": "0",
    ...(place.master.startsWith("local-cluster") ? {} : { "firesteel.executor.memory": `${place.memoryMb}m` }),
    ...place.conf,
  };
  const command = firesteelCommand(scratch, [
    ...["run", "--quiet", "--master", place.master],
    ...Object.entries(conf).map(([key, value]) => `--conf=${key}=${value}`),
    ...[scratch.source("memory/matrix-jobs.ts"), String(scale), String(partitions), jobs.join(",")],
  ]);
  const child = openChild(command, "ignore");
  const lines = (await child.end()).output.trim().split("\n");
  const { residentBytes } = JSON.parse(lines.pop()!) as { readonly residentBytes: readonly number[] };
  // a driver of a cluster holds no engine memory
  const processes = residentBytes.length > 1 ? residentBytes.slice(1) : residentBytes;
  return lines.map(line => {
    const { name, ...figures } = JSON.parse(line) as Omit<Cell, "job" | "place" | "residentBytes"> & { name: string };
    return { job: name, place, ...figures, residentBytes: Math.max(...processes) };
  });
}
