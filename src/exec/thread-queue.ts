/** Tasks that wait for a thread of an executor, and which thread has which: each task goes to the thread with the fewest. */
import type { ExecutorId, TaskAttemptId } from "../base/ids.ts";
import type { TaskOrder } from "./messages.ts";

interface Thread {
  readonly id: ExecutorId;
  readonly running: Set<TaskAttemptId>;
  slots: number;
}

export class ThreadQueue {
  private readonly threads = new Map<ExecutorId, Thread>();
  private readonly byAttempt = new Map<TaskAttemptId, Thread>();
  private waiting: TaskOrder[] = [];
  private next = 0;

  ready(id: ExecutorId, slots: number): void {
    const known = this.threads.get(id);
    if (known === undefined) this.threads.set(id, { id, running: new Set(), slots });
    else known.slots = slots;
  }

  add(order: TaskOrder): void {
    this.waiting.push(order);
  }

  /** The next task, with the thread that has it now; undefined while nobody has a slot for it. */
  take(): { readonly thread: ExecutorId; readonly order: TaskOrder } | undefined {
    const order = this.waiting[this.next];
    if (order === undefined) return undefined;
    let idlest: Thread | undefined;
    for (const thread of this.threads.values()) {
      if (thread.running.size < thread.slots && (idlest === undefined || thread.running.size < idlest.running.size))
        idlest = thread;
    }
    if (idlest === undefined) return undefined;
    if (++this.next === this.waiting.length) {
      this.waiting = [];
      this.next = 0;
    }
    idlest.running.add(order.attempt);
    this.byAttempt.set(order.attempt, idlest);
    return { thread: idlest.id, order };
  }

  threadOf(attempt: TaskAttemptId): ExecutorId | undefined {
    return this.byAttempt.get(attempt)?.id;
  }

  ended(attempt: TaskAttemptId): void {
    this.byAttempt.get(attempt)?.running.delete(attempt);
    this.byAttempt.delete(attempt);
  }

  /** The attempts that ran on a thread that is no more. */
  lose(id: ExecutorId): readonly TaskAttemptId[] {
    const lost = [...(this.threads.get(id)?.running ?? [])];
    this.threads.delete(id);
    for (const attempt of lost) this.byAttempt.delete(attempt);
    return lost;
  }
}
