/**
 * Time that passes only when told to. What is due runs in order of its time, then of its asking; between two such events everything
 * that they set off (promises included) comes to rest. The same program takes the same course every time.
 */
import type { Clock, Timer } from "../base/clock.ts";

interface Due {
  readonly atMs: number;
  readonly order: number;
  /** Undefined when it was cancelled. */
  then: (() => void) | undefined;
}

export class SimulatedClock implements Clock {
  private now: number;
  private order = 0;
  /** A binary heap: the next first. */
  private readonly heap: Due[] = [];

  constructor(startMs = 1_700_000_000_000) {
    this.now = startMs;
  }

  nowMs(): number {
    return this.now;
  }

  after(afterMs: number, then: () => void): Timer {
    const due: Due = { atMs: this.now + wholeTicks(afterMs), order: this.order++, then };
    this.push(due);
    return { cancel: () => (due.then = undefined) };
  }

  /** The clock of one process, which can be stopped and frozen apart from others. */
  process(): ProcessClock {
    return new ProcessClock(this);
  }

  /** Runs what is due within `byMs`, then lets that time have passed. */
  async advance(byMs: number): Promise<void> {
    const untilMs = this.now + byMs;
    await settle();
    while (this.nextMs() <= untilMs) await this.step();
    this.now = untilMs;
  }

  /** Runs until `done`, at most for `limitMs`. Says whether it was done. */
  async runUntil(done: () => boolean, limitMs: number): Promise<boolean> {
    const untilMs = this.now + limitMs;
    await settle();
    while (!done()) {
      if (this.nextMs() > untilMs) return false;
      await this.step();
    }
    return true;
  }

  /** Runs until nothing is due any more, at most for `limitMs`. Says whether nothing is. */
  async runUntilIdle(limitMs = Infinity): Promise<boolean> {
    const untilMs = this.now + limitMs;
    await settle();
    while (this.nextMs() <= untilMs && this.nextMs() < Infinity) await this.step();
    return this.nextMs() === Infinity;
  }

  /** Runs the next event and what follows from it. False when there is none. */
  async step(): Promise<boolean> {
    this.dropCancelled();
    const due = this.pop();
    if (due === undefined) return false;
    this.now = Math.max(this.now, due.atMs);
    due.then!();
    await settle();
    return true;
  }

  private nextMs(): number {
    this.dropCancelled();
    return this.heap[0]?.atMs ?? Infinity;
  }

  private dropCancelled(): void {
    while (this.heap.length > 0 && this.heap[0]!.then === undefined) this.pop();
  }

  private push(due: Due): void {
    const heap = this.heap;
    let at = heap.push(due) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(due, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = due;
  }

  private pop(): Due | undefined {
    const heap = this.heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
      if (!before(heap[child]!, last!)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last!;
    return first;
  }
}

/** The simulated time of one process: a crash stops its timers for good, a freeze holds them back. */
export class ProcessClock implements Clock {
  private readonly clock: SimulatedClock;
  private state: "running" | "frozen" | "stopped" = "running";
  private held: (() => void)[] = [];

  constructor(clock: SimulatedClock) {
    this.clock = clock;
  }

  nowMs(): number {
    return this.clock.nowMs();
  }

  after(afterMs: number, then: () => void): Timer {
    let cancelled = false;
    const timer = this.clock.after(afterMs, () => this.run(() => cancelled || then()));
    return {
      cancel() {
        cancelled = true;
        timer.cancel();
      },
    };
  }

  /** For ever: the process is no more. */
  stop(): void {
    this.state = "stopped";
    this.held = [];
  }

  freeze(): void {
    if (this.state === "running") this.state = "frozen";
  }

  /** What was due meanwhile runs now. */
  thaw(): void {
    if (this.state !== "frozen") return;
    this.state = "running";
    for (const each of this.held.splice(0)) this.clock.after(0, () => this.run(each));
  }

  private run(then: () => void): void {
    if (this.state === "running") then();
    else if (this.state === "frozen") this.held.push(then);
  }
}

/** Ticks are 1/1024 ms: sums and differences of times are exact, and what is due later is never due at once by rounding. */
function wholeTicks(ms: number): number {
  return Math.ceil(Math.max(0, ms) * 1024) / 1024;
}

function before(a: Due, b: Due): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}

/** All microtasks run before the next turn of the event loop. */
function settle(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve));
}
