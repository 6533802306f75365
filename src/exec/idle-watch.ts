/**
 * Tells when threads have had no task for a while, once for each such while: then what only work needs can be given back. Has no
 * clock; its owner looks now and then, with the number of tasks launched so far.
 */
export class IdleWatch {
  private seen = 0;
  private sinceMs = 0;
  private told = true;

  /** `afterMs` 0: never. */
  constructor(private readonly afterMs: number) {}

  /** True when there has been no task for long enough, and this has not been said since the last one. */
  look(nowMs: number, launched: number, isWorking: boolean): boolean {
    if (isWorking || launched !== this.seen) {
      this.seen = launched;
      this.sinceMs = nowMs;
      this.told = false;
      return false;
    }
    if (this.told || this.afterMs === 0 || nowMs - this.sinceMs < this.afterMs) return false;
    this.told = true;
    return true;
  }
}
