/** `firesteel master`: RPC environment, state and endpoint of a master, until it is told to stop. */
import type { RequestListener } from "node:http";
import { dirname, join } from "node:path";
import { systemClock } from "../base/clock.ts";
import type { Config } from "../base/config.ts";
import { formatHostPort } from "../base/master-url.ts";
import { UsageError } from "../base/usage-error.ts";
import { chooseBinding } from "../deploy/bind.ts";
import { UploadStore } from "../deploy/upload-store.ts";
import { serveBlobs } from "../deploy/blob-transfer.ts";
import { masterLimitsOf, masterStoreOf } from "../deploy/deploy-config.ts";
import { listenHttp } from "../deploy/http-port.ts";
import { blobsInUse, masterAccess } from "../deploy/master-access.ts";
import { MasterEndpoint } from "../deploy/master-endpoint.ts";
import { workerEndpoint } from "../deploy/messages.ts";
import { standBy, unlessInUse } from "../deploy/standby-master.ts";
import { takeSecret } from "../deploy/secret.ts";
import { detectMachine } from "../platform/resources.ts";
import { nameLocalDirs, newLocalFile, removeLocalDirs, removeOrphans } from "../storage/local-dirs.ts";
import { openClusterEnv } from "./cluster-env.ts";
import type { Invocation } from "./command-line.ts";
import { loadConfig, readIfThere } from "./load-config.ts";
import { lateListener, masterHttp, unavailable } from "./role-http.ts";
import { portOption, textOption } from "./option-values.ts";
import { roleLog } from "./role-log.ts";
import { aborted, stopSignal } from "./stop-signal.ts";

const portDefault = 7077;
const pagesPortDefault = 8080;
const restPortDefault = 6066;
const blobBytesMax = 1 << 30;
const blobsBytesMax = 16 * 2 ** 30;

export async function master({ options }: Invocation): Promise<number> {
  const signal = stopSignal();
  const secret = takeSecret(textOption(options, "secret-file"));
  const binding = chooseBinding("master", textOption(options, "host"), secret);
  const ports = portsOf(options);
  const conf = loadConfig(options, undefined, {
    environment: process.env,
    machine: detectMachine(),
    readFile: readIfThere,
  });
  const mayStandBy = options.has("standby");
  if (mayStandBy && conf.get("firesteel.deploy.recoveryDirectory") === "") {
    throw new UsageError("a master that stands by needs the state of the one that leads", {
      hint: "give both the same --recovery-dir",
    });
  }
  const log = roleLog(conf);
  // each is undone when what follows fails, last first
  await using cleanup = new AsyncDisposableStack();
  const openStore = () => masterStoreOf(conf);
  let store = mayStandBy ? unlessInUse(openStore) : openStore();
  cleanup.defer(() => store?.close());
  const [pages, rest] = [lateListener(), lateListener()];
  const open = async (listener: RequestListener, port: number, purpose: string, option: string) => {
    const opened = await listenHttp(listener, { host: binding.host, port, purpose, option });
    cleanup.defer(() => opened.close());
    return `http://${formatHostPort({ host: binding.advertised, port: opened.port })}`;
  };
  const env = await openClusterEnv({
    ...{ role: "master", conf, binding, port: ports.rpc, secret, log },
    http: ports.others === undefined ? rest.listener : undefined,
  });
  cleanup.defer(() => env.shutdown());
  const address = formatHostPort(env.address!);
  let [webUiUrl, restUrl] = [`http://${address}`, `http://${address}`];
  if (ports.others !== undefined) {
    webUiUrl = await open(pages.listener, ports.others.pages, "pages", "--webui-port");
    restUrl = await open(rest.listener, ports.others.rest, "submissions by HTTP", "--rest-port");
  }
  if (store === undefined) {
    process.stderr.write(`standing by at firesteel://${address} while another master leads; pages at ${webUiUrl}\n`);
    for (const each of [pages, rest]) each.answerWith(unavailable("this master stands by: another one leads"));
    store = await standBy({ env, open: openStore, signal });
    if (store === undefined) return 0;
    log("info", "the master that led is gone: this one leads now");
  }
  const failed = Promise.withResolvers<never>();
  const endpoint = MasterEndpoint.start({
    ...{ env, store, webUiUrl, limits: masterLimitsOf(conf), log },
    onFailed: failed.reject,
  });
  cleanup.defer(() => endpoint.stop());
  const blobs = openBlobs(conf, endpoint, cleanup);
  serveBlobs(env.bulk, blobs, systemClock);
  const access = masterAccess({ master: endpoint.ref, worker: at => env.ref(at, workerEndpoint), blobs });
  const http = masterHttp(access, { secret, host: binding.advertised, warn: text => log("warn", text) });
  pages.answerWith(http.pages);
  rest.answerWith(ports.others === undefined ? http.both : http.rest);
  process.stderr.write(`master at firesteel://${address}, pages at ${webUiUrl}, submissions by HTTP at ${restUrl}\n`);
  await Promise.race([aborted(signal), failed.promise]);
  return 0;
}

/** `others` undefined: pages and submissions are on the port of all else. */
function portsOf(options: Invocation["options"]) {
  const rpc = portOption(options, "port", portDefault);
  const pages = portOption(options, "webui-port", pagesPortDefault);
  const rest = portOption(options, "rest-port", restPortDefault);
  if (!options.has("one-port")) return { rpc, others: { pages, rest } };
  const other = ["webui-port", "rest-port"].find(name => options.has(name));
  if (other === undefined) return { rpc, others: undefined };
  throw new UsageError(`--one-port leaves no port for --${other}`, { hint: "give one of them" });
}

/** Jobs and files of submissions: beside the state when that is kept, else until the master ends. */
function openBlobs(conf: Config, endpoint: MasterEndpoint, cleanup: AsyncDisposableStack): UploadStore {
  const recovery = conf.get("firesteel.deploy.recoveryDirectory");
  let folder = join(recovery, "blobs");
  if (recovery === "") {
    const localDirs = nameLocalDirs(conf.get("firesteel.local.dirs"));
    removeOrphans(localDirs);
    cleanup.defer(() => removeLocalDirs(localDirs));
    folder = dirname(newLocalFile(localDirs, "blobs", "blob"));
  }
  return new UploadStore({
    ...{ folder, clock: systemClock, blobBytesMax, totalBytesMax: blobsBytesMax },
    inUse: async () => blobsInUse(endpoint.snapshot()),
  });
}
