/**
 * Refs: where an endpoint's messages go. Over a link to another process, or straight into the dispatcher of our own; then too as
 * bytes, so that nothing is shared.
 */
import { FiresteelError, fromWire, toWire } from "../base/errors.ts";
import type { PendingAsk } from "./asks.ts";
import { decode } from "./codec.ts";
import type { AskOptions, Message, Peer, Protocol, RpcEndpointRef } from "./contracts.ts";
import type { Dispatcher } from "./dispatcher.ts";
import { encodeName } from "./frames.ts";
import { encodeBody, refusal, type PeerLink } from "./peer-link.ts";

export interface Route {
  /** For people: an address or a peer. */
  readonly where: string;
  send(name: string, nameBytes: Uint8Array, body: Uint8Array): void;
  ask(name: string, nameBytes: Uint8Array, body: Uint8Array, number: number, ask: PendingAsk): void;
}

export function routeRef<P extends Protocol>(
  name: string,
  route: Route,
  startAsk: (question: Message, options?: AskOptions) => PendingAsk,
  nextNumber: () => number,
): RpcEndpointRef<P> {
  const nameBytes = encodeName(name);
  const description = `${name} at ${route.where}`;
  return {
    name,
    description,
    send(message) {
      route.send(name, nameBytes, encodeBody(message, `${message.type} to ${description}`));
    },
    async ask(question, options) {
      const body = encodeBody(question, `${question.type} to ${description}`);
      const ask = startAsk(question, options);
      if (!ask.settled) route.ask(name, nameBytes, body, nextNumber(), ask);
      return (await ask.answered) as never;
    },
  };
}

export class RemoteRoute implements Route {
  readonly where: string;
  private readonly link: () => PeerLink | undefined;

  /** `link` makes a connection where there is none; undefined when there will be none. */
  constructor(where: string, link: () => PeerLink | undefined) {
    this.where = where;
    this.link = link;
  }

  send(_: string, nameBytes: Uint8Array, body: Uint8Array): void {
    this.link()?.send(nameBytes, body);
  }

  ask(_: string, nameBytes: Uint8Array, body: Uint8Array, number: number, ask: PendingAsk): void {
    const link = this.link();
    if (link === undefined) ask.fail(new FiresteelError("lost", `${this.where} is not connected`));
    else link.ask(nameBytes, body, number, ask);
  }
}

export class LocalRoute implements Route {
  readonly where: string;
  private readonly dispatcher: Dispatcher;
  private readonly self: Peer;
  private readonly warnOnce: (message: string) => void;

  constructor(dispatcher: Dispatcher, self: Peer, warnOnce: (message: string) => void) {
    this.where = self.description;
    this.dispatcher = dispatcher;
    this.self = self;
    this.warnOnce = warnOnce;
  }

  send(name: string, _: Uint8Array, body: Uint8Array): void {
    const message = decode(body) as Message;
    const posted = this.dispatcher.post(name, { kind: "message", message, from: this.self, bytes: body.length });
    if (posted !== "taken")
      this.warnOnce(`${message.type} was not delivered: ${refusal(posted, name, this.where).message}`);
  }

  ask(name: string, _: Uint8Array, body: Uint8Array, __: number, ask: PendingAsk): void {
    const question = decode(body) as Message;
    const fail = (error: unknown) => ask.fail(fromWire(toWire(error, "internal")));
    const answer = (value: unknown) => {
      try {
        ask.answer(decode(encodeBody(value, `the answer to ${question.type}`)));
      } catch (error) {
        fail(error);
      }
    };
    const from = this.self;
    const posted = this.dispatcher.post(name, { kind: "question", question, from, bytes: body.length, answer, fail });
    if (posted !== "taken") ask.fail(refusal(posted, name, this.where));
  }
}
