/**
 * In which order task sets get slots. FIFO: by job, then stage. FAIR: pools by how far they are below their minimum share,
 * then by running tasks per weight; FIFO within a pool (Spark's fair scheduling algorithm). The order of pools is a
 * function of what they run, asked again for every launch.
 */
import type { TaskSetState } from "./task-set.ts";

export interface PoolShare {
  readonly weight: number;
  readonly minShare: number;
}

export interface PoolOptions {
  readonly mode: "fifo" | "fair";
  /** Pools that are not named here have weight 1 and minimum share 0. */
  readonly shares?: ReadonlyMap<string, PoolShare>;
}

export class Pool {
  runningTasks = 0;
  /** Task sets with pending tasks, first come first; some may have lost theirs. */
  private readonly queue: TaskSetState[] = [];

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
      if (set === undefined || set.launchable) return set;
      set.queued = false;
      this.queue.shift();
    }
  }

  *launchable(): Generator<TaskSetState> {
    for (const set of this.queue) if (set.launchable) yield set;
  }
}

export class Pools {
  private readonly pools = new Map<string, Pool>();

  constructor(private readonly options: PoolOptions) {}

  /** The pool a task set goes to; in FIFO mode all share one. */
  poolFor(name: string): Pool {
    const key = this.options.mode === "fifo" ? "" : name;
    const known = this.pools.get(key);
    if (known !== undefined) return known;
    const pool = new Pool(key, this.options.shares?.get(key) ?? { weight: 1, minShare: 0 });
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
