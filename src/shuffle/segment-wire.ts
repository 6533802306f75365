/**
 * How segments (what one map output has for one reduce partition) travel. A request lists segments, each from a block on; the
 * reply is a sequence of frames, a head of 12 bytes with what follows it. Numbers are little-endian.
 *
 * A packed block is a chain of chunks as in spill files, so that those are sent as they lie: each chunk says its own length.
 */
import { FiresteelError } from "../base/errors.ts";
import type { SpillCodecName } from "../storage/spill-codec.ts";

/** Where an executor serves segments. */
export const segmentsPath = "/segments";

export interface WantedSegment {
  readonly exchange: number;
  readonly mapPartition: number;
  /** Of the whole output: another computation of it is not what is wanted. */
  readonly checksum: number;
  readonly reducePartition: number;
  /** Blocks before it are here already. */
  readonly firstBlock: number;
}

export interface SegmentRequest {
  /** What the asker unpacks; without it blocks come plain. */
  readonly codec: SpillCodecName | undefined;
  /** The asker's host. */
  readonly hostId: string;
  /** Whether it reads files of its host by itself. */
  readonly readsFiles: boolean;
  /** The reply ends behind the block with which it has so many plain bytes. */
  readonly limitBytes: number;
  readonly segments: readonly WantedSegment[];
}

/** The first byte of a frame's head; `a` and `b` are the words behind. */
export const frame = {
  /** a plain bytes with crc32 b follow. */
  plain: 1,
  /** The same, as chunks. */
  packed: 2,
  /** The same, in the file named last: its offset (f64) and its stored length (u32) follow. */
  inFile: 3,
  /** The name of a file, a bytes of UTF-8. */
  file: 4,
  /** The segment has a blocks, all of which have been sent. */
  end: 5,
  /** The limit is reached; nothing follows. */
  more: 6,
  /** The output is not here; nothing follows. */
  missing: 7,
  /** The output cannot be read: why, a bytes of JSON, and nothing behind. */
  unreadable: 8,
} as const;

/** What follows `frame.unreadable`. */
export interface Unreadable {
  readonly message: string;
  readonly hint: string | undefined;
}

export const frameHeadBytes = 12;
export const filePlaceBytes = 12;
export const fileNameBytesMax = 4096;
export const unreadableBytesMax = 16 * 1024;
/** So that requests stay small. */
export const segmentsPerRequestMax = 8192;

const magic = 0x31_51_53_46; // FSQ1
const headBytes = 20;
const segmentBytes = 20;
const codecs: readonly (SpillCodecName | undefined)[] = [undefined, "lz4", "zstd"];
const hostIdBytesMax = 1024;

export function encodeRequest(request: SegmentRequest): Uint8Array {
  const hostId = new TextEncoder().encode(request.hostId);
  const body = new Uint8Array(headBytes + request.segments.length * segmentBytes + hostId.length);
  const view = new DataView(body.buffer);
  view.setUint32(0, magic, true);
  view.setUint8(4, codecs.indexOf(request.codec));
  view.setUint8(5, request.readsFiles ? 1 : 0);
  view.setUint16(6, hostId.length, true);
  view.setFloat64(8, request.limitBytes, true);
  view.setUint32(16, request.segments.length, true);
  let at = headBytes;
  for (const { exchange, mapPartition, checksum, reducePartition, firstBlock } of request.segments) {
    for (const [i, word] of [exchange, mapPartition, checksum, reducePartition, firstBlock].entries())
      view.setUint32(at + 4 * i, word, true);
    at += segmentBytes;
  }
  body.set(hostId, at);
  return body;
}

/** Throws kind "data" for anything that `encodeRequest` did not make. */
export function decodeRequest(body: Uint8Array): SegmentRequest {
  if (body.length < headBytes) throw notARequest("it is too short");
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  if (view.getUint32(0, true) !== magic) throw notARequest("it begins otherwise");
  const codec = view.getUint8(4);
  const hostIdBytes = view.getUint16(6, true);
  const limitBytes = view.getFloat64(8, true);
  const count = view.getUint32(16, true);
  if (codec >= codecs.length) throw notARequest(`codec ${codec} is not known`);
  if (count > segmentsPerRequestMax) throw notARequest(`${count} segments, the most is ${segmentsPerRequestMax}`);
  if (!(limitBytes > 0) || hostIdBytes > hostIdBytesMax) throw notARequest("a number is out of bounds");
  const hostIdAt = headBytes + count * segmentBytes;
  if (body.length !== hostIdAt + hostIdBytes) throw notARequest("it has another length");
  const segments: WantedSegment[] = [];
  for (let at = headBytes; at < hostIdAt; at += segmentBytes) {
    const word = (i: number) => view.getUint32(at + 4 * i, true);
    segments.push({
      exchange: word(0),
      mapPartition: word(1),
      checksum: word(2),
      reducePartition: word(3),
      firstBlock: word(4),
    });
  }
  const hostId = new TextDecoder().decode(body.subarray(hostIdAt));
  return { codec: codecs[codec], hostId, readsFiles: view.getUint8(5) !== 0, limitBytes, segments };
}

function notARequest(why: string): FiresteelError {
  return new FiresteelError("data", `this is no request for shuffle segments: ${why}`);
}
