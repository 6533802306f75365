/**
 * One partition of saveAsObjectFile, or of a checkpoint: rows as batches that follow from the rows alone (saved-batches.ts), so that
 * equal rows give equal files. Instances of the job's own classes are refused: an object file outlives the job, and the next one's
 * classes are others; a checkpoint does not.
 */
import { existsSync } from "node:fs";
import { hostname } from "node:os";
import { FiresteelError } from "../base/errors.ts";
import { readBatch } from "../data/batch-reader.ts";
import { classOf } from "../data/classes.ts";
import type { Batch } from "../data/column.ts";
import type { ColumnType } from "../data/schema.ts";
import { typeOf } from "../data/type-of.ts";
import { instancesEncoded } from "../data/value-encoder.ts";
import type { Kernels } from "../kernel/kernels.ts";
import type { Action } from "../plan/action.ts";
import type { Plan } from "../plan/nodes.ts";
import { remoteSchemeOf } from "../sources/file-schemes.ts";
import { ObjectPart } from "../sources/object-part.ts";
import { partName } from "../sources/output-committer.ts";
import { chunkToRows } from "./chunk.ts";
import { savePart } from "./save-part.ts";
import { SavedBatches } from "./saved-batches.ts";
import { drive } from "./sink.ts";
import type { TaskEnv } from "./task-env.ts";

const operator = "saveAsObjectFile";
const importedClass = "import ";

/** The attempt, whose part is committed. */
export async function runSaveObjects(
  { output, isCheckpoint = false }: Extract<Action, { kind: "saveObjects" }>,
  plan: Plan,
  partition: number,
  env: TaskEnv,
): Promise<number> {
  const { kernels } = env;
  if (isCheckpoint) checkShared(output.path);
  return savePart(output, partName(partition), plan, env, async (file, metrics) => {
    const part = new ObjectPart(file, metrics);
    let instances = instancesEncoded();
    const rows = new SavedBatches(kernels, env.memory.withOperator(operator), (memory, batch) => {
      // to read a batch of rows of many kinds again costs as much as to write it
      if (!isCheckpoint && instances !== (instances = instancesEncoded())) refuseInstances(batch, memory);
      part.append(memory, batch);
    });
    try {
      await drive(plan, partition, env, {
        push: row => rows.push(row),
        takeChunk(chunk) {
          const { kind } = chunk;
          const values = chunkToRows(kernels, chunk);
          for (let i = 0; i < values.length; i++) rows.push(values[i]);
          if (kind === "rows") return;
          // drive counted them as the kernels'
          env.metrics.kernelRows -= values.length;
          env.metrics.jsRows += values.length;
        },
        settle() {
          rows.settle();
          return file.drain?.();
        },
      });
      rows.flush();
      part.finish();
      return file;
    } finally {
      rows.free();
    }
  });
}

/** The driver has made the folder: a machine that does not see it has another disk there. */
function checkShared(path: string): void {
  if (remoteSchemeOf(path, "write to") !== undefined || existsSync(path)) return;
  throw new FiresteelError(
    "user",
    `the checkpoint directory is not shared: ${path}, which the driver made, is not there on ${hostname()}`,
    {
      hint: "give setCheckpointDir a folder that is mounted on every machine, or an address as s3: or hdfs:",
    },
  );
}

/** Only encoded values can hold instances. */
function refuseInstances(batch: Batch, kernels: Kernels): void {
  if (!holdsAny(typeOf(batch.root))) return;
  for (const row of readBatch(kernels, batch).toArray()) {
    const found = instanceIn(row);
    if (found === undefined) continue;
    throw new FiresteelError(
      "user",
      `a row holds an instance of the job's class ${found}, which no other job would read as one`,
      {
        hint: "save plain values, for example map(row => ({ ...row })), and make instances of what is read",
        isPermanent: true,
      },
    );
  }
}

function holdsAny(type: ColumnType): boolean {
  switch (type.kind) {
    case "any":
      return true;
    case "struct":
      return type.fields.some(holdsAny);
    case "list":
    case "optional":
      return holdsAny(type.item);
    case "dictionary":
      return holdsAny(type.values);
    default:
      return false;
  }
}

/** The name of the first class of the job in a value; values have no cycles here. */
function instanceIn(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return undefined;
  const shippable = classOf(value);
  if (shippable !== undefined && !shippable.id.startsWith(importedClass)) return value.constructor.name;
  const parts = value instanceof Map ? [...value].flat() : value instanceof Set ? [...value] : Object.values(value);
  for (const part of parts) {
    const found = instanceIn(part);
    if (found !== undefined) return found;
  }
  return undefined;
}
