/**
 * Does to a cluster what a plan says, and proves that it was done: the victim was alive before and is dead or stopped after, what it had
 * started ends with it, and those who are to notice say so.
 */
import { assertNever } from "../../src/base/assert.ts";
import type { Cluster } from "./cluster.ts";
import type { Fault } from "./plan.ts";
import { isAlive, type Logged, type Processes, type Seen, statOf, tryKill, waitFor } from "./processes.ts";

export interface Scene {
  readonly processes: Processes;
  readonly cluster: Cluster;
  readonly driver: Logged;
  readonly executorTimeoutMs: number;
}

/** What was done, and what must be seen of it once the job has ended. */
export interface Done {
  readonly what: string;
  /** Throws when it is not. */
  readonly proof: () => void | Promise<void>;
}

/** Against what never comes: far above what it takes, for machines with other work. */
const takesEffectMs = 30_000;
const jobMaxMs = 180_000;
const comesBackMs = 60_000;
const noticedMs = 1000;

/** Undefined when the job had ended before it could be done. */
export async function inflict(fault: Fault, scene: Scene): Promise<Done | undefined> {
  while (!scene.driver.hasEnded()) {
    const done = await attempt(fault, scene);
    if (done !== undefined) return done;
    // those who could be hit begin or are gone for the moment
    await new Promise(resolve => setTimeout(resolve, 20));
  }
  return undefined;
}

function attempt(fault: Fault, scene: Scene): Promise<Done | undefined> {
  switch (fault.kind) {
    case "killExecutor":
      return killExecutor(fault, scene);
    case "stopExecutor":
      return stopExecutor(fault, scene);
    case "killWorker":
      return killWorker(fault, scene);
    case "stopWorker":
      return stopWorker(fault, scene);
    case "restartMaster":
      return restartMaster(fault, scene);
    case "cutConnections":
      return cutConnections(scene);
    default:
      return assertNever(fault.kind);
  }
}

function executorOf({ victim }: Fault, { processes }: Scene): Seen | undefined {
  const running = processes.seen("executor").filter(({ pid }) => statOf(pid)?.state !== "T");
  return running[victim % Math.max(1, running.length)];
}

async function killExecutor(fault: Fault, scene: Scene): Promise<Done | undefined> {
  const victim = executorOf(fault, scene);
  if (victim === undefined) return undefined;
  tryKill(victim.pid, "SIGKILL");
  const proof = notice(scene, victim);
  await waitFor(`executor ${victim.pid} is dead`, takesEffectMs, () => !isAlive(victim));
  return { what: `killed executor ${victim.pid}`, proof };
}

async function stopExecutor(fault: Fault, scene: Scene): Promise<Done | undefined> {
  const victim = executorOf(fault, scene);
  if (victim === undefined) return undefined;
  const { backAfterMs } = fault;
  const { driver, executorTimeoutMs } = scene;
  tryKill(victim.pid, "SIGSTOP");
  const stoppedMs = performance.now();
  let endedMs = Infinity;
  void driver.ended.then(() => (endedMs = performance.now()));
  const proof = notice(scene, victim);
  await waitFor(`executor ${victim.pid} is stopped`, takesEffectMs, () => statOf(victim.pid)?.state === "T");
  if (backAfterMs !== undefined) {
    setTimeout(() => {
      // given up meanwhile, it was killed
      if (isAlive(victim)) tryKill(victim.pid, "SIGCONT");
    }, backAfterMs);
  }
  const back = backAfterMs === undefined ? "for good" : `for ${backAfterMs} ms`;
  return {
    what: `stopped executor ${victim.pid} ${back}`,
    proof: async () => {
      const silentMs = Math.min(endedMs - stoppedMs, backAfterMs ?? Infinity);
      if (silentMs > executorTimeoutMs + noticedMs) await proof();
    },
  };
}

/**
 * That the driver says that the executor is lost; or, when it was hit before it had registered there, that another came in its place. A job
 * may end before either.
 */
