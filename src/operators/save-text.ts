/** One partition of saveAsTextFile: a part file that counts once, when its attempt commits first. */
import type { SourceMetric } from "../sources/contracts.ts";
import { openPart } from "../sources/text-sink.ts";
import type { Action } from "../plan/action.ts";
import type { Plan } from "../plan/nodes.ts";
import { chunkToRows } from "./chunk.ts";
import { drive } from "./sink.ts";
import type { TaskEnv } from "./task-env.ts";

const bufferedRows = 1024;

export async function runSaveText(
  action: Extract<Action, { kind: "saveText" }>,
  plan: Plan,
  partition: number,
  env: TaskEnv,
): Promise<void> {
  const { output } = action;
  const part = openPart(output, partition, env.taskAttemptId, {
    add: (metric: SourceMetric, amount: number) => env.count(metric, amount, output.path),
  });
  let buffered: unknown[] = [];
  const flush = () => {
    part.write(buffered);
    buffered = [];
  };
  try {
    await drive(plan, partition, env, {
      push(row) {
        if (buffered.push(row) === bufferedRows) flush();
      },
      takeChunk(chunk) {
        flush();
        part.write(chunkToRows(env.kernels, chunk));
      },
    });
    flush();
    part.commit();
  } catch (error) {
    part.abort();
    throw error;
  }
}
