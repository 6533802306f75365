/**
 * Reads bulk streams of other processes over connections of its own, a few per address; idle ones are closed. Needs no
 * environment, so that task threads have theirs. A stream is whole only with its end trailer and as many bytes as that says.
 */
import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders } from "node:http2";
import { systemClock } from "../base/clock.ts";
import { FiresteelError } from "../base/errors.ts";
import { seconds } from "./asks.ts";
import {
  bodyHashHeader,
  endHeader,
  errorHeader,
  hashOf,
  numberHeader,
  proofHeader,
  requestProof,
  type ConnectionKeys,
  type Secret,
} from "./authentication.ts";
import { bulkGreetingPath, bulkPathPrefix, decodeError, requestBytesMax } from "./bulk-server.ts";
import { ChunkQueue, idleTimeoutDefaultMs } from "./chunk-queue.ts";
import type { BulkOptions, BulkStream, RpcAddress } from "./contracts.ts";
import { greet } from "./handshake.ts";
import { openSession } from "./http2-sessions.ts";
import { addressKey } from "./peers.ts";

export interface BulkClientOptions {
  readonly secret?: Secret | undefined;
  /** Connections to one address; default 4. */
  readonly connectionsMax?: number | undefined;
  /** Longest time to make one; default 5 s. */
  readonly connectTimeoutMs?: number | undefined;
  /** An unused connection is closed after this long; default 30 s. */
  readonly keepIdleMs?: number | undefined;
}

interface Opened {
  readonly session: ClientHttp2Session;
  readonly keys: ConnectionKeys;
  requests: number;
}

interface Slot {
  readonly opened: Promise<Opened>;
  streams: number;
  idle: ReturnType<typeof setTimeout> | undefined;
}

const cancelCode = 8; // RFC 9113, section 7

export class BulkClient {
  private readonly secret: Secret | undefined;
  private readonly connectionsMax: number;
  private readonly connectTimeoutMs: number;
  private readonly keepIdleMs: number;
  private readonly slots = new Map<string, Slot[]>();
  private readonly closing = new AbortController();

  constructor(options: BulkClientOptions = {}) {
    this.secret = options.secret;
    this.connectionsMax = options.connectionsMax ?? 4;
    this.connectTimeoutMs = options.connectTimeoutMs ?? 5_000;
    this.keepIdleMs = options.keepIdleMs ?? 30_000;
  }

  async open(address: RpcAddress, path: string, body: Uint8Array, options: BulkOptions = {}): Promise<BulkStream> {
    const where = addressKey(address);
    const what = `${path} from ${where}`;
    if (body.length > requestBytesMax) {
      throw new FiresteelError("resource", `the request for ${what} is larger than ${requestBytesMax} bytes`);
    }
    const slot = this.slotFor(address, where);
    slot.streams++;
    clearTimeout(slot.idle);
    const done = () => this.release(where, slot);
    try {
      const opened = await unlessAborted(slot.opened, options.signal, what);
      return await this.request(opened, path, what, body, options, done);
    } catch (error) {
      done();
      throw error;
    }
  }

  /** Ends all connections; streams that are being read throw. */
  async close(): Promise<void> {
    this.closing.abort(new FiresteelError("cancelled", "the client was closed"));
    const slots = [...this.slots.values()].flat();
    this.slots.clear();
    for (const slot of slots) {
      clearTimeout(slot.idle);
      await slot.opened.then(
        ({ session }) => session.destroy(),
        () => {},
      );
    }
  }

  private slotFor(address: RpcAddress, where: string): Slot {
    if (this.closing.signal.aborted) throw this.closing.signal.reason;
    const slots = this.slots.get(where) ?? [];
    this.slots.set(where, slots);
    let least: Slot | undefined;
    for (const slot of slots) if (least === undefined || slot.streams < least.streams) least = slot;
    if (least !== undefined && (least.streams === 0 || slots.length >= this.connectionsMax)) return least;
    const slot: Slot = {
      opened: this.connect(address, where, () => this.forget(where, slot)),
      streams: 0,
      idle: undefined,
    };
    slots.push(slot);
    slot.opened.catch(() => this.forget(where, slot));
    return slot;
  }

