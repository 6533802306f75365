/**
 * Stands for the task threads of a simulated executor: runs real stage orders over rows that are numbers, in simulated time. Knows
 * ranges, unions, exchanges by key and distinct; counts, sums and saves. What it makes and reads is right or refused, so a wrong answer is
 * the engine's.
 */
import type { Clock } from "../../src/base/clock.ts";
import { FiresteelError, toWire, type WireError } from "../../src/base/errors.ts";
import { zeroMetrics } from "../../src/base/events.ts";
import type { ExecutorId, StageId, TaskAttemptId } from "../../src/base/ids.ts";
import type { Random } from "../../src/base/random.ts";
import { encodeValue } from "../../src/data/value-codec.ts";
import type { PlaceListener, TaskPlace } from "../../src/exec/executor-core.ts";
import type { ExecutorMetrics } from "../../src/exec/executor-messages.ts";
import type {
  BarrierAnswer,
  Definition,
  Released,
  StageOrder,
  TaskOrder,
  TaskSuccess,
} from "../../src/exec/messages.ts";
import { partitionCount } from "../../src/plan/partition-count.ts";
import type { ExchangePlan, Plan } from "../../src/plan/nodes.ts";
import { isMapStatus, type MapInput, type MapStatus } from "../../src/storage/map-status.ts";
import { FakeOutput } from "./fake-output.ts";

export interface FakePlaceOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly cores: number;
  /** Longest time of a task. */
  readonly taskMaxMs: number;
  /** From 0 to 1: tasks that fail, and threads that die under a task. */
  readonly failureRate: number;
  readonly deathRate: number;
  /** Reads a segment of another executor; rejects with kind "fetchFailed". */
  readonly fetch: (status: MapStatus, reducePartition: number) => Promise<readonly number[]>;
  /** An attempt was allowed to commit, and has. */
  readonly committed: (path: string, partition: number, attempt: TaskAttemptId) => void;
  /** Tasks of a barrier stage heard others than those of their stage attempt; or have met as they should. */
  readonly wrongMeeting: (messages: readonly string[]) => void;
  readonly met: () => void;
}

export class FakePlace implements TaskPlace {
  private readonly running = new Map<ExecutorId, Set<TaskAttemptId>>();
  private readonly orders = new Map<StageId, StageOrder>();
  private readonly cancelled = new Set<TaskAttemptId>();
  private readonly commits = new Map<TaskAttemptId, (allowed: boolean) => void>();
  private readonly syncs = new Map<TaskAttemptId, (answer: BarrierAnswer) => void>();
  private nextThread = 0;
  /** The process has crashed: nothing that it still does is seen. */
  private isDead = false;

  constructor(
    private readonly options: FakePlaceOptions,
    private readonly listener: PlaceListener,
  ) {
    for (let i = 0; i < options.cores; i++) options.clock.after(1 + options.random.below(20), () => this.startThread());
  }

  crash(): void {
    this.isDead = true;
  }

  launch(thread: ExecutorId, order: TaskOrder, stage: () => StageOrder): void {
    this.running.get(thread)?.add(order.attempt);
    const known = this.orders.get(order.stage) ?? stage();
    this.orders.set(order.stage, known);
    void this.run(thread, order, known);
  }

  cancel(_: ExecutorId, attempt: TaskAttemptId): void {
    this.cancelled.add(attempt);
    this.answerBarrier(attempt, {
      ok: false,
      error: toWire(new FiresteelError("cancelled", "the task was cancelled")),
    });
  }

  answerCommit(_: ExecutorId, attempt: TaskAttemptId, allowed: boolean): void {
    this.commits.get(attempt)?.(allowed);
    this.commits.delete(attempt);
  }

  answerBarrier(attempt: TaskAttemptId, answer: BarrierAnswer): void {
    this.syncs.get(attempt)?.(answer);
    this.syncs.delete(attempt);
  }

  forgetStage(stage: StageId): void {
    this.orders.delete(stage);
  }

