/**
 * Chunks between one that produces and one that reads, with a bound on the bytes between them. The reader sees an end only after
 * `finish`; a stream that stops otherwise throws.
 */
import type { Clock, Timer } from "../base/clock.ts";
import { FiresteelError } from "../base/errors.ts";
import { seconds } from "./asks.ts";
import type { BulkOptions, BulkStream } from "./contracts.ts";

const queuedBytesMax = 4 << 20;
export const idleTimeoutDefaultMs = 120_000;

export class ChunkQueue implements BulkStream {
  private readonly chunks: Uint8Array[] = [];
  private queuedBytes = 0;
  private state: "open" | "finished" | FiresteelError = "open";
  private reader: (() => void) | undefined;
  private writer: (() => void) | undefined;
  private waitingSinceMs = 0;
  private idle: Timer | undefined;
  private readonly what: string;
  private readonly clock: Clock;
  private readonly idleTimeoutMs: number;
  private readonly onCancel: () => void;
  private readonly forgetSignal: () => void;

  /** `what` names the stream in errors. `onCancel` is called once when the reader wants no more. */
  constructor(what: string, clock: Clock, options: BulkOptions, onCancel: () => void) {
    this.what = what;
    this.clock = clock;
    this.idleTimeoutMs = options.idleTimeoutMs ?? idleTimeoutDefaultMs;
    this.onCancel = onCancel;
    const signal = options.signal;
    const aborted = () => this.cancel();
    signal?.addEventListener("abort", aborted, { once: true });
    this.forgetSignal = () => signal?.removeEventListener("abort", aborted);
  }

  get open(): boolean {
    return this.state === "open";
  }

  // ---- the producer

  push(chunk: Uint8Array): void {
    if (!this.open) return;
    this.chunks.push(chunk);
    this.queuedBytes += chunk.length;
    this.wakeReader();
  }

  get hasRoom(): boolean {
    return this.queuedBytes < queuedBytesMax;
  }

  /** Resolves when there is room, or nobody reads any more. */
  async room(): Promise<void> {
    while (this.open && !this.hasRoom) await new Promise<void>(resolve => (this.writer = resolve));
  }

  finish(): void {
    this.end("finished");
  }

  fail(error: FiresteelError): void {
    this.end(error);
  }

  // ---- the reader

  cancel(): void {
    if (!this.open) return;
    this.chunks.length = 0;
    this.end(new FiresteelError("cancelled", `${this.what} was cancelled`));
    this.onCancel();
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, void, undefined> {
    return {
      next: async () => {
        for (;;) {
          const chunk = this.chunks.shift();
          if (chunk !== undefined) {
            this.queuedBytes -= chunk.length;
            if (this.writer !== undefined && this.hasRoom) this.wakeWriter();
            return { done: false, value: chunk };
          }
          if (this.state === "finished") return { done: true, value: undefined };
          if (this.state !== "open") throw this.state;
          await this.more();
        }
      },
      return: async () => {
        this.cancel();
        return { done: true, value: undefined };
      },
    };
  }

  private more(): Promise<void> {
    this.waitingSinceMs = this.clock.nowMs();
    if (this.idle === undefined) this.look(this.idleTimeoutMs);
    return new Promise<void>(resolve => (this.reader = resolve));
  }

  /** One timer for many waits: it looks how long the last one has been. */
  private look(afterMs: number): void {
    const dueMs = this.clock.nowMs() + afterMs;
    this.idle = this.clock.after(afterMs, () => this.checkIdle(this.clock.nowMs() - dueMs));
  }

  private checkIdle(lateMs: number): void {
    // after a stop of this process, what came meanwhile is still unread
    if (lateMs > this.idleTimeoutMs / 2) this.waitingSinceMs = this.clock.nowMs();
    const waitedMs = this.reader === undefined ? 0 : this.clock.nowMs() - this.waitingSinceMs;
    if (waitedMs < this.idleTimeoutMs) return this.look(this.idleTimeoutMs - waitedMs);
    this.fail(new FiresteelError("lost", `${this.what}: nothing came for ${seconds(this.idleTimeoutMs)}`));
    this.onCancel();
  }

  private end(state: "finished" | FiresteelError): void {
    if (!this.open) return;
    this.state = state;
    this.idle?.cancel();
    this.forgetSignal();
    this.wakeReader();
    this.wakeWriter();
  }

  private wakeReader(): void {
    const wake = this.reader;
    this.reader = undefined;
    wake?.();
  }

  private wakeWriter(): void {
    const wake = this.writer;
    this.writer = undefined;
    wake?.();
  }
}
