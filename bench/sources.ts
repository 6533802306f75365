/**
 * The texts of the C programs, jobs and scripts. Called as a macro, so that the compiled binary holds them: it has no source tree
 * to read them from.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const folders = ["native", "native/jobs", "jobs", "memory", "spark"];

/** By path from bench/: "native/jobs/join.c". */
export function readSources(): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const folder of folders) {
    const entries = readdirSync(join(import.meta.dirname, folder), { withFileTypes: true });
    const names = entries.filter(entry => entry.isFile()).map(entry => entry.name);
    for (const name of names.filter(each => isWanted(folder, each, names)))
      texts[`${folder}/${name}`] = readFileSync(join(import.meta.dirname, folder, name), "utf8");
  }
  return texts;
}

function isWanted(folder: string, name: string, names: readonly string[]): boolean {
  if (folder === "memory") return name.endsWith("-jobs.ts");
  return folder !== "jobs" || isPartOfJob(name, names);
}

/** Jobs have a script beside them. */
function isPartOfJob(name: string, names: readonly string[]): boolean {
  return name === "timed.ts" || name.endsWith("-script.ts") || names.includes(name.replace(/\.ts$/, "-script.ts"));
}
