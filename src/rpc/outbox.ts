/**
 * What is still to be sent to one peer: waits while the connection is being made and while the peer reads too slowly, and puts
 * all messages of one turn of the event loop into common frames. One outbox lives as long as one connection.
 *
 * Bound: `outboxBytesMax`. Beyond it `post` refuses; the caller fails the question, or gives the peer up.
 */
import type { Connection } from "./contracts.ts";
import { packFrame } from "./frames.ts";

export const outboxBytesMax = 64 << 20;

export interface Outgoing {
  readonly bytes: Uint8Array;
  /** A question that nobody waits for any more need not be sent. */
  readonly isStale?: () => boolean;
}

export class Outbox {
  private connection: Connection | undefined;
  private queue: Outgoing[] = [];
  private queuedBytes = 0;
  private flushing = false;
  private blocked = false;
  private closed = false;

  /** Counts frames, so that a quiet connection can be told. */
  framesSent = 0;

  post(message: Outgoing): boolean {
    if (this.closed) return true; // lost with the peer, which is an event
    if (this.queuedBytes + message.bytes.length > outboxBytesMax) return false;
    this.queue.push(message);
    this.queuedBytes += message.bytes.length;
    this.flushSoon();
    return true;
  }

  attach(connection: Connection): void {
    this.connection = connection;
    this.flushSoon();
  }

  drained(): void {
    this.blocked = false;
    this.flush();
  }

  /** Sends what the connection takes now. */
  flush(): void {
    this.flushing = false;
    if (this.connection === undefined || this.blocked || this.closed || this.queue.length === 0) return;
    const envelopes: Uint8Array[] = [];
    for (const each of this.queue) if (each.isStale?.() !== true) envelopes.push(each.bytes);
    this.queue = [];
    this.queuedBytes = 0;
    let at = 0;
    while (at < envelopes.length && !this.blocked && !this.closed) {
      const { frame, to } = packFrame(envelopes, at);
      at = to;
      this.framesSent++;
      if (!this.connection.send(frame)) this.blocked = true;
    }
    this.putBack(envelopes, at);
  }

  close(): void {
    this.closed = true;
    this.queue = [];
    this.queuedBytes = 0;
  }

  private putBack(envelopes: readonly Uint8Array[], from: number): void {
    if (from === envelopes.length || this.closed) return;
    const rest = envelopes.slice(from).map(bytes => ({ bytes }));
    for (const each of rest) this.queuedBytes += each.bytes.length;
    this.queue = [...rest, ...this.queue];
  }

  private flushSoon(): void {
    if (this.flushing || this.connection === undefined || this.blocked) return;
    this.flushing = true;
    queueMicrotask(() => this.flush());
  }
}
