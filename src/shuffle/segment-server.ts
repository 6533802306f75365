/**
 * Serves an executor's map outputs to the others, on its main thread: many segments a request, blocks out of kernel memory or
 * spill files. Files are sent as they lie; an asker of the same host is told where its bytes are and reads them by itself.
 *
 * An output may be given up while it is sent: that is looked at before each copy out of kernel memory, and a block that was begun
 * then breaks off with an error, so that nobody reads what came into its place. What is not here is answered as missing.
 */
import { open, type FileHandle } from "node:fs/promises";
import { FiresteelError } from "../base/errors.ts";
import type { ExchangeId } from "../base/ids.ts";
import type { BulkHandler, ChunksBack } from "../rpc/contracts.ts";
import { type FileKey, unsealedLength, Unsealing } from "../storage/file-cipher.ts";
import { type MapOutput, reducePartitions, segmentAt } from "../storage/map-output.ts";
import type { SpillCodecName } from "../storage/spill-codec.ts";
import { chunkBytes, chunkHeadBytes } from "../storage/spill-file.ts";
import type { OutputRegistry } from "./output-registry.ts";
import { type PackingChoice, PackingChoices } from "./packing-choice.ts";
import { ChunkPacker, pieceBytes, PiecePool, ReplyBuffer } from "./reply-buffer.ts";
import {
  decodeRequest,
  fileNameBytesMax,
  filePlaceBytes,
  frame,
  frameHeadBytes,
  type SegmentRequest,
  type Unreadable,
  unreadableBytesMax,
  type WantedSegment,
} from "./segment-wire.ts";

export interface SegmentServing {
  readonly registry: Pick<OutputRegistry, "find">;
  /** The executor's kernel memory. */
  readonly memory: WebAssembly.Memory;
  readonly module: WebAssembly.Module;
  readonly hostId: string;
  /** `firesteel.shuffle.compress`: always, never, or for other hosts where it takes less time. */
  readonly compress: "true" | "false" | "auto";
  /** Of spill files, too. */
  readonly codec: SpillCodecName;
  /** Of spill files: other hosts get what was encrypted. */
  readonly key?: FileKey | undefined;
}

/** Answers requests made by `encodeRequest`. */
export function segmentHandler(serving: SegmentServing): BulkHandler {
  const u8 = new Uint8Array(serving.memory.buffer);
  const pool = new PiecePool();
  const choices = new PackingChoices();
  let packer: ChunkPacker | undefined;
  return (_path, body) => {
    const request = decodeRequest(body);
    const { compress, codec, hostId } = serving;
    const mayPack = compress === "true" || (compress === "auto" && request.hostId !== hostId);
    if (!mayPack || request.codec !== codec) return new Reply(serving, u8, request, pool, undefined);
    packer ??= new ChunkPacker(serving.module, codec);
    const choice = compress === "auto" ? choices.of(request.hostId) : undefined;
    return new Reply(serving, u8, request, pool, { packer, choice });
  };
}

/** `choice` undefined: all is packed. */
interface Packing {
  readonly packer: ChunkPacker;
  readonly choice: PackingChoice | undefined;
}

class Reply implements AsyncIterable<Uint8Array>, ChunksBack {
  private readonly out: ReplyBuffer;
  /** Plain bytes of the blocks so far. */
  private sentBytes = 0;
  /** Those of blocks under way, too; as they lie in files. */
  private plainBytes = 0;
  /** The file that was named last. */
  private named: string | undefined;
  /** Of the block that is being sent; undefined when it goes plain. */
  private packer: ChunkPacker | undefined;
  private open: { readonly file: string; readonly handle: FileHandle } | undefined;

  constructor(
    private readonly serving: SegmentServing,
    private readonly u8: Uint8Array,
    private readonly request: SegmentRequest,
    private readonly pool: PiecePool,
    private readonly packing: Packing | undefined,
  ) {
    this.out = new ReplyBuffer(pool);
  }

