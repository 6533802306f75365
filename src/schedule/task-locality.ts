/**
 * Where the tasks of one set would rather run, and how far from there they may run by now: Spark's delay scheduling.
 *
 * A set begins with its own executors alone. While a slot stands free for want of a nearer task, its patience runs; after
 * the wait of a level the next one is allowed. When all slots are taken the wait begins anew, at the level reached: time in
 * which others have the slots is not waited. A level where nothing waits, or nobody lives, is passed at once. What a new executor
 * holds is worth waiting for again.
 */
import type { ExecutorId } from "../base/ids.ts";
import type { Locality, LocalityWaits, Preferred } from "./contracts.ts";
import { TaskQueue } from "./task-queue.ts";

/** The executors there are, as a set needs to see them. */
export interface Places {
  hasExecutor(executor: ExecutorId): boolean;
  hasHost(host: string): boolean;
  hostOf(executor: ExecutorId): string | undefined;
}

export interface Place {
  readonly id: ExecutorId;
  readonly host: string | undefined;
}

/** The levels in the order in which tasks of a free slot are looked for. */
export const localities: readonly Locality[] = ["process", "node", "noPref", "any"];

export class TaskLocality {
  private readonly byExecutor = new Map<ExecutorId, TaskQueue>();
  private readonly byHost = new Map<string, TaskQueue>();
  private readonly anywhere = new TaskQueue();
  private allowed: "process" | "node" | "any" = "process";
  /** Since when a slot has been free while the set waits; undefined while none is. */
  private sinceMs: number | undefined;
  private fullTimes = -1;

  constructor(
    partitions: readonly number[],
    private readonly preferred: Preferred,
    private readonly waits: LocalityWaits,
    private readonly places: Places,
    private readonly isPending: (index: number) => boolean,
  ) {
    partitions.forEach((partition, index) => this.add(partition, index));
  }

  /** The next task for an executor of just this level, or −1. Of "any" it is the caller's to find. */
  peek(locality: Locality, { id, host }: Place): number {
    switch (locality) {
      case "process":
        return this.byExecutor.get(id)?.peek(this.isPending) ?? -1;
      case "node":
        return (host === undefined ? undefined : this.byHost.get(host)?.peek(this.isPending)) ?? -1;
      case "noPref":
        return this.anywhere.peek(this.isPending);
      case "any":
        return -1;
    }
  }

  /** How near an executor is to a partition's input. */
  localityOf(partition: number, { id, host }: Place): Locality {
    const { executors = [], hosts = [] } = this.preferred(partition);
    if (executors.length === 0 && hosts.length === 0) return "noPref";
    if (executors.includes(id)) return "process";
    const isNode =
      host !== undefined && (hosts.includes(host) || executors.some(at => this.places.hostOf(at) === host));
    return isNode ? "node" : "any";
  }

  /** Whether tasks of a level may run now. `fullTimes` counts how often all slots were taken. */
  mayRun(locality: Locality, nowMs: number, fullTimes: number): boolean {
    if (locality === "process" || locality === "noPref") return true;
    this.settle(nowMs, fullTimes);
    return this.allowed === "any" || (locality === "node" && this.allowed === "node");
  }

  /** When the next level is allowed if no slot comes before; undefined when all are. */
  deadlineMs(nowMs: number, fullTimes: number): number | undefined {
    this.settle(nowMs, fullTimes);
    return this.allowed === "any" ? undefined : this.sinceMs! + this.waitOf(this.allowed);
  }

  executorJoined({ id, host }: Place): void {
    const hasWork = this.peek("process", { id, host }) >= 0 || this.peek("node", { id, host }) >= 0;
    if (!hasWork) return;
    this.allowed = "process";
    this.sinceMs = undefined;
  }

  /** Tasks that have no place left may run anywhere. */
  executorLost({ id, host }: Place, partitionAt: (index: number) => number): void {
    const lost = [this.byExecutor.get(id), host === undefined ? undefined : this.byHost.get(host)];
    for (const queue of lost) {
      for (const index of queue?.waiting(this.isPending) ?? []) {
        if (!this.hasPlace(partitionAt(index))) this.anywhere.push(index);
      }
    }
  }

  private hasPlace(partition: number): boolean {
    const { executors = [], hosts = [] } = this.preferred(partition);
    return executors.some(id => this.places.hasExecutor(id)) || hosts.some(host => this.places.hasHost(host));
  }

  private settle(nowMs: number, fullTimes: number): void {
    if (fullTimes !== this.fullTimes) this.sinceMs = undefined;
    this.fullTimes = fullTimes;
    this.sinceMs ??= nowMs;
    while (this.allowed !== "any") {
      const isVain = this.allowed === "process" ? !this.someExecutorWaits() : !this.someHostWaits();
      const waited = nowMs - this.sinceMs >= this.waitOf(this.allowed);
      if (!isVain && !waited) return;
      this.sinceMs = isVain ? nowMs : this.sinceMs + this.waitOf(this.allowed);
      this.allowed = this.allowed === "process" ? "node" : "any";
    }
  }

  private waitOf(level: "process" | "node"): number {
    return level === "process" ? this.waits.processMs : this.waits.nodeMs;
  }

  private someExecutorWaits(): boolean {
    for (const [executor, queue] of this.byExecutor) {
      if (queue.peek(this.isPending) < 0) this.byExecutor.delete(executor);
      else if (this.places.hasExecutor(executor)) return true;
    }
    return false;
  }

  private someHostWaits(): boolean {
    for (const [host, queue] of this.byHost) {
      if (queue.peek(this.isPending) < 0) this.byHost.delete(host);
      else if (this.places.hasHost(host)) return true;
    }
    return false;
  }

  private add(partition: number, index: number): void {
    const { executors = [], hosts = [] } = this.preferred(partition);
    if (!this.hasPlace(partition)) this.anywhere.push(index);
    const near = new Set(hosts);
    for (const executor of executors) {
      queueOf(this.byExecutor, executor).push(index);
      const host = this.places.hostOf(executor);
      if (host !== undefined) near.add(host);
    }
    for (const host of near) queueOf(this.byHost, host).push(index);
  }
}

function queueOf<Key>(queues: Map<Key, TaskQueue>, key: Key): TaskQueue {
  let queue = queues.get(key);
  if (queue === undefined) {
    queue = new TaskQueue();
    queues.set(key, queue);
  }
  return queue;
}
