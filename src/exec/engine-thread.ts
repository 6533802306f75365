/** The engine thread's entry: schedulers, and the executors they work with, apart from the user's code on the main thread. */
import type { RequestListener } from "node:http";
import { systemClock } from "../base/clock.ts";
import { toWire } from "../base/errors.ts";
import { parent, receive, threadData } from "../platform/threads.ts";
import { watchMain } from "./blocked-main.ts";
import { packMail } from "./engine-mail.ts";
import { Engine, type EngineLimits } from "./engine.ts";
import type { OpenExecutors } from "./executors.ts";
import { LocalExecutors } from "./local-executors.ts";
import type { ClusterMaster, EngineStart, FromEngine, ToEngine } from "./messages.ts";
import type { EngineObserver, EngineView } from "./observer.ts";

type Post = (message: FromEngine) => void;

/** A cluster's executors, from an opened connection to what grants them. */
export interface Cluster {
  readonly open: OpenExecutors;
  /** Once opened: resolves when the cluster has taken the application, with its id there. */
  readonly registered: () => Promise<string>;
  readonly view: () => Pick<EngineView, "executors" | "cached">;
  /** Answers HTTP at the driver's port. */
  serve(listener: RequestListener): void;
  /** Of that port. */
  readonly webUiUrl: string;
  stop(state: "finished" | "failed" | "killed"): Promise<void>;
}

export type OpenCluster = (
  master: ClusterMaster,
  start: EngineStart,
  listener: { gone(error: unknown): void; warning(message: string): void },
) => Promise<Cluster>;

export interface Pages {
  readonly observer: EngineObserver;
  listener(view: EngineView, appId?: () => string | undefined): RequestListener;
}

export interface PagesModule {
  openEnginePages(about: { appName: string; secret: string | undefined; warn: (message: string) => void }): Pages;
  serveEnginePages(
    listener: RequestListener,
    at: { port: number; secret: string | undefined },
  ): Promise<{ readonly url: string }>;
}

/** What belongs to other layers, imported when it is needed. */
export interface EngineImports {
  readonly cluster: () => Promise<OpenCluster>;
  readonly pages: () => Promise<PagesModule>;
}

export async function runEngine(imports: EngineImports): Promise<void> {
  const port = parent();
  const start = threadData<EngineStart>();
  watchMain(start.mainBeat);
  let outbox: FromEngine[] = [];
  const flush = () => {
    const messages = outbox;
    outbox = [];
    port.postMessage(packMail(messages));
  };
  /** What one event brings about goes as one message: a message takes longer than a short task. */
  const post = (message: FromEngine) => {
    if (outbox.push(message) === 1) queueMicrotask(flush);
  };
  try {
    if (start.master === undefined) await runLocal(start, post, imports);
    else await runOnCluster(start.master, start, post, imports);
  } catch (thrown) {
    post({ type: "gone", error: toWire(thrown, "lost") });
  }
}

async function runLocal(start: EngineStart, post: Post, imports: EngineImports): Promise<void> {
  const { settings, localId: appId } = start;
  const pages = await pagesOf(start, undefined, post, imports);
  let executors: LocalExecutors | undefined;
  const open: OpenExecutors = listener => (executors = new LocalExecutors(start, listener));
  const engine = new Engine(limitsOf(start), open, post, systemClock, pages?.opened.observer, start.pools);
  receive((message: ToEngine) => {
    if (message.type !== "stop") return engine.receive(message);
    executors?.endProcesses();
    post({ type: "stopped" });
  });
  let webUiUrl: string | undefined;
  if (pages !== undefined) {
    const view = { executors: () => [], settings, cached: () => executors!.cached() };
    const at = { port: settings["firesteel.ui.port"] as number, secret: undefined };
    webUiUrl = (
      await pages.module.serveEnginePages(
        pages.opened.listener(view, () => appId),
        at,
      )
    ).url;
  }
  post({ type: "ready", appId, webUiUrl });
}

async function runOnCluster(
  master: ClusterMaster,
  start: EngineStart,
  post: Post,
  imports: EngineImports,
): Promise<void> {
  const { settings } = start;
  const warning = (message: string) => post({ type: "warning", message });
  const gone = (error: unknown) => post({ type: "gone", error: toWire(error, "lost") });
  const pages = await pagesOf(start, master.secret, post, imports);
  const cluster = await (await imports.cluster())(master, start, { gone, warning });
  const engine = new Engine(limitsOf(start), cluster.open, post, systemClock, pages?.opened.observer, start.pools);
  let appId: string | undefined;
  if (pages !== undefined) cluster.serve(pages.opened.listener({ ...cluster.view(), settings }, () => appId));
  receive((message: ToEngine) => {
    if (message.type !== "stop") return engine.receive(message);
    void cluster.stop(message.state).finally(() => post({ type: "stopped" }));
  });
  appId = await cluster.registered();
  post({ type: "ready", appId, webUiUrl: pages && cluster.webUiUrl });
}

async function pagesOf(
  { settings }: EngineStart,
  secret: string | undefined,
  post: Post,
  imports: EngineImports,
): Promise<{ readonly module: PagesModule; readonly opened: Pages } | undefined> {
  if (settings["firesteel.ui.enabled"] !== true) return undefined;
  const module = await imports.pages();
  const appName = settings["firesteel.app.name"] as string;
  const warn = (message: string) => post({ type: "warning", message });
  return { module, opened: module.openEnginePages({ appName, secret, warn }) };
}

function limitsOf({ settings, ...start }: EngineStart): EngineLimits {
  const { taskFailuresMax, stageAttemptsMax, localityWaits, barrierWaitMs } = start;
  const barrierSyncMaxMs = settings["firesteel.barrier.sync.timeout"] as number;
  return { taskFailuresMax, stageAttemptsMax, localityWaits, barrierWaitMs, barrierSyncMaxMs };
}
