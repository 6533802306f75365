/**
 * One connection as the environment sees it: outgoing messages in its outbox, questions that wait for answers over it, incoming
 * frames to the dispatcher, and how long it has been quiet. Lives once: connecting, open, lost.
 */
import type { Clock } from "../base/clock.ts";
import { FiresteelError } from "../base/errors.ts";
import { decodeFailure, encodeFailure, type PendingAsk } from "./asks.ts";
import { decode, encode } from "./codec.ts";
import type { Connection, ConnectionListener, Message, Peer } from "./contracts.ts";
import type { Dispatcher } from "./dispatcher.ts";
import { bodyBytesMax, heartbeatEnvelope, readFrame, writeEnvelope, type Envelope } from "./frames.ts";
import { Outbox } from "./outbox.ts";

/** What a link needs of its environment. */
export interface LinkOwner {
  readonly clock: Clock;
  readonly dispatcher: Dispatcher;
  /** For messages to peers: who we are. */
  readonly description: string;
  warn(message: string): void;
  warnOnce(message: string): void;
  opened(link: PeerLink): void;
  lost(link: PeerLink, reason: FiresteelError): void;
}

const noName = new Uint8Array(0);

export class PeerLink implements ConnectionListener {
  readonly outgoing: boolean;
  /** Addresses under which the environment finds it. */
  readonly keys = new Set<string>();
  private readonly owner: LinkOwner;
  private readonly outbox = new Outbox();
  private readonly asks = new Map<number, PendingAsk>();
  private connection: Connection | undefined;
  private isLost = false;
  private framesSentBefore = 0;
  lastHeardMs: number;

  constructor(owner: LinkOwner, outgoing: boolean) {
    this.owner = owner;
    this.outgoing = outgoing;
    this.lastHeardMs = owner.clock.nowMs();
  }

  get peer(): Peer | undefined {
    return this.connection?.peer;
  }

  get lost(): boolean {
    return this.isLost;
  }

  open(connection: Connection): this {
    this.connection = connection;
    this.lastHeardMs = this.owner.clock.nowMs();
    if (this.isLost) connection.close("nobody waits for this connection any more");
    else {
      this.owner.opened(this);
      this.outbox.attach(connection);
    }
    return this;
  }

  send(name: Uint8Array, body: Uint8Array): void {
    this.post(writeEnvelope("send", 0, name, body));
  }

  ask(name: Uint8Array, body: Uint8Array, number: number, ask: PendingAsk): void {
    const bytes = writeEnvelope("ask", number, name, body);
    if (!this.outbox.post({ bytes, isStale: () => ask.settled })) {
      return ask.fail(new FiresteelError("resource", `${this.description} reads too slowly: too much waits for it`));
    }
    this.asks.set(number, ask);
    ask.forget = () => this.asks.delete(number);
  }

  heartbeat(): void {
    if (this.connection === undefined || this.outbox.framesSent !== this.framesSentBefore) {
      this.framesSentBefore = this.outbox.framesSent;
      return;
    }
    this.outbox.post({ bytes: heartbeatEnvelope });
    this.outbox.flush();
    this.framesSentBefore = this.outbox.framesSent;
  }

  /** Sends what waits, then ends the connection. */
  close(reason: FiresteelError): void {
    if (this.isLost) return;
    this.outbox.flush();
    this.lose(reason);
  }

  /** Gives the peer up: everything that waits for it fails. */
  lose(reason: FiresteelError): void {
    if (this.isLost) return;
    this.isLost = true;
    this.outbox.close();
    this.connection?.close(reason.message);
    for (const ask of [...this.asks.values()]) ask.fail(reason);
    this.owner.lost(this, reason);
  }

  // ---- from the connection

