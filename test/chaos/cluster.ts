/** The processes of one seed: master and workers behind a relay where the plan asks for them, and the driver of its job. */
import { join } from "node:path";
import type { ClusterPlan, Plan } from "./plan.ts";
import { type Logged, type Processes, waitFor } from "./processes.ts";
import { openRelay, type Relay } from "./relay.ts";

const startMaxMs = 60_000;
const masterOptions = ["--webui-port", "0", "--rest-port", "0", "--recovery-dir", "state"];
const masterSettings = { "firesteel.deploy.workerGrace": "1s", "firesteel.deploy.recoveryTimeout": "3s" };
const workerSettings = { "firesteel.worker.heartbeatInterval": "500ms" };

export class Cluster {
  readonly workers: Logged[] = [];
  /** All masters, the latest last. */
  readonly masters: Logged[] = [];
  relay: Relay | undefined;
  isRestarting = false;
  private masterPort = 0;
  private readonly lost = new Set<number>();
  private masterUrl: string | undefined;

  constructor(
    private readonly processes: Processes,
    private readonly plan: ClusterPlan,
  ) {}

  /** Of the masters. */
  get port(): number | undefined {
    return this.masters.length === 0 ? undefined : this.masterPort;
  }

  /** Processes that nobody will end. */
  leave(pids: readonly number[]): void {
    for (const pid of pids) this.lost.add(pid);
  }

  hasLost(pid: number): boolean {
    return this.lost.has(pid);
  }

  async start(): Promise<void> {
    if (this.plan.kind === "local") return;
    await this.startMaster();
    this.relay = await openRelay(this.masterPort);
    this.masterUrl = `firesteel://127.0.0.1:${this.relay.port}`;
    for (const [i, cores] of this.plan.workerCores.entries()) {
      const memory = `${this.plan.memoryMb * cores + 512}m`;
      const options = ["--cores", String(cores), "--memory", memory, "--webui-port", "0", "--work-dir", `work-${i}`];
      this.workers.push(
        this.processes.start(`worker ${i}`, ["worker", ...options, ...confs(workerSettings), this.masterUrl]),
      );
    }
    for (const worker of this.workers) {
      await waitFor(`${worker.name} registers`, startMaxMs, () => worker.err().includes("worker at ") || fails(worker));
    }
  }

  /** Again, at the port of the first. */
  async startMaster(): Promise<void> {
    const name = `master ${this.masters.length}`;
    const args = ["master", "--port", String(this.masterPort), ...masterOptions, ...confs(masterSettings)];
    const master = this.processes.start(name, args);
    this.masters.push(master);
    const [, port] = await waitFor(
      `${name} listens`,
      startMaxMs,
      () => /master at firesteel:\/\/\S+:(\d+)/.exec(master.err()) ?? fails(master),
    );
    this.masterPort = Number(port);
  }

  runJob({ job, settings, cluster }: Plan, input: string): Logged {
    const master =
      cluster.kind === "local"
        ? `local-cluster[${cluster.executors},${cluster.cores},${cluster.memoryMb}m]`
        : this.masterUrl!;
    const all = { ...settings, "firesteel.executor.memory": `${cluster.memoryMb}m` };
    const args = ["run", "--master", master, ...confs(all), jobFile(job), input, "out"];
    return this.processes.start("driver", args);
  }

  /** Masters and workers that are there end in order. */
  async stop(): Promise<void> {
    const here = [...this.workers, ...this.masters].filter(each => !each.hasEnded());
    for (const each of here) {
      each.child.kill("SIGCONT");
      each.child.kill("SIGTERM");
    }
    for (const each of here) {
      await waitFor(`${each.name} ends when told to`, startMaxMs, each.hasEnded);
      if (each.child.exitCode !== 0) throw new Error(`${each.name} ended with ${each.child.exitCode}`);
    }
    await this.relay?.close();
  }
}

export function jobFile(job: string): string {
  return join(import.meta.dirname, "jobs", `${job}.ts`);
}

export function confs(settings: Readonly<Record<string, string>>): string[] {
  return Object.entries(settings).flatMap(([key, value]) => ["--conf", `${key}=${value}`]);
}

function fails(process: Logged): false {
  if (process.hasEnded()) throw new Error(`${process.name} has ended`);
  return false;
}
