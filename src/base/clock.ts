/**
 * Time as something that can be given: endpoints and their shells ask a clock, never the system, so that the simulator can run
 * whole clusters on time of its own.
 */
export interface Clock {
  /** Milliseconds since the epoch. */
  nowMs(): number;
  /** Calls back once, not before `afterMs` have passed. */
  after(afterMs: number, then: () => void): Timer;
}

export interface Timer {
  cancel(): void;
}

/** The system's time. Its timers do not keep a process alive. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  after(afterMs, then) {
    const timer = setTimeout(then, afterMs);
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
};

/** Calls back again and again until cancelled; the next time counts from the end of the last call. */
export function every(clock: Clock, periodMs: number, then: () => void): Timer {
  let cancelled = false;
  let timer = clock.after(periodMs, run);
  function run(): void {
    then();
    if (!cancelled) timer = clock.after(periodMs, run);
  }
  return {
    cancel() {
      cancelled = true;
      timer.cancel();
    },
  };
}
