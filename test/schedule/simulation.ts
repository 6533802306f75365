/**
 * Both schedulers in a simulated cluster, from one seed: random jobs and faults, late, doubled and overtaking messages.
 * Checks look at every step; at the end every job has ended for a reason, its rows are right, and nothing is left behind.
 */
import type { ExchangeId, ExecutorId, JobId, StageId, TaskAttemptId } from "../../src/base/ids.ts";
import { Random } from "../../src/base/random.ts";
import type { DagAction, DagEvent, TaskEvent } from "../../src/schedule/contracts.ts";
import { DagScheduler } from "../../src/schedule/dag-scheduler.ts";
import type { PoolShare } from "../../src/schedule/pools.ts";
import { toDagEvent, toTaskEvent } from "../../src/schedule/scheduler-loop.ts";
import { TaskScheduler } from "../../src/schedule/task-scheduler.ts";
import { Checks } from "./checks.ts";
import { Clock, Link } from "./clock.ts";
import { Cluster, errorOf, hashText, type Location, mix } from "./cluster.ts";
import { describeDagAction, describeTaskAction } from "./describe.ts";
import { must } from "./job-failures.ts";
import { hostOf, makeProfile, makeWorkload, type Profile, type Workload } from "./workload.ts";

const stepsMax = 100_000;
const horizon = 300;

type Counters = Readonly<Record<string, number>>;

export interface SimulationResult {
  readonly transcript: readonly string[];
  readonly counters: Counters;
}

/** Throws, with the end of the transcript, when a promise is broken. */
export function simulate(seed: number): SimulationResult {
  const simulation = new Simulation(seed);
  try {
    simulation.run();
  } catch (error) {
    const story = simulation.transcript.slice(-60).join("\n");
    throw new Error(`seed ${seed}: ${(error as Error).message}\n${story}`, { cause: error });
  }
  return { transcript: simulation.transcript, counters: simulation.counters() };
}

class Simulation {
  readonly transcript: string[] = [];
  private readonly clock = new Clock();
  private readonly random: Random;
  private readonly profile: Profile;
  private readonly workload: Workload;
  private readonly cluster: Cluster;
  private readonly checks: Checks;
  private readonly dag: DagScheduler;
  private readonly tasks: TaskScheduler;
  private readonly toTasks: Link<TaskEvent>;
  private readonly toDag: Link<{ readonly event: DagEvent; readonly attempt?: TaskAttemptId }>;
  /** The map output tracker: what the DAG scheduler last said. */
  private readonly locations = new Map<ExchangeId, Map<number, Location>>();
  private readonly results = new Map<JobId, Map<number, TaskAttemptId>>();
  private readonly cancellations = new Set<string>();
  private readonly released = new Set<ExchangeId>();
  private readonly registered = new Map<ExecutorId, "running" | "going">();
  private nextExecutor = 0;
  private readonly faults = { losses: 0, falseAlarms: 0, returns: 0, cancellations: 0, slotChanges: 0, lateReports: 0 };
  private wakes = 0;

  constructor(seed: number) {
    this.random = new Random(seed);
    this.profile = makeProfile(this.random);
    this.workload = makeWorkload(this.random, this.profile.barrierShare);
    const { limits, fair, shellDelayMax } = this.profile;
    this.dag = new DagScheduler(limits);
    const shares = new Map<string, PoolShare>([
      ["pool 0", { weight: 1, minShare: 0, mode: "fair" }],
      ["pool 1", { weight: 2, minShare: 1 }],
    ]);
    this.tasks = new TaskScheduler(limits, fair ? { mode: "fair", shares } : { mode: "fifo" });
    this.checks = new Checks(limits);
    const delay = () => this.random.below(shellDelayMax + 1);
    this.toTasks = new Link(this.clock, delay, event => this.stepTasks(event));
    this.toDag = new Link(this.clock, delay, ({ event, attempt }) => this.stepDag(event, attempt));
    this.cluster = new Cluster(this.clock, this.random, this.profile, this.workload, {
      graphOf: ({ task }) => {
        const { graph } = this.checks.stages.get(task.stage)!;
        return { graph, owner: graph.name };
      },
      locate: (exchange, mapPartition) => this.locations.get(exchange)?.get(mapPartition),
      report: event => this.stepTasks(event),
    });
  }

