/**
 * A whole cluster on simulated transport and clock, from one seed: master, workers, a driver with the real engine, executors with
 * fake threads. Processes crash, freeze and start again, hosts part and meet, frames break connections or come twice. A model knows
 * the right answers; at the end every job has ended, its answer was right, and nothing is left behind.
 */
import { Random } from "../../src/base/random.ts";
import type { TaskAttemptId } from "../../src/base/ids.ts";
import { decodeValue } from "../../src/data/value-codec.ts";
import { ApplicationClient } from "../../src/deploy/application-client.ts";
import { type ClusterExecutors, openClusterExecutors } from "../../src/exec/cluster-executors.ts";
import { Engine } from "../../src/exec/engine.ts";
import type { FromEngine } from "../../src/exec/messages.ts";
import type { RemoteExecutors } from "../../src/exec/remote-executors.ts";
import type { RpcEnv } from "../../src/rpc/contracts.ts";
import { SimulatedClock } from "../../src/rpc/simulated-clock.ts";
import { SimulatedNetwork } from "../../src/rpc/simulated-transport.ts";
import { Faults } from "./faults.ts";
import { Machines } from "./machines.ts";
import { type SimulatedJob, Workload } from "./workload.ts";

export interface SimulationResult {
  readonly transcript: readonly string[];
  /** What happened how often, so that a test can prove that it did. */
  readonly counts: Readonly<Record<string, number>>;
}

const faultsMs = 20_000;
const endMaxMs = 600_000;
const limits = { taskFailuresMax: 10, stageAttemptsMax: 20, barrierWaitMs: 20_000, barrierSyncMaxMs: 60_000 };

/** Throws, with the end of the transcript, when a promise is broken. */
export async function simulate(seed: number): Promise<SimulationResult> {
  const world = new World(seed);
  try {
    await world.run();
  } catch (error) {
    const story = world.transcript.slice(-60).join("\n");
    throw new Error(`seed ${seed}: ${(error as Error).message}\n${story}`, { cause: error });
  }
  return { transcript: world.transcript, counts: world.counts };
}

interface RunningJob {
  readonly job: SimulatedJob;
  readonly values: Map<number, unknown>;
  ended: boolean;
}

class World {
  readonly transcript: string[] = [];
  readonly counts: Record<string, number> = {};
  private readonly random: Random;
  private readonly clock = new SimulatedClock(0);
  private readonly network: SimulatedNetwork;
  private readonly machines: Machines;
  private readonly jobs = new Map<number, RunningJob>();
  /** By path and partition: who has committed. */
  private readonly commits = new Map<string, TaskAttemptId[]>();
  private env!: RpcEnv;
  private cluster!: ClusterExecutors;
  private engine!: Engine;
  private gone: string | undefined;
  private wrong: string | undefined;

  constructor(seed: number) {
    this.random = new Random(seed);
    const { clock } = this;
    const random = new Random(this.random.uint32());
    const rough = this.random.below(2) === 1;
    this.network = new SimulatedNetwork({
      ...{ clock, random, delayMaxMs: 1 + this.random.below(20) },
      lossPerFrame: rough ? 0.0005 : 0,
      duplicatesPerFrame: rough ? 0.0005 : 0,
      trace: line => this.say(line),
    });
    this.machines = new Machines({
      ...{ clock, network: this.network, random: new Random(this.random.uint32()) },
      taskMaxMs: [50, 400, 2000][this.random.below(3)]!,
      say: line => this.say(line),
      broken: what => this.broken(what),
      committed: (path, partition, attempt) => this.committed(path, partition, attempt),
      met: () => this.count("meetings"),
    });
  }

  async run(): Promise<void> {
    await this.start();
    const workload = new Workload(this.random);
    const faults = new Faults(this.random, this.clock, this.network, this.machines, this.env, line => this.say(line));
    const jobs = 1 + this.random.below(4);
    for (let i = 0; i < jobs; i++) {
      const at = this.random.below(faultsMs / 2);
      this.clock.after(at, () => this.submit(workload.next()));
    }
    for (let i = this.random.below(10); i > 0; i--)
      this.clock.after(this.random.below(faultsMs), () => faults.happen());
    await this.clock.advance(faultsMs);
    this.check();
    await faults.end();
    const allEnded = () => this.wrong !== undefined || [...this.jobs.values()].every(each => each.ended);
    const isDone = await this.clock.runUntil(allEnded, endMaxMs);
    this.check();
    if (!isDone) throw new Error("a job never ends");
    await this.stop();
    this.check();
    Object.assign(this.counts, this.network.counts, faults.counts);
  }

  private async start(): Promise<void> {
    const { machines, random } = this;
    await machines.startMaster();
    const workers = 1 + random.below(4);
    for (let i = 0; i < workers; i++) await machines.startWorker(1 + random.below(3));
    this.env = await machines.environment("driver", "d");
    const client = new ApplicationClient({
      env: this.env,
      masters: [machines.masterAddress],
      description: {
        ...{ name: "simulated", user: "seed", coresMax: undefined, memoryPerExecutorMb: 512, executorsMax: undefined },
        coresPerExecutor: random.below(2) === 0 ? undefined : 1,
        ...{ webUiUrl: undefined, executorEnvironment: {} },
      },
      limits: { reconnectRoundsMax: 10_000 },
      seed: random.uint32(),
    });
    const open = {
      ...{
        settings: { "firesteel.executor.heartbeatInterval": 500 },
        localDirs: { paths: [] },
        executorTimeoutMs: 3_000,
        coresAwaited: 0,
        coresWaitMaxMs: 0,
      },
      ...{ stageBytesMax: 1 << 24, starvedEveryMs: 60_000 },
    };
    this.engine = new Engine(
      limits,
      listener => {
        const removed = (reason: string) => (this.gone = reason);
        this.cluster = openClusterExecutors(this.env, client, open, { ...listener, removed });
        this.forget(this.cluster.executors);
        return this.cluster.executors;
      },
      message => this.heard(message),
      this.env.clock,
    );
    let started = false;
    this.cluster.started.then(
      () => (started = true),
      (thrown: unknown) => this.broken(`the application could not register: ${String(thrown)}`),
    );
    await this.clock.runUntil(() => started || this.wrong !== undefined, 60_000);
    this.check();
  }

