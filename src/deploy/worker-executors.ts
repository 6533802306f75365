/** The executors of a worker's machine: launched when the master says so, reported on, killed, kept for a while when ended. */
import { isPlainId } from "./deploy-ids.ts";
import type { LaunchEnd, LaunchNumber, WorkerAction, WorkerOptions } from "./worker-contracts.ts";
import { executorKey } from "./master-state.ts";
import type { ApplicationId, ExecutorState, MasterToWorker, RunningExecutor, WorkerExecutor } from "./messages.ts";

interface Executor {
  readonly launch: LaunchNumber;
  readonly appId: ApplicationId;
  readonly appName: string;
  readonly executorId: number;
  readonly cores: number;
  readonly memoryMb: number;
  readonly startedMs: number;
  state: ExecutorState;
  pid: number | undefined;
  isKilled: boolean;
}

export class WorkerExecutors {
  private readonly byKey = new Map<string, Executor>();
  private readonly byLaunch = new Map<LaunchNumber, Executor>();
  private readonly ended: WorkerExecutor[] = [];
  /** Those with a work directory here; true when it may go. */
  private readonly applications = new Map<ApplicationId, boolean>();

  constructor(
    private readonly options: WorkerOptions,
    private readonly act: (action: WorkerAction) => void,
  ) {}

  get size(): number {
    return this.byKey.size;
  }

  launch(
    message: Extract<MasterToWorker, { readonly type: "launchExecutor" }>,
    launch: LaunchNumber,
    nowMs: number,
  ): void {
    const { appId, executorId, description, cores, memoryMb } = message;
    if (this.byKey.has(executorKey(message))) return;
    if (!isPlainId(appId) || !Number.isInteger(executorId) || executorId < 0) {
      return this.report(message, "failed", "these are no names of an application and an executor", undefined);
    }
    const appName = description.name;
    const about = { launch, appId, appName, executorId, cores, memoryMb, startedMs: nowMs };
    const executor: Executor = { ...about, state: "launching", pid: undefined, isKilled: false };
    this.byKey.set(executorKey(executor), executor);
    this.byLaunch.set(launch, executor);
    this.applications.set(appId, false);
    this.act({ type: "launchExecutor", launch, appId, executorId, description, cores, memoryMb });
  }

  /** False when the launch is none of an executor. */
  started(launch: LaunchNumber, pid: number | undefined): boolean {
    const executor = this.byLaunch.get(launch);
    if (executor === undefined) return false;
    executor.pid = pid;
    executor.state = "running";
    this.report(executor, "running", undefined, undefined);
    return true;
  }

  endedBy(launch: LaunchNumber, end: LaunchEnd): boolean {
    const executor = this.byLaunch.get(launch);
    if (executor === undefined) return false;
    const wasRunning = executor.state === "running";
    executor.state = executor.isKilled ? "killed" : wasRunning ? "exited" : "failed";
    this.byLaunch.delete(launch);
    this.byKey.delete(executorKey(executor));
    this.ended.push(toStatus(executor));
    if (this.ended.length > this.options.limits.endedMax) this.ended.shift();
    this.report(executor, executor.state, end.message, end.exitCode);
    this.clear(executor.appId);
    return true;
  }

  kill(which: { readonly appId: ApplicationId; readonly executorId: number }): void {
    const executor = this.byKey.get(executorKey(which));
    if (executor === undefined || executor.isKilled) return;
    executor.isKilled = true;
    this.act({ type: "kill", launch: executor.launch });
  }

  killAll(): void {
    for (const executor of this.byKey.values()) this.kill(executor);
  }

  applicationEnded(appId: ApplicationId): void {
    if (!this.applications.has(appId)) return;
    this.applications.set(appId, true);
    this.clear(appId);
  }

  has(which: { readonly appId: ApplicationId; readonly executorId: number }): boolean {
    const key = executorKey(which);
    return this.byKey.has(key) || this.ended.some(each => executorKey(each) === key);
  }

  running(): RunningExecutor[] {
    return [...this.byKey.values()].map(({ appId, executorId, cores, memoryMb }) => {
      return { appId, executorId, cores, memoryMb };
    });
  }

  applicationIds(): ApplicationId[] {
    return [...this.applications.keys()];
  }

  snapshot(): { readonly executors: readonly WorkerExecutor[]; readonly endedExecutors: readonly WorkerExecutor[] } {
    return { executors: [...this.byKey.values()].map(toStatus), endedExecutors: [...this.ended] };
  }

  /** Lets go of an ended application's directories once none of its executors uses them. */
  private clear(appId: ApplicationId): void {
    if (this.applications.get(appId) !== true) return;
    for (const executor of this.byKey.values()) if (executor.appId === appId) return;
    this.applications.delete(appId);
    this.act({ type: "applicationEnded", appId });
  }

  private report(
    which: { readonly appId: ApplicationId; readonly executorId: number },
    state: ExecutorState,
    message: string | undefined,
    exitCode: number | undefined,
  ): void {
    const { appId, executorId } = which;
    this.act({
      type: "tellMaster",
      message: { type: "executorStateChanged", appId, executorId, state, message, exitCode },
    });
  }
}

function toStatus(executor: Executor): WorkerExecutor {
  const { launch: _, isKilled: __, ...status } = executor;
  return status;
}
