/** Masters, workers and applications as endpoints in one process, on a clock that the test moves. */
import { ApplicationClient, type ApplicationClientOptions } from "../../src/deploy/application-client.ts";
import type { MasterStore } from "../../src/deploy/contracts.ts";
import { MasterEndpoint, type MasterEndpointOptions } from "../../src/deploy/master-endpoint.ts";
import type { ApplicationDescription, DriverDescription } from "../../src/deploy/messages.ts";
import { WorkerEndpoint, type WorkerEndpointOptions } from "../../src/deploy/worker-endpoint.ts";
import type { ClusterListener } from "../../src/exec/cluster-manager.ts";
import type { RpcAddress, RpcEnv } from "../../src/rpc/contracts.ts";
import { InProcessNetwork } from "../../src/rpc/in-process-transport.ts";
import { createRpcEnv } from "../../src/rpc/rpc-env.ts";
import { FakeLauncher } from "./fake-launcher.ts";
import { ManualClock } from "./manual-clock.ts";

const driverAddress: RpcAddress = { host: "driver", port: 5000 };

export class FakeCluster {
  readonly clock = new ManualClock();
  readonly network = new InProcessNetwork(this.clock);
  readonly logs: string[] = [];
  readonly masterAddress: RpcAddress = { host: "master", port: 7077 };

  async env(role: string, listens?: RpcAddress): Promise<RpcEnv> {
    const transport = this.network.transport(listens === undefined ? { listens: false, host: role } : listens);
    return createRpcEnv({ role, transport, clock: this.clock, warn: text => void this.logs.push(text) });
  }

  async master(options: Partial<MasterEndpointOptions> & { readonly store?: MasterStore } = {}) {
    const env = await this.env("master", this.masterAddress);
    const log = (_: string, text: string) => void this.logs.push(text);
    return { env, master: MasterEndpoint.start({ env, webUiUrl: "http://master:8080", log, ...options }) };
  }

  async worker(host: string, options: Partial<WorkerEndpointOptions> = {}) {
    const env = await this.env(host, { host, port: 4000 });
    const launcher = new FakeLauncher();
    const about = { env, launcher, masters: [this.masterAddress], cores: 4, memoryMb: 4096, webUiUrl: "", seed: 1 };
    const log = (_: string, text: string) => void this.logs.push(`${host}: ${text}`);
    const worker = WorkerEndpoint.start({ ...about, log, ...options });
    await this.clock.advance(1);
    return { env, launcher, worker };
  }

  async application(
    name: string,
    options: Partial<ApplicationClientOptions> = {},
    about: Partial<ApplicationDescription> = {},
  ) {
    const env = await this.env(name);
    const heard = new HeardExecutors();
    const description = describeApplication(name, about);
    const client = new ApplicationClient({ env, masters: [this.masterAddress], description, seed: 1, ...options });
    const started = client.start(driverAddress, heard);
    started.catch(() => undefined);
    await this.clock.advance(5);
    return { env, client, heard, started };
  }
}

/** What an engine would hear. */
export class HeardExecutors implements ClusterListener {
  readonly story: string[] = [];
  readonly executors = new Set<number>();

  executorGranted(granted: Parameters<ClusterListener["executorGranted"]>[0]): void {
    this.executors.add(granted.executor);
    this.story.push(`granted ${granted.executor} on ${granted.host} x${granted.cores}`);
  }

  executorLost(...[executor, reason, workerLost]: Parameters<ClusterListener["executorLost"]>): void {
    this.executors.delete(executor);
    this.story.push(`lost ${executor}${workerLost ? " with its worker" : ""}: ${reason}`);
  }

  disconnected(reason: string): void {
    this.story.push(`disconnected: ${reason}`);
  }

  reconnected(): void {
    this.story.push("reconnected");
  }

  removed(reason: string): void {
    this.story.push(`removed: ${reason}`);
  }
}

export function describeApplication(name: string, about: Partial<ApplicationDescription> = {}): ApplicationDescription {
  return {
    name,
    user: "ada",
    coresMax: undefined,
    coresPerExecutor: undefined,
    memoryPerExecutorMb: 1024,
    executorsMax: undefined,
    driver: driverAddress,
    webUiUrl: undefined,
    executorEnvironment: {},
    ...about,
  };
}

export function describeDriver(name: string, about: Partial<DriverDescription> = {}): DriverDescription {
  return {
    name,
    job: { kind: "path", path: "/jobs/word-count.ts" },
    args: [],
    cores: 1,
    memoryMb: 1024,
    supervise: false,
    conf: {},
    environment: {},
    files: [],
    ...about,
  };
}
