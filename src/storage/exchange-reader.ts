/** Reads the blocks of one reduce partition out of this process's map outputs: in place, or from spill files. */
import { FiresteelError } from "../base/errors.ts";
import type { Block } from "../data/contracts.ts";
import type { OperatorMemory } from "../kernel/task-memory.ts";
import type { FileKey } from "./file-cipher.ts";
import { type MapBlock, type MapOutput, outputBlocks } from "./map-output.ts";
import type { SpillCodec, SpillFs } from "./spill-file.ts";
import { SpillReader } from "./spill-reader.ts";

/** Blocks one after the other; each is valid until the next is asked for, unless it is taken. */
export interface BlockReader {
  next(): Block | undefined | Promise<Block | undefined>;
  /**
   * Makes the block given last valid as long as the task runs. True when it is `memory`'s to free from now on; false when it
   * is the exchange's.
   */
  take(memory: OperatorMemory): boolean;
  close(): void;
  /** Plain bytes given so far that other executors had. */
  readonly remoteBytes: number;
}

/** What readers of one reduce partition share; the codec is freed by the `ExchangeReader`. */
export interface Reading {
  readonly u8: Uint8Array;
  readonly reducePartition: number;
  readonly memory: OperatorMemory;
  readonly codec: SpillCodec | undefined;
  readonly fs: SpillFs | undefined;
  /** Of spill files. */
  readonly key: FileKey | undefined;
}

export class ExchangeReader implements BlockReader {
  readonly remoteBytes = 0;
  private blocks: Generator<{ readonly output: MapOutput; readonly block: MapBlock }>;
  private readonly files: SpillReader;
  private readonly memory: OperatorMemory;
  private loaded: Block | undefined;
  private closed = false;

  constructor(
    private readonly reading: Reading,
    outputs: readonly MapOutput[],
  ) {
    const { u8, codec, fs, key, memory } = reading;
    this.memory = memory;
    this.files = new SpillReader(u8, { codec, fs, key });
    this.blocks = blocksOf(outputs, reading.reducePartition);
  }

  /** Goes on with other outputs. */
  begin(outputs: readonly MapOutput[]): void {
    this.blocks = blocksOf(outputs, this.reading.reducePartition);
  }

  next(): Block | undefined {
    this.freeLoaded();
    const step = this.blocks.next();
    if (step.done === true) return undefined;
    const { output, block } = step.value;
    if ("ptr" in block) return block;
    const { segment } = block;
    const ptr = this.memory.alloc(segment.rawLength);
    this.loaded = { ptr, bytes: segment.rawLength };
    try {
      this.files.read(segment, ptr);
    } catch (thrown) {
      throw lostOutput(output, thrown);
    }
    return this.loaded;
  }

  take(memory: OperatorMemory): boolean {
    const { loaded } = this;
    if (loaded === undefined) return false;
    memory.takeOver(this.memory, loaded.ptr, loaded.bytes);
    this.loaded = undefined;
    return true;
  }

  /** May be called again. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.freeLoaded();
    this.files.close();
    this.reading.codec?.free();
  }

  private freeLoaded(): void {
    if (this.loaded !== undefined) this.memory.free(this.loaded.ptr, this.loaded.bytes);
    this.loaded = undefined;
  }
}

function* blocksOf(
  outputs: readonly MapOutput[],
  reducePartition: number,
): Generator<{ readonly output: MapOutput; readonly block: MapBlock }> {
  for (const output of outputs) for (const block of outputBlocks(output, reducePartition)) yield { output, block };
}

function lostOutput(output: MapOutput, thrown: unknown): unknown {
  if (!(thrown instanceof FiresteelError) || thrown.kind !== "data") return thrown;
  const { exchange, mapPartition } = output;
  return new FiresteelError(
    "fetchFailed",
    `output ${mapPartition} of exchange ${exchange} is lost: ${thrown.message}`,
    {
      hint: thrown.hint,
      output: { exchange, mapPartition },
      cause: thrown,
    },
  );
}
