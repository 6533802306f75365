/** `firesteel worker`: offers cores and memory of this machine to a master, until it is told to stop or no master takes it. */
import { resolve } from "node:path";
import { systemClock } from "../base/clock.ts";
import { formatHostPort, formatMasterUrl, type HostPort, parseClusterUrl } from "../base/master-url.ts";
import type { Config } from "../base/config.ts";
import { UsageError } from "../base/usage-error.ts";
import { systemReason } from "../base/system-errors.ts";
import { type Binding, chooseBinding } from "../deploy/bind.ts";
import { fetchBlob } from "../deploy/blob-transfer.ts";
import { workerLimitsOf } from "../deploy/deploy-config.ts";
import { listenHttp } from "../deploy/http-port.ts";
import { ProcessLauncher } from "../deploy/process-launcher.ts";
import { reachMasters } from "../deploy/reach-masters.ts";
import { takeSecret } from "../deploy/secret.ts";
import { WorkerEndpoint } from "../deploy/worker-endpoint.ts";
import { detectMachine } from "../platform/resources.ts";
import type { RpcEnv } from "../rpc/contracts.ts";
import type { LogOwner } from "../ui/worker-pages.ts";
import { openClusterEnv } from "./cluster-env.ts";
import type { Invocation } from "./command-line.ts";
import { loadConfig, readIfThere } from "./load-config.ts";
import { memoryOption, numberOption, portOption, textOption } from "./option-values.ts";
import { lateListener, workerHttp } from "./role-http.ts";
import { type RoleLog, roleLog } from "./role-log.ts";
import { aborted, stopSignal } from "./stop-signal.ts";

const m = 2 ** 20;
const g = 2 ** 30;
const blobBytesMax = 1 << 30;
const coresMax = 100_000;
const pagesPortDefault = 8081;
const pagesPortTries = 16;

export async function worker(invocation: Invocation): Promise<number> {
  const { options } = invocation;
  const signal = stopSignal();
  const masters = parseClusterUrl(invocation.operands[0]!);
  const secret = takeSecret(textOption(options, "secret-file"));
  const binding = chooseBinding("worker", textOption(options, "host"), secret);
  const machine = detectMachine();
  const conf = loadConfig(options, undefined, { environment: process.env, machine, readFile: readIfThere });
  const log = roleLog(conf);
  const offer = {
    cores: numberOption(options, "cores", 1, coresMax) ?? machine.cores,
    memoryMb: memoryOption(options, "memory") ?? Math.floor(memoryToOffer(machine.memoryBytes) / m),
  };
  const pagesPort = numberOption(options, "webui-port", 0, 65_535);
  // each is undone when what follows fails, last first
  await using cleanup = new AsyncDisposableStack();
  const http = lateListener();
  const env = await openClusterEnv({
    ...{ role: "worker", conf, binding, port: portOption(options, "port", 0), secret, log },
    http: http.listener,
  });
  cleanup.defer(() => env.shutdown());
  const workDir = textOption(options, "work-dir") ?? "work";
  const launcher = openLauncher(workDir, conf, { env, masters, binding, secret, log });
  cleanup.defer(() => launcher.close());
  await reachMasters(env, masters, { signal });
  if (signal.aborted) return 0;
  const pages = await listenHttp(http.listener, {
    ...{ host: binding.host, purpose: "pages", option: "--webui-port" },
    ...(pagesPort === undefined ? { port: pagesPortDefault, tries: pagesPortTries } : { port: pagesPort }),
  });
  cleanup.defer(() => pages.close());
  const webUiUrl = `http://${formatHostPort({ host: binding.advertised, port: pages.port })}`;
  const gaveUp = Promise.withResolvers<never>();
  const endpoint = WorkerEndpoint.start({
    ...{ env, masters, launcher, ...offer, webUiUrl, host: binding.advertised, limits: workerLimitsOf(conf), log },
    onRegistered: once(master => {
      const cores = `${offer.cores} ${offer.cores === 1 ? "core" : "cores"}`;
      const where = `worker at ${formatHostPort(env.address!)}, pages at ${webUiUrl}`;
      process.stderr.write(`${where}, offers ${cores} and ${offer.memoryMb} MB to ${formatMasterUrl([master])}\n`);
    }),
    onGaveUp: gaveUp.reject,
  });
  cleanup.defer(() => endpoint.stop());
  const access = {
    address: env.address!,
    snapshot: () => endpoint.snapshot(),
    logTail: (of: LogOwner, stream: "stdout" | "stderr", bytesMax: number) => launcher.logTail(of, stream, bytesMax),
  };
  http.answerWith(workerHttp(access, { secret, host: binding.advertised, warn: text => log("warn", text) }));
  await Promise.race([aborted(signal), gaveUp.promise]);
  return 0;
}

function once<T>(call: (argument: T) => void): (argument: T) => void {
  let called = false;
  return argument => {
    if (!called) call(argument);
    called = true;
  };
}

interface LauncherNeeds {
  readonly env: RpcEnv;
  readonly masters: readonly HostPort[];
  readonly binding: Binding;
  readonly secret: string | undefined;
  readonly log: RoleLog;
}

function openLauncher(workDir: string, conf: Config, needs: LauncherNeeds): ProcessLauncher {
  const { env, masters, binding, secret, log } = needs;
  const cleanup = {
    intervalMs: conf.get("firesteel.worker.cleanup.interval"),
    keepMs: conf.get("firesteel.worker.cleanup.appDataTtl"),
  };
  try {
    return new ProcessLauncher({
      ...{ workDir: resolve(workDir), secret, clock: systemClock, warn: text => log("warn", text) },
      ...{ listenHost: binding.host, driverHost: binding.advertised, localDirs: conf.get("firesteel.local.dirs") },
      fetchBlob: hash => fetchBlob(env.bulk, masters, hash, blobBytesMax),
      logs: {
        fileBytesMax: conf.get("firesteel.executor.logs.rolling.maxSize"),
        filesMax: conf.get("firesteel.executor.logs.rolling.maxRetainedFiles"),
      },
      cleanup: conf.get("firesteel.worker.cleanup.enabled") ? cleanup : undefined,
    });
  } catch (error) {
    throw new UsageError(`the work directory ${workDir} cannot be used: ${systemReason(error)}`, {
      hint: "name another with --work-dir",
    });
  }
}

/** The rest is for the system, the worker and what jobs do beside the engine. */
function memoryToOffer(bytes: number): number {
  return Math.max(bytes - g, bytes * 0.75);
}
