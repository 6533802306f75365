/**
 * Which executors hold which cached partitions: the driver's block master. A deterministic machine, `step(event) → actions`. Asks for
 * further copies where an Rdd is to have several, on other hosts first, and again when a holder is lost.
 *
 * What it knows is what executors last said: who is asked for a partition may have evicted it. An evicted copy is not made
 * anew: there was no room for it.
 */
import { assertNever } from "../base/assert.ts";
import type { ExecutorId, RddId } from "../base/ids.ts";
import type { CachedBlock } from "./executor-messages.ts";

export type BlockEvent =
  | { readonly type: "executorAdded"; readonly executor: ExecutorId; readonly host: string }
  | { readonly type: "executorLost"; readonly executor: ExecutorId }
  | {
      readonly type: "blocksChanged";
      readonly executor: ExecutorId;
      readonly put: readonly CachedBlock[];
      readonly gone: readonly CachedBlock[];
    }
  /** How many executors are to hold each partition of an Rdd; before its first block, or at any time. */
  | { readonly type: "replicasWanted"; readonly rdd: RddId; readonly replicas: number }
  /** An executor could not make the copy it was asked for. */
  | {
      readonly type: "copyFailed";
      readonly executor: ExecutorId;
      readonly rdd: RddId;
      readonly partition: number;
    }
  | { readonly type: "rddReleased"; readonly rdd: RddId };

/** `to` is to read the partition from `from`, and say blocksChanged or copyFailed. */
export type BlockAction = {
  readonly type: "copyBlock";
  readonly rdd: RddId;
  readonly partition: number;
  readonly from: ExecutorId;
  readonly to: ExecutorId;
};

interface Held {
  readonly bytes: number;
  readonly diskBytes: number;
}

interface Partition {
  /** With the bytes they hold, in memory and in files. */
  readonly holders: Map<ExecutorId, Held>;
  /** Asked for a copy, and not yet heard of; with the bytes it will have. */
  readonly copying: Map<ExecutorId, number>;
  /** Not asked again: there was no room. */
  readonly failed: Set<ExecutorId>;
}

interface Rdd {
  replicas: number;
  readonly partitions: Map<number, Partition>;
}

interface Executor {
  readonly host: string;
  /** Of cached blocks, those on their way included: copies go to who holds least. */
  bytes: number;
}

export class BlockLocations {
  private readonly executors = new Map<ExecutorId, Executor>();
  private readonly rdds = new Map<RddId, Rdd>();
  private actions: BlockAction[] = [];

  step(event: BlockEvent): BlockAction[] {
    const actions: BlockAction[] = [];
    this.actions = actions;
    switch (event.type) {
      case "executorAdded":
        this.executors.set(event.executor, { host: event.host, bytes: 0 });
        this.ensureAll(() => true);
        break;
      case "executorLost":
        this.lose(event.executor);
        break;
      case "blocksChanged":
        this.change(event.executor, event.put, event.gone);
        break;
      case "replicasWanted": {
        const rdd = this.rddOf(event.rdd);
        rdd.replicas = event.replicas;
        for (const partition of rdd.partitions.keys()) this.ensure(event.rdd, partition);
        break;
      }
      case "copyFailed": {
        const partition = this.rdds.get(event.rdd)?.partitions.get(event.partition);
        if (partition?.copying.has(event.executor) !== true) break;
        this.endCopy(partition, event.executor);
        partition.failed.add(event.executor);
        this.ensure(event.rdd, event.partition);
        break;
      }
      case "rddReleased":
        this.release(event.rdd);
        break;
      default:
        assertNever(event);
    }
    return actions;
  }

  /** Who holds a partition, in the order in which they came to it. */
  holdersOf(rdd: RddId, partition: number): ExecutorId[] {
    return [...(this.rdds.get(rdd)?.partitions.get(partition)?.holders.keys() ?? [])];
  }

  /** Whether anybody holds anything of an Rdd. */
  isCached(rdd: RddId): boolean {
    for (const { holders } of this.rdds.get(rdd)?.partitions.values() ?? []) if (holders.size > 0) return true;
    return false;
  }

  /** All that is held, each partition as often as it is, for pages. */
  blocks(): CachedBlock[] {
    const found: CachedBlock[] = [];
    for (const [rdd, { partitions }] of this.rdds) {
      for (const [partition, { holders }] of partitions)
        for (const held of holders.values()) found.push({ rdd, partition, ...held });
    }
    return found;
  }

  /** What is held of an Rdd. */
  summaryOf(rdd: RddId): { readonly partitions: number; readonly copies: number; readonly bytes: number } {
    const sum = { partitions: 0, copies: 0, bytes: 0 };
    for (const { holders } of this.rdds.get(rdd)?.partitions.values() ?? []) {
      if (holders.size > 0) sum.partitions++;
      sum.copies += holders.size;
      for (const held of holders.values()) sum.bytes += sizeOf(held);
    }
    return sum;
  }

  get size(): { readonly executors: number; readonly rdds: number } {
    return { executors: this.executors.size, rdds: this.rdds.size };
  }

