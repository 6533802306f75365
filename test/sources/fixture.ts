/** Kernel memory, metrics and temporary files for the tests of sources. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FiresteelError } from "../../src/base/errors.ts";
import { readBatch } from "../../src/data/batch-reader.ts";
import { BumpAllocator } from "../../src/kernel/allocator.ts";
import { compileKernels, createKernelMemory, instantiateKernels } from "../../src/kernel/kernels.ts";
import type { RowSource, SourceEnv, SourceMetric, Words } from "../../src/sources/contracts.ts";

export interface TestEnv extends SourceEnv {
  readonly counts: Record<SourceMetric, number>;
}

const module = compileKernels();
const memory = createKernelMemory(1 << 30);
const kernels = instantiateKernels(memory, module);

/** A fresh environment over one shared memory; `limitBytes` is all that may be allocated, freed or not. */
export function testEnv(limitBytes = 1 << 29): TestEnv {
  const counts = { bytesRead: 0, rowsRead: 0, invalidUtf8: 0, rowsDropped: 0, bytesWritten: 0, rowsWritten: 0 };
  return {
    kernels,
    allocator: new BumpAllocator(65536, 65536 + limitBytes),
    counts,
    metrics: { add: (metric, amount) => void (counts[metric] += amount) },
  };
}

export async function allRows<T>(source: RowSource<T>): Promise<T[]> {
  const rows: T[] = [];
  try {
    for (;;) {
      const pulled = source.nextChunk();
      const chunk = pulled instanceof Promise ? await pulled : pulled;
      if (chunk === undefined) return rows;
      for (const row of chunk) rows.push(row);
    }
  } finally {
    source.close();
  }
}

export interface TemporaryFolder extends Disposable {
  readonly path: string;
  /** Writes a file and returns its path. */
  file(name: string, content: string | Uint8Array): string;
}

export function temporaryFolder(): TemporaryFolder {
  const path = mkdtempSync(join(tmpdir(), "firesteel-sources-"));
  return {
    path,
    file(name, content) {
      const file = join(path, name);
      writeFileSync(file, content);
      return file;
    },
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}

/** The rows of batches, read back. */
export async function allBatchedRows(source: RowSource, env: SourceEnv): Promise<unknown[]> {
  const rows: unknown[] = [];
  try {
    for (;;) {
      const pulled = source.nextBatch!();
      const batch = pulled instanceof Promise ? await pulled : pulled;
      if (batch === undefined) return rows;
      for (const row of readBatch(env.kernels, batch).toArray()) rows.push(row);
    }
  } finally {
    source.close();
  }
}

/** Strings that come as spans: lines, or with a separator their words, and how many lines these are. */
export async function allSpans(
  source: RowSource,
  env: SourceEnv,
  separator?: string,
): Promise<{ readonly rows: unknown[]; readonly lines: number }> {
  const rows: unknown[] = [];
  let lines = 0;
  const next = () => (separator === undefined ? source.nextSpans!() : source.nextWords!(separator.charCodeAt(0)));
  try {
    for (let batch = await next(); batch !== undefined; batch = await next()) {
      if (batch.root.kind !== "spans") throw new Error(`a column of ${batch.root.kind}`);
      rows.push(...readBatch(env.kernels, batch).toArray());
      lines += "lines" in batch ? (batch as Words).lines : batch.rows;
    }
  } finally {
    source.close();
  }
  return { rows, lines };
}

/** The same rows by way of batches of one utf8 column. */
export async function allBatchedLines(source: RowSource, env: SourceEnv): Promise<string[]> {
  const rows: string[] = [];
  try {
    for (;;) {
      const pulled = source.nextBatch!();
      const batch = pulled instanceof Promise ? await pulled : pulled;
      if (batch === undefined) return rows;
      const { root } = batch;
      if (root.kind !== "utf8") throw new Error(`a column of ${root.kind}`);
      for (let i = 0; i < batch.rows; i++) {
        const from = env.kernels.i32[(root.offsets >>> 2) + i]!;
        const to = env.kernels.i32[(root.offsets >>> 2) + i + 1]!;
        rows.push(Buffer.from(env.kernels.u8.slice(root.bytes + from, root.bytes + to)).toString());
      }
    }
  } finally {
    source.close();
  }
}

/** The error that a promise rejects with. */
export async function failure(promise: Promise<unknown>): Promise<FiresteelError> {
  try {
    await promise;
  } catch (thrown) {
    if (thrown instanceof FiresteelError) return thrown;
    throw thrown;
  }
  throw new Error("nothing failed");
}

/** An error's message with FILE for the path and the byte alone for the place, whose line and column are checked against the content. */
export function placedByByte(error: FiresteelError, path: string, content: string | Uint8Array): string {
  return error.message
    .replace(path, "FILE")
    .replace(/line (\d+), column (\d+) \(byte (\d+)\)/, (_, line, column, byte) => {
      const before = Buffer.from(content)
        .subarray(0, Number(byte))
        .toString("utf8")
        .replace(/^\ufeff/, "");
      const lines = before.split("\n");
      if (Number(line) !== lines.length || Number(column) !== lines.at(-1)!.length + 1)
        throw new Error(`byte ${byte} is in line ${lines.length}, not at line ${line}, column ${column}`);
      return `byte ${byte}`;
    });
}
