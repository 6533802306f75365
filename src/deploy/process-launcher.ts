/**
 * A worker's launcher: executors and cluster-mode drivers as processes of this same program, each in a folder of its own, with its
 * output in rolling files. They end with the worker, whatever ends it. The secret goes to them through a pipe; the command
 * line has nothing but names and sizes.
 */
import { mkdirSync } from "node:fs";
import { join, sep } from "node:path";
import { every, type Clock, type Timer } from "../base/clock.ts";
import { FiresteelError } from "../base/errors.ts";
import { programCommand, programEnvironment } from "../platform/program.ts";
import type { ProcessWork } from "../platform/restart.ts";
import { nameLocalDirs, removeOrphans } from "../storage/local-dirs.ts";
import { driverArguments, executorArguments, jobEnvironment, writeDriverSettings } from "./child-arguments.ts";
import type { DriverLaunch, ExecutorLaunch, Launched, Launcher, LaunchListener } from "./contracts.ts";
import { bringDriverFiles, type FetchBlob } from "./driver-files.ts";
import { readDriverReport, reportVariable } from "./driver-report.ts";
import { greeting } from "./greeting.ts";
import { launchProcess } from "./launched-process.ts";
import type { ApplicationId, DriverId, DriverReport } from "./messages.ts";
import { type LogBounds, readLogTail } from "./rolling-log.ts";
import { WorkDirs } from "./work-dirs.ts";

export interface ProcessLauncherOptions {
  readonly workDir: string;
  readonly secret: string | undefined;
  /** Where executors listen; see bind.ts. */
  readonly listenHost: string;
  /** Where drivers listen; undefined: as they choose. */
  readonly driverHost?: string | undefined;
  /** Folders for spills and shuffle files on this machine; none: its temporary folder. */
  readonly localDirs: readonly string[];
  /** Gets what masters keep by hash. */
  readonly fetchBlob: FetchBlob;
  readonly logs: LogBounds;
  readonly clock: Clock;
  /** Undefined: nothing is removed by age. */
  readonly cleanup?: { readonly intervalMs: number; readonly keepMs: number } | undefined;
  /** Things that an operator should know. */
  readonly warn: (message: string) => void;
  /** From SIGTERM to SIGKILL. */
  readonly killGraceMs?: number;
  /** What to start instead of this program. */
  readonly program?: readonly string[];
}

export const killGraceMsDefault = 5_000;
/** An executor has nothing to wind up, and one that was given up may be stopped: another waits for its cores. */
const executorKillGraceMs = 300;
/** One answer, with room in its frame. */
const tailBytesMax = 256 * 1024;
/** The folder that a process works in, apart from its logs: names in it are the user's. */
const workFiles = "files";

interface Running {
  readonly folder: string;
  readonly appId: ApplicationId | undefined;
  kill(): void;
  readonly ended: Promise<void>;
}

interface Prepared {
  readonly work: ProcessWork;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly killGraceMsMax?: number;
}

export class ProcessLauncher implements Launcher {
  private readonly dirs: WorkDirs;
  private readonly running = new Map<string, Running>();
  private readonly cleaning: Timer | undefined;
  private closed = false;

  /** Ends what a crashed worker left behind in the same folder. Throws when the folder cannot be made. */
  constructor(private readonly options: ProcessLauncherOptions) {
    this.dirs = new WorkDirs(options.workDir);
    const orphans = this.dirs.endOrphans();
    if (orphans.length > 0)
      options.warn(`ended processes that an earlier worker left in ${this.dirs.root}: ${orphans.join(", ")}`);
    const { cleanup } = options;
    if (cleanup !== undefined)
      this.cleaning = every(options.clock, cleanup.intervalMs, () => void this.removeOld(cleanup.keepMs));
  }

  launchExecutor(launch: ExecutorLaunch, listener: LaunchListener): Launched {
    const folder = () => this.dirs.ofExecutor(launch.appId, launch.executorId);
    return this.launch(listener, launch.appId, folder, async () => ({
      work: "tasks",
      args: executorArguments(launch, this.options),
      environment: jobEnvironment(launch.description.executorEnvironment),
      killGraceMsMax: executorKillGraceMs,
    }));
  }

  launchDriver(launch: DriverLaunch, listener: LaunchListener): Launched {
    const folder = () => this.dirs.ofDriver(launch.driverId);
    return this.launch(listener, undefined, folder, async folder => {
      const { description } = launch;
      const filesFolder = join(folder, workFiles);
      const job = await bringDriverFiles(filesFolder, description, this.options.fetchBlob);
      const settings = writeDriverSettings(folder, description, this.options.driverHost, filesFolder);
      return {
        work: "driver",
        args: driverArguments(launch, job, settings),
        environment: { ...jobEnvironment(launch.description.environment), [reportVariable]: folder },
      };
    });
  }