  endThread(thread: ExecutorId, error: WireError): void {
    this.loseThread(thread, error);
  }

  metrics(): ExecutorMetrics {
    return {
      taskBytes: 0,
      storageBytes: 0,
      exchangeBytes: 0,
      memoryBytes: 0,
      residentBytes: 0,
      cachedPartitions: 0,
      cachedDiskBytes: 0,
    };
  }

  define(_: Definition): void {}
  release(_: Released): void {}
  executorLost(): void {}
  finished(): void {}
  adapt(): void {}
  flush(): void {}

  private startThread(): void {
    if (this.isDead) return;
    const thread = this.nextThread++ as ExecutorId;
    this.running.set(thread, new Set());
    this.listener.ready(thread, 1);
  }

  private loseThread(thread: ExecutorId, error: WireError): void {
    if (!this.running.delete(thread)) return;
    this.listener.lost(thread, error);
    this.options.clock.after(5, () => this.startThread());
  }

  private async run(thread: ExecutorId, order: TaskOrder, stage: StageOrder): Promise<void> {
    const { random, failureRate, deathRate } = this.options;
    const isHere = () => !this.isDead && this.running.get(thread)?.has(order.attempt) === true;
    await this.pass(1 + random.below(20));
    if (!isHere()) return;
    if (random.float() < deathRate)
      return this.loseThread(thread, toWire(new FiresteelError("lost", "the thread died")));
    try {
      if (random.float() < failureRate) throw new FiresteelError("user", "bad luck");
      const output = await this.outputOf(order, stage);
      if (!isHere()) return;
      this.checkCancelled(order.attempt);
      this.running.get(thread)!.delete(order.attempt);
      const success: TaskSuccess = {
        ...{ attempt: order.attempt, output, metrics: zeroMetrics, runMs: 1, updates: [], damage: [] },
      };
      this.listener.message(thread, { type: "succeeded", tasks: [success] });
    } catch (thrown) {
      if (!isHere()) return;
      this.running.get(thread)!.delete(order.attempt);
      this.listener.message(thread, { type: "failed", attempt: order.attempt, error: toWire(thrown) });
    }
  }

  private async outputOf({ attempt, partition }: TaskOrder, stage: StageOrder): Promise<TaskSuccess["output"]> {
    const { plan } = stage;
    switch (plan.kind) {
      case "exchange": {
        const rows = await this.rowsOf(plan.root.parent, partition, stage);
        if (plan.barrier === true) await this.meet(attempt, partition, plan.partitions);
        await this.work();
        return { kind: "map", output: new FakeOutput(plan.root.exchange, partition, split(rows, plan.root)) };
      }
      case "result": {
        const rows = await this.rowsOf(plan.root, partition, stage);
        if (plan.barrier === true) await this.meet(attempt, partition, plan.partitions);
        await this.work();
        this.checkCancelled(attempt);
        if (plan.action.kind === "saveText") {
          await this.commit(plan.action.output.path, partition, attempt);
          return { kind: "value", payload: encodeValue(attempt) };
        }
        if (plan.action.kind === "collect") return { kind: "value", payload: encodeValue(rows) };
        const value = plan.action.kind === "count" ? rows.length : rows.reduce((sum, row) => sum + row, 0);
        return { kind: "value", payload: encodeValue(value) };
      }
      case "probe":
        throw new FiresteelError("internal", "nothing is probed here");
    }
  }

  /** Twice: everybody hears everybody, in order, and all of the same round. */
  private async meet(attempt: TaskAttemptId, partition: number, tasks: number): Promise<void> {
    for (let round = 0; round < 2; round++) {
      const answer = await new Promise<BarrierAnswer>(resolve => {
        this.syncs.set(attempt, resolve);
        const message = `${round}:${partition}`;
        this.listener.message(this.threadOf(attempt), { type: "barrierSync", attempt, kind: "allGather", message });
      });
      if (!answer.ok) throw new FiresteelError(answer.error.kind, answer.error.message);
      const expected = Array.from({ length: tasks }, (_, i) => `${round}:${i}`);
      if (answer.messages.join() !== expected.join()) this.options.wrongMeeting(answer.messages);
      await this.pass(1 + this.options.random.below(30));
    }
    this.options.met();
  }

