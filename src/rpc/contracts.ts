/**
 * Messages between processes, as Spark's RpcEnv: an `RpcEnv` is one process's end; endpoints have names in it; refs send to
 * them. Everything above `rpc/` is written against this page, and runs alike over HTTP/2, within one process and simulated.
 *
 * Promises: messages of one sender to one peer arrive in the order they were sent, at most once, or the peer is lost; an `ask`
 * is answered, fails at its deadline, or fails when the peer is lost; a lost peer is an event at every endpoint that asked or was told
 * of it. Does not: resend (a sender that must know asks), or keep messages for a peer that never comes.
 *
 * One connection serves both directions: a peer that only connects (a driver, an executor) is reached over the connection it made.
 */
import type { Clock } from "../base/clock.ts";
import type { FiresteelError } from "../base/errors.ts";

export interface RpcAddress {
  readonly host: string;
  readonly port: number;
}

/** Plain data: what structured clone takes, less functions. Unions are told apart by `type`. */
export interface Message {
  readonly type: string;
}

/** What an endpoint understands. `asks` lists questions by their `type`, with their answers. */
export interface Protocol {
  readonly sends: Message;
  readonly asks: { readonly [type: string]: { readonly question: Message; readonly answer: unknown } };
}

export type QuestionOf<P extends Protocol> = P["asks"][keyof P["asks"]]["question"];
export type AnswerTo<P extends Protocol, Q extends Message> = P["asks"][Q["type"]]["answer"];

/** One life of one process, as seen from another. Compare by `id`: a process that starts again is another peer. */
export interface Peer {
  readonly id: string;
  /** Where it listens; undefined when it only connects. */
  readonly address: RpcAddress | undefined;
  /** For messages to people: `worker-3 (10.0.0.7:41234)`. */
  readonly description: string;
}

/**
 * Receives what is sent to its name. One message is handled to its end (awaited) before the next, unless `concurrent`. OnStart
 * comes first, OnStop last, and nothing after it. What `receive` throws goes to `onError`; what `receiveAndReply` throws goes to
 * the asker as a FiresteelError.
 */
export interface RpcEndpoint<P extends Protocol = Protocol> {
  readonly concurrent?: boolean;
  onStart?(): void | Promise<void>;
  onStop?(): void | Promise<void>;
  onConnected?(peer: Peer): void | Promise<void>;
  onDisconnected?(peer: Peer, reason: FiresteelError): void | Promise<void>;
  onError?(error: unknown): void;
  receive?(message: P["sends"], from: Peer): void | Promise<void>;
  receiveAndReply?(question: QuestionOf<P>, from: Peer): unknown;
}

export interface AskOptions {
  /** Deadline; without one, `firesteel.rpc.askTimeout`. There is no ask without a deadline. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface RpcEndpointRef<P extends Protocol = Protocol> {
  readonly name: string;
  /** `name at host:port`. */
  readonly description: string;
  /** A message to a lost peer is dropped, and the peer's loss is an event. Throws only when no frame can hold the message. */
  send(message: P["sends"]): void;
  /** Rejects with a FiresteelError: kind "lost" (unreachable, lost, deadline), "cancelled" (signal), or what the endpoint threw. */
  ask<Q extends QuestionOf<P>>(question: Q, options?: AskOptions): Promise<AnswerTo<P, Q>>;
}

export interface RpcEnv {
  /** Of this life of this process. */
  readonly id: string;
  /** Undefined when it does not listen. */
  readonly address: RpcAddress | undefined;
  readonly clock: Clock;
  /** Names are unique; a second endpoint of a name is refused. */
  register<P extends Protocol>(name: string, endpoint: RpcEndpoint<P>): RpcEndpointRef<P>;
  /** OnStop follows what is already in its inbox. */
  unregister(name: string): Promise<void>;
  /** An endpoint at an address. Connects with the first message; connects anew after a loss. */
  ref<P extends Protocol>(address: RpcAddress, name: string): RpcEndpointRef<P>;
  /** An endpoint of a connected peer, over the connection there is. */
  refAt<P extends Protocol>(peer: Peer, name: string): RpcEndpointRef<P>;
  /** Ends the connection, so that the loss is an event on both sides. */
  disconnect(peer: Peer, reason: string): void;
  readonly bulk: Bulk;
  /** Stops endpoints and closes connections; resolves when all is closed. */
  shutdown(): Promise<void>;
}

// ---- bytes too large for messages

/**
 * Streams of bytes over connections apart from the messages'. Requests are authenticated as messages are.
 * A stream that ends without its end mark, or is cut, is an error: what was read to the end is whole.
 */
export interface Bulk {
  /** Answers requests whose path begins with `prefix`. */
  serve(prefix: string, handler: BulkHandler): void;
  /** Rejects, or throws while it is read, with kind "lost"; with the handler's error when that threw one. */
  open(address: RpcAddress, path: string, body: Uint8Array, options?: BulkOptions): Promise<BulkStream>;
}

export interface BulkOptions {
  /** Longest time without a byte. */
  readonly idleTimeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** `path` is what follows the prefix. */
export type BulkHandler = (path: string, body: Uint8Array, from: Peer | undefined) => BulkAnswer | Promise<BulkAnswer>;

/** Chunks are sent as they are: none may be written again before `sent` gave it back. */
export type BulkAnswer = (AsyncIterable<Uint8Array> | Iterable<Uint8Array>) & ChunksBack;

export interface ChunksBack {
  /** The chunk has left. Not called for those of an answer that broke. */
  sent?(chunk: Uint8Array): void;
}

export interface BulkStream extends AsyncIterable<Uint8Array> {
  /** Stops the sender too. */
  cancel(): void;
}

// ---- what transports are to the environment

/** Frames of one peer in both directions. `frame` is at most `frameBytesMax`; it is the receiver's to keep. */
export interface Connection {
  readonly peer: Peer;
  /** False when the peer reads too slowly: wait for `onDrain`. */
  send(frame: Uint8Array): boolean;
  close(reason: string): void;
}

export interface ConnectionListener {
  onFrame(frame: Uint8Array): void;
  onDrain(): void;
  /** Once, however the connection ends; nothing follows. */
  onClosed(reason: FiresteelError): void;
}

/** Gets connections that others made. */
export type Accept = (connection: Connection) => ConnectionListener;

export interface TransportSelf {
  readonly id: string;
  readonly role: string;
  /** Gets one line per connection that was refused or broke before anyone knew its peer. */
  warn(message: string): void;
}

export interface Transport {
  /** Resolves with where others reach it; undefined when it only connects. */
  start(self: TransportSelf, accept: Accept): Promise<RpcAddress | undefined>;
  /** Rejects with kind "lost" (unreachable) or "user" (refused: version, secret). */
  connect(
    address: RpcAddress,
    listener: (connection: Connection) => ConnectionListener,
    signal: AbortSignal,
  ): Promise<void>;
  readonly bulk: Bulk;
  close(): Promise<void>;
}

/** Of messages; anything larger goes by `Bulk`. */
export const frameBytesMax = 1 << 20;
