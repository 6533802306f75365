/**
 * A driver's end of a cluster: an environment that executors connect to, and what grants them: standalone masters, or a master and
 * workers of its own (`local-cluster[W,C,M]`).
 */
import { readFileSync, statSync } from "node:fs";
import { basename, dirname } from "node:path";
import { FiresteelError } from "../base/errors.ts";
import { formatHostPort } from "../base/master-url.ts";
import { systemReason } from "../base/system-errors.ts";
import type { ClusterManager } from "../exec/cluster-manager.ts";
import { type ClusterExecutors, type ClusterOptions, openClusterExecutors } from "../exec/cluster-executors.ts";
import type { Cluster } from "../exec/engine-thread.ts";
import type { ClusterMaster, EngineStart, Settings } from "../exec/messages.ts";
import { userName } from "../platform/user-name.ts";
import { createHttp2Transport } from "../rpc/http2-transport.ts";
import { createRpcEnv } from "../rpc/rpc-env.ts";
import type { RpcEnv } from "../rpc/contracts.ts";
import { type LocalDirs, newLocalFile } from "../storage/local-dirs.ts";
import { ApplicationClient } from "./application-client.ts";
import { chooseBinding } from "./bind.ts";
import { LocalCluster } from "./local-cluster.ts";
import type { ApplicationDescription } from "./messages.ts";

type Description = Omit<ApplicationDescription, "driver">;

export async function openDriverCluster(
  master: ClusterMaster,
  { settings, localDirs }: EngineStart,
  listener: { gone(error: unknown): void; warning(message: string): void },
): Promise<Cluster> {
  const { secret, url } = master;
  const binding = chooseBinding("driver", named(settings, "firesteel.driver.host"), secret);
  const transport = createHttp2Transport({
    ...{ host: binding.host, advertisedHost: binding.advertised, secret },
    port: settings["firesteel.driver.port"] as number,
  });
  const env = await createRpcEnv({
    ...{ role: "driver", transport },
    askTimeoutMs: settings["firesteel.rpc.askTimeout"] as number,
    networkTimeoutMs: settings["firesteel.network.timeout"] as number,
  });
  const webUiUrl = `http://${formatHostPort(env.address!)}`;
  const shown = settings["firesteel.ui.enabled"] === true ? webUiUrl : undefined;
  const manager = managerFor(master, env, describe(master, settings, shown), {
    ...{ ownDirs: localDirs, host: binding.host },
    ...{ localDirs: settings["firesteel.local.dirs"] as never, warn: listener.warning },
  });
  let opened: ClusterExecutors | undefined;
  return {
    open: engine => {
      opened = openClusterExecutors(env, manager, clusterOptions(url, settings, localDirs), {
        ...engine,
        removed: reason => listener.gone(new FiresteelError("lost", `the application was ended: ${reason}`)),
      });
      for (const path of settings["firesteel.files"] as unknown as readonly string[])
        opened.executors.define({ kind: "file", name: basename(path), ...readFile(path) });
      return opened.executors;
    },
    registered: async () => (await opened!.started).appId,
    view: () => ({ executors: () => opened!.executors.summaries, cached: () => opened!.executors.cached }),
    serve: http => void (transport.http = http),
    webUiUrl,
    async stop(state) {
      await opened?.stop(state);
      await env.shutdown();
    },
  };
}

interface Around {
  readonly ownDirs: LocalDirs;
  readonly host: string;
  readonly localDirs: readonly string[];
  readonly warn: (message: string) => void;
}

function managerFor(
  { url, secret }: ClusterMaster,
  env: RpcEnv,
  description: Description,
  around: Around,
): ClusterManager {
  if (url.kind === "localCluster") {
    // as a file of the local dirs, so that a later start knows whose it was
    const workDir = dirname(newLocalFile(around.ownDirs, "cluster", "worker"));
    return new LocalCluster({ ...url, ...around, workDir, description, secret });
  }
  const log = (level: string, text: string) => {
    if (level !== "info") around.warn(text);
  };
  return new ApplicationClient({ env, masters: url.masters, description, log });
}

function describe({ url, appName }: ClusterMaster, settings: Settings, webUiUrl: string | undefined): Description {
  const orUndefined = (key: string) => (settings[key] === 0 ? undefined : (settings[key] as number));
  return {
    name: appName,
    user: userName(),
    coresMax: url.kind === "localCluster" ? url.workers * url.cores : orUndefined("firesteel.cores.max"),
    coresPerExecutor: orUndefined("firesteel.executor.cores"),
    memoryPerExecutorMb: Math.ceil((settings["firesteel.executor.memory"] as number) / 2 ** 20),
    executorsMax: orUndefined("firesteel.executor.instances"),
    webUiUrl,
    executorEnvironment: {},
  };
}

function clusterOptions(url: ClusterMaster["url"], settings: Settings, localDirs: LocalDirs): ClusterOptions {
  const number = (key: string) => settings[key] as number;
  const cores = url.kind === "localCluster" ? url.workers * url.cores : number("firesteel.cores.max");
  return {
    settings,
    localDirs,
    executorTimeoutMs: number("firesteel.executor.timeout"),
    stageBytesMax: number("firesteel.rpc.maxTaskBytes"),
    starvedEveryMs: number("firesteel.starvation.timeout"),
    coresAwaited: Math.ceil(cores * number("firesteel.scheduler.minRegisteredResourcesRatio")),
    coresWaitMaxMs: number("firesteel.scheduler.maxRegisteredResourcesWaitingTime"),
  };
}

function readFile(path: string): { readonly bytes: Uint8Array; readonly executable: boolean } {
  try {
    return { bytes: new Uint8Array(readFileSync(path)), executable: (statSync(path).mode & 0o111) !== 0 };
  } catch (thrown) {
    throw new FiresteelError("user", `${path}, a file of firesteel.files, cannot be read: ${systemReason(thrown)}`, {
      hint: "check its path and rights",
    });
  }
}

function named(settings: Settings, key: string): string | undefined {
  return settings[key] === "" ? undefined : (settings[key] as string);
}
