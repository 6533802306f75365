/**
 * Questions that wait for their answer. Each ends exactly once: answered, failed, at its deadline, aborted, or with its peer.
 */
import type { Clock } from "../base/clock.ts";
import { FiresteelError, fromWire, toWire, type WireError } from "../base/errors.ts";
import { decode, encode } from "./codec.ts";
import type { AskOptions } from "./contracts.ts";
import { bodyBytesMax } from "./frames.ts";

export class PendingAsk {
  readonly answered: Promise<unknown>;
  /** Where it is known by its number; it takes itself out when it ends. */
  forget: (() => void) | undefined;
  private settle: { resolve(value: unknown): void; reject(error: FiresteelError): void } | undefined;
  private readonly cleanUp: () => void;

  /** `what`: the question and whom it is for, as `registerWorker to master at 10.0.0.1:7077`. */
  constructor(what: string, clock: Clock, timeoutMs: number, options: AskOptions) {
    this.answered = new Promise((resolve, reject) => (this.settle = { resolve, reject }));
    const late = () => this.fail(new FiresteelError("lost", `no answer within ${seconds(timeoutMs)}: ${what}`));
    const timer = clock.after(timeoutMs, late);
    const signal = options.signal;
    const aborted = () => {
      this.fail(
        new FiresteelError("cancelled", `nobody waits for the answer any more: ${what}`, { cause: signal?.reason }),
      );
    };
    signal?.addEventListener("abort", aborted, { once: true });
    this.cleanUp = () => {
      timer.cancel();
      signal?.removeEventListener("abort", aborted);
      this.forget?.();
    };
    if (signal?.aborted === true) aborted();
  }

  get settled(): boolean {
    return this.settle === undefined;
  }

  answer(value: unknown): void {
    this.take()?.resolve(value);
  }

  fail(error: FiresteelError): void {
    this.take()?.reject(error);
  }

  private take(): PendingAsk["settle"] {
    const settle = this.settle;
    if (settle === undefined) return undefined;
    this.settle = undefined;
    this.cleanUp();
    return settle;
  }
}

// ---- failures as bytes

const errorKinds: readonly string[] = ["user", "data", "fetchFailed", "lost", "cancelled", "resource", "internal"];
const textCharsMax = 64 << 10;

/** Any thrown value; what no FiresteelError is, is our mistake. Long texts are cut so that it fits into a frame. */
export function encodeFailure(thrown: unknown): Uint8Array {
  const wire = toWire(thrown, "internal");
  try {
    const bytes = encode(wire);
    if (bytes.length <= bodyBytesMax) return bytes;
  } catch {
    // a hint or position that is no plain data
  }
  const short: WireError = { kind: wire.kind, name: cut(wire.name), message: cut(wire.message) };
  return encode(short);
}

export function decodeFailure(body: Uint8Array): FiresteelError {
  const wire = decode(body) as Partial<WireError> | null | undefined;
  if (typeof wire?.message !== "string" || typeof wire.name !== "string" || !errorKinds.includes(wire.kind as string)) {
    return new FiresteelError("data", "the peer failed, and its error cannot be read");
  }
  return fromWire(wire as WireError);
}

function cut(text: string): string {
  return text.length <= textCharsMax ? text : `${text.slice(0, textCharsMax)} … (${text.length} characters)`;
}

export function seconds(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${Math.round(ms / 100) / 10} s`;
}
