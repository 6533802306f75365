/**
 * Reads a reduce partition whose map outputs lie partly in this process and partly in others, in the order of the inputs: what
 * is here at once, what is not when it has come.
 */
import type { Block } from "../data/contracts.ts";
import type { OperatorMemory } from "../kernel/task-memory.ts";
import type { BlockReader, ExchangeReader, Reading } from "./exchange-reader.ts";
import type { MapOutput } from "./map-output.ts";
import { isMapStatus, type MapInput, type MapStatus } from "./map-status.ts";

/** Brings blocks of other executors here, ahead of their being asked for. */
export interface RemoteReader {
  /**
   * The next block of an output, allocated by the reading's memory with `bytes` and the caller's to free; undefined behind its
   * last. To be asked for the outputs in their order, each to its end, one call at a time.
   */
  next(status: MapStatus): Block | undefined | Promise<Block | undefined>;
  close(): void;
}

/** Outputs that have nothing for the reduce partition may be among them. */
export type OpenRemote = (reading: Reading, outputs: readonly MapStatus[]) => RemoteReader;

export class MixedReader implements BlockReader {
  remoteBytes = 0;
  /** Of the inputs, the one being read. */
  private at = 0;
  private isInLocal = false;
  private loaded: Block | undefined;

  constructor(
    private readonly local: ExchangeReader,
    private readonly remote: RemoteReader,
    private readonly inputs: readonly MapInput[],
    private readonly reading: Reading,
  ) {}

  next(): Block | undefined | Promise<Block | undefined> {
    this.freeLoaded();
    for (;;) {
      if (this.isInLocal) {
        const block = this.local.next();
        if (block !== undefined) return block;
        this.isInLocal = false;
      }
      const input = this.inputs[this.at];
      if (input === undefined) return undefined;
      if (!isMapStatus(input)) this.beginLocal();
      else if (input.bytes[this.reading.reducePartition] === 0) this.at++;
      else {
        const block = this.remote.next(input);
        if (block instanceof Promise) return block.then(given => this.arrived(given) ?? this.next());
        if (block === undefined) this.at++;
        else return this.arrived(block);
      }
    }
  }

  take(memory: OperatorMemory): boolean {
    if (this.isInLocal) return this.local.take(memory);
    const { loaded } = this;
    if (loaded === undefined) return false;
    memory.takeOver(this.reading.memory, loaded.ptr, loaded.bytes);
    this.loaded = undefined;
    return true;
  }

  close(): void {
    this.freeLoaded();
    this.remote.close();
    this.local.close();
  }

  /** All outputs of this process up to the next that is not. */
  private beginLocal(): void {
    const outputs: MapOutput[] = [];
    for (let input = this.inputs[this.at]; input !== undefined && !isMapStatus(input); input = this.inputs[++this.at])
      outputs.push(input);
    this.local.begin(outputs);
    this.isInLocal = true;
  }

  private arrived(block: Block | undefined): Block | undefined {
    this.loaded = block;
    if (block === undefined) this.at++;
    else this.remoteBytes += block.bytes;
    return block;
  }

  private freeLoaded(): void {
    if (this.loaded !== undefined) this.reading.memory.free(this.loaded.ptr, this.loaded.bytes);
    this.loaded = undefined;
  }
}
