/**
 * The machines of a simulated cluster: a master with what it keeps on disk, workers and the executors that they start. Each process has
 * a clock of its own that stops with it.
 */
import type { ExecutorId, TaskAttemptId } from "../../src/base/ids.ts";
import type { Random } from "../../src/base/random.ts";
import type { DriverLaunch, ExecutorLaunch, Launched, Launcher, LaunchListener } from "../../src/deploy/contracts.ts";
import { MasterEndpoint } from "../../src/deploy/master-endpoint.ts";
import { MemoryMasterStore } from "../../src/deploy/memory-store.ts";
import { WorkerEndpoint } from "../../src/deploy/worker-endpoint.ts";
import type { RpcAddress, RpcEnv } from "../../src/rpc/contracts.ts";
import { createRpcEnv } from "../../src/rpc/rpc-env.ts";
import type { SimulatedClock } from "../../src/rpc/simulated-clock.ts";
import type { SimulatedNetwork } from "../../src/rpc/simulated-transport.ts";
import { startFakeExecutor } from "./fake-executor.ts";

export interface Surroundings {
  readonly clock: SimulatedClock;
  readonly network: SimulatedNetwork;
  readonly random: Random;
  /** Longest time of a task. */
  readonly taskMaxMs: number;
  readonly say: (line: string) => void;
  readonly broken: (what: string) => void;
  readonly committed: (path: string, partition: number, attempt: TaskAttemptId) => void;
  readonly met: () => void;
}

export const networkTimeoutMs = 8_000;
const askTimeoutMs = 5_000;

export class Machines {
  readonly workers: SimulatedWorker[] = [];
  private readonly store = new MemoryMasterStore();
  private master: { readonly env: RpcEnv; readonly endpoint: MasterEndpoint } | undefined;
  private lives = 0;

  constructor(readonly around: Surroundings) {}

  get masterAddress(): RpcAddress {
    return { host: "m", port: 7077 };
  }

  get masterEndpoint(): MasterEndpoint | undefined {
    return this.master?.endpoint;
  }

  async environment(role: string, host: string, port = 0): Promise<RpcEnv> {
    const { clock, network } = this.around;
    return createRpcEnv({
      ...{ role, id: `${role}#${this.lives++}`, transport: network.transport(host, { port }) },
      ...{ clock: clock.process(), networkTimeoutMs, askTimeoutMs, connectTimeoutMs: 2_000, warn: () => {} },
    });
  }

  async startMaster(): Promise<void> {
    if (this.master !== undefined) return;
    const env = await this.environment("master", this.masterAddress.host, this.masterAddress.port);
    const limits = {
      ...{ workerTimeoutMs: 10_000, applicationTimeoutMs: 40_000, recoveryTimeoutMs: 40_000 },
      ...{ executorRetriesMax: 0 },
    };
    const endpoint = MasterEndpoint.start({ env, store: this.store, webUiUrl: "", limits });
    this.master = { env, endpoint };
  }

  crashMaster(): void {
    if (this.master === undefined) return;
    this.around.say("the master crashes");
    this.around.network.crash(this.master.env, this.around.random.below(2) === 0);
    this.master = undefined;
  }

  async startWorker(cores: number): Promise<void> {
    const worker = new SimulatedWorker(this, `w${this.workers.length}`, cores);
    this.workers.push(worker);
    await worker.start();
  }

  /** Executor processes that run, anywhere. */
  get executors(): readonly SimulatedExecutor[] {
    return this.workers.flatMap(worker => [...worker.executors]);
  }
}

export interface SimulatedExecutor {
  readonly env: RpcEnv;
  readonly cores: number;
  readonly name: string;
  /** Nothing of it is left; `silent` when its machine went with it. */
  crash(silent: boolean, reason: string): void;
}

export class SimulatedWorker implements Launcher {
  readonly executors = new Set<SimulatedExecutor>();
  private life: { readonly env: RpcEnv; readonly endpoint: WorkerEndpoint } | undefined;

  constructor(
    private readonly machines: Machines,
    readonly host: string,
    readonly cores: number,
  ) {}