  onFrame(frame: Uint8Array): void {
    if (this.isLost) return;
    this.lastHeardMs = this.owner.clock.nowMs();
    try {
      for (const envelope of readFrame(frame)) {
        this.receive(envelope);
        if (this.isLost) return;
      }
    } catch (error) {
      const what = error instanceof Error ? error.message : String(error);
      this.owner.warn(`${this.description} was disconnected: ${what}`);
      this.lose(new FiresteelError("lost", `${this.description} was disconnected: ${what}`, { cause: error }));
    }
  }

  onDrain(): void {
    this.outbox.drained();
  }

  onClosed(reason: FiresteelError): void {
    this.lose(reason);
  }

  private receive(envelope: Envelope): void {
    switch (envelope.kind) {
      case "heartbeat":
        return;
      case "reply":
        return this.asks.get(envelope.number)?.answer(decode(envelope.body));
      case "failure":
        return this.asks.get(envelope.number)?.fail(decodeFailure(envelope.body));
      case "send":
        return this.deliverMessage(envelope);
      case "ask":
        return this.deliverQuestion(envelope);
    }
  }

  private deliverMessage({ endpoint, body }: Envelope): void {
    const message = readMessage(body);
    const from = this.connection!.peer;
    const posted = this.owner.dispatcher.post(endpoint, { kind: "message", message, from, bytes: body.length });
    if (posted === "full") throw new FiresteelError("resource", `endpoint ${endpoint} is told more than it can handle`);
    if (posted === "unknown") {
      this.owner.warnOnce(`${from.description} sent ${message.type} to endpoint ${endpoint}, which is not there`);
    }
  }

  private deliverQuestion({ endpoint, body, number }: Envelope): void {
    const question = readMessage(body);
    const posted = this.owner.dispatcher.post(endpoint, {
      kind: "question",
      question,
      from: this.connection!.peer,
      bytes: body.length,
      answer: value => this.reply(number, question, value),
      fail: error => this.post(writeEnvelope("failure", number, noName, encodeFailure(error))),
    });
    if (posted !== "taken") {
      const error = refusal(posted, endpoint, this.owner.description);
      this.post(writeEnvelope("failure", number, noName, encodeFailure(error)));
    }
  }

  private reply(number: number, question: Message, value: unknown): void {
    try {
      const body = encodeBody(value, `the answer to ${question.type}`);
      this.post(writeEnvelope("reply", number, noName, body));
    } catch (error) {
      this.post(writeEnvelope("failure", number, noName, encodeFailure(error)));
    }
  }

  private post(bytes: Uint8Array): void {
    if (this.outbox.post({ bytes })) return;
    const what = `${this.description} was disconnected: it reads too slowly, and too much waits for it`;
    this.owner.warn(what);
    this.lose(new FiresteelError("lost", what));
  }

  private get description(): string {
    return this.peer?.description ?? "the peer";
  }
}

/** A message's bytes, or an error for its sender. `what` names it. */
export function encodeBody(value: unknown, what: string): Uint8Array {
  const body = encode(value);
  if (body.length <= bodyBytesMax) return body;
  const bytes = body.length.toLocaleString("en");
  throw new FiresteelError("resource", `${what} is too large for a message: ${bytes} bytes`, {
    hint: `keep messages within ${bodyBytesMax.toLocaleString("en")} bytes, and send what is larger as a stream or a broadcast`,
  });
}

/** Why an endpoint did not take a question. */
export function refusal(posted: "full" | "stopped" | "unknown", endpoint: string, where: string): FiresteelError {
  switch (posted) {
    case "full":
      return new FiresteelError("resource", `endpoint ${endpoint} at ${where} is asked more than it can handle`);
    case "stopped":
      return new FiresteelError("lost", `endpoint ${endpoint} at ${where} has stopped`);
    case "unknown":
      return new FiresteelError("lost", `there is no endpoint ${endpoint} at ${where}`);
  }
}

function readMessage(body: Uint8Array): Message {
  const message = decode(body) as Message | null | undefined;
  if (typeof message !== "object" || typeof message?.type !== "string") {
    throw new FiresteelError("data", "a message has no type");
  }
  return message;
}
