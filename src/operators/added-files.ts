/**
 * Where the application's files are in this thread: those of `ctx.addFile` and `firesteel.files`. Spark's SparkFiles. Set once when the
 * thread, or the driver's Context, starts.
 */
import { existsSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { FiresteelError } from "../base/errors.ts";
import { nearest } from "../base/nearest.ts";
import { callSite } from "../closure/stack.ts";
import { preview } from "./row-errors.ts";

export interface FilesPlace {
  readonly folder: string;
  /** Files that are read where they are: in local mode, and on the driver, those of `firesteel.files`. */
  readonly others: readonly string[];
  /** Names of files there, for a hint; undefined where nobody keeps account. */
  readonly names?: () => readonly string[];
}

let place: FilesPlace | undefined;

export function setFilesPlace(given: FilesPlace | undefined): void {
  place = given;
}

/** Files that the application has sent along. */
export const FiresteelFiles = {
  /**
   * The path of a file here, on the driver or in a task, by the name under which `ctx.addFile` or `--files` sent it: its own, or
   * `folder/name` below a folder that was added.
   * @throws when no such file was added
   * @example
   * ```ts
   * await ctx.parallelize(["a"], 1).saveAsTextFile("stopwords");
   * await ctx.addFile("stopwords/part-00000");
   * await ctx.range(1).map(() => FiresteelFiles.get("part-00000").endsWith("/part-00000")).first() // => true
   * ```
   */
  get(name: string): string {
    const { folder, others, names } = here();
    if (typeof name !== "string")
      throw new FiresteelError("user", `FiresteelFiles.get needs a file's name, but got ${preview(name)}`, {
        hint: "it is the last part of the path that was added",
        at: callSite(),
        isPermanent: true,
      });
    const path = join(folder, name);
    if (!name.split("/").includes("..") && existsSync(path)) return path;
    const other = others.find(each => basename(each) === name);
    if (other !== undefined) return resolve(other);
    const best = nearest(name, [...(names?.() ?? []), ...others.map(each => basename(each))]);
    throw new FiresteelError("user", `no file ${JSON.stringify(name)} was added to this application`, {
      hint: best === undefined ? "await ctx.addFile(path) before the job that reads it" : `did you mean ${best}?`,
      at: callSite(),
      isPermanent: true,
    });
  },

  /**
   * The folder that they are in, here: each executor has its own.
   * @example
   * ```ts
   * FiresteelFiles.getRootDirectory().length > 0 // => true
   * ```
   */
  getRootDirectory(): string {
    return here().folder;
  },
} as const;

function here(): FilesPlace {
  if (place !== undefined) return place;
  throw new FiresteelError("user", "FiresteelFiles was used while no Context is active", {
    hint: "use it after Context.create, or inside a function given to an operator",
    at: callSite(),
  });
}
