/**
 * `local-cluster[W,C,M]`: a master and workers within the driver's engine thread, with executors that are real processes. What
 * they say to each other goes as in any cluster, but for the way between master, workers and application, which is this process.
 */
import { join } from "node:path";
import { systemClock } from "../base/clock.ts";
import type { ClusterListener, ClusterManager } from "../exec/cluster-manager.ts";
import type { ExecutorId } from "../base/ids.ts";
import { FiresteelError } from "../base/errors.ts";
import type { RpcAddress, RpcEnv } from "../rpc/contracts.ts";
import { InProcessNetwork } from "../rpc/in-process-transport.ts";
import { createRpcEnv } from "../rpc/rpc-env.ts";
import { ApplicationClient } from "./application-client.ts";
import { MasterEndpoint } from "./master-endpoint.ts";
import type { ApplicationDescription } from "./messages.ts";
import { ProcessLauncher } from "./process-launcher.ts";
import { WorkerEndpoint } from "./worker-endpoint.ts";

export interface LocalClusterOptions {
  readonly workers: number;
  readonly cores: number;
  readonly memoryMb: number;
  readonly description: Omit<ApplicationDescription, "driver">;
  readonly secret: string | undefined;
  /** Where the driver listens, and executors too. */
  readonly host: string;
  readonly workDir: string;
  readonly localDirs: readonly string[];
  readonly warn: (message: string) => void;
}

const logs = { fileBytesMax: 4 << 20, filesMax: 2 };

export class LocalCluster implements ClusterManager {
  private readonly environments: RpcEnv[] = [];
  private readonly workers: WorkerEndpoint[] = [];
  private readonly launchers: ProcessLauncher[] = [];
  private master: MasterEndpoint | undefined;
  private client: ApplicationClient | undefined;
  /** Who says what while all of them end is of no interest. */
  private isStopping = false;

  constructor(private readonly options: LocalClusterOptions) {}

  async start(
    driver: RpcAddress,
    listener: ClusterListener,
  ): Promise<{ readonly appId: string; readonly webUiUrl: string | undefined }> {
    const { options } = this;
    const network = new InProcessNetwork();
    const warn = (message: string) => {
      if (!this.isStopping) options.warn(message);
    };
    const environment = async (role: string) => {
      const env = await createRpcEnv({ role, transport: network.transport(), warn });
      this.environments.push(env);
      return env;
    };
    const log = (level: string, text: string) => {
      if (level !== "info") warn(text);
    };
    const masterEnv = await environment("master");
    this.master = MasterEndpoint.start({ env: masterEnv, webUiUrl: "", log });
    const masters = [masterEnv.address!];
    for (let i = 0; i < options.workers; i++) {
      const env = await environment(`worker-${i}`);
      const launcher = new ProcessLauncher({
        ...{ workDir: join(options.workDir, `worker-${i}`), secret: options.secret, listenHost: options.host },
        ...{ localDirs: options.localDirs, logs, clock: systemClock, warn: options.warn },
        fetchBlob: () => Promise.reject(new FiresteelError("internal", "a local cluster has no drivers")),
      });
      this.launchers.push(launcher);
      const { cores, memoryMb, host } = options;
      this.workers.push(WorkerEndpoint.start({ env, masters, launcher, cores, memoryMb, webUiUrl: "", host, log }));
    }
    this.client = new ApplicationClient({
      env: await environment("application"),
      masters,
      description: options.description,
      log,
    });
    return this.client.start(driver, listener);
  }

  killExecutor(executor: ExecutorId): void {
    this.client?.killExecutor(executor);
  }

  async stop(state: "finished" | "failed" | "killed"): Promise<void> {
    this.isStopping = true;
    await this.client?.stop(state);
    await Promise.all(this.workers.map(worker => worker.stop()));
    await Promise.all(this.launchers.map(launcher => launcher.close()));
    await this.master?.stop();
    await Promise.all(this.environments.map(env => env.shutdown()));
  }
}
