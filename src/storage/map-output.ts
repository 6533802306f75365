/**
 * A map output as plain data: for each reduce partition a sequence of blocks, in memory or in a spill file. Columns of numbers
 * rather than objects, because a shuffle of 1,000 × 1,000 partitions has a million blocks to tell of.
 */
import type { ExchangeId } from "../base/ids.ts";
import { asPtr, type Ptr } from "../kernel/ptr.ts";
import type { Segment } from "./spill-file.ts";

export interface MapOutput {
  readonly exchange: ExchangeId;
  readonly mapPartition: number;
  /** Blocks first[r] … first[r + 1] − 1 belong to reduce partition r. */
  readonly first: Uint32Array;
  /** Plain bytes of each block. */
  readonly bytes: Uint32Array;
  /** Address of each block; 0 when it is in the file. */
  readonly ptr: Uint32Array;
  /** crc32 of each block's plain bytes. */
  readonly crc: Uint32Array;
  /** Runs of pages that the exchange owns for this output: page, count, page, count … */
  readonly runs: Uint32Array;
  readonly spilled: SpilledBlocks | undefined;
  /** Of all blocks in order: names this computation among others of the same rows, whose blocks may begin elsewhere. */
  readonly checksum: number;
  /** Of all rows in order, however they lie in blocks: a second computation of the same rows gives the same. */
  readonly rowsChecksum: number;
}

/** Where the blocks with address 0 are; indexed as the output's blocks. */
export interface SpilledBlocks {
  readonly files: readonly string[];
  /** Which of the files. */
  readonly fileOf: Uint16Array;
  readonly offset: Float64Array;
  readonly length: Uint32Array;
}

/** One block of an output. */
export type MapBlock = { readonly ptr: Ptr; readonly bytes: number } | { readonly segment: Segment };

export function reducePartitions(output: MapOutput): number {
  return output.first.length - 1;
}

/** Plain bytes for a reduce partition. */
export function outputBytes(output: MapOutput, reducePartition: number): number {
  let total = 0;
  for (let i = output.first[reducePartition]!; i < output.first[reducePartition + 1]!; i++) total += output.bytes[i]!;
  return total;
}

export function* outputBlocks(output: MapOutput, reducePartition: number): Generator<MapBlock> {
  for (let i = output.first[reducePartition]!; i < output.first[reducePartition + 1]!; i++) {
    if (output.ptr[i] !== 0) yield { ptr: asPtr(output.ptr[i]!), bytes: output.bytes[i]! };
    else yield { segment: segmentAt(output, i) };
  }
}

/** Of a block with address 0. */
export function segmentAt(output: MapOutput, i: number): Segment {
  const { files, fileOf, offset, length } = output.spilled!;
  const file = files[fileOf[i]!]!;
  return { file, offset: offset[i]!, length: length[i]!, rawLength: output.bytes[i]!, crc: output.crc[i]! };
}