  /** Its logs stay for a while; what executors kept beside them is of no use to anyone now. */
  applicationEnded(appId: ApplicationId): void {
    const path = this.dirs.ofApplication(appId);
    const running = [...this.running.values()].filter(each => each.appId === appId);
    void Promise.all(running.map(each => each.ended)).then(() => this.dirs.removeBelow(path, workFiles));
  }

  async logTail(
    of: { readonly appId: ApplicationId; readonly executorId: number } | { readonly driverId: DriverId },
    stream: "stdout" | "stderr",
    bytesMax: number,
  ): Promise<{ readonly text: string; readonly totalBytes: number }> {
    if (stream !== "stdout" && stream !== "stderr") throw new FiresteelError("user", "a log is stdout or stderr");
    const folder = "driverId" in of ? this.dirs.ofDriver(of.driverId) : this.dirs.ofExecutor(of.appId, of.executorId);
    const bytes = Number.isFinite(bytesMax) ? Math.min(Math.max(0, Math.floor(bytesMax)), tailBytesMax) : tailBytesMax;
    return readLogTail(join(folder, stream), bytes);
  }

  async driverReport(driverId: DriverId): Promise<DriverReport> {
    return readDriverReport(this.dirs.ofDriver(driverId));
  }

  /** Removes folders of what ended that long ago; gives their paths. */
  removeOld(keepMs: number): string[] {
    const used = [...this.running.keys()];
    const inUse = (path: string) => used.some(folder => folder === path || folder.startsWith(path + sep));
    return this.dirs.removeOlderThan(keepMs, this.options.clock.nowMs(), inUse);
  }

  /** Ends all processes; resolves when they have ended. */
  async close(): Promise<void> {
    this.closed = true;
    this.cleaning?.cancel();
    const running = [...this.running.values()];
    for (const each of running) each.kill();
    await Promise.all(running.map(each => each.ended));
  }

  private launch(
    listener: LaunchListener,
    appId: ApplicationId | undefined,
    choose: () => string,
    prepare: (folder: string) => Promise<Prepared>,
  ): Launched {
    let child: Launched | undefined;
    let killed = false;
    const kill = () => {
      killed = true;
      child?.kill();
    };
    const start = async () => {
      const folder = choose();
      if (this.closed) throw new FiresteelError("cancelled", "the worker is stopping");
      if (this.running.has(folder)) throw new FiresteelError("internal", "it is running already");
      const { promise: ended, resolve } = Promise.withResolvers<void>();
      this.running.set(folder, { folder, appId, kill, ended });
      const leave = () => {
        this.dirs.forget(folder);
        this.running.delete(folder);
        resolve();
      };
      try {
        mkdirSync(join(folder, workFiles), { recursive: true, mode: 0o700 });
        const prepared = await prepare(folder);
        if (killed) throw new FiresteelError("cancelled", "it was killed before it had started");
        child = this.startProcess(folder, prepared, listener, leave);
      } catch (error) {
        leave();
        throw error;
      }
    };
    // after the caller has its handle
    queueMicrotask(() => void start().catch((error: unknown) => listener.ended(notStarted(error))));
    return { kill };
  }

  private startProcess(folder: string, prepared: Prepared, listener: LaunchListener, leave: () => void): Launched {
    const { options } = this;
    const child = launchProcess(
      {
        command: [...(options.program ?? programCommand()), ...prepared.args],
        folder,
        workingFolder: join(folder, workFiles),
        environment: { ...programEnvironment(process.env, prepared.work), ...prepared.environment },
        greeting: greeting(options.secret),
        logs: options.logs,
        clock: options.clock,
        killGraceMs: Math.min(options.killGraceMs ?? killGraceMsDefault, prepared.killGraceMsMax ?? Infinity),
      },
      {
        started: listener.started,
        ended: end => {
          // its spill files outlive it when it could not remove them itself
          if (end.signal !== undefined) removeOrphans(nameLocalDirs(options.localDirs));
          leave();
          listener.ended(end);
        },
      },
    );
    try {
      this.dirs.record(folder, child.pid);
    } catch (error) {
      // it runs all the same; only a worker after a crash of this one would not find it
      options.warn(`process ${child.pid} is not recorded in ${folder}: ${(error as Error).message}`);
    }
    listener.started(child.pid);
    return child;
  }
}

function notStarted(error: unknown): Parameters<LaunchListener["ended"]>[0] {
  const reason = error instanceof Error ? error.message : String(error);
  return { exitCode: undefined, signal: undefined, message: `could not be started: ${reason}` };
}
