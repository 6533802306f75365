/**
 * What one endpoint has still to handle. OnStart first, OnStop last; one message to its end before the next, unless the endpoint
 * declares itself concurrent.
 *
 * Bound: `inboxMessagesMax` messages and `inboxBytesMax` bytes of them. Beyond it a question fails with kind "resource", and a
 * sender that only tells is disconnected: a message is never left out silently.
 */
import { FiresteelError } from "../base/errors.ts";
import type { Message, Peer, RpcEndpoint } from "./contracts.ts";

export const inboxMessagesMax = 1 << 18;
export const inboxBytesMax = 256 << 20;

export type Delivery =
  | { readonly kind: "message"; readonly message: Message; readonly from: Peer; readonly bytes: number }
  | {
      readonly kind: "question";
      readonly question: Message;
      readonly from: Peer;
      readonly bytes: number;
      answer(value: unknown): void;
      fail(error: unknown): void;
    }
  | { readonly kind: "connected"; readonly peer: Peer; readonly bytes: 0 }
  | { readonly kind: "disconnected"; readonly peer: Peer; readonly reason: FiresteelError; readonly bytes: 0 };

export type Posted = "taken" | "full" | "stopped";

export class Inbox {
  private readonly name: string;
  private readonly endpoint: RpcEndpoint;
  private readonly warn: (message: string) => void;
  private queue: Delivery[] = [];
  private queueAt = 0;
  private queuedBytes = 0;
  /** Of a concurrent endpoint. */
  private readonly running = new Set<Promise<void>>();
  private stopping = false;
  private wake: (() => void) | undefined;
  private readonly ended: Promise<void>;

  constructor(name: string, endpoint: RpcEndpoint, warn: (message: string) => void) {
    this.name = name;
    this.endpoint = endpoint;
    this.warn = warn;
    this.ended = this.work();
  }

  post(delivery: Delivery): Posted {
    if (this.stopping) return "stopped";
    // connections coming and going are few, and must not be missed
    const bounded = delivery.kind === "message" || delivery.kind === "question";
    if (bounded && (this.queued >= inboxMessagesMax || this.queuedBytes + delivery.bytes > inboxBytesMax)) {
      return "full";
    }
    this.queue.push(delivery);
    this.queuedBytes += delivery.bytes;
    this.wake?.();
    return "taken";
  }

  /** What is queued is still handled. Resolves after OnStop. */
  stop(): Promise<void> {
    this.stopping = true;
    this.wake?.();
    return this.ended;
  }

  private get queued(): number {
    return this.queue.length - this.queueAt;
  }

  private async work(): Promise<void> {
    await undefined; // never within `register`
    await this.guarded(() => this.endpoint.onStart?.());
    for (;;) {
      const next = this.take();
      if (next === undefined) {
        if (this.stopping) break;
        await new Promise<void>(resolve => (this.wake = resolve));
        this.wake = undefined;
        continue;
      }
      const handled = this.handle(next);
      if (handled === undefined) continue;
      if (this.endpoint.concurrent !== true) await handled;
      else {
        this.running.add(handled);
        void handled.then(() => this.running.delete(handled));
      }
    }
    await Promise.all(this.running);
    await this.guarded(() => this.endpoint.onStop?.());
  }

  private take(): Delivery | undefined {
    if (this.queueAt === this.queue.length) return undefined;
    const next = this.queue[this.queueAt++]!;
    this.queuedBytes -= next.bytes;
    if (this.queueAt === this.queue.length || this.queueAt === 4096) {
      this.queue = this.queue.slice(this.queueAt);
      this.queueAt = 0;
    }
    return next;
  }

  /** A promise only where the endpoint made one, so that synchronous endpoints cost no turn of the event loop. */
  private handle(delivery: Delivery): Promise<void> | undefined {
    const endpoint = this.endpoint;
    switch (delivery.kind) {
      case "message":
        return this.guarded(() => {
          if (endpoint.receive === undefined) {
            throw new FiresteelError("internal", `endpoint ${this.name} takes no messages (${delivery.message.type})`);
          }
          return endpoint.receive(delivery.message, delivery.from);
        });
      case "question":
        return this.answer(delivery);
      case "connected":
        return this.guarded(() => endpoint.onConnected?.(delivery.peer));
      case "disconnected":
        return this.guarded(() => endpoint.onDisconnected?.(delivery.peer, delivery.reason));
    }
  }

  private answer(delivery: Delivery & { kind: "question" }): Promise<void> | undefined {
    const endpoint = this.endpoint;
    if (endpoint.receiveAndReply === undefined) {
      const what = `endpoint ${this.name} answers no questions (${delivery.question.type})`;
      delivery.fail(new FiresteelError("internal", what));
      return undefined;
    }
    try {
      const answered = endpoint.receiveAndReply(delivery.question as never, delivery.from);
      if (answered instanceof Promise) return answered.then(delivery.answer, delivery.fail);
      delivery.answer(answered);
    } catch (error) {
      delivery.fail(error);
    }
    return undefined;
  }

  private guarded(call: () => void | Promise<void>): Promise<void> | undefined {
    try {
      const done = call();
      return done instanceof Promise ? done.catch(error => this.report(error)) : undefined;
    } catch (error) {
      this.report(error);
      return undefined;
    }
  }

  private report(error: unknown): void {
    try {
      if (this.endpoint.onError !== undefined) return this.endpoint.onError(error);
    } catch (second) {
      error = second;
    }
    this.warn(`endpoint ${this.name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
