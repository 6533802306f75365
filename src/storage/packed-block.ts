/**
 * A sealed block compressed for `_SER` levels, in memory, in files and between executors alike: a head of 16 bytes with the plain and
 * the packed length, then chunks as in spill files, each after a u32 with its stored length and a bit that says it is plain.
 */
import { FiresteelError } from "../base/errors.ts";
import type { Kernels } from "../kernel/kernels.ts";
import { offset, type Ptr } from "../kernel/ptr.ts";
import { chunkBytes, chunkHeadBytes, plainChunkBit, type SpillCodec, storedBytesMax } from "./spill-file.ts";

const headBytes = 16;

/** Room that packing may need. */
export function packedBytesMax(bytes: number): number {
  return align(headBytes + bytes + chunkHeadBytes * Math.ceil(bytes / chunkBytes));
}

/** Packs a block to `to`; gives the bytes written, a multiple of 16. */
export function packBlock(kernels: Kernels, codec: SpillCodec, ptr: Ptr, bytes: number, to: Ptr): number {
  const { u8, u32 } = kernels;
  const body = offset(codec.scratch, 16);
  let at = offset(to, headBytes);
  for (let done = 0; done < bytes; done += chunkBytes) {
    const plain = Math.min(chunkBytes, bytes - done);
    const from = offset(ptr, done);
    const stored = codec.compress(from, plain, body);
    const isPacked = stored < plain;
    putHead(u8, at, isPacked ? stored : (plain | plainChunkBit) >>> 0);
    at = offset(at, chunkHeadBytes);
    const length = isPacked ? stored : plain;
    const source = isPacked ? body : from;
    u8.copyWithin(at, source, source + length);
    at = offset(at, length);
  }
  const packed = align(at - to);
  u8.fill(0, at, to + packed);
  u32.set([bytes, packed, 0, 0], to >>> 2);
  return packed;
}

/** The plain bytes of a packed block. */
export function plainBytesOf(kernels: Kernels, packed: Ptr): number {
  return kernels.u32[packed >>> 2]!;
}

/** Writes a packed block's plain bytes, `plainBytesOf` of them, to `to`. Throws kind "data" when it is damaged. */
export function unpackBlock(kernels: Kernels, codec: SpillCodec, packed: Ptr, bytes: number, to: Ptr): void {
  const { u8, u32 } = kernels;
  const rawBytes = u32[packed >>> 2]!;
  if (u32[(packed >>> 2) + 1] !== bytes) throw damaged();
  let at = packed + headBytes;
  for (let done = 0; done < rawBytes; done += chunkBytes) {
    const plain = Math.min(chunkBytes, rawBytes - done);
    const head = getHead(u8, at);
    const stored = (head & ~plainChunkBit) >>> 0;
    at += chunkHeadBytes;
    if (stored > storedBytesMax || at + stored > packed + bytes) throw damaged();
    const into = offset(to, done);
    if ((head & plainChunkBit) === 0) {
      if (codec.decompress(at as Ptr, stored, into, plain) !== plain) throw damaged();
    } else if (stored !== plain) throw damaged();
    else u8.copyWithin(into, at, at + stored);
    at += stored;
  }
}

function damaged(): FiresteelError {
  return new FiresteelError("data", "a compressed block is damaged");
}

function align(bytes: number): number {
  return Math.ceil(bytes / 16) * 16;
}

function putHead(u8: Uint8Array, at: number, value: number): void {
  for (let i = 0; i < chunkHeadBytes; i++) u8[at + i] = value >>> (8 * i);
}

function getHead(u8: Uint8Array, at: number): number {
  let value = 0;
  for (let i = 0; i < chunkHeadBytes; i++) value |= u8[at + i]! << (8 * i);
  return value;
}
