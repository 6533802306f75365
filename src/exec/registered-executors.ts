/**
 * Executor processes that a driver knows: those that it expects, and those that have registered, by id and by connection, with what
 * they were last heard to say. Sends nothing.
 */
import { FiresteelError } from "../base/errors.ts";
import { formatHostPort } from "../base/master-url.ts";
import type { ExecutorId, StageId, TaskAttemptId } from "../base/ids.ts";
import type { Peer, RpcAddress, RpcEndpointRef } from "../rpc/contracts.ts";
import type { ExecutorMetrics, ExecutorProtocol, ExecutorRegistration } from "./executor-messages.ts";
import type { TaskOrder } from "./messages.ts";
import { SlotMeter, StageTimes } from "./slot-meter.ts";

/** Of an executor that is there, for pages. */
export interface ExecutorSummary extends ExecutorRegistration {
  readonly sinceMs: number;
  readonly runningTasks: number;
  readonly endedTasks: number;
  readonly failedTasks: number;
  readonly metrics: ExecutorMetrics | undefined;
}

export interface RemoteExecutor {
  readonly registration: ExecutorRegistration;
  readonly peer: Peer;
  readonly ref: RpcEndpointRef<ExecutorProtocol>;
  readonly stages: Set<StageId>;
  readonly running: Set<TaskAttemptId>;
  readonly meter: SlotMeter;
  readonly sinceMs: number;
  orders: TaskOrder[];
  heardMs: number;
  metrics: ExecutorMetrics | undefined;
  endedTasks: number;
  failedTasks: number;
}

export class RegisteredExecutors {
  /** Executors that a cluster manager has granted and that may register. */
  private readonly expected = new Set<ExecutorId>();
  private readonly executors = new Map<ExecutorId, RemoteExecutor>();
  private readonly byPeer = new Map<string, RemoteExecutor>();
  readonly times = new StageTimes();
  private lookedMs = Number.POSITIVE_INFINITY;

  expect(executor: ExecutorId): void {
    this.expected.add(executor);
  }

  expectNoLonger(executor: ExecutorId): void {
    this.expected.delete(executor);
  }

  /** Throws, for the process that asks, when its id is another's or nobody's. */
  add(
    registration: ExecutorRegistration,
    peer: Peer,
    ref: RpcEndpointRef<ExecutorProtocol>,
    nowMs: number,
  ): RemoteExecutor {
    const id = registration.executor;
    if (this.executors.has(id))
      throw new FiresteelError("user", `executor ${id} is already registered, by another process`, {
        hint: "end this process: its id was given to one process alone",
      });
    if (!this.expected.delete(id))
      throw new FiresteelError("user", `executor ${id} is not expected by this driver`, {
        hint: "executors are started by workers, for the application whose driver asked for them",
      });
    const executor: RemoteExecutor = {
      ...{ registration, peer, ref },
      stages: new Set(),
      running: new Set(),
      meter: new SlotMeter(this.times, registration.cores),
      sinceMs: nowMs,
      orders: [],
      heardMs: nowMs,
      metrics: undefined,
      endedTasks: 0,
      failedTasks: 0,
    };
    this.executors.set(id, executor);
    this.byPeer.set(peer.id, executor);
    return executor;
  }

  remove({ registration, peer }: RemoteExecutor): void {
    this.executors.delete(registration.executor);
    this.byPeer.delete(peer.id);
  }

  get(executor: ExecutorId): RemoteExecutor | undefined {
    return this.executors.get(executor);
  }

  of(peer: Peer): RemoteExecutor | undefined {
    return this.byPeer.get(peer.id);
  }

  addressOf(executor: ExecutorId): RpcAddress | undefined {
    return this.executors.get(executor)?.registration.address;
  }

  /** `host:port`, where others reach it. */
  nameOf(executor: ExecutorId): string {
    const address = this.addressOf(executor);
    return address === undefined ? "" : formatHostPort(address);
  }

  all(): Iterable<RemoteExecutor> {
    return this.executors.values();
  }

  /**
   * Those that were not heard of for longer than `maxMs`, in which each says something twice. It is asked for every `everyMs`; where it
   * was not for half of `maxMs`, this process did not run or its clock was set, and that nobody was heard of in that time says
   * nothing.
   */
  silent(nowMs: number, maxMs: number, everyMs: number): RemoteExecutor[] {
    const goneMs = nowMs - this.lookedMs - everyMs;
    this.lookedMs = nowMs;
    const all = [...this.executors.values()];
    if (goneMs > maxMs / 2) for (const executor of all) executor.heardMs = Math.min(nowMs, executor.heardMs + goneMs);
    return all.filter(({ heardMs }) => nowMs - heardMs > maxMs);
  }

  get count(): number {
    return this.executors.size;
  }

  get summaries(): readonly ExecutorSummary[] {
    return [...this.executors.values()].map(({ registration, running, sinceMs, metrics, endedTasks, failedTasks }) => ({
      ...registration,
      sinceMs,
      runningTasks: running.size,
      endedTasks,
      failedTasks,
      metrics,
    }));
  }
}