  get isUp(): boolean {
    return this.life !== undefined;
  }

  async start(): Promise<void> {
    if (this.life !== undefined) return;
    const { machines, host, cores } = this;
    const env = await machines.environment(`worker-${host}`, host);
    const seed = machines.around.random.below(1 << 30);
    const options = { masters: [machines.masterAddress], cores, memoryMb: 4096, webUiUrl: "", host, seed };
    const endpoint = WorkerEndpoint.start({ env, launcher: this, limits: { heartbeatMs: 2_000 }, ...options });
    this.life = { env, endpoint };
    machines.around.say(`worker ${host} starts with ${cores} cores`);
  }

  /** With all that runs there; its processes' ends are not told where the machine itself goes. */
  crash(silent: boolean): void {
    const { life, machines } = this;
    if (life === undefined) return;
    this.life = undefined;
    machines.around.say(`worker ${this.host} crashes${silent ? " with its machine" : ""}`);
    machines.around.network.crash(life.env, silent);
    for (const executor of [...this.executors]) executor.crash(silent, "its worker is gone");
  }

  launchExecutor(launch: ExecutorLaunch, listener: LaunchListener): Launched {
    const { clock, random, say } = this.machines.around;
    let running: SimulatedExecutor | undefined;
    let isKilled = false;
    const life = this.life;
    const isHere = () => this.life === life;
    const ended = (message: string, exitCode: number | undefined) => {
      if (isHere()) listener.ended({ exitCode, signal: undefined, message });
    };
    clock.after(20 + random.below(200), () => {
      if (!isHere()) return;
      if (isKilled) return ended("killed before it ran", undefined);
      void this.runExecutor(launch, ended).then(executor => {
        running = executor;
        if (isHere()) listener.started(1);
        else executor.crash(false, "its worker is gone");
      });
    });
    return {
      kill: () => {
        isKilled = true;
        clock.after(10 + random.below(300), () => {
          if (running !== undefined && this.executors.has(running)) {
            say(`executor ${running.name} is killed`);
            running.crash(false, "killed");
          }
        });
      },
    };
  }

  launchDriver(_: DriverLaunch, listener: LaunchListener): Launched {
    listener.ended({ exitCode: 1, signal: undefined, message: "no drivers here" });
    return { kill() {} };
  }

  applicationEnded(): void {}
  logTail() {
    return Promise.resolve({ text: "", totalBytes: 0 });
  }
  driverReport() {
    return Promise.resolve({ progress: undefined, result: undefined });
  }

  private async runExecutor(
    { executorId, cores, description }: ExecutorLaunch,
    ended: (message: string, exitCode: number | undefined) => void,
  ): Promise<SimulatedExecutor> {
    const { machines, host } = this;
    const { random, network, say, broken, committed, met } = machines.around;
    const env = await machines.environment(`executor-${executorId}`, host);
    const over = (message: string, exitCode: number | undefined) => {
      if (!this.executors.delete(executor)) return;
      say(`executor ${executorId} on ${host} ends: ${message}`);
      ended(message, exitCode);
    };
    const fake = startFakeExecutor({
      ...{ env, random, driver: description.driver, executor: executorId as ExecutorId, host, cores },
      ...{ taskMaxMs: machines.around.taskMaxMs, failureRate: 0.02, deathRate: 0.01, committed, met },
      wrongMeeting: messages => broken(`tasks that meet heard ${messages.join()}`),
      ended: (reason, asked) => {
        network.crash(env);
        over(reason, asked ? 0 : 1);
      },
    });
    const executor: SimulatedExecutor = {
      ...{ env, cores, name: `${executorId} on ${host}` },
      crash: (silent, reason) => {
        fake.crash();
        network.crash(env, silent);
        over(reason, undefined);
      },
    };
    this.executors.add(executor);
    const used = [...this.executors].reduce((sum, each) => sum + each.cores, 0);
    if (used > this.cores) broken(`worker ${host} has ${this.cores} cores, and executors with ${used} run there`);
    say(`executor ${executorId} runs on ${host} with ${cores} cores`);
    return executor;
  }
}
