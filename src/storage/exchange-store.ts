/**
 * Map outputs within one process: written by map tasks, handed over as pages that belong to their exchange, read by reduce
 * tasks on any thread, released as a whole. Beyond their share of memory they are files.
 *
 * One store per thread over the same memory. A block in memory stays where it is until its exchange is released, so readers
 * need no pins: nobody releases an exchange that running tasks read.
 */
import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { invariant } from "../base/assert.ts";
import type { ExchangeId } from "../base/ids.ts";
import type { Allocator } from "../kernel/allocator.ts";
import type { MemoryPool } from "../kernel/memory-pool.ts";
import { type OwnerId, slotWord } from "../kernel/owners.ts";
import type { OperatorMemory } from "../kernel/task-memory.ts";
import type { CompressionRates } from "./compression.ts";
import { type BlockReader, ExchangeReader } from "./exchange-reader.ts";
import { ExchangeWriter } from "./exchange-writer.ts";
import { type LocalDirs, removeLocalFolder } from "./local-dirs.ts";
import type { MapOutput } from "./map-output.ts";
import { isMapOutput, isMapStatus, type MapInput } from "./map-status.ts";
import { MixedReader, type OpenRemote } from "./mixed-reader.ts";
import type { SpillCodec, SpillFs } from "./spill-file.ts";
import { SpillOutput } from "./spill-output.ts";

export type { MapOutput } from "./map-output.ts";

export interface ExchangeStoreOptions {
  /** Where outputs go when memory runs short; without it they cannot. */
  readonly dirs?: LocalDirs | undefined;
  /** Makes the codec of spill files with its working memory; the same in every thread of the process. */
  readonly openCodec?: ((allocator: Allocator) => SpillCodec) | undefined;
  /** To use the codec where that pays; without them it is always used. */
  readonly rates?: CompressionRates | undefined;
  readonly fs?: SpillFs | undefined;
  /** Reads outputs of other executors; without it there are none. */
  readonly openRemote?: OpenRemote | undefined;
}

export class ExchangeStore {
  private readonly u8: Uint8Array;

  constructor(
    private readonly pool: MemoryPool,
    private readonly options: ExchangeStoreOptions = {},
  ) {
    this.u8 = new Uint8Array(pool.area.memory.buffer);
  }

  /** For one map task. Finish it or abort it. */
  openWriter(
    exchange: ExchangeId,
    mapPartition: number,
    reducePartitions: number,
    memory: OperatorMemory,
  ): ExchangeWriter {
    const { dirs, fs, openCodec, rates } = this.options;
    const codec = dirs === undefined ? undefined : openCodec?.(memory);
    const name = () => `map-${mapPartition}-${randomBytes(6).toString("hex")}`;
    const what = `map outputs of ${memory.name}`;
    return new ExchangeWriter({
      exchange,
      mapPartition,
      reducePartitions,
      u8: this.u8,
      memory,
      codec,
      files: dirs && new SpillOutput(this.u8, { dirs, folder: folderOf(exchange), name }, { codec, rates, fs, what }),
      takeOver: pages => {
        const { owners, shares } = this.pool;
        const owner = owners.find("exchange", exchange) ?? owners.open("exchange", exchange);
        if (owner === undefined || shares.stageForExchange(owner, pages)) return owner;
        if (dirs !== undefined) return undefined;
        owners.add(owner, slotWord.stagedPages, pages);
        return owner;
      },
      tookOver: (owner, pages) => this.pool.shares.unstage(owner, pages),
      wasReleased: (owner, output) => this.wasReleased(owner, output),
    });
  }

  /** The blocks of a reduce partition, outputs in the order given. Only with outputs of other executors does `next` wait. */
  openReader(outputs: readonly MapOutput[], reducePartition: number, memory: OperatorMemory): ExchangeReader;
  openReader(inputs: readonly MapInput[], reducePartition: number, memory: OperatorMemory): BlockReader;
  openReader(inputs: readonly MapInput[], reducePartition: number, memory: OperatorMemory): BlockReader {
    const { openRemote, openCodec, fs, dirs } = this.options;
    const outputs = inputs.filter(isMapOutput);
    const isLocal = outputs.length === inputs.length;
    const mayBePacked = !isLocal || outputs.some(output => output.spilled !== undefined);
    const codec = mayBePacked ? openCodec?.(memory) : undefined;
    const reading = { u8: this.u8, reducePartition, memory, codec, fs, key: dirs?.key };
    // one block at a time, which must be had for anything to go on
    if (isLocal) return new ExchangeReader({ ...reading, memory: memory.forWork() }, outputs);
    invariant(openRemote !== undefined, "a map output of another executor, and nobody to read it");
    return new MixedReader(
      new ExchangeReader(reading, []),
      openRemote(reading, inputs.filter(isMapStatus)),
      inputs,
      reading,
    );
  }

  /** Drops one output that nobody reads: it lost against another attempt's, or came too late. */
  discard(output: MapOutput): void {
    for (const file of output.spilled?.files ?? []) rmSync(file, { force: true });
    const owner = this.pool.owners.find("exchange", output.exchange);
    if (owner === undefined) return;
    for (let i = 0; i < output.runs.length; i += 2) {
      const freed = this.pool.pages.freeWhereOwned(output.runs[i]!, output.runs[i + 1]!, owner);
      this.pool.owners.add(owner, slotWord.usedPages, -freed);
    }
    this.pool.pages.announceFree();
  }

  /** Frees all outputs of an exchange, files too. Once more when a late output arrives; by the process's control thread. */
  release(exchange: ExchangeId): void {
    for (;;) {
      const owner = this.pool.owners.find("exchange", exchange);
      if (owner === undefined) break;
      this.pool.reclaim(owner);
    }
    if (this.options.dirs !== undefined) removeLocalFolder(this.options.dirs, folderOf(exchange));
  }

  /** A released exchange's pages have been swept: what came later nobody would find. */
  private wasReleased(owner: OwnerId, output: MapOutput): boolean {
    if (this.pool.owners.holds(owner, output.exchange)) return false;
    for (let i = 0; i < output.runs.length; i += 2)
      this.pool.pages.freeWhereOwned(output.runs[i]!, output.runs[i + 1]!, owner);
    return true;
  }
}

function folderOf(exchange: ExchangeId): string {
  return `exchange-${exchange}`;
}
