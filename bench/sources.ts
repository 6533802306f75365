/**
 * The texts of the C programs, jobs and scripts. Called as a macro, so that the compiled binary holds them: it has no source tree
 * to read them from.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const folders = ["native", "native/jobs", "jobs", "spark"];

/** By path from bench/: "native/jobs/join.c". */
export function readSources(): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const folder of folders) {
    for (const entry of readdirSync(join(import.meta.dirname, folder), { withFileTypes: true })) {
      if (!entry.isFile()) continue;
      texts[`${folder}/${entry.name}`] = readFileSync(join(import.meta.dirname, folder, entry.name), "utf8");
    }
  }
  return texts;
}
