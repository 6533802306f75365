/**
 * In which order task sets get slots. FIFO: by job, then stage. FAIR: pools by how far they are below their minimum share,
 * then by running tasks per weight (Spark's fair scheduling algorithm). Within a pool its own mode: FIFO, or FAIR, where the
 * task set with the fewest running tasks is next. The order is a function of what runs, asked again for every launch.
 */
import type { TaskSetState } from "./task-set.ts";

export type SchedulingMode = "fifo" | "fair";

export interface PoolShare {
  readonly weight: number;
  readonly minShare: number;
  /** Within the pool; FIFO unless it is given. */
  readonly mode?: SchedulingMode;
}

export interface PoolOptions {
  readonly mode: SchedulingMode;
  /** Pools that are not named here have `defaultShare`. */
  readonly shares?: ReadonlyMap<string, PoolShare>;
}

export const defaultShare: PoolShare = { weight: 1, minShare: 0, mode: "fifo" };

export class Pool {
  runningTasks = 0;
  /** Task sets with pending tasks, first come first; some may have lost theirs. */
  private queue: TaskSetState[] = [];

  constructor(
    readonly name: string,
    readonly share: PoolShare,
  ) {}

  add(set: TaskSetState): void {
    if (set.queued) return;
    set.queued = true;
    let at = this.queue.length;
    while (at > 0 && firstComeOrder(set, this.queue[at - 1]!) < 0) at--;
    this.queue.splice(at, 0, set);
  }

  head(): TaskSetState | undefined {
    for (;;) {
      const set = this.queue[0];
      if (set === undefined || set.launchable) return this.share.mode === "fair" ? this.idlest() : set;
      set.queued = false;
      this.queue.shift();
    }
  }

  get idle(): boolean {
    return this.runningTasks === 0 && this.head() === undefined;
  }

  /** Those with tasks to launch, in the order of their turns. */
  launchable(): TaskSetState[] {
    const sets = this.queue.filter(set => set.launchable);
    // stable: of equals the first come is first
    return this.share.mode === "fair" ? sets.sort((a, b) => a.runningTasks - b.runningTasks) : sets;
  }

  private idlest(): TaskSetState | undefined {
    let idlest: TaskSetState | undefined;
    let left = 0;
    for (const set of this.queue) {
      if (!set.launchable) left++;
      else if (idlest === undefined || set.runningTasks < idlest.runningTasks) idlest = set;
    }
    if (left > 0) {
      for (const set of this.queue) if (!set.launchable) set.queued = false;
      this.queue = this.queue.filter(set => set.launchable);
    }
    return idlest;
  }
}

/** Beyond, pools in which nothing waits or runs are forgotten: names are the user's. */
const poolsMax = 1000;

export class Pools {
  private readonly pools = new Map<string, Pool>();

  constructor(private readonly options: PoolOptions) {}

  get size(): number {
    return this.pools.size;
  }

  /** The pool a task set goes to; in FIFO mode all share one. */
  poolFor(name: string): Pool {
    const key = this.options.mode === "fifo" ? "" : name;
    const known = this.pools.get(key);
    if (known !== undefined) return known;
    const share = this.options.mode === "fifo" ? defaultShare : (this.options.shares?.get(key) ?? defaultShare);
    if (this.pools.size >= poolsMax) for (const [name, { idle }] of this.pools) if (idle) this.pools.delete(name);
    const pool = new Pool(key, share);
    this.pools.set(key, pool);
    return pool;
  }

  /** What `choose` finds in the task set whose turn it is; where that has nothing, in those after it. */
  first<T>(choose: (set: TaskSetState) => T | undefined): T | undefined {
    const set = this.next();
    if (set === undefined) return undefined;
    const found = choose(set);
    return found !== undefined ? found : this.firstBehind(set, choose);
  }

  private next(): TaskSetState | undefined {
    let best: TaskSetState | undefined;
    for (const pool of this.pools.values()) {
      const set = pool.head();
      if (set !== undefined && (best === undefined || fairOrder(pool, best.pool) < 0)) best = set;
    }
    return best;
  }

  private firstBehind<T>(head: TaskSetState, choose: (set: TaskSetState) => T | undefined): T | undefined {
    for (const pool of [...this.pools.values()].sort(fairOrder)) {
      for (const set of pool.launchable()) {
        const found = set === head ? undefined : choose(set);
        if (found !== undefined) return found;
      }
    }
    return undefined;
  }
}

export function firstComeOrder(a: TaskSetState, b: TaskSetState): number {
  const [one, other] = [a.taskSet, b.taskSet];
  return one.job - other.job || one.stage - other.stage || one.stageAttempt - other.stageAttempt;
}

export function fairOrder(a: Pool, b: Pool): number {
  const aNeeds = a.runningTasks < a.share.minShare;
  const bNeeds = b.runningTasks < b.share.minShare;
  if (aNeeds !== bNeeds) return aNeeds ? -1 : 1;
  const load = (pool: Pool) => pool.runningTasks / (aNeeds ? Math.max(pool.share.minShare, 1) : pool.share.weight);
  return load(a) - load(b) || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
}