  private change(id: ExecutorId, put: readonly CachedBlock[], gone: readonly CachedBlock[]): void {
    const executor = this.executors.get(id);
    // said by one that was given up meanwhile
    if (executor === undefined) return;
    for (const { rdd, partition } of gone) {
      const { holders } = this.partitionOf(rdd, partition);
      executor.bytes -= sizeOf(holders.get(id));
      holders.delete(id);
      this.forgetEmpty(rdd, partition);
    }
    for (const { rdd, partition, bytes, diskBytes } of put) {
      const known = this.partitionOf(rdd, partition);
      this.endCopy(known, id);
      const { holders } = known;
      const held = { bytes, diskBytes };
      executor.bytes += sizeOf(held) - sizeOf(holders.get(id));
      holders.set(id, held);
    }
    for (const { rdd, partition } of put) this.ensure(rdd, partition);
  }

  private lose(id: ExecutorId): void {
    if (!this.executors.delete(id)) return;
    const touched = new Set<Partition>();
    for (const [rdd, { partitions }] of this.rdds) {
      for (const [at, partition] of partitions) {
        const wasHolder = partition.holders.delete(id);
        const wasCopying = partition.copying.delete(id);
        partition.failed.delete(id);
        if (wasHolder || wasCopying) touched.add(partition);
        this.forgetEmpty(rdd, at);
      }
    }
    this.ensureAll(partition => touched.has(partition));
  }

  private release(id: RddId): void {
    for (const partition of this.rdds.get(id)?.partitions.values() ?? []) {
      for (const [holder, held] of partition.holders) this.executors.get(holder)!.bytes -= sizeOf(held);
      for (const copier of [...partition.copying.keys()]) this.endCopy(partition, copier);
    }
    this.rdds.delete(id);
  }

  private endCopy({ copying }: Partition, id: ExecutorId): void {
    const bytes = copying.get(id);
    const executor = this.executors.get(id);
    if (bytes !== undefined && executor !== undefined) executor.bytes -= bytes;
    copying.delete(id);
  }

  private ensureAll(concerns: (partition: Partition) => boolean): void {
    for (const [id, rdd] of this.rdds) {
      if (rdd.replicas < 2) continue;
      for (const [at, partition] of rdd.partitions) if (concerns(partition)) this.ensure(id, at);
    }
  }

  /** Asks for copies until as many executors hold the partition, or will, as are wanted. */
  private ensure(rdd: RddId, at: number): void {
    const { replicas, partitions } = this.rdds.get(rdd)!;
    const partition = partitions.get(at);
    if (partition === undefined || replicas < 2) return;
    const { holders, copying } = partition;
    const [source] = holders.entries();
    if (source === undefined) return;
    const [from, held] = source;
    const bytes = sizeOf(held);
    while (holders.size + copying.size < replicas) {
      const to = this.placeFor(partition);
      if (to === undefined) return;
      copying.set(to, bytes);
      this.executors.get(to)!.bytes += bytes;
      this.actions.push({ type: "copyBlock", rdd, partition: at, from, to });
    }
  }

  /** An executor for another copy: on a host that has none if there is one, and of those the one that holds least. */
  private placeFor({ holders, copying, failed }: Partition): ExecutorId | undefined {
    const hosts = new Set([...holders.keys(), ...copying.keys()].map(id => this.executors.get(id)?.host));
    let best: { readonly id: ExecutorId; readonly executor: Executor; readonly isNear: boolean } | undefined;
    for (const [id, executor] of this.executors) {
      if (holders.has(id) || copying.has(id) || failed.has(id)) continue;
      const isNear = hosts.has(executor.host);
      const isBetter =
        best === undefined || (isNear === best.isNear ? executor.bytes < best.executor.bytes : best.isNear);
      if (isBetter) best = { id, executor, isNear };
    }
    return best?.id;
  }

  private rddOf(id: RddId): Rdd {
    let rdd = this.rdds.get(id);
    if (rdd === undefined) this.rdds.set(id, (rdd = { replicas: 1, partitions: new Map() }));
    return rdd;
  }

  private partitionOf(id: RddId, at: number): Partition {
    const { partitions } = this.rddOf(id);
    let partition = partitions.get(at);
    if (partition === undefined) {
      partition = { holders: new Map(), copying: new Map(), failed: new Set() };
      partitions.set(at, partition);
    }
    return partition;
  }

  /** An Rdd of which nothing is left is kept while several holders are wanted of it: until it is released. */
  private forgetEmpty(id: RddId, at: number): void {
    const rdd = this.rdds.get(id)!;
    const partition = rdd.partitions.get(at)!;
    if (partition.holders.size + partition.copying.size > 0) return;
    rdd.partitions.delete(at);
    if (rdd.partitions.size === 0 && rdd.replicas < 2) this.rdds.delete(id);
  }
}

function sizeOf(held: Held | undefined): number {
  return held === undefined ? 0 : Math.max(held.bytes, held.diskBytes);
}