  /** Some questions are never answered: who asks must not wait for ever. */
  private forget(executors: RemoteExecutors): void {
    const answer = executors.receiveAndReply.bind(executors);
    const random = new Random(this.random.uint32());
    executors.receiveAndReply = (question, from) => {
      if (question.type !== "mayCommit" || random.below(10) > 0) return answer(question, from);
      this.count("unanswered");
      return new Promise(() => {});
    };
  }

  private submit(job: SimulatedJob): void {
    this.say(`job ${job.submitted.id}: ${job.what}`);
    this.jobs.set(job.submitted.id, { job, values: new Map(), ended: false });
    this.engine.receive({ type: "submit", job: job.submitted });
  }

  private heard(message: FromEngine): void {
    switch (message.type) {
      case "result": {
        const running = this.jobs.get(message.job)!;
        if (running.values.has(message.partition))
          this.broken(`partition ${message.partition} of job ${message.job} counts twice`);
        running.values.set(message.partition, decodeValue(message.payload));
        break;
      }
      case "jobEnded":
        this.jobEnded(this.jobs.get(message.job)!, message.error?.message);
        break;
      case "warning":
        this.say(`driver: ${message.message}`);
        break;
      default:
        break;
    }
  }

  private jobEnded(running: RunningJob, failure: string | undefined): void {
    const { job, values } = running;
    const { id } = job.submitted;
    if (running.ended) this.broken(`job ${id} ends twice`);
    running.ended = true;
    this.say(`job ${id} ${failure === undefined ? "succeeded" : `failed: ${failure}`}`);
    this.count(failure === undefined ? "jobsSucceeded" : "jobsFailed");
    if (failure !== undefined) return;
    if (values.size !== job.partitions) this.broken(`job ${id} has ${values.size} results of ${job.partitions}`);
    const verdict = job.verdict(Array.from({ length: job.partitions }, (_, i) => values.get(i)));
    if (verdict !== undefined) this.broken(`job ${id}: ${verdict}`);
    for (const [partition, attempt] of values) this.checkCommit(`/out/${id}`, partition, attempt as TaskAttemptId);
  }

  /** The attempt that counts has committed, if its job writes at all. */
  private checkCommit(path: string, partition: number, attempt: TaskAttemptId): void {
    const attempts = [...this.commits].filter(([key]) => key.startsWith(`${path} `));
    if (attempts.length === 0) return;
    const own = this.commits.get(`${path} ${partition}`) ?? [];
    if (!own.includes(attempt)) this.broken(`attempt ${attempt} of ${path} counts, and has not committed`);
  }

  /** Nobody commits what somebody else may be committing, or what counts already. */
  private committed(path: string, partition: number, attempt: TaskAttemptId): void {
    this.count("commits");
    const key = `${path} ${partition}`;
    const others = this.commits.get(key) ?? [];
    this.commits.set(key, [...others, attempt]);
    const rival = others.find(other => this.cluster.executors.taskOf(other) !== undefined);
    if (rival !== undefined) this.broken(`${key} is committed by attempts ${rival} and ${attempt} at once`);
    const job = this.jobs.get(Number(path.slice("/out/".length)));
    if (job?.values.has(partition) === true && this.cluster.executors.taskOf(attempt) !== undefined)
      this.broken(`${key} is committed by attempt ${attempt} after its result counted`);
  }

  /** The application ends: its executors go, and the master has all its cores again. */
  private async stop(): Promise<void> {
    let stopped = false;
    void this.cluster.stop("finished").then(() => (stopped = true));
    await this.clock.runUntil(() => stopped, 60_000);
    const isClean = () => this.machines.executors.length === 0 && this.grantedCores() === 0;
    if (!(await this.clock.runUntil(isClean, 120_000)))
      this.broken(
        `left behind: ${this.machines.executors.length} executors, ${this.grantedCores()} cores granted by the master`,
      );
    let isDown = false;
    void this.env.shutdown().then(() => (isDown = true));
    if (!(await this.clock.runUntil(() => isDown, 60_000))) this.broken("the driver does not shut down");
  }

  private grantedCores(): number {
    const snapshot = this.machines.masterEndpoint?.snapshot();
    return snapshot?.workers.reduce((sum, worker) => sum + (worker.state === "alive" ? worker.coresUsed : 0), 0) ?? 0;
  }

  private say(line: string): void {
    this.transcript.push(`${(this.clock.nowMs() / 1000).toFixed(3)} ${line}`);
  }

  private count(what: string): void {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }

  private broken(what: string): void {
    this.say(`BROKEN: ${what}`);
    this.wrong ??= what;
  }

  private check(): void {
    if (this.gone !== undefined) this.broken(`the application was removed: ${this.gone}`);
    if (this.wrong !== undefined) throw new Error(this.wrong);
  }
}
