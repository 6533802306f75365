/** One partition of saveAsTextFile: rows as lines, compressed where asked for. */
import { slice } from "../data/move.ts";
import type { Action } from "../plan/action.ts";
import type { Plan } from "../plan/nodes.ts";
import { codecExtension } from "../sources/codecs.ts";
import type { SourceMetrics } from "../sources/contracts.ts";
import { type PartFile, partName } from "../sources/output-committer.ts";
import { packed } from "../sources/packed-file.ts";
import { TextPart } from "../sources/text-part.ts";
import { type Chunk, chunkLength, chunkToRows } from "./chunk.ts";
import { savePart } from "./save-part.ts";
import { drive } from "./sink.ts";
import type { TaskEnv } from "./task-env.ts";

const bufferedRows = 1024;
const bufferedChars = 1 << 20;
const operator = "saveAsTextFile";

/** The attempt, whose part is committed. */
export function runSaveText(
  { output, codec }: Extract<Action, { kind: "saveText" }>,
  plan: Plan,
  partition: number,
  env: TaskEnv,
): Promise<number> {
  return savePart(output, textPartName(partition, codec), plan, env, async (bare, metrics) => {
    const part = packed(bare, codec);
    await writeLines(part, metrics, plan, partition, env);
    return part;
  });
}

export function textPartName(partition: number, codec: "gzip" | "zstd" | undefined): string {
  return partName(partition, codec === undefined ? "" : codecExtension(codec));
}

async function writeLines(
  part: PartFile,
  metrics: SourceMetrics,
  plan: Plan,
  partition: number,
  env: TaskEnv,
): Promise<void> {
  const { kernels } = env;
  const account = env.memory.withOperator(operator);
  const text = new TextPart(part, metrics, { kernels, allocator: account });
  const unregister = account.spillable({
    name: operator,
    get usedBytes() {
      return text.usedBytes;
    },
    spill: () => text.spill(),
  });
  let buffered: unknown[] = [];
  let chars = 0;
  const flush = () => {
    text.write(buffered);
    buffered = [];
    chars = 0;
  };
  /** Strings in columns go to the file as they are, the rest as JavaScript values. */
  const write = (chunk: Chunk) => {
    let rest = chunk;
    if (chunk.kind === "batch" && chunk.batch.root.kind === "utf8") {
      const rows = text.writeColumn(chunk.batch.root);
      rest = { kind: "batch", batch: slice(chunk.batch, rows, chunk.batch.rows) };
    }
    const left = chunkLength(rest);
    if (left === 0) return;
    text.write(chunkToRows(kernels, rest));
    if (rest.kind === "rows") return;
    // drive counted all of them as the kernels'
    env.metrics.kernelRows -= left;
    env.metrics.jsRows += left;
  };
  try {
    await drive(plan, partition, env, {
      push(row) {
        if (typeof row === "string") chars += row.length;
        if (buffered.push(row) === bufferedRows || chars > bufferedChars) flush();
      },
      takeChunk(chunk) {
        flush();
        write(chunk);
      },
      settle: () => part.drain?.(),
    });
    flush();
    text.flush();
  } finally {
    unregister();
    text.close();
  }
}
