/**
 * Connections within one process, for the in-process and the simulated transport. What carries frames from one end to the other is
 * given; an end takes each frame once and in order, as frames are numbered, and breaks the connection otherwise.
 */
import { FiresteelError } from "../base/errors.ts";
import type { Connection, ConnectionListener, Peer } from "./contracts.ts";

/** Calls `arrive` later, in the order of its calls from one end; or never. */
export interface Carrier {
  carry(from: MemoryEnd, to: MemoryEnd, arrive: () => void): void;
  /** An end has closed, for bookkeeping. */
  closed(end: MemoryEnd): void;
}

const inFlightBytesMax = 4 << 20;

export class MemoryEnd implements Connection {
  readonly peer: Peer;
  /** Which transport it belongs to. */
  readonly owner: object;
  other: MemoryEnd | undefined;
  listener: ConnectionListener | undefined;
  private readonly carrier: Carrier;
  private sent = 0;
  private received = 0;
  private inFlightBytes = 0;
  private blocked = false;
  private isClosed = false;

  constructor(peer: Peer, owner: object, carrier: Carrier) {
    this.peer = peer;
    this.owner = owner;
    this.carrier = carrier;
  }

  get closed(): boolean {
    return this.isClosed;
  }

  send(frame: Uint8Array): boolean {
    if (this.isClosed) return true;
    const copy = new Uint8Array(frame);
    const number = ++this.sent;
    const other = this.other!;
    this.inFlightBytes += copy.length;
    let arrivals = 0;
    this.carrier.carry(this, other, () => {
      if (arrivals++ === 0) this.landed(copy.length);
      other.receive(number, copy);
    });
    this.blocked ||= this.inFlightBytes >= inFlightBytesMax;
    return !this.blocked;
  }

  close(reason: string): void {
    if (this.isClosed) return;
    const other = this.other!;
    this.carrier.carry(this, other, () => other.end(`${other.peer.description} closed the connection: ${reason}`));
    this.end(`${this.peer.description} was disconnected: ${reason}`);
  }

  /** The connection is gone, on this side. */
  end(reason: string): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.carrier.closed(this);
    this.listener?.onClosed(new FiresteelError("lost", reason));
  }

  /** Ends here without a word to anyone: the process is no more. */
  vanish(): void {
    this.isClosed = true;
    this.carrier.closed(this);
  }

  private receive(number: number, frame: Uint8Array): void {
    if (this.isClosed) return;
    if (number !== this.received + 1) {
      this.close(`frame ${number} came after frame ${this.received}: it was replayed or reordered`);
      return;
    }
    this.received = number;
    this.listener?.onFrame(frame);
  }

  private landed(bytes: number): void {
    this.inFlightBytes -= bytes;
    if (!this.blocked || this.isClosed || this.inFlightBytes > inFlightBytesMax / 2) return;
    this.blocked = false;
    this.listener?.onDrain();
  }
}

/** Both ends of a new connection. */
export function connectEnds(
  dialer: { readonly peer: Peer; readonly owner: object },
  acceptor: { readonly peer: Peer; readonly owner: object },
  carrier: Carrier,
): { readonly dialed: MemoryEnd; readonly accepted: MemoryEnd } {
  const dialed = new MemoryEnd(acceptor.peer, dialer.owner, carrier);
  const accepted = new MemoryEnd(dialer.peer, acceptor.owner, carrier);
  dialed.other = accepted;
  accepted.other = dialed;
  return { dialed, accepted };
}
