/**
 * What a function throws is told in the same words, at the same line, whether generated code or JavaScript met the row first. All cases run in
 * test/api/native-failures.test.ts; here is what the program prints of some.
 */
import { expect, setDefaultTimeout, test } from "bun:test";
import { run, testTimeoutMs } from "./harness.ts";

setDefaultTimeout(testTimeoutMs);

const job = "native-failures.ts";
const names = ["property of null", "throw in reduceByKey", "throw after a give-up"];

for (const name of names) {
  test(name, async () => {
    const conf = (codegen: boolean) => ({ "firesteel.codegen": String(codegen), "firesteel.codegen.rowsMin": "0" });
    const [generated, plain] = await Promise.all(
      [true, false].map(codegen => run({ job, args: [name], conf: conf(codegen) })),
    );
    expect({ ...generated!, command: "" }).toEqual({ ...plain!, command: "" });
    expect(plain!.code).toBe(1);
    expect(plain!.err).toMatch(/^ +at native-failures\.ts:\d+:\d+$/m);
  });
}
