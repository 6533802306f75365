/**
 * A reply on its way out: frames and bytes collected into pieces of some size, each given once and never written again. Bytes are
 * copied, since kernel memory may be freed before they have left; plain ones are packed when a packer is given.
 */
import { Buffer } from "node:buffer";
import { BumpAllocator } from "../kernel/allocator.ts";
import { pageBytes } from "../kernel/control-area.ts";
import { createKernelMemory, instantiateKernels } from "../kernel/kernels.ts";
import type { Ptr } from "../kernel/ptr.ts";
import { spillCodec, type SpillCodecName } from "../storage/spill-codec.ts";
import { chunkBytes, plainChunkBit, type SpillCodec, storedBytesMax } from "../storage/spill-file.ts";
import { frameHeadBytes } from "./segment-wire.ts";

/** Large enough that pieces cost little, small enough that making one does not hold up the thread. */
export const pieceBytes = 128 * 1024;
/** As many as a few replies have on their way. */
const freePiecesMax = 16;

/** Pieces that were sent, to be written again: fresh memory costs six times what the copy into it does. */
export class PiecePool {
  private readonly free: Uint8Array[] = [];

  take(): Uint8Array {
    return this.free.pop() ?? Buffer.allocUnsafeSlow(pieceBytes);
  }

  /** `part` of a piece that nobody reads any more. */
  giveBack(part: Uint8Array): void {
    if (this.free.length < freePiecesMax) this.free.push(new Uint8Array(part.buffer));
  }
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

export class ReplyBuffer {
  private bytes: Uint8Array;
  private view: DataView;
  private end = 0;

  constructor(private readonly pool: PiecePool) {
    this.bytes = pool.take();
    this.view = viewOf(this.bytes);
  }

  /** Room before the piece is full. */
  get room(): number {
    return pieceBytes - this.end;
  }

  /** The piece so far; the next begins empty. */
  take(): Uint8Array {
    const piece = this.bytes.subarray(0, this.end);
    this.bytes = this.pool.take();
    this.view = viewOf(this.bytes);
    this.end = 0;
    return piece;
  }

  /** Nothing is put in any more. */
  close(): void {
    this.pool.giveBack(this.bytes);
  }

  get isEmpty(): boolean {
    return this.end === 0;
  }

  frame(type: number, a = 0, b = 0): void {
    this.view.setUint32(this.end, type, true);
    this.view.setUint32(this.end + 4, a, true);
    this.view.setUint32(this.end + 8, b, true);
    this.end += frameHeadBytes;
  }

  u32(value: number): void {
    this.view.setUint32(this.end, value, true);
    this.end += 4;
  }

  f64(value: number): void {
    this.view.setFloat64(this.end, value, true);
    this.end += 8;
  }

  put(bytes: Uint8Array): void {
    this.bytes.set(bytes, this.end);
    this.end += bytes.length;
  }

  /** Room of so many bytes, to be filled by the caller. */
  reserve(bytes: number): Uint8Array {
    this.end += bytes;
    return this.bytes.subarray(this.end - bytes, this.end);
  }

  /** Gives back the last of what was reserved. */
  giveBack(bytes: number): void {
    this.end -= bytes;
  }
}

/** Packs chunks as spill files have them, with kernels over scratch memory of its own: the engine's memory is for tasks. */
export class ChunkPacker {
  private readonly u8: Uint8Array;
  private readonly source: Ptr;
  private readonly target: Ptr;
  private readonly codec: SpillCodec;

  constructor(
    module: WebAssembly.Module,
    readonly name: SpillCodecName,
  ) {
    const memory = createKernelMemory(8 * pageBytes);
    const kernels = instantiateKernels(memory, module);
    this.u8 = kernels.u8;
    const allocator = new BumpAllocator(pageBytes, memory.buffer.byteLength);
    this.source = allocator.alloc(chunkBytes);
    this.target = allocator.alloc(storedBytesMax);
    this.codec = spillCodec(kernels, name)(allocator);
  }

  /** At most `chunkBytes` bytes. */
  pack(plain: Uint8Array, out: ReplyBuffer): void {
    const { u8, source, target } = this;
    u8.set(plain, source);
    const stored = this.codec.compress(source, plain.length, target);
    if (stored < plain.length) {
      out.u32(stored);
      out.put(u8.subarray(target, target + stored));
    } else {
      out.u32((plain.length | plainChunkBit) >>> 0);
      out.put(plain);
    }
  }
}
