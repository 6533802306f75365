/**
 * What a user reads when something cannot ship, word for word: one golden file for each job in `refusals/` and `broken/`.
 * UPDATE_GOLDENS=1 writes them anew.
 */
import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FiresteelError, formatPosition } from "../../src/base/errors.ts";
import { bundleJob } from "../../src/closure/bundle.ts";
import { runForm, stopTasks } from "./harness.ts";

const folder = import.meta.dirname;
const jobs = (of: string) =>
  readdirSync(join(folder, of))
    .filter(each => each.endsWith(".ts"))
    .sort();

function golden(name: string, text: string): void {
  const path = join(folder, "golden", name.replace(/\.ts$/, ".txt"));
  if (process.env["UPDATE_GOLDENS"] === "1") writeFileSync(path, text);
  if (!existsSync(path)) throw new Error(`${path} does not exist; UPDATE_GOLDENS=1 writes it`);
  expect(text).toBe(readFileSync(path, "utf8"));
}

function shown(thrown: unknown): string {
  if (!(thrown instanceof FiresteelError) || thrown.kind !== "user") throw thrown;
  const lines = [
    thrown.message,
    thrown.at === undefined ? "nowhere" : `at ${formatPosition(thrown.at)}`,
    `fix: ${thrown.hint ?? "none"}`,
  ];
  return `${lines.join("\n")}\n`;
}

describe("refusals", () => {
  afterAll(stopTasks);
  for (const job of jobs("refusals")) {
    test(job.replace(/\.ts$/, "").replaceAll("-", " "), async () => {
      let text: string;
      try {
        const { warnings } = await runForm(join(folder, "refusals", job));
        text = warnings.map(each => `warning: ${each}\n`).join("");
      } catch (thrown) {
        text = shown(thrown);
      }
      golden(job, text);
    });
  }
});

describe("jobs that cannot be bundled", () => {
  test("syntax error in a helper", async () => {
    const temporary = mkdtempSync(join(tmpdir(), "firesteel-"));
    writeFileSync(join(temporary, "helper.ts"), "const a = 1;\nconst b = = 2;\n");
    writeFileSync(join(temporary, "job.ts"), 'import "./helper.ts";\n');
    const thrown = await bundleJob(join(temporary, "job.ts")).catch((error: unknown) => error);
    rmSync(temporary, { recursive: true });
    golden("syntax-error", shown(thrown).replaceAll(temporary, ""));
  });
  for (const job of jobs("broken")) {
    test(job.replace(/\.ts$/, "").replaceAll("-", " "), async () => {
      const thrown = await bundleJob(join(folder, "broken", job)).then(
        () => new Error("it was bundled"),
        (error: unknown) => error,
      );
      golden(job, shown(thrown));
    });
  }
});
