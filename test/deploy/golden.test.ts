/** Golden transcripts of the machines: UPDATE_GOLDENS=1 writes what they answer now, for review. */
import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ApplicationScript } from "./application-script.ts";
import { MasterScript } from "./master-script.ts";
import { replayLines } from "./script-line.ts";
import { WorkerScript } from "./worker-script.ts";

const machines: Readonly<Record<string, () => { command(line: string): readonly string[] }>> = {
  master: () => new MasterScript(),
  worker: () => new WorkerScript(),
  application: () => new ApplicationScript(),
};

for (const [machine, make] of Object.entries(machines)) {
  const folder = join(import.meta.dirname, "golden", machine);
  describe(`golden: ${machine}`, () => {
    for (const file of readdirSync(folder).sort()) {
      test(file, () => {
        const path = join(folder, file);
        const script = readFileSync(path, "utf8");
        const run = make();
        const transcript = replayLines(script, line => run.command(line));
        if (process.env["UPDATE_GOLDENS"] === "1") writeFileSync(path, transcript);
        else expect(transcript).toBe(script);
      });
    }
  });
}
