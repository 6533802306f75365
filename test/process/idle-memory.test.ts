/** Threads of an engine that has had nothing to do for a while give their compiled code back; jobs run on. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { run, testTimeoutMs } from "./harness.ts";

setDefaultTimeout(testTimeoutMs);

// in a process of its own: in the tests', code of files that ran before would be counted, and is not given back
test.if(process.platform === "linux")("an idle engine gives compiled code back, and works on", async () => {
  const conf = { "firesteel.executor.idleMemoryDelay": "500ms" };
  const { code, out, err } = await run({ job: "rests.ts", master: "local[4]", conf, options: ["--quiet"] });
  expect({ code, err }).toEqual({ code: 0, err: "" });
  const { busy, rested, count } = JSON.parse(out) as { busy: number; rested: number; count: number };
  expect(busy).toBeGreaterThan(0);
  expect(rested).toBeLessThan(busy * 0.8);
  expect(count).toBe(2000);
});
