/** Notices that the main thread, where the user's code runs, is blocked, and lets Ctrl-C end the process while it is. */
import { DefaultSignals } from "../platform/default-signals.ts";

const lookEveryMs = 250;
const blockedAfterMs = 1000;

export function watchMain(mainBeat: Int32Array): void {
  const signals = new DefaultSignals();
  let beat = 0;
  let sinceMs = performance.now();
  let blocked = false;
  const look = () => {
    const now = Atomics.load(mainBeat, 0);
    if (now !== beat) {
      beat = now;
      sinceMs = performance.now();
      if (blocked) void signals.restore();
      blocked = false;
    } else if (!blocked && performance.now() - sinceMs > blockedAfterMs) {
      blocked = true;
      void signals.set();
    }
  };
  setInterval(look, lookEveryMs).unref();
}
