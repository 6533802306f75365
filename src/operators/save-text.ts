/**
 * One partition of saveAsTextFile: a part file that is committed when the driver allows it, and counts when the attempt's success
 * does. Of attempts at the same partition one commits at a time; others wait until it has succeeded, which ends them, or failed.
 */
import type { SourceMetric } from "../sources/contracts.ts";
import { openPart } from "../sources/text-sink.ts";
import { slice } from "../data/move.ts";
import type { Action } from "../plan/action.ts";
import type { Plan } from "../plan/nodes.ts";
import { type Chunk, chunkLength, chunkToRows } from "./chunk.ts";
import { drive } from "./sink.ts";
import type { TaskEnv } from "./task-env.ts";

const bufferedRows = 1024;
const askAgainMs = 50;
const operator = "saveAsTextFile";

/** The attempt, whose file is committed. */
export async function runSaveText(
  action: Extract<Action, { kind: "saveText" }>,
  plan: Plan,
  partition: number,
  env: TaskEnv,
): Promise<number> {
  const { output } = action;
  const { kernels } = env;
  const account = env.memory.withOperator(operator);
  const metrics = { add: (metric: SourceMetric, amount: number) => env.count(metric, amount, output.path) };
  const part = openPart(output, partition, env.taskAttemptId, metrics, { kernels, allocator: account });
  const unregister = account.spillable({
    name: operator,
    get usedBytes() {
      return part.usedBytes;
    },
    spill: () => part.spill(),
  });
  let buffered: unknown[] = [];
  const flush = () => {
    part.write(buffered);
    buffered = [];
  };
  /** Strings in columns go to the file as they are, the rest as JavaScript values. */
  const write = (chunk: Chunk) => {
    let rest = chunk;
    if (chunk.kind === "batch" && chunk.batch.root.kind === "utf8") {
      const rows = part.writeColumn(chunk.batch.root);
      rest = { kind: "batch", batch: slice(chunk.batch, rows, chunk.batch.rows) };
    }
    const left = chunkLength(rest);
    if (left === 0) return;
    part.write(chunkToRows(kernels, rest));
    // drive counted all of them as the kernels'
    env.metrics.kernelRows -= left;
    env.metrics.jsRows += left;
  };
  try {
    await drive(plan, partition, env, {
      push(row) {
        if (buffered.push(row) === bufferedRows) flush();
      },
      takeChunk(chunk) {
        flush();
        write(chunk);
      },
    });
    flush();
    while (!(await env.mayCommit())) {
      env.checkpoint(plan);
      await new Promise(resolve => setTimeout(resolve, askAgainMs));
    }
    part.commit();
    return env.taskAttemptId;
  } catch (error) {
    part.abort();
    throw error;
  } finally {
    unregister();
  }
}
