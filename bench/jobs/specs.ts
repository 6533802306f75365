/** The jobs that are timed, each a file of this folder with a script and, for most, a C program beside it. */
import { recordBytes } from "./records.ts";

export interface Sizes {
  /** Of the jobs over ranges; the others are in proportion. */
  readonly rows: number;
  readonly textBytes: number;
  readonly sortBytes: number;
}

export interface JobSpec {
  readonly name: string;
  /** What it does, at a size. */
  title(sizes: Sizes): string;
  /**
   * `server`: one process that runs again and again, timed warm from within. `process`: from start to exit. See contender.ts.
   */
  readonly timed: "server" | "process";
  /** The first argument of all three: how many. */
  count(sizes: Sizes): number;
  readonly hasC: boolean;
  readonly input?: "text" | "records";
}

export const fullSizes: Sizes = { rows: 10_000_000, textBytes: 200e6, sortBytes: 200e6 };
/** Small enough for every change, large enough that ratios mean something. */
export const quickSizes: Sizes = { rows: 4_000_000, textBytes: 50e6, sortBytes: 30e6 };

const all = ({ rows }: Sizes) => rows;
const tenth = ({ rows }: Sizes) => Math.ceil(rows / 10);
const fiftieth = ({ rows }: Sizes) => Math.ceil(rows / 50);
const thousandth = ({ rows }: Sizes) => Math.ceil(rows / 1000);

export const jobSpecs: readonly JobSpec[] = [
  {
    ...{ name: "word-count", timed: "process", hasC: true, input: "text", count: sizes => sizes.textBytes },
    title: sizes => `word count, ${showBytes(sizes.textBytes)} of text`,
  },
  {
    ...{ name: "map-filter-sum", timed: "server", hasC: true, count: all },
    title: sizes => `range, map, filter, sum: ${showCount(sizes.rows)} numbers`,
  },
  {
    ...{ name: "filter-sum", timed: "server", hasC: true, count: all },
    title: sizes => `filter and sum over 4 cached columns, ${showCount(sizes.rows)} rows`,
  },
  {
    ...{ name: "reduce-by-key", timed: "server", hasC: true, count: all },
    title: sizes => `reduceByKey, ${showCount(sizes.rows)} rows to at most 1 M keys`,
  },
  {
    ...{ name: "group-by-key", timed: "server", hasC: true, count: all },
    title: sizes => `groupByKey, ${showCount(sizes.rows)} rows to at most 1 M keys`,
  },
  {
    ...{ name: "sort-by-key", timed: "server", hasC: true, count: all },
    title: sizes => `sortByKey, ${showCount(sizes.rows)} rows`,
  },
  {
    ...{ name: "join", timed: "server", hasC: true, count: tenth },
    title: sizes => `join, ${showCount(tenth(sizes))} × ${showCount(tenth(sizes))} rows`,
  },
  {
    ...{ name: "page-rank", timed: "server", hasC: true, count: fiftieth },
    title: sizes => `page rank, ${showCount(fiftieth(sizes))} nodes × 3, 10 rounds, cached`,
  },
  {
    ...{ name: "k-means", timed: "server", hasC: true, count: tenth },
    title: sizes => `k-means, ${showCount(tenth(sizes))} × 8, k = 8, 10 rounds, cached`,
  },
  {
    ...{ name: "tera-sort", timed: "process", hasC: false, input: "records" },
    count: sizes => Math.ceil(sizes.sortBytes / recordBytes),
    title: sizes => `tera-sort, ${showBytes(sizes.sortBytes)} in 256 MB of engine memory`,
  },
  {
    ...{ name: "empty-tasks", timed: "server", hasC: false, count: thousandth },
    title: sizes => `${showCount(thousandth(sizes))} empty tasks`,
  },
];

function showCount(count: number): string {
  if (count >= 1e6) return `${Number((count / 1e6).toFixed(1))} M`;
  return count >= 1e4 ? `${Number((count / 1e3).toFixed(0))} k` : String(count);
}

function showBytes(bytes: number): string {
  return bytes >= 1e9 ? `${Number((bytes / 1e9).toFixed(1))} GB` : `${Number((bytes / 1e6).toFixed(1))} MB`;
}
