/**
 * Ctrl-C while the main thread is blocked. A runtime hands signals to JavaScript on the main thread, so a loop there that never
 * ends would make the process deaf to them. Another thread can see that, and give SIGINT and SIGTERM back their default action
 * until the main thread is there again.
 */
import { openLibc } from "./libc.ts";

const signals = [2 /* SIGINT */, 15 /* SIGTERM */] as const;
/** More than struct sigaction has anywhere. Zeroes mean SIG_DFL without flags. */
const actionBytes = 512;

export class DefaultSignals {
  private readonly saved = new Map<number, Uint8Array>();

  /** Until `restore`, the signals end the process. */
  async set(): Promise<void> {
    const swap = await openSigaction();
    for (const signal of signals)
      if (!this.saved.has(signal)) this.saved.set(signal, swap(signal, new Uint8Array(actionBytes)));
  }

  async restore(): Promise<void> {
    const swap = await openSigaction();
    for (const [signal, action] of this.saved) swap(signal, action);
    this.saved.clear();
  }
}

type Swap = (signal: number, action: Uint8Array) => Uint8Array;

let opened: Promise<Swap> | undefined;

/** Sets a signal's action and gives the one before. */
function openSigaction(): Promise<Swap> {
  return (opened ??= open());
}

async function open(): Promise<Swap> {
  const libc = await openLibc({ sigaction: { args: ["i32", "ptr", "ptr"], returns: "i32" } });
  return (signal, action) => {
    const before = new Uint8Array(actionBytes);
    libc?.call.sigaction(signal, libc.addressOf(action), libc.addressOf(before));
    return before;
  };
}
