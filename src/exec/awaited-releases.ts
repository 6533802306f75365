/** Releases that somebody waits for: done when every executor that was told has answered, or is lost. */
import type { ExecutorId } from "../base/ids.ts";

export class AwaitedReleases {
  private nextReply = 0;
  private readonly waiting = new Map<number, { readonly executors: Set<ExecutorId>; readonly resolve: () => void }>();

  /** `tell` sends the executors what they are to answer with. */
  begin(executors: Iterable<ExecutorId>, tell: (reply: number) => void): Promise<void> {
    const told = new Set(executors);
    const reply = this.nextReply++;
    tell(reply);
    if (told.size === 0) return Promise.resolve();
    return new Promise(resolve => this.waiting.set(reply, { executors: told, resolve }));
  }

  answered(executor: ExecutorId, reply: number): void {
    const each = this.waiting.get(reply);
    if (each === undefined) return;
    each.executors.delete(executor);
    if (each.executors.size > 0) return;
    this.waiting.delete(reply);
    each.resolve();
  }

  lost(executor: ExecutorId): void {
    for (const reply of [...this.waiting.keys()]) this.answered(executor, reply);
  }
}
