/**
 * How many tasks an executor is to have at once: one a core, or a queue while its tasks are so short that it would wait for
 * messages between them.
 */
const shortTaskSlots = 64;
const shortTaskMs = 0.5;

export class SlotMeter {
  slots: number;
  /** Decaying mean of task times. Not short until some have ended. */
  private meanTaskMs = shortTaskMs;

  constructor(private readonly cores = 1) {
    this.slots = cores;
  }

  ran(runMs: number): void {
    this.meanTaskMs = this.meanTaskMs * 0.8 + runMs * 0.2;
  }

  expectUnknown(): void {
    this.meanTaskMs = shortTaskMs;
  }

  /** True when the number of slots changes. */
  adapt(): boolean {
    const slots = this.cores * (this.meanTaskMs < shortTaskMs ? shortTaskSlots : 1);
    if (slots === this.slots) return false;
    this.slots = slots;
    return true;
  }
}
