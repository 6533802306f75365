/** The engine thread's entry: schedulers, and the executors they work with, apart from the user's code on the main thread. */
import { toWire } from "../base/errors.ts";
import { parent, receive, threadData } from "../platform/threads.ts";
import { watchMain } from "./blocked-main.ts";
import { Engine } from "./engine.ts";
import type { OpenExecutors } from "./executors.ts";
import { LocalExecutors } from "./local-executors.ts";
import type { ClusterMaster, EngineStart, FromEngine, ToEngine } from "./messages.ts";

/** A cluster's executors, from an opened connection to what grants them. */
export interface Cluster {
  readonly open: OpenExecutors;
  /** Once opened: that the cluster has taken the application. */
  readonly registered: () => Promise<void>;
  stop(state: "finished" | "failed" | "killed"): Promise<void>;
}

export type OpenCluster = (
  master: ClusterMaster,
  start: EngineStart,
  listener: { gone(error: unknown): void; warning(message: string): void },
) => Promise<Cluster>;

/** `openCluster` is imported when the master is not local. */
export async function runEngine(openCluster: () => Promise<OpenCluster>): Promise<void> {
  const port = parent();
  const start = threadData<EngineStart>();
  watchMain(start.mainBeat);
  let outbox: FromEngine[] = [];
  const flush = () => {
    const messages = outbox;
    outbox = [];
    port.postMessage(messages);
  };
  /** What one event brings about goes as one message: a message takes longer than a short task. */
  const post = (message: FromEngine) => {
    if (outbox.push(message) === 1) queueMicrotask(flush);
  };
  const gone = (error: unknown) => post({ type: "gone", error: toWire(error, "lost") });
  const { taskFailuresMax, stageAttemptsMax, localityWaits } = start;
  const limits = { taskFailuresMax, stageAttemptsMax, localityWaits };
  if (start.master === undefined) {
    const engine = new Engine(limits, listener => new LocalExecutors(start, listener), post);
    receive((message: ToEngine) => engine.receive(message));
    post({ type: "ready" });
    return;
  }
  const warning = (message: string) => post({ type: "warning", message });
  try {
    const cluster = await (await openCluster())(start.master, start, { gone, warning });
    const engine = new Engine(limits, cluster.open, post);
    receive((message: ToEngine) => {
      if (message.type !== "stop") return engine.receive(message);
      void cluster.stop(message.state).finally(() => post({ type: "stopped" }));
    });
    await cluster.registered();
    post({ type: "ready" });
  } catch (thrown) {
    gone(thrown);
  }
}
