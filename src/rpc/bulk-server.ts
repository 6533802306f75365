/**
 * Answers bulk requests that come over HTTP/2: checks their proof before it reads their body, streams the handler's chunks at the
 * reader's pace, and ends with a trailer that says how many bytes there were, or what went wrong.
 */
import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { FiresteelError, fromWire, toWire, type WireError } from "../base/errors.ts";
import {
  bodyHashHeader,
  endHeader,
  errorHeader,
  hashOf,
  numberHeader,
  proofHeader,
  requestProof,
  sameProof,
  type Secret,
} from "./authentication.ts";
import type { BulkAnswer } from "./contracts.ts";
import type { BulkRoutes } from "./bulk-routes.ts";
import { welcome } from "./handshake.ts";

export const bulkGreetingPath = "/bulk-hello";
export const bulkPathPrefix = "/bulk/";
export const requestBytesMax = 16 << 20;
/** A reader that takes nothing for this long is gone. */
const stallTimeoutMs = 600_000;

interface KnownSession {
  readonly key: Uint8Array | undefined;
  lastNumber: number;
}

export class BulkServer {
  private readonly routes: BulkRoutes;
  private readonly secret: Secret | undefined;
  private readonly sessions = new WeakMap<object, KnownSession>();

  constructor(routes: BulkRoutes, secret: Secret | undefined) {
    this.routes = routes;
    this.secret = secret;
  }

  /** Returns why it refused, for the log. `prove` is called once the session's other side has shown that it belongs here. */
  greet(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, prove: () => void): string | undefined {
    const answer = welcome(headers, this.secret);
    stream.respond(answer.headers, { endStream: true });
    if (!answer.ok) return answer.reason;
    this.sessions.set(stream.session!, { key: answer.keys.fromClient, lastNumber: 0 });
    if (this.secret === undefined) prove();
    return undefined;
  }

  answer(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, prove: () => void): string | undefined {
    const path = pathOf(headers);
    const refused = path === undefined ? "a bulk request names no path" : this.refusal(stream, headers, path);
    if (refused !== undefined) {
      stream.respond(
        { ":status": 403, [errorHeader]: encodeError(new FiresteelError("user", refused)) },
        { endStream: true },
      );
      stream.resume();
      return refused;
    }
    prove();
    void this.serve(stream, path!, String(headers[bodyHashHeader]));
    return undefined;
  }

  private refusal(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, path: string): string | undefined {
    const known = this.sessions.get(stream.session!);
    if (known === undefined) return "a bulk request came before its greeting";
    const number = Number(headers[numberHeader]);
    if (!Number.isSafeInteger(number) || number <= known.lastNumber) return "a bulk request was replayed";
    const expected = requestProof(known.key, number, path, String(headers[bodyHashHeader]));
    if (!sameProof(headers[proofHeader] ?? "", expected)) return "a bulk request's proof is wrong";
    known.lastNumber = number;
    return undefined;
  }

  private async serve(stream: ServerHttp2Stream, path: string, bodyHash: string): Promise<void> {
    const gone = new Promise<void>(resolve => stream.once("close", resolve));
    try {
      const body = await readBody(stream);
      if (hashOf(body) !== bodyHash) throw new FiresteelError("data", "a bulk request's body is not what was signed");
      const chunks = await this.routes.answer(path, body, undefined);
      if (isGone(stream)) return void (await leave(chunks));
      await sendChunks(stream, chunks, gone);
    } catch (error) {
      if (isGone(stream)) return;
      stream.respond({ ":status": 500, [errorHeader]: encodeError(error) }, { endStream: true });
    }
  }
}

/** A handler that holds something open lets it go. */
async function leave(chunks: BulkAnswer): Promise<void> {
  if (Symbol.asyncIterator in chunks) await chunks[Symbol.asyncIterator]().return?.();
  else chunks[Symbol.iterator]().return?.();
}

async function sendChunks(stream: ServerHttp2Stream, chunks: BulkAnswer, gone: Promise<void>): Promise<void> {
  let bytes = 0;
  let trailers: Record<string, string> | undefined;
  stream.respond({ ":status": 200 }, { waitForTrailers: true });
  stream.once("wantTrailers", () => stream.sendTrailers(trailers ?? {}));
  try {
    for await (const chunk of chunks) {
      if (isGone(stream)) return;
      bytes += chunk.length;
      if (chunk.length === 0) continue;
      const written = (error?: Error | null) => void (error ?? chunks.sent?.(chunk));
      if (!stream.write(sendable(chunk), written)) await drained(stream, gone);
    }
    trailers = { [endHeader]: String(bytes) };
  } catch (error) {
    trailers = { [errorHeader]: encodeError(error) };
  }
  if (!isGone(stream)) stream.end();
}

/** Sockets take no views of shared memory; and what is shared may be written again before it is sent. */
function sendable(chunk: Uint8Array): Uint8Array {
  return chunk.buffer instanceof ArrayBuffer ? chunk : new Uint8Array(chunk);
}

async function drained(stream: ServerHttp2Stream, gone: Promise<void>): Promise<void> {
  const stalled = setTimeout(() => stream.destroy(new Error("the reader takes nothing")), stallTimeoutMs);
  stalled.unref();
  let wake: (() => void) | undefined;
  await Promise.race([new Promise<void>(resolve => stream.once("drain", (wake = resolve))), gone]);
  stream.off("drain", wake!);
  clearTimeout(stalled);
}

function isGone(stream: ServerHttp2Stream): boolean {
  return stream.destroyed || stream.closed || stream.aborted;
}

function readBody(stream: ServerHttp2Stream): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const parts: Uint8Array[] = [];
    let bytes = 0;
    stream.on("data", (part: Uint8Array) => {
      bytes += part.length;
      parts.push(part);
      if (bytes <= requestBytesMax) return;
      reject(new FiresteelError("resource", `a bulk request is larger than ${requestBytesMax} bytes`));
      parts.length = 0;
      stream.removeAllListeners("data");
      stream.resume();
    });
    stream.once("end", () => resolve(Buffer.concat(parts)));
    stream.once("close", () => reject(new FiresteelError("lost", "a bulk request was cut")));
  });
}

function pathOf(headers: IncomingHttpHeaders): string | undefined {
  try {
    return decodeURIComponent(String(headers[":path"]).slice(bulkPathPrefix.length));
  } catch {
    return undefined;
  }
}

// ---- errors as headers

const textCharsMax = 2_000;

function encodeError(error: unknown): string {
  const { kind, name, message, hint, output } = toWire(error, "internal");
  const wire: WireError = {
    kind,
    name,
    message: message.slice(0, textCharsMax),
    ...(hint !== undefined && { hint: hint.slice(0, textCharsMax) }),
    ...(output !== undefined && { output }),
  };
  return encodeURIComponent(JSON.stringify(wire));
}

/** The error that a header carries; undefined where there is none that can be read. */
export function decodeError(header: unknown): FiresteelError | undefined {
  if (typeof header !== "string") return undefined;
  try {
    const wire = JSON.parse(decodeURIComponent(header)) as WireError;
    return typeof wire.message === "string" ? fromWire(wire) : undefined;
  } catch {
    return undefined;
  }
}
