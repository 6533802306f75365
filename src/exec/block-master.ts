/**
 * The driver's end of cached partitions: keeps `BlockLocations` and sends its orders, tells the schedulers which executors hold what
 * a stage's tasks read, or which machines have the files, and each task where else its inputs are.
 */
import type { ExecutorId, RddId } from "../base/ids.ts";
import { hostsOfInputs, inputPartitions, knowsHosts, persistedIn, placesOfInputs } from "../planner/cached-inputs.ts";
import type { StagePlan } from "../planner/stages.ts";
import type { RpcAddress } from "../rpc/contracts.ts";
import type { Preferred } from "../schedule/contracts.ts";
import { type BlockEvent, BlockLocations } from "./block-locations.ts";

/** Cached partitions that other executors hold: the same ones, for all of them. */
export interface CachedAt {
  readonly rdd: RddId;
  readonly partitions: readonly number[];
  readonly holders: readonly RpcAddress[];
}

export interface BlockMasterOptions {
  /** Undefined when it is lost. */
  readonly addressOf: (executor: ExecutorId) => RpcAddress | undefined;
  /** Tells an executor to hold a copy. */
  readonly copy: (to: ExecutorId, rdd: RddId, partition: number, from: RpcAddress) => void;
}

const holdersToldMax = 3;
/** To one task, so that it fits into a message. Further ones it computes. */
const partitionsToldMax = 100_000;

export class BlockMaster {
  readonly locations = new BlockLocations();

  constructor(private readonly options: BlockMasterOptions) {}

  /** What happened to executors and blocks. */
  event(event: BlockEvent): void {
    for (const { rdd, partition, from, to } of this.locations.step(event)) {
      const address = this.options.addressOf(from);
      if (address !== undefined) this.options.copy(to, rdd, partition, address);
      else this.event({ type: "copyFailed", executor: to, rdd, partition });
    }
  }

  /**
   * For a stage of a job that is submitted: places of its tasks, asked for when they are. Executors that hold what is persisted,
   * else machines that have the files; undefined when nothing is persisted and nobody told of files.
   */
  preferredOf(stage: StagePlan): Preferred | undefined {
    const persisted = persistedIn(stage);
    const hostsKnown = knowsHosts(stage);
    if (persisted.length === 0 && !hostsKnown) return undefined;
    for (const { id, storage } of persisted) {
      if (storage!.replicas > 1) this.event({ type: "replicasWanted", rdd: id, replicas: storage!.replicas });
    }
    const holdersOf = (rdd: RddId, partition: number) => this.locations.holdersOf(rdd, partition);
    return partition => {
      const executors = placesOfInputs(stage, partition, holdersOf);
      return { executors, ...(hostsKnown && executors.length === 0 && { hosts: hostsOfInputs(stage, partition) }) };
    };
  }

  /** For a task that is launched on an executor: where the persisted partitions are that it may read and that executor lacks. */
  elsewhere(stage: StagePlan, partition: number, executor: ExecutorId): CachedAt[] {
    const found = new Map<string, { rdd: RddId; partitions: number[]; holders: readonly RpcAddress[] }>();
    let told = 0;
    for (const { rdd, partition: at } of inputPartitions(stage, partition)) {
      const holders = this.locations.holdersOf(rdd, at);
      if (holders.length === 0 || holders.includes(executor)) continue;
      if (told++ === partitionsToldMax) break;
      const key = `${rdd}:${holders.join()}`;
      const known = found.get(key);
      if (known !== undefined) known.partitions.push(at);
      else found.set(key, { rdd, partitions: [at], holders: this.addressesOf(holders) });
    }
    return [...found.values()].filter(({ holders }) => holders.length > 0);
  }

  private addressesOf(holders: readonly ExecutorId[]): RpcAddress[] {
    return holders.flatMap(holder => this.options.addressOf(holder) ?? []).slice(0, holdersToldMax);
  }
}
