/** What a seed decides: the cluster, the job and its settings, and what is done to whom at which moment. Nothing else is random. */
import { Random } from "../../src/base/random.ts";

export const jobs = ["word-count", "group-sort", "join", "page-rank", "shared", "sort", "spill"] as const;
export type JobName = (typeof jobs)[number];

export type ClusterPlan =
  | { readonly kind: "local"; readonly executors: number; readonly cores: number; readonly memoryMb: number }
  | { readonly kind: "processes"; readonly workerCores: readonly number[]; readonly memoryMb: number };

export type FaultKind =
  "killExecutor" | "stopExecutor" | "killWorker" | "stopWorker" | "restartMaster" | "cutConnections";

export interface Fault {
  readonly kind: FaultKind;
  /** Of the job's time when nothing happens to it, from its first words to its last. */
  readonly moment: number;
  /** Which of those that are alive, modulo their number. */
  readonly victim: number;
  /** When who was stopped, or the master, goes on; undefined: never. */
  readonly backAfterMs: number | undefined;
}

export interface Plan {
  readonly seed: number;
  readonly cluster: ClusterPlan;
  readonly job: JobName;
  readonly settings: Readonly<Record<string, string>>;
  /** In the order of their moments. */
  readonly faults: readonly Fault[];
}

/** Every so many seeds nothing is shortened. */
const defaultsEvery = 10;
const short = {
  "firesteel.executor.timeout": "2s",
  "firesteel.shuffle.io.idleTimeout": "1s",
  "firesteel.locality.wait": "300ms",
};

export function planOf(seed: number): Plan {
  const random = new Random(seed);
  const one = <T>(...of: T[]) => of[random.below(of.length)]!;
  const memoryMb = one(32, 32, 48, 64, 128, 256);
  const cluster: ClusterPlan =
    random.below(3) === 0
      ? { kind: "local", executors: one(2, 2, 3), cores: one(1, 2), memoryMb }
      : { kind: "processes", workerCores: Array.from({ length: one(2, 3) }, () => one(1, 2)), memoryMb };
  const kinds: FaultKind[] = ["killExecutor", "killExecutor", "stopExecutor"];
  if (cluster.kind === "processes")
    kinds.push("killWorker", "killWorker", "stopWorker", "restartMaster", "cutConnections");
  const faults = Array.from({ length: one(1, 1, 2, 3) }, () => {
    const fault = { kind: one(...kinds), moment: 0.02 + 0.9 * random.float(), victim: random.below(60) };
    return { ...fault, backAfterMs: backAfterMs(fault.kind, random) };
  });
  const isDefault = seed % defaultsEvery === 0;
  return {
    ...{ seed, cluster, settings: isDefault ? {} : short },
    job: jobs[(seed + random.below(2)) % jobs.length]!,
    faults: survivable(faults, cluster).sort((a, b) => a.moment - b.moment),
  };
}

function backAfterMs(kind: FaultKind, random: Random): number | undefined {
  switch (kind) {
    case "stopExecutor":
      // before it is given up, after it, or never
      return [100 + random.below(1500), 2000 + random.below(1500), undefined][random.below(3)];
    case "stopWorker":
      return 300 + random.below(2500);
    case "restartMaster":
      return random.below(1000);
    default:
      return undefined;
  }
}

/** One worker has to stay, and one executor of a local cluster, whose workers give up after many. */
function survivable(faults: readonly Fault[], cluster: ClusterPlan): Fault[] {
  let workers = cluster.kind === "processes" ? cluster.workerCores.length : 1;
  return faults.map(fault => {
    if (fault.kind !== "killWorker" || --workers > 0) return fault;
    return { ...fault, kind: "killExecutor" };
  });
}

export function describePlan({ seed, cluster, job, settings, faults }: Plan): string {
  const machines =
    cluster.kind === "local"
      ? `local-cluster[${cluster.executors},${cluster.cores},${cluster.memoryMb}m]`
      : `workers of ${cluster.workerCores.join(", ")} cores, executors of ${cluster.memoryMb} MB`;
  const what = faults.map(({ kind, moment, victim, backAfterMs }) => {
    const back = backAfterMs === undefined ? "" : `, back after ${backAfterMs} ms`;
    return `${kind} ${victim} at ${moment.toFixed(2)}${back}`;
  });
  const times = Object.keys(settings).length === 0 ? "defaults" : "short times";
  return `seed ${seed}: ${job} on ${machines}, ${times}; ${what.join("; ")}`;
}