  sent(piece: Uint8Array): void {
    this.pool.giveBack(piece);
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, void, undefined> {
    const choice = this.packing?.choice;
    return choice === undefined ? this.pieces() : this.timed(choice);
  }

  private async *timed(choice: PackingChoice): AsyncGenerator<Uint8Array, void, undefined> {
    const pieces = this.pieces();
    choice.opened();
    try {
      for (;;) {
        const { plainBytes } = this;
        const { value: piece } = await pieces.next();
        if (piece === undefined) return;
        choice.gave(this.plainBytes - plainBytes);
        yield piece;
      }
    } finally {
      choice.closed();
      await pieces.return();
    }
  }

  private async *pieces(): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      for (const wanted of this.request.segments) {
        const outcome = yield* this.segment(wanted);
        if (outcome !== "end") break;
      }
      if (!this.out.isEmpty) yield this.out.take();
    } catch (thrown) {
      // what came before it is whole
      if (!this.out.isEmpty) yield this.out.take();
      throw thrown;
    } finally {
      this.out.close();
      await this.open?.handle.close();
    }
  }

  private async *segment(wanted: WantedSegment): AsyncGenerator<Uint8Array, "end" | "stop", undefined> {
    const { out, request } = this;
    if (out.room < 3 * frameHeadBytes) yield out.take();
    const output = this.find(wanted);
    if (output === undefined || wanted.reducePartition >= reducePartitions(output)) {
      out.frame(frame.missing);
      return "stop";
    }
    const first = output.first[wanted.reducePartition]!;
    const stop = output.first[wanted.reducePartition + 1]!;
    for (let i = first + wanted.firstBlock; i < stop; i++) {
      if (this.sentBytes >= request.limitBytes) {
        out.frame(frame.more);
        return "stop";
      }
      if (output.ptr[i] !== 0) {
        // most blocks are small, and generators within generators are slow
        if (output.bytes[i]! > chunkBytes) yield* this.largeBlock(wanted, output, i);
        else {
          if (out.room < frameHeadBytes + output.bytes[i]! + chunkHeadBytes) yield out.take();
          this.blockHead(output, i);
          this.chunk(wanted, output, i, 0);
        }
      } else if (this.mayName(segmentAt(output, i).file)) yield* this.placeInFile(output, i);
      else {
        const unreadable = await this.openFor(output, i);
        if (unreadable !== undefined) {
          if (out.room < frameHeadBytes + unreadable.length) yield out.take();
          out.frame(frame.unreadable, unreadable.length);
          out.put(unreadable);
          return "stop";
        }
        yield* this.blockInFile(output, i);
      }
      this.sentBytes += output.bytes[i]!;
      if (out.room < 3 * frameHeadBytes) yield out.take();
    }
    out.frame(frame.end, stop - first);
    return "end";
  }

  private mayName(file: string): boolean {
    const { readsFiles, hostId } = this.request;
    return readsFiles && hostId === this.serving.hostId && file.length <= fileNameBytesMax / 3;
  }

  private find({ exchange, mapPartition, checksum }: WantedSegment): MapOutput | undefined {
    return this.serving.registry.find({ exchange: exchange as ExchangeId, mapPartition, checksum });
  }

  private async *largeBlock(
    wanted: WantedSegment,
    output: MapOutput,
    i: number,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const { out } = this;
    const bytes = output.bytes[i]!;
    this.blockHead(output, i);
    for (let done = 0; done < bytes; done += chunkBytes) {
      if (out.room < Math.min(chunkBytes, bytes - done) + chunkHeadBytes) yield out.take();
      this.chunk(wanted, output, i, done);
    }
  }

  private blockHead(output: MapOutput, i: number): void {
    const { packing } = this;
    this.packer = packing === undefined || packing.choice?.packs === false ? undefined : packing.packer;
    this.out.frame(this.packer === undefined ? frame.plain : frame.packed, output.bytes[i]!, output.crc[i]!);
  }

  private chunk(wanted: WantedSegment, output: MapOutput, i: number, done: number): void {
    // somebody may have given it up since
    if (this.find(wanted) !== output) throw givenUp(output);
    const at = output.ptr[i]! + done;
    const plain = this.u8.subarray(at, at + Math.min(chunkBytes, output.bytes[i]! - done));
    this.plainBytes += plain.length;
    if (this.packer === undefined) this.out.put(plain);
    else this.packer.pack(plain, this.out);
  }

  private async *placeInFile(output: MapOutput, i: number): AsyncGenerator<Uint8Array, void, undefined> {
    const { out } = this;
    const { file, offset, length } = segmentAt(output, i);
    if (out.room < 3 * frameHeadBytes + fileNameBytesMax + filePlaceBytes) yield out.take();
    if (this.named !== file) {
      const name = new TextEncoder().encode(file);
      out.frame(frame.file, name.length);
      out.put(name);
      this.named = file;
    }
    out.frame(frame.inFile, output.bytes[i]!, output.crc[i]!);
    out.f64(offset);
    out.u32(length);
  }

  /** Opens the block's file: one that is open can be read to its end, even when it is removed. Gives what is wrong with it. */
  private async openFor(output: MapOutput, i: number): Promise<Uint8Array | undefined> {
    const { file, offset, length } = segmentAt(output, i);
    try {
      if (this.open?.file !== file) {
        await this.open?.handle.close();
        this.open = undefined;
        this.open = { file, handle: await open(file, "r") };
      }
      if ((await this.open.handle.stat()).size >= offset + length) return undefined;
      throw new Error("it is shorter than it was");
    } catch (thrown) {
      return described(file, thrown instanceof Error ? thrown.message : String(thrown));
    }
  }

  private async *blockInFile(output: MapOutput, i: number): AsyncGenerator<Uint8Array, void, undefined> {
    const { out, request, serving } = this;
    const { key } = serving;
    const { offset, length, file } = segmentAt(output, i);
    const storedBytes = unsealedLength(length, key);
    const isPlain = storedBytes === output.bytes[i];
    if (!isPlain && request.codec !== serving.codec)
      throw new FiresteelError("internal", `${file} is packed with ${serving.codec}, which the asker does not unpack`);
    out.frame(isPlain ? frame.plain : frame.packed, output.bytes[i]!, output.crc[i]!);
    let at = offset;
    const read = async (into: Uint8Array) => {
      for (let done = 0; done < into.length;) {
        const { bytesRead } = await this.open!.handle.read(into, done, into.length - done, at);
        if (bytesRead === 0) throw new FiresteelError("lost", `${file} was cut while it was read`);
        done += bytesRead;
        at += bytesRead;
      }
    };
    const unsealing = key && (await Unsealing.begin(key, read));
    for (let left = storedBytes; left > 0;) {
      if (out.room < Math.min(left, pieceBytes / 4)) yield out.take();
      const into = out.reserve(Math.min(out.room, left));
      left -= into.length;
      await read(into);
      if (unsealing !== undefined) into.set(unsealing.update(into));
      this.plainBytes += into.length;
    }
    await unsealing?.end(read);
  }
}

function described(file: string, why: string): Uint8Array {
  const unreadable: Unreadable = {
    message: `a spilled map output cannot be read (${file}): ${why}`,
    hint: "check the disk behind firesteel.local.dirs, and that nothing cleans it while a job runs",
  };
  return new TextEncoder().encode(JSON.stringify(unreadable)).subarray(0, unreadableBytesMax);
}

function givenUp({ mapPartition, exchange }: MapOutput): FiresteelError {
  return new FiresteelError("lost", `output ${mapPartition} of exchange ${exchange} was given up while it was sent`);
}
