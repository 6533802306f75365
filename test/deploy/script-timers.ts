/** Time of a golden script: what a machine wants to be woken for, in order. */
const epochMs = Date.UTC(2026, 10, 21, 6, 50, 28);

export class ScriptTimers {
  nowMs = epochMs;
  private sequence = 0;
  private waiting: { readonly atMs: number; readonly sequence: number; readonly word: string }[] = [];

  add(afterMs: number, word: string): void {
    this.waiting.push({ atMs: this.nowMs + afterMs, sequence: this.sequence++, word });
  }

  /** `wake` may add more. */
  advance(forMs: number, wake: (word: string) => void): void {
    const untilMs = this.nowMs + forMs;
    for (;;) {
      const next = this.waiting
        .filter(each => each.atMs <= untilMs)
        .sort((a, b) => a.atMs - b.atMs || a.sequence - b.sequence)[0];
      if (next === undefined) break;
      this.waiting = this.waiting.filter(each => each !== next);
      this.nowMs = next.atMs;
      wake(next.word);
    }
    this.nowMs = untilMs;
  }
}
