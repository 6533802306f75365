/**
 * A peer's connection over one HTTP/2 stream. Both sides begin with a hello record that says who they are, signed where there is a
 * secret; then frames; a close record says why. Whatever else ends the stream is a loss: an end without it proves nothing.
 */
import type { Http2Session, Http2Stream } from "node:http2";
import type { Duplex } from "node:stream";
import { FiresteelError } from "../base/errors.ts";
import { Sealer } from "./authentication.ts";
import { decode, encode } from "./codec.ts";
import type { Connection, ConnectionListener, Peer, RpcAddress } from "./contracts.ts";
import { describePeer } from "./peers.ts";
import { RecordReader, writeRecord, type RecordType } from "./records.ts";

export interface Hello {
  readonly id: string;
  readonly role: string;
  readonly address: RpcAddress | undefined;
}

/** How long a close record may take to go out. */
const closeTimeoutMs = 1_000;
const reasonCharsMax = 4_096;
const helloBytesMax = 4_096;

export interface ConnectionEvents {
  /** The peer has said who it is. */
  onHello(connection: Http2Connection): ConnectionListener;
  /** It ended before that. */
  onRefused(error: FiresteelError): void;
  /** A peer that is known sent what no peer sends. */
  onMalformed(error: FiresteelError): void;
}

export class Http2Connection implements Connection {
  private readonly stream: Http2Stream & Duplex;
  private readonly session: Http2Session;
  private readonly sealer: Sealer;
  private readonly events: ConnectionEvents;
  private readonly remoteHost: string;
  private listener: ConnectionListener | undefined;
  private known: Peer | undefined;
  private ended = false;
  /** What comes is no longer read. */
  private cut = false;

  constructor(
    stream: Http2Connection["stream"],
    session: Http2Session,
    keys: { readonly send: Uint8Array | undefined; readonly receive: Uint8Array | undefined },
    remoteHost: string,
    self: Hello,
    events: ConnectionEvents,
  ) {
    this.stream = stream;
    this.session = session;
    this.sealer = new Sealer(keys.send);
    this.events = events;
    this.remoteHost = remoteHost;
    const reader = new RecordReader(new Sealer(keys.receive), (type, bytes) => this.receive(type, bytes));
    stream.on("data", (chunk: Uint8Array) => {
      if (this.cut) return;
      try {
        reader.read(chunk);
      } catch (error) {
        this.fail(error);
      }
    });
    stream.on("drain", () => this.listener?.onDrain());
    stream.on("error", error => this.lose(`the connection broke: ${error.message}`, error));
    stream.on("end", () =>
      this.lose(reader.betweenRecords ? "the connection ended" : "the connection ended within a message"),
    );
    stream.on("close", () => this.lose("the connection was closed"));
    session.on("close", () => this.lose("the connection was closed"));
    this.write("hello", encode(self));
  }

  get peer(): Peer {
    return this.known!;
  }

  /** For people, before the peer has said who it is too. */
  get description(): string {
    return this.known?.description ?? this.remoteHost;
  }

  send(frame: Uint8Array): boolean {
    return this.ended || this.write("frame", frame);
  }

  close(reason: string): void {
    if (this.ended) return;
    const record = writeRecord("close", new TextEncoder().encode(reason.slice(0, reasonCharsMax)), this.sealer);
    const done = () => this.session.destroy();
    const timer = setTimeout(done, closeTimeoutMs);
    timer.unref();
    this.session.once("close", () => clearTimeout(timer));
    try {
      // the session is ended by the peer, who reads the reason first; a peer that does not is cut off
      this.stream.end(record);
    } catch {
      done();
    }
    this.end(new FiresteelError("lost", `${this.description} was disconnected: ${reason}`));
  }

  /** Cuts the connection without a word. */
  destroy(): void {
    this.lose("the connection was cut");
  }

  private write(type: RecordType, bytes: Uint8Array): boolean {
    return this.stream.write(writeRecord(type, bytes, this.sealer));
  }

  private receive(type: RecordType, bytes: Uint8Array): void {
    if (this.ended) {
      // both said goodbye: there is nothing to wait for
      if (type === "close") this.session.destroy();
      return;
    }
    switch (type) {
      case "hello":
        if (this.known !== undefined) throw new FiresteelError("data", "it said twice who it is");
        this.known = readHello(bytes, this.remoteHost);
        this.listener = this.events.onHello(this);
        return;
      case "frame":
        if (this.listener === undefined) throw new FiresteelError("data", "it did not say who it is");
        return this.listener.onFrame(bytes);
      case "close":
        return this.lose(`closed the connection: ${new TextDecoder().decode(bytes)}`, undefined, true);
    }
  }

  private fail(error: unknown): void {
    this.cut = true;
    if (this.ended) return;
    const what = error instanceof Error ? error.message : String(error);
    const reason = new FiresteelError("lost", `${this.description} was disconnected: ${what}`, { cause: error });
    if (this.known !== undefined) this.events.onMalformed(reason);
    this.end(reason);
    this.session.destroy();
  }

  private lose(what: string, cause?: unknown, isSentence = false): void {
    if (this.ended) return;
    const message =
      this.known === undefined
        ? `${this.description} left before it said who it is (is its secret another?)`
        : isSentence
          ? `${this.description} ${what}`
          : `${this.description} is lost: ${what}`;
    this.end(new FiresteelError("lost", message, { cause }));
    this.session.destroy();
  }

  private end(reason: FiresteelError): void {
    this.ended = true;
    if (this.listener !== undefined) this.listener.onClosed(reason);
    else this.events.onRefused(reason);
  }
}

function readHello(bytes: Uint8Array, remoteHost: string): Peer {
  const hello = (bytes.length <= helloBytesMax ? decode(bytes) : undefined) as Partial<Hello> | null | undefined;
  const { id, role, address } = hello ?? {};
  if (!isText(id) || !isText(role)) throw new FiresteelError("data", "its hello says neither id nor role");
  if (address === undefined || address === null)
    return { id, address: undefined, description: describePeer(role, undefined, remoteHost) };
  if (!isText(address.host) || !Number.isInteger(address.port) || address.port < 1 || address.port > 65_535) {
    throw new FiresteelError("data", "its hello has no valid address");
  }
  const { host, port } = address;
  return { id, address: { host, port }, description: describePeer(role, { host, port }) };
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value.length > 0 && value.length <= 512;
}
