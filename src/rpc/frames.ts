/**
 * Envelopes, and frames of them. An envelope is one message with its kind, the number that ties an answer to its question, and
 * the endpoint's name; a frame is envelopes back to back, at most `frameBytesMax` together.
 *
 *   kind u8 · name bytes u8 · number f64 · body bytes u32 · name (UTF-8) · body
 *
 * Promises that a frame of any bytes is either read or refused with a FiresteelError of kind "data".
 */
import { FiresteelError } from "../base/errors.ts";
import { frameBytesMax } from "./contracts.ts";

export type EnvelopeKind = "send" | "ask" | "reply" | "failure" | "heartbeat";

const kinds: readonly EnvelopeKind[] = ["send", "ask", "reply", "failure", "heartbeat"];
const headerBytes = 14;
export const nameBytesMax = 255;

export interface Envelope {
  readonly kind: EnvelopeKind;
  /** Of "ask", "reply" and "failure"; else 0. */
  readonly number: number;
  /** Of "send" and "ask"; else empty. */
  readonly endpoint: string;
  readonly body: Uint8Array;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });
const noBytes = new Uint8Array(0);

/** Largest body that fits into a frame, for an endpoint's name of any length. */
export const bodyBytesMax = frameBytesMax - headerBytes - nameBytesMax;

export function encodeName(name: string): Uint8Array {
  const bytes = encoder.encode(name);
  if (bytes.length === 0 || bytes.length > nameBytesMax) {
    throw new FiresteelError("internal", `"${name}" cannot name an endpoint`, {
      hint: `give it 1 to ${nameBytesMax} bytes`,
    });
  }
  return bytes;
}

/** One envelope as bytes; `body` is at most `bodyBytesMax`. */
export function writeEnvelope(kind: EnvelopeKind, number: number, name: Uint8Array, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(headerBytes + name.length + body.length);
  const view = new DataView(bytes.buffer);
  bytes[0] = kinds.indexOf(kind);
  bytes[1] = name.length;
  view.setFloat64(2, number, true);
  view.setUint32(10, body.length, true);
  bytes.set(name, headerBytes);
  bytes.set(body, headerBytes + name.length);
  return bytes;
}

export const heartbeatEnvelope = writeEnvelope("heartbeat", 0, noBytes, noBytes);

/** As many of `envelopes`, from `from` on, as fit into one frame. */
export function packFrame(
  envelopes: readonly Uint8Array[],
  from: number,
): { readonly frame: Uint8Array; readonly to: number } {
  let bytes = envelopes[from]!.length;
  let to = from + 1;
  while (to < envelopes.length && bytes + envelopes[to]!.length <= frameBytesMax) bytes += envelopes[to++]!.length;
  if (to === from + 1) return { frame: envelopes[from]!, to };
  const frame = new Uint8Array(bytes);
  let at = 0;
  for (let i = from; i < to; i++) {
    frame.set(envelopes[i]!, at);
    at += envelopes[i]!.length;
  }
  return { frame, to };
}

/** Bodies are views of the frame. */
export function readFrame(frame: Uint8Array): Envelope[] {
  if (frame.length > frameBytesMax) throw malformed(`it has ${frame.length} bytes`);
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const envelopes: Envelope[] = [];
  let at = 0;
  while (at < frame.length) {
    if (frame.length - at < headerBytes) throw malformed("it ends within an envelope's header");
    const kind = kinds[frame[at]!];
    if (kind === undefined) throw malformed(`an envelope is of kind ${frame[at]}`);
    const nameEnd = at + headerBytes + frame[at + 1]!;
    const end = nameEnd + view.getUint32(at + 10, true);
    if (end > frame.length) throw malformed("an envelope is longer than its frame");
    const endpoint = readName(frame.subarray(at + headerBytes, nameEnd));
    envelopes.push({ kind, number: view.getFloat64(at + 2, true), endpoint, body: frame.subarray(nameEnd, end) });
    at = end;
  }
  return envelopes;
}

function readName(bytes: Uint8Array): string {
  if (bytes.length === 0) return "";
  try {
    return decoder.decode(bytes);
  } catch {
    throw malformed("an endpoint's name is not UTF-8");
  }
}

function malformed(what: string): FiresteelError {
  return new FiresteelError("data", `malformed frame: ${what}`);
}
