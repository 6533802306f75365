/** A clock that stands still until it is told to go on, and the turns of the event loop in which messages travel. */
import type { Clock, Timer } from "../../src/base/clock.ts";

export class ManualClock implements Clock {
  private ms = Date.UTC(2026, 10, 21, 6, 50, 28);
  private sequence = 0;
  private readonly timers = new Map<number, { readonly atMs: number; readonly then: () => void }>();

  nowMs(): number {
    return this.ms;
  }

  after(afterMs: number, then: () => void): Timer {
    const id = this.sequence++;
    this.timers.set(id, { atMs: this.ms + Math.max(0, afterMs), then });
    return { cancel: () => void this.timers.delete(id) };
  }

  /** Timers in order of their time; messages travel before each, and at the end. */
  async advance(forMs: number): Promise<void> {
    const untilMs = this.ms + forMs;
    await settle();
    for (let next = this.next(untilMs); next !== undefined; next = this.next(untilMs)) {
      const [id, timer] = next;
      this.ms = Math.max(this.ms, timer.atMs);
      this.timers.delete(id);
      timer.then();
      await settle();
    }
    this.ms = untilMs;
  }

  /** Time goes by while this process does not run. */
  stall(forMs: number): void {
    this.ms += forMs;
  }

  /** Timers that will call back. */
  get pending(): number {
    return this.timers.size;
  }

  private next(untilMs: number) {
    return [...this.timers].filter(([, timer]) => timer.atMs <= untilMs).sort(([, a], [, b]) => a.atMs - b.atMs)[0];
  }
}

/** Long enough for a question, its answer and what follows from it. */
export async function settle(turns = 12): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise<void>(resolve => setImmediate(resolve));
}
