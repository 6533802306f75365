/** `firesteel bundle job.ts -o out.js`: the job with its modules and packages as one file, for machines without them. */
import { writeFileSync } from "node:fs";
import { asUsageError, UsageError } from "../base/usage-error.ts";
import { systemReason, writeHint } from "../base/system-errors.ts";
import type { Invocation } from "./command-line.ts";
import { findJobFile } from "./job-file.ts";

export async function bundle(invocation: Invocation): Promise<number> {
  const output = invocation.options.get("output")?.[0];
  if (output === undefined) throw new UsageError("bundle needs to know where to write", { hint: "add -o out.js" });
  const jobFile = findJobFile(invocation.operands[0]!);
  const { bundleJob, bundleText } = await import("../closure/bundle.ts");
  const job = await bundleJob(jobFile).catch((error: unknown) => {
    throw asUsageError(error);
  });
  try {
    writeFileSync(output, bundleText(job));
  } catch (error) {
    throw new UsageError(`${output} cannot be written: ${systemReason(error)}`, { hint: writeHint(error) });
  }
  return 0;
}