  private async commit(path: string, partition: number, attempt: TaskAttemptId): Promise<void> {
    for (;;) {
      const allowed = await new Promise<boolean>(resolve => {
        this.commits.set(attempt, resolve);
        this.listener.message(this.threadOf(attempt), { type: "mayCommit", attempt });
      });
      if (this.isDead) return;
      this.checkCancelled(attempt);
      if (allowed) {
        await this.pass(1 + this.options.random.below(100));
        if (this.isDead) return;
        // throws when its thread is gone
        this.threadOf(attempt);
        this.options.committed(path, partition, attempt);
        return;
      }
      await this.pass(20);
    }
  }

  private threadOf(attempt: TaskAttemptId): ExecutorId {
    for (const [thread, attempts] of this.running) if (attempts.has(attempt)) return thread;
    throw new FiresteelError("cancelled", "its thread is gone");
  }

  private async rowsOf(plan: Plan, partition: number, stage: StageOrder): Promise<number[]> {
    switch (plan.op) {
      case "range": {
        if (plan.operator === salted) return saltedRows(this.options.random.below(1000), partition, plan.step);
        const from = Math.floor((plan.rows * partition) / plan.partitions);
        const to = Math.floor((plan.rows * (partition + 1)) / plan.partitions);
        return Array.from({ length: to - from }, (_, i) => plan.start + (from + i) * plan.step);
      }
      case "union": {
        let first = 0;
        for (const parent of plan.parents) {
          const count = partitionCount(parent);
          if (partition < first + count) return this.rowsOf(parent, partition - first, stage);
          first += count;
        }
        throw new FiresteelError("internal", `the union has no partition ${partition}`);
      }
      case "barrier":
        return this.rowsOf(plan.parent, partition, stage);
      case "distinct":
        return [...new Set(await this.rowsOf(plan.parent, partition, stage))].sort((a, b) => a - b);
      case "exchange": {
        const rows: number[] = [];
        for (const input of stage.inputs.get(plan.exchange) ?? []) rows.push(...(await this.segment(input, partition)));
        return rows;
      }
      default:
        throw new FiresteelError("internal", `${plan.op} is not simulated`);
    }
  }

  private segment(input: MapInput, partition: number): readonly number[] | Promise<readonly number[]> {
    return isMapStatus(input) ? this.options.fetch(input, partition) : (input as FakeOutput).segments[partition]!;
  }

  private checkCancelled(attempt: TaskAttemptId): void {
    if (this.cancelled.has(attempt)) throw new FiresteelError("cancelled", "the task was cancelled");
  }

  private work(): Promise<void> {
    return this.pass(1 + this.options.random.below(this.options.taskMaxMs));
  }

  private pass(ms: number): Promise<void> {
    return new Promise(resolve => this.options.clock.after(ms, resolve));
  }
}

/** A range whose rows differ from attempt to attempt: one for each reduce partition, with the attempt's salt and who made it. */
export const salted = "salted";

function saltedRows(salt: number, partition: number, reducers: number): number[] {
  return Array.from({ length: reducers }, (_, reducer) => (salt * 1000 + partition) * reducers + reducer);
}

/** What a row says of where it was made. */
export function originOf(row: number, reducers: number): { readonly partition: number; readonly salt: number } {
  const made = Math.floor(row / reducers);
  return { partition: made % 1000, salt: Math.floor(made / 1000) };
}

function split(rows: readonly number[], { partitioner }: ExchangePlan): number[][] {
  const segments: number[][] = Array.from({ length: partitioner.partitions }, () => []);
  for (const row of rows) segments[row % partitioner.partitions]!.push(row);
  return segments;
}
