/**
 * How many tasks an executor is to have at once: one a core, or a queue while its tasks are so short that it would wait for
 * messages between them. One stage whose tasks are long, or not known yet, is enough for no queue: what is queued behind its tasks, or
 * is them, would wait however much of the cores its job is to have.
 */
import type { StageId } from "../base/ids.ts";

const shortTaskSlots = 64;
const shortTaskMs = 0.5;

/** Decaying means of the times of tasks, by stage, of the stages that run. */
export class StageTimes {
  private readonly meanMs = new Map<StageId, number>();

  /** Its tasks are to run. Not short until some have ended. */
  expect(stage: StageId): void {
    this.meanMs.set(stage, shortTaskMs);
  }

  has(stage: StageId): boolean {
    return this.meanMs.has(stage);
  }

  /** Nothing, when the stage has ended: a task that nobody wants any more may end later. */
  ran(stage: StageId, runMs: number): void {
    const mean = this.meanMs.get(stage);
    if (mean !== undefined) this.meanMs.set(stage, mean * 0.8 + runMs * 0.2);
  }

  forget(stage: StageId): void {
    this.meanMs.delete(stage);
  }

  get areShort(): boolean {
    for (const mean of this.meanMs.values()) if (mean >= shortTaskMs) return false;
    return this.meanMs.size > 0;
  }
}

export class SlotMeter {
  slots: number;

  constructor(
    private readonly times: StageTimes,
    private readonly cores = 1,
  ) {
    this.slots = cores;
  }

  /** True when the number of slots changes. */
  adapt(): boolean {
    const slots = this.cores * (this.times.areShort ? shortTaskSlots : 1);
    if (slots === this.slots) return false;
    this.slots = slots;
    return true;
  }
}
