/**
 * Pages that go on: a stream of server-sent events for each reader, with the page's content whenever it has changed. A stream
 * holds what the reader has not taken yet, one event at most: who reads slowly misses what was in between. Streams are bounded in number, end
 * when their reader goes or takes nothing for long, and spend a small part of the time on drawing.
 */
import type { Clock, Timer } from "../base/clock.ts";
import type { Html } from "./html.ts";

export interface LiveLimits {
  readonly streamsMax: number;
  readonly periodMs: number;
  /** A stream that has nothing new says so after this time, so that proxies keep the connection. */
  readonly heartbeatMs: number;
  /** How long a reader may take nothing. */
  readonly stalledMaxMs: number;
}

export const liveLimits: LiveLimits = { streamsMax: 32, periodMs: 1000, heartbeatMs: 15_000, stalledMaxMs: 60_000 };

/** Of the time until the next drawing, at most one part in this many goes into drawing. */
const drawShare = 20;

type Draw = () => Html | Promise<Html>;

export class LiveStreams {
  private readonly streams = new Set<LiveStream>();

  constructor(
    private readonly clock: Clock,
    private readonly limits: LiveLimits = liveLimits,
  ) {}

  get size(): number {
    return this.streams.size;
  }

  /** Undefined when there are too many. `signal` ends it, too. */
  open(draw: Draw, explain: (thrown: unknown) => string, signal?: AbortSignal): Response | undefined {
    if (this.streams.size >= this.limits.streamsMax) return undefined;
    const stream = new LiveStream(this.clock, this.limits, draw, explain, () => this.streams.delete(stream));
    this.streams.add(stream);
    if (signal?.aborted === true) stream.end();
    else signal?.addEventListener("abort", () => stream.end(), { once: true });
    return new Response(stream.body, {
      headers: { "content-type": "text/event-stream; charset=utf-8", "x-accel-buffering": "no" },
    });
  }

  close(): void {
    for (const stream of [...this.streams]) stream.end();
  }
}

class LiveStream {
  readonly body: ReadableStream<Uint8Array>;
  private controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  private timer: Timer | undefined;
  private readonly encoder = new TextEncoder();
  private ended = false;
  private last = "";
  private sentMs: number;

  constructor(
    private readonly clock: Clock,
    private readonly limits: LiveLimits,
    private readonly draw: Draw,
    private readonly explain: (thrown: unknown) => string,
    private readonly onEnd: () => void,
  ) {
    this.sentMs = clock.nowMs();
    this.body = new ReadableStream({
      start: controller => {
        this.controller = controller;
        this.timer = clock.after(0, () => void this.turn());
      },
      cancel: () => this.end(),
    });
  }

  end(): void {
    if (this.ended) return;
    this.ended = true;
    this.timer?.cancel();
    this.onEnd();
    try {
      this.controller?.close();
    } catch {
      // its reader has closed it already
    }
  }

  private async turn(): Promise<void> {
    const { clock, limits, controller } = this;
    let drawMs = 0;
    if (controller !== undefined && (controller.desiredSize ?? 0) > 0) {
      const startedMs = clock.nowMs();
      const next = await this.next();
      drawMs = clock.nowMs() - startedMs;
      if (this.ended) return;
      if (next !== this.last) this.send((this.last = next));
      else if (clock.nowMs() - this.sentMs >= limits.heartbeatMs) this.send(":\n\n");
    } else if (clock.nowMs() - this.sentMs >= limits.stalledMaxMs) return this.end();
    this.timer = clock.after(Math.max(limits.periodMs, drawMs * drawShare), () => void this.turn());
  }

  private async next(): Promise<string> {
    try {
      return eventText("page", (await this.draw()).text);
    } catch (thrown) {
      return eventText("trouble", this.explain(thrown));
    }
  }

  private send(text: string): void {
    this.controller?.enqueue(this.encoder.encode(text));
    this.sentMs = this.clock.nowMs();
  }
}

/** Each line is a field of its own, whatever its end: no line of a user's text becomes a field by itself. */
export function eventText(type: string, data: string): string {
  const lines = data.split(/\r\n|\r|\n/).map(line => `data: ${line}\n`);
  return `event: ${type}\n${lines.join("")}\n`;
}
