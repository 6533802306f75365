/**
 * Random jobs: exchanges and probes that build on each other (chains, diamonds, several readers), jobs that read some of
 * them, and what a run will have to suffer. All of it follows from the seed.
 */
import type { Random } from "../../src/base/random.ts";
import type { ExchangeId, ExecutorId, JobId } from "../../src/base/ids.ts";
import type { JobGraph, Preferred, SchedulerLimits, StageGraph } from "../../src/schedule/contracts.ts";

export interface Profile {
  readonly limits: SchedulerLimits;
  readonly fair: boolean;
  /** From 0 to 1: stages whose tasks run together. */
  readonly barrierShare: number;
  readonly executors: number;
  readonly slotsMax: number;
  /** Between the two schedulers; 0 is a shell that forwards at once. */
  readonly shellDelayMax: number;
  readonly networkDelayMax: number;
  readonly durationMax: number;
  readonly failureShare: number;
  readonly duplicateShare: number;
  readonly crashes: number;
  readonly falseAlarms: number;
  readonly deletedFiles: number;
  readonly cancellations: number;
  readonly slotChanges: number;
  /** Outputs outlive their executor. */
  readonly outputsOutside: boolean;
  /** Executor i runs on host i modulo these. */
  readonly hosts: number;
}

export interface Workload {
  readonly jobs: readonly { readonly at: number; readonly graph: JobGraph }[];
  readonly exchanges: ReadonlyMap<ExchangeId, StageGraph>;
  /** Exchanges whose rows differ from run to run. */
  readonly nondeterministic: ReadonlySet<ExchangeId>;
}

export function makeProfile(random: Random): Profile {
  const barrierShare = random.float() < 0.25 ? 0.4 : 0;
  const some = (share: number, max: number) => (random.float() < share ? 1 + random.below(max) : 0);
  return {
    limits: {
      taskFailuresMax: 1 + random.below(4),
      stageAttemptsMax: 1 + random.below(5),
      ...(barrierShare > 0 && { barrierWaitMs: 20 + random.below(200) }),
      ...(random.float() < 0.6 && { localityWaits: { processMs: random.below(30), nodeMs: random.below(30) } }),
    },
    fair: random.float() < 0.3,
    barrierShare,
    executors: 1 + random.below(5),
    slotsMax: 1 + random.below(3),
    shellDelayMax: some(0.5, 8),
    networkDelayMax: some(0.8, 10),
    durationMax: 1 + random.below(40),
    failureShare: random.float() < 0.5 ? 0 : random.float() * 0.2,
    duplicateShare: random.float() < 0.5 ? 0 : 0.3,
    crashes: some(0.5, 4),
    falseAlarms: some(0.2, 2),
    deletedFiles: some(0.5, 10),
    cancellations: some(0.3, 2),
    slotChanges: some(0.3, 3),
    outputsOutside: random.float() < 0.2,
    hosts: 1 + random.below(4),
  };
}

export function makeWorkload(random: Random, barrierShare: number): Workload {
  const barrier = () => barrierShare > 0 && random.float() < barrierShare && ({ barrier: true } as const);
  const exchanges = new Map<ExchangeId, StageGraph>();
  const nondeterministic = new Set<ExchangeId>();
  const isChancy = random.float() < 0.4;
  const count = random.below(7);
  for (let id = 0 as ExchangeId; id < count; id++) {
    const kind = random.float() < 0.15 ? "probe" : "exchange";
    const partitions = random.float() < 0.05 ? 0 : 1 + random.below(8);
    const graph = {
      kind,
      exchange: id,
      parents: someOf(random, [...exchanges.keys()]),
      name: `${kind} ${id}`,
    } as const;
    exchanges.set(id, { ...graph, partitions: upTo(partitions), ...preference(random), ...barrier() });
    if (isChancy && random.float() < 0.6) nondeterministic.add(id);
  }
  const jobs = upTo(1 + random.below(6)).map(id => ({
    at: id === 0 ? 0 : random.below(150),
    graph: makeJob(random, id as JobId, exchanges, barrier),
  }));
  return { jobs, exchanges, nondeterministic };
}

function makeJob(
  random: Random,
  jobId: JobId,
  exchanges: ReadonlyMap<ExchangeId, StageGraph>,
  barrier: () => { readonly barrier: true } | false,
): JobGraph {
  const parents = someOf(random, [...exchanges.keys()]);
  const wanted = new Set(parents);
  // parents have smaller ids than their readers
  for (const [id, stage] of [...exchanges].reverse()) {
    if (wanted.has(id)) for (const parent of stage.parents) wanted.add(parent);
  }
  const size = random.float() < 0.05 ? 0 : 1 + random.below(10);
  const partitions = random.float() < 0.3 ? upTo(size).map(i => 2 * i + 1) : upTo(size);
  const name = `result of ${jobId}`;
  const result: StageGraph = { kind: "result", parents, partitions, name, ...preference(random), ...barrier() };
  const stages = [...exchanges].filter(([id]) => wanted.has(id)).map(([, stage]) => stage);
  return {
    jobId,
    pool: `pool ${random.below(2)}`,
    ...(random.float() < 0.5 && { group: `group ${random.below(2)}` }),
    stages: [...stages, result],
  };
}

export function hostOf(executor: ExecutorId, { hosts }: Profile): string {
  return `host ${executor % hosts}`;
}

function preference(random: Random): { preferred?: Preferred } {
  if (random.float() < 0.6) return {};
  const offset = random.below(4);
  const isNarrow = random.float() < 0.4;
  return {
    preferred: partition => {
      if (partition % 3 === 2) return {};
      if (partition % 7 === 3) return { hosts: [`host ${offset}`] };
      return { executors: [((isNarrow ? offset : partition + offset) % 5) as ExecutorId] };
    },
  };
}

function someOf<T>(random: Random, items: readonly T[]): T[] {
  const last = items.at(-1);
  const chosen = items.filter(() => random.float() < 0.35);
  // chains are more telling than islands
  return chosen.length === 0 && last !== undefined && random.float() < 0.8 ? [last] : chosen;
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}
