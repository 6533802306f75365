/**
 * One partition of a save: a part that is committed when the driver allows it, and counts when the attempt's success does. Of attempts
 * at the same partition one commits at a time; others wait until it has succeeded, which ends them, or failed.
 */
import type { Plan } from "../plan/nodes.ts";
import type { SourceMetric, SourceMetrics } from "../sources/contracts.ts";
import { fileSettings } from "../sources/file-settings.ts";
import { committerOf, type OutputDirectory, type PartFile } from "../sources/output-committer.ts";
import type { TaskEnv } from "./task-env.ts";

const askAgainMs = 50;

/** Has `writeRows` write the part; gives the attempt, whose part is committed. */
export async function savePart(
  output: OutputDirectory,
  file: string,
  plan: Plan,
  env: TaskEnv,
  writeRows: (part: PartFile, metrics: SourceMetrics) => Promise<PartFile>,
): Promise<number> {
  const metrics = { add: (metric: SourceMetric, amount: number) => env.count(metric, amount, output.path) };
  const bare = await committerOf(output.path, () => fileSettings(key => env.setting(key))).openPart(
    output,
    file,
    env.taskAttemptId,
    metrics,
  );
  try {
    const part = await writeRows(bare, metrics);
    while (!(await env.mayCommit())) {
      env.checkpoint(plan);
      await new Promise(resolve => setTimeout(resolve, askAgainMs));
    }
    await part.commit();
    return env.taskAttemptId;
  } catch (error) {
    await bare.abort();
    throw error;
  }
}
