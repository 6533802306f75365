/** What goes wrong in a simulated cluster, one thing at a time; and its end, after which all that can run runs again. */
import type { Random } from "../../src/base/random.ts";
import type { RpcEnv } from "../../src/rpc/contracts.ts";
import type { SimulatedClock } from "../../src/rpc/simulated-clock.ts";
import type { SimulatedNetwork } from "../../src/rpc/simulated-transport.ts";
import type { Machines, SimulatedExecutor } from "./machines.ts";

export class Faults {
  readonly counts = {
    executorsKilled: 0,
    executorsFrozen: 0,
    workersCrashed: 0,
    mastersCrashed: 0,
    partitions: 0,
    breaks: 0,
  };
  private readonly frozen = new Set<SimulatedExecutor>();

  constructor(
    private readonly random: Random,
    private readonly clock: SimulatedClock,
    private readonly network: SimulatedNetwork,
    private readonly machines: Machines,
    private readonly driver: RpcEnv,
    private readonly say: (line: string) => void,
  ) {}

  happen(): void {
    const { random } = this;
    switch (random.below(7)) {
      case 0:
        return this.killExecutor();
      case 1:
        return this.freezeExecutor();
      case 2:
        return this.crashWorker();
      case 3:
        return this.crashMaster();
      case 4:
        return this.part();
      case 5:
        return this.breakConnection();
      default:
        return this.killExecutor();
    }
  }

  /** Everything that is cut, frozen or down comes back. */
  async end(): Promise<void> {
    this.say("the faults end");
    this.network.heal();
    for (const each of this.frozen) this.network.thaw(each.env);
    await this.machines.startMaster();
    for (const worker of this.machines.workers) await worker.start();
  }

  private killExecutor(): void {
    const victim = this.anyExecutor();
    if (victim === undefined) return;
    this.counts.executorsKilled++;
    this.say(`executor ${victim.name} is hit`);
    victim.crash(this.random.below(4) === 0, "killed from outside");
  }

  private freezeExecutor(): void {
    const victim = this.anyExecutor();
    if (victim === undefined) return;
    this.counts.executorsFrozen++;
    this.network.freeze(victim.env);
    this.frozen.add(victim);
    if (this.random.below(2) === 0)
      this.clock.after(500 + this.random.below(10_000), () => this.network.thaw(victim.env));
  }

  private crashWorker(): void {
    const { workers } = this.machines;
    const worker = workers[this.random.below(workers.length)]!;
    if (!worker.isUp) return;
    this.counts.workersCrashed++;
    worker.crash(this.random.below(2) === 0);
    this.clock.after(500 + this.random.below(15_000), () => void worker.start());
  }

  private crashMaster(): void {
    this.counts.mastersCrashed++;
    this.machines.crashMaster();
    this.clock.after(200 + this.random.below(8_000), () => void this.machines.startMaster());
  }

  private part(): void {
    const hosts = ["m", "d", ...this.machines.workers.map(worker => worker.host)];
    const a = hosts[this.random.below(hosts.length)]!;
    const b = hosts[this.random.below(hosts.length)]!;
    if (a === b) return;
    this.counts.partitions++;
    this.network.partition(a, b);
    this.clock.after(100 + this.random.below(12_000), () => this.network.heal(a, b));
  }

  private breakConnection(): void {
    const victim = this.anyExecutor();
    if (victim !== undefined) this.counts.breaks += this.network.breakConnections(victim.env, this.driver);
  }

  private anyExecutor(): SimulatedExecutor | undefined {
    const running = this.machines.executors;
    return running[this.random.below(Math.max(1, running.length))];
  }
}