  run(): void {
    for (let i = 0; i < this.profile.executors; i++) this.join(this.nextExecutor++ as ExecutorId);
    for (const { at, graph } of this.workload.jobs) {
      this.clock.at(at, () => {
        this.checks.jobSubmitted(graph);
        this.stepDag({ type: "jobSubmitted", job: graph });
      });
    }
    this.planFaults();
    let steps = 0;
    while (this.clock.step()) must(++steps < stepsMax, "it does not end");
    this.checks.finish();
    must(this.dag.idle && this.tasks.idle, `left behind: ${JSON.stringify([this.dag.size, this.tasks.size])}`);
    for (const exchange of this.workload.exchanges.keys()) if (!this.released.has(exchange)) this.release(exchange);
    must(this.dag.size.exchanges === 0, `${this.dag.size.exchanges} exchanges left behind`);
    must(this.locations.size === 0, "the tracker still knows outputs");
  }

  counters(): Counters {
    return {
      ...this.checks.counts,
      ...this.checks.launched,
      ...this.cluster.faults,
      ...this.faults,
      wakes: this.wakes,
    };
  }

  private planFaults(): void {
    const { crashes, falseAlarms, deletedFiles, cancellations, slotChanges } = this.profile;
    const sometime = (times: number, fault: () => void) => {
      for (let i = 0; i < times; i++) this.clock.at(this.random.below(horizon), fault);
    };
    sometime(crashes, () => this.loseOne(false));
    sometime(falseAlarms, () => this.loseOne(true));
    sometime(deletedFiles, () => this.cluster.deleteFile());
    sometime(cancellations, () => this.cancelOne());
    sometime(slotChanges, () => this.changeSlots());
    for (const exchange of this.workload.exchanges.keys()) {
      if (this.random.float() < 0.2) this.clock.at(150 + this.random.below(horizon), () => this.release(exchange));
    }
  }

  private join(executor: ExecutorId): void {
    this.cluster.start(executor);
    this.registered.set(executor, "running");
    const slots = 1 + this.random.below(this.profile.slotsMax);
    this.stepTasks({ type: "executorAdded", executor, slots, host: hostOf(executor, this.profile) });
  }

  /** An executor dies and is noticed later, or is given up while it still runs, and dies later. One comes back. */
  private loseOne(isFalseAlarm: boolean): void {
    const candidates = [...this.registered].filter(([, state]) => state === "running").map(([id]) => id);
    const executor = candidates[this.random.below(candidates.length)];
    if (executor === undefined) return;
    this.registered.set(executor, "going");
    const later = 1 + this.random.below(30);
    const die = () => this.cluster.crash(executor);
    const notice = () => {
      this.faults.losses++;
      this.stepTasks({ type: "executorLost", executor, error: errorOf("lost", `executor ${executor} died`) });
      const outputsLost = !this.profile.outputsOutside;
      this.toDag.send({ event: { type: "executorLost", executor, outputsLost } });
    };
    if (isFalseAlarm) this.faults.falseAlarms++;
    (isFalseAlarm ? notice : die)();
    this.clock.at(this.clock.now + later, isFalseAlarm ? die : notice);
    this.clock.at(this.clock.now + later + 1 + this.random.below(40), () => {
      this.registered.delete(executor);
      if (this.registered.size > 0 && this.random.float() < 0.2) return;
      this.faults.returns++;
      this.join(this.random.float() < 0.5 ? executor : (this.nextExecutor++ as ExecutorId));
    });
  }

  private cancelOne(): void {
    const reason = `cancellation ${this.cancellations.size}`;
    const job = this.random.below(this.workload.jobs.length) as JobId;
    const running = [...this.checks.stages].filter(([, stage]) => stage.isOpen).map(([id]) => id);
    const stage = running[this.random.below(running.length)] ?? (0 as StageId);
    const events: readonly DagEvent[] = [
      { type: "jobCancelled", job, reason },
      { type: "groupCancelled", group: `group ${this.random.below(2)}`, reason },
      { type: "stageCancelled", stage, reason },
    ];
    this.cancellations.add(reason);
    this.faults.cancellations++;
    this.stepDag(events[this.random.below(events.length)]!);
  }

  private changeSlots(): void {
    const candidates = [...this.registered].filter(([, state]) => state === "running").map(([id]) => id);
    const executor = candidates[this.random.below(candidates.length)];
    if (executor === undefined) return;
    this.faults.slotChanges++;
    this.stepTasks({ type: "executorAdded", executor, slots: 1 + this.random.below(4) });
  }

  private release(exchange: ExchangeId): void {
    this.released.add(exchange);
    this.stepDag({ type: "exchangeReleased", exchange });
  }

