/** The shell around the barrier coordinator: its timers, and who is told what it says. */
import { assertNever } from "../base/assert.ts";
import type { Clock, Timer } from "../base/clock.ts";
import type { StageId, TaskAttemptId } from "../base/ids.ts";
import { BarrierCoordinator, type BarrierEvent } from "../schedule/barrier-coordinator.ts";
import type { BarrierAnswer } from "./messages.ts";

export class Barriers {
  private readonly coordinator = new BarrierCoordinator();
  private readonly timers = new Map<StageId, Timer>();

  constructor(
    private readonly clock: Clock,
    private readonly syncMaxMs: number,
    private readonly answer: (attempts: readonly TaskAttemptId[], answer: BarrierAnswer, stage?: StageId) => void,
  ) {}

  step(event: BarrierEvent): void {
    for (const action of this.coordinator.step(event)) {
      switch (action.type) {
        case "release":
          this.answer(action.attempts, { ok: true, messages: action.messages }, action.stage);
          break;
        case "refuse":
          this.answer(action.attempts, { ok: false, error: action.error });
          break;
        case "startTimer":
          this.startTimer(action.stage);
          break;
        case "stopTimer":
          this.timers.get(action.stage)?.cancel();
          this.timers.delete(action.stage);
          break;
        default:
          assertNever(action);
      }
    }
  }

  private startTimer(stage: StageId): void {
    this.timers.get(stage)?.cancel();
    const timedOut = () => this.step({ type: "timedOut", stage, afterMs: this.syncMaxMs });
    this.timers.set(stage, this.clock.after(this.syncMaxMs, timedOut));
  }
}