function notice({ driver, processes }: Scene, { pid, args }: Seen): () => Promise<void> {
  const idOf = (of: readonly string[]) => Number(of[of.indexOf("--executor-id") + 1]);
  const hitMs = performance.now();
  const latest = Math.max(...processes.seen("executor").map(each => idOf(each.args)), idOf(args));
  const saidLost = () => driver.err().includes(`(process ${pid}) is lost`);
  const replaced = waitFor(`executor ${idOf(args)} is replaced`, jobMaxMs, () => {
    if (driver.hasEnded() || saidLost()) return "no";
    return processes.seen("executor").some(each => idOf(each.args) > latest) && "yes";
  });
  const endedSoon = driver.ended.then(() => performance.now() - hitMs < noticedMs);
  return async () => {
    if (saidLost() || (await replaced) === "yes" || (await endedSoon)) return;
    throw new Error(`the driver does not say that executor ${idOf(args)} (process ${pid}) is lost, and no other came`);
  };
}

async function killWorker({ victim }: Fault, { cluster, processes }: Scene): Promise<Done | undefined> {
  const running = cluster.workers.filter(each => !each.hasEnded());
  const worker = running[victim % running.length]!;
  const children = processes.seen("executor").filter(({ pid }) => statOf(pid)?.parent === worker.child.pid);
  worker.child.kill("SIGKILL");
  await waitFor(`${worker.name} is dead`, takesEffectMs, worker.hasEnded);
  cluster.leave(children.map(({ pid }) => pid));
  const going = children.filter(({ pid }) => statOf(pid)?.state !== "T");
  await waitFor(`the executors of ${worker.name} have ended`, takesEffectMs, () => !going.some(isAlive));
  return {
    what: `killed ${worker.name} with ${children.length} executors`,
    proof: async () => {
      const [, port] = /worker at \S+:(\d+)/.exec(worker.err())!;
      const lost = new RegExp(`worker-\\S+-${port} (is away|was lost|did not come back)`);
      await waitFor(`a master says that ${worker.name} is lost`, comesBackMs, () =>
        cluster.masters.some(each => lost.test(each.err())),
      );
    },
  };
}

async function stopWorker({ victim, backAfterMs }: Fault, { cluster }: Scene): Promise<Done | undefined> {
  const running = cluster.workers.filter(each => !each.hasEnded() && statOf(each.child.pid!)?.state !== "T");
  const worker = running[victim % Math.max(1, running.length)];
  if (worker === undefined) return undefined;
  const pid = worker.child.pid!;
  worker.child.kill("SIGSTOP");
  await waitFor(`${worker.name} is stopped`, takesEffectMs, () => statOf(pid)?.state === "T");
  setTimeout(() => worker.child.kill("SIGCONT"), backAfterMs);
  return { what: `stopped ${worker.name} for ${backAfterMs} ms`, proof: () => {} };
}

async function restartMaster({ backAfterMs }: Fault, { cluster }: Scene): Promise<Done | undefined> {
  const master = cluster.masters.at(-1)!;
  if (master.hasEnded() || cluster.isRestarting) return undefined;
  cluster.isRestarting = true;
  const proof = comeBack(cluster);
  master.child.kill("SIGKILL");
  await waitFor(`${master.name} is dead`, takesEffectMs, master.hasEnded);
  await new Promise(resolve => setTimeout(resolve, backAfterMs));
  await cluster.startMaster();
  cluster.isRestarting = false;
  return { what: `killed ${master.name} and started it again after ${backAfterMs} ms`, proof };
}

async function cutConnections({ cluster }: Scene): Promise<Done | undefined> {
  const proof = comeBack(cluster);
  const cut = cluster.relay!.cut();
  return cut === 0 ? undefined : { what: `cut ${cut} connections to the master`, proof };
}

/** Every worker that is there later has registered once more. */
function comeBack({ workers }: Cluster): () => Promise<void> {
  const times = (worker: Logged) => worker.err().split("registered again").length;
  const before = workers.map(times);
  return async () => {
    const missing = () => workers.filter((each, i) => !each.hasEnded() && times(each) <= before[i]!);
    await waitFor("workers register again", comesBackMs, () => missing().length === 0);
  };
}