  private async connect(address: RpcAddress, where: string, closed: () => void): Promise<Opened> {
    const late = new AbortController();
    const timer = setTimeout(() => {
      late.abort(new FiresteelError("lost", `${where} did not answer within ${seconds(this.connectTimeoutMs)}`));
    }, this.connectTimeoutMs);
    try {
      const signal = AbortSignal.any([late.signal, this.closing.signal]);
      const session = await openSession(address, signal);
      session.once("close", closed);
      const aborted = () => session.destroy();
      signal.addEventListener("abort", aborted, { once: true });
      try {
        const { stream, keys } = await greet(session, bulkGreetingPath, where, this.secret);
        stream.end();
        stream.resume();
        return { session, keys, requests: 0 };
      } catch (error) {
        session.destroy();
        throw signal.aborted ? signal.reason : error;
      } finally {
        signal.removeEventListener("abort", aborted);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  private request(
    opened: Opened,
    path: string,
    what: string,
    body: Uint8Array,
    options: BulkOptions,
    done: () => void,
  ): Promise<BulkStream> {
    const number = ++opened.requests;
    const bodyHash = hashOf(body);
    const stream = opened.session.request({
      ":method": "POST",
      ":path": `${bulkPathPrefix}${encodeURIComponent(path)}`,
      [numberHeader]: String(number),
      [bodyHashHeader]: bodyHash,
      [proofHeader]: requestProof(opened.keys.fromClient, number, path, bodyHash),
    });
    stream.end(body.buffer instanceof ArrayBuffer ? body : new Uint8Array(body));
    return receive(stream, what, options, done);
  }

  private release(where: string, slot: Slot): void {
    slot.streams--;
    if (slot.streams > 0 || this.closing.signal.aborted) return;
    slot.idle = setTimeout(() => {
      this.forget(where, slot);
      void slot.opened.then(
        ({ session }) => session.close(),
        () => {},
      );
    }, this.keepIdleMs);
    slot.idle.unref();
  }

  private forget(where: string, slot: Slot): void {
    clearTimeout(slot.idle);
    const rest = this.slots.get(where)?.filter(each => each !== slot) ?? [];
    if (rest.length > 0) this.slots.set(where, rest);
    else this.slots.delete(where);
  }
}

/** One answer. `done` is called once, when the stream has ended. */
function receive(stream: ClientHttp2Stream, what: string, options: BulkOptions, done: () => void): Promise<BulkStream> {
  return new Promise((resolve, reject) => {
    const chunks = new ChunkQueue(what, systemClock, options, () => {
      stream.close(cancelCode);
      fail(new FiresteelError("cancelled", `${what} was cancelled`));
    });
    let bytes = 0;
    let trailers: IncomingHttpHeaders = {};
    let waiting: ReturnType<typeof setTimeout> | undefined;
    const fail = (error: FiresteelError) => {
      clearTimeout(waiting);
      chunks.fail(error);
      reject(error); // of no effect once it has begun
    };
    const idleTimeoutMs = options.idleTimeoutMs ?? idleTimeoutDefaultMs;
    const wait = () => {
      const dueMs = Date.now() + idleTimeoutMs;
      waiting = setTimeout(() => {
        // after a stop of this process, what came meanwhile is still unread
        if (Date.now() - dueMs > idleTimeoutMs / 2) return wait();
        fail(new FiresteelError("lost", `${what}: nothing came for ${seconds(idleTimeoutMs)}`));
        stream.close(cancelCode);
      }, idleTimeoutMs);
    };
    wait();
    const ended = (cause?: unknown) => {
      if (!chunks.open) return;
      const error = decodeError(trailers[errorHeader]);
      if (error !== undefined) return fail(error);
      if (trailers[endHeader] === String(bytes) && stream.rstCode === 0) return chunks.finish();
      fail(new FiresteelError("lost", `${what} was cut after ${bytes} bytes`, { cause }));
    };
    stream.once("response", headers => {
      clearTimeout(waiting);
      if (headers[":status"] === 200) return resolve(chunks);
      fail(decodeError(headers[errorHeader]) ?? new FiresteelError("lost", `${what} was refused`));
      stream.resume();
    });
    stream.on("data", (chunk: Uint8Array) => {
      bytes += chunk.length;
      chunks.push(chunk);
      if (chunks.hasRoom || !chunks.open) return;
      stream.pause();
      void chunks.room().then(() => stream.resume());
    });
    stream.once("trailers", headers => (trailers = headers));
    stream.once("error", ended);
    stream.once("end", () => void (endHeader in trailers && ended()));
    stream.once("close", () => {
      ended();
      done();
    });
  });
}

function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined, what: string): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const aborted = () => reject(new FiresteelError("cancelled", `${what} was cancelled`));
    if (signal.aborted) aborted();
    signal.addEventListener("abort", aborted, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", aborted));
  });
}
