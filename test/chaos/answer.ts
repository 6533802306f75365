/** What a job gave: a hash of all that it printed, but for its words on how far it is, and of every file that it saved. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

const progress = /^at (.+)\n/gm;

export function answerOf(out: string, folder: string): string {
  const hash = createHash("sha256").update(out.replace(progress, ""));
  const saved = join(folder, "out");
  const files = existsSync(saved) ? readdirSync(saved, { recursive: true }).map(String).sort() : [];
  for (const file of files) {
    const path = join(saved, file);
    hash.update(`\0${file}\0`);
    if (statSync(path).isFile()) hash.update(readFileSync(path));
  }
  return hash.digest("hex");
}

/** The words that a job has said so far. */
export function wordsOf(out: string): string[] {
  return [...out.matchAll(progress)].map(([, word]) => word!);
}
