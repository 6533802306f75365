/** Batches as an object file: each as one block with its checksum; at the end where they are. */
import type { Batch } from "../data/column.ts";
import { sealOnHeap } from "../data/heap-block.ts";
import type { Kernels } from "../kernel/kernels.ts";
import type { SourceMetrics } from "./contracts.ts";
import { batchHeader, fileEnd, fileHeader } from "./object-format.ts";
import type { PartFile } from "./output-committer.ts";

export class ObjectPart {
  private readonly offsets: number[] = [];
  private at = 0;

  constructor(
    private readonly file: PartFile,
    private readonly metrics: SourceMetrics,
  ) {
    this.write(fileHeader());
  }

  /** `kernels` is where the batch is. */
  append(kernels: Kernels, batch: Batch): void {
    const block = sealOnHeap(kernels, batch);
    this.offsets.push(this.at);
    this.write(batchHeader(block));
    this.write(block);
    this.metrics.add("rowsWritten", batch.rows);
  }

  /** All batches are with the file: says where. */
  finish(): void {
    this.write(fileEnd(this.offsets, this.at));
  }

  private write(bytes: Uint8Array): void {
    this.file.write(bytes);
    this.at += bytes.length;
  }
}
