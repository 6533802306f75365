/** Every form in which a user may write a function, each in a file of its own that runs as a job does. */
import { afterAll, describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { runForm, stopTasks } from "./harness.ts";

const folder = join(import.meta.dirname, "forms");

describe("forms", () => {
  afterAll(stopTasks);
  for (const file of readdirSync(folder)
    .filter(each => each.endsWith(".ts"))
    .sort()) {
    test(file.replace(/\.ts$/, "").replaceAll("-", " "), async () => {
      const { found } = await runForm(join(folder, file));
      expect(found.length).toBeGreaterThan(0);
      for (const [actual, expected] of found) expect(actual).toEqual(expected);
    });
  }
});
