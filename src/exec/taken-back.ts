/**
 * What the driver has let go of while it was still to be fetched: broadcasts that nothing refers to any more, stages of jobs that have
 * ended. It says so before it drops the bytes, but its words and the bytes travel apart.
 */
import type { Clock } from "../base/clock.ts";

const wordMaxMs = 10_000;

export class TakenBack {
  /** Words that have come, and whose turn has not. */
  private readonly words = new Map<string, number>();
  private readonly waiting = new Map<string, () => void>();

  constructor(private readonly clock: Clock) {}

  /** The driver's word of it has come; gives what is to be done when it is its turn. */
  word(what: string, turn: () => void): () => void {
    this.words.set(what, (this.words.get(what) ?? 0) + 1);
    this.waiting.get(what)?.();
    return () => {
      const left = this.words.get(what)! - 1;
      if (left > 0) this.words.set(what, left);
      else this.words.delete(what);
      turn();
    };
  }

  /** What `fetch` gives; undefined where the driver has let go of it, before or while it is fetched. One at a time. */
  async fetch<T>(what: string, fetch: () => Promise<T>): Promise<T | undefined> {
    if (this.words.has(what)) return undefined;
    try {
      return await fetch();
    } catch (thrown) {
      if (!this.words.has(what)) await this.nextWord(what);
      if (this.words.has(what)) return undefined;
      throw thrown;
    }
  }

  private async nextWord(what: string): Promise<void> {
    await new Promise<void>(resolve => {
      const timer = this.clock.after(wordMaxMs, resolve);
      this.waiting.set(what, () => {
        timer.cancel();
        resolve();
      });
    });
    this.waiting.delete(what);
  }
}