  private stepTasks(event: TaskEvent): void {
    if (event.type !== "timePassed" && this.tasks.needsTimeFor(event)) {
      this.stepTasks({ type: "timePassed", atMs: this.clock.now });
    }
    this.note(
      "task <-",
      event.type,
      "attempt" in event ? `#${event.attempt}` : "executor" in event ? event.executor : "",
    );
    this.checks.taskEvent(event);
    const actions = this.tasks.step(event);
    const isReport = event.type === "attemptSucceeded" || event.type === "attemptFailed";
    if (isReport && actions.length === 0) this.faults.lateReports++;
    for (const action of actions) {
      this.note("task", describeTaskAction(action));
      if (action.type === "wakeAt") {
        this.wakes++;
        this.clock.at(action.atMs, () => this.stepTasks({ type: "timePassed", atMs: this.clock.now }));
        continue;
      }
      this.checks.taskAction(action);
      if (action.type === "launchTask") this.cluster.order(action.executor, { launch: action });
      if (action.type === "killTask") this.cluster.order(action.executor, { kill: action.attempt });
      const forward = toDagEvent(action, attempt => this.cluster.products.get(attempt)?.rows);
      if (forward === undefined) continue;
      const isTwice = this.random.float() < this.profile.duplicateShare;
      const message = { event: forward, ...("attempt" in action && { attempt: action.attempt }) };
      for (let copies = isTwice ? 2 : 1; copies > 0; copies--) this.toDag.send(message);
    }
    this.checks.taskStepped(this.clock.now);
  }

  private stepDag(event: DagEvent, attempt?: TaskAttemptId): void {
    this.note("dag <-", event.type, attempt === undefined ? "" : `#${attempt}`);
    for (const action of this.dag.step(event)) {
      this.note("dag", describeDagAction(action));
      this.checks.dagAction(action);
      this.follow(action, attempt);
      const forward = toTaskEvent(action);
      if (forward !== undefined) this.toTasks.send(forward);
    }
  }

  /** Keeps the tracker and the results, and judges jobs that end. */
  private follow(action: DagAction, attempt: TaskAttemptId | undefined): void {
    switch (action.type) {
      case "outputAccepted": {
        const known = this.locations.get(action.exchange) ?? new Map<number, Location>();
        this.locations.set(action.exchange, known);
        known.set(action.task.partition, { executor: action.executor, producer: attempt! });
        return;
      }
      case "outputsLost":
        for (const partition of action.partitions) this.locations.get(action.exchange)!.delete(partition);
        return;
      case "exchangeForgotten":
        this.locations.delete(action.exchange);
        return;
      case "resultAccepted": {
        const known = this.results.get(action.job) ?? new Map<number, TaskAttemptId>();
        this.results.set(action.job, known);
        known.set(action.task.partition, attempt!);
        return;
      }
      case "jobSucceeded":
        return this.checkRows(action.job);
      case "jobFailed": {
        const { injected } = this.cluster;
        const isChancy = this.workload.nondeterministic.size > 0;
        const { losses } = this.faults;
        this.checks.explain(action.error, { injected, cancellations: this.cancellations, losses, isChancy });
      }
    }
  }

  /** All that went into the job's results, whoever read it and when, is of one making; and it is what it should be. */
  private checkRows(job: JobId): void {
    const seen = new Map<string, number>();
    const visited = new Set<TaskAttemptId>();
    const pending = [...(this.results.get(job)?.values() ?? [])];
    for (let producer = pending.pop(); producer !== undefined; producer = pending.pop()) {
      if (visited.has(producer)) continue;
      visited.add(producer);
      for (const read of this.cluster.products.get(producer)!.reads) {
        const what = `${read.exchange}:${read.mapPartition}`;
        const { rows } = this.cluster.products.get(read.producer)!;
        must((seen.get(what) ?? rows) === rows, `job ${job} mixes two versions of output ${what}`);
        seen.set(what, rows);
        pending.push(read.producer);
      }
    }
    if (this.workload.nondeterministic.size > 0) return;
    for (const [partition, producer] of this.results.get(job) ?? []) {
      const { graph } = this.workload.jobs.find(({ graph }) => graph.jobId === job)!;
      const { rows } = this.cluster.products.get(producer)!;
      must(rows === this.expectedRows(graph.stages.at(-1)!, partition), `result ${partition} of job ${job} is wrong`);
    }
  }

  private readonly known = new Map<string, number>();

  private expectedRows(
    graph: { readonly name: string; readonly parents: readonly ExchangeId[] },
    partition: number,
  ): number {
    const key = `${graph.name}:${partition}`;
    const known = this.known.get(key);
    if (known !== undefined) return known;
    let rows = mix(hashText(graph.name), partition);
    for (const parent of graph.parents) {
      const stage = this.workload.exchanges.get(parent)!;
      for (const mapPartition of stage.partitions) rows = mix(rows, this.expectedRows(stage, mapPartition));
    }
    this.known.set(key, rows);
    return rows;
  }

  private note(...words: readonly (string | number)[]): void {
    this.transcript.push(`${this.clock.now} ${words.join(" ")}`);
  }
}
