/** Golden transcripts of both schedulers: UPDATE_GOLDENS=1 writes what they answer now, for review. */
import { expect, test } from "bun:test";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { replay } from "./script.ts";

const folder = join(import.meta.dirname, "golden");

for (const file of readdirSync(folder).sort()) {
  test(`golden: ${file}`, () => {
    const path = join(folder, file);
    const script = readFileSync(path, "utf8");
    const transcript = replay(script);
    if (process.env["UPDATE_GOLDENS"] === "1") writeFileSync(path, transcript);
    else expect(transcript).toBe(script);
  });
}
