/** Ctrl-C: once cancels, whatever the functions do; twice ends the process at once. */
import { describe, expect, test, setDefaultTimeout } from "bun:test";
import { join } from "node:path";
import { expectGolden, fileAppears, start, testTimeoutMs } from "./harness.ts";

setDefaultTimeout(testTimeoutMs);

async function interrupted(job: string, signals: readonly NodeJS.Signals[]) {
  const { child, folder, outcome } = start({ job, args: ["started"], leaves: ["started"], options: ["--quiet"] });
  await fileAppears(join(folder, "started"));
  const sentMs = performance.now();
  let answered = "";
  child.stderr!.on("data", (text: string) => {
    answered += text;
    // the second signal only when the first has been seen
    if (signals.length > 1 && answered.includes("cancelling")) child.kill(signals[1]);
  });
  child.kill(signals[0]);
  return { outcome: await outcome, tookMs: performance.now() - sentMs };
}

describe("Ctrl-C", () => {
  test("cancels a function that never returns", async () => {
    expectGolden("interrupt-once", (await interrupted("loops.ts", ["SIGINT"])).outcome);
  });

  test("does so by SIGTERM too", async () => {
    expectGolden("interrupt-by-term", (await interrupted("loops.ts", ["SIGTERM"])).outcome);
  });

  test("ends a job that will not stop, after a while", async () => {
    expectGolden("interrupt-ignored", (await interrupted("ignores-cancellation.ts", ["SIGINT"])).outcome);
  });

  test("twice ends it at once", async () => {
    // one that has been cancelled is given two seconds: other work on the machine may take as long, but not each time
    let fastestMs = Infinity;
    for (let round = 0; round < 5 && fastestMs >= 1_800; round++) {
      const { outcome, tookMs } = await interrupted("ignores-cancellation.ts", ["SIGINT", "SIGINT"]);
      expectGolden("interrupt-twice", outcome);
      fastestMs = Math.min(fastestMs, tookMs);
    }
    expect(fastestMs).toBeLessThan(1_800);
  });

  test("ends a process whose main thread is blocked", async () => {
    const { child, folder, outcome } = start({
      job: "loops-on-driver.ts",
      args: ["started"],
      leaves: ["started"],
      options: ["--quiet"],
    });
    await fileAppears(join(folder, "started"));
    // the first ones may come before the engine has seen that nobody listens
    const again = setInterval(() => child.kill("SIGINT"), 250);
    const { code, signal, err } = await outcome.finally(() => clearInterval(again));
    expect({ code, signal, err }).toEqual({ code: null, signal: "SIGINT", err: "" });
  });
});
