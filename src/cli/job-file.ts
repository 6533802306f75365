/** Finds the job file that the command line names. */
import { readdirSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { nearest } from "../base/nearest.ts";
import { UsageError } from "../base/usage-error.ts";

/** The job file's absolute path; a missing one is answered with the file beside it that is spelled most alike. */
export function findJobFile(named: string): string {
  const path = resolve(named);
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat?.isFile() === true) return path;
  if (stat?.isDirectory() === true) {
    const [first] = jobFilesIn(path).sort();
    const example = first === undefined ? "" : `, such as ${join(named, first)}`;
    throw new UsageError(`${named} is a folder`, { hint: `name the job's file${example}` });
  }
  if (stat !== undefined) throw new UsageError(`${named} is not a file`, { hint: "name the job's file" });
  if (/^[a-z][a-z\d]+:\/\//i.test(named))
    throw new UsageError(`the job file ${named} is not on this machine`, {
      hint: "download it first; firesteel submit --deploy-mode cluster takes http: and https: addresses",
    });
  const best = nearest(basename(path), jobFilesIn(dirname(path)));
  throw new UsageError(`the job file ${named} does not exist`, {
    hint:
      best === undefined
        ? "check the path; it is relative to the working directory"
        : `did you mean ${join(dirname(named), best)}?`,
  });
}

function jobFilesIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter(name => /\.[cm]?[jt]sx?$/.test(name));
  } catch {
    return [];
  }
}
