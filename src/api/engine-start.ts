/** What the engine thread is given when it starts, as the configuration says. Wrong settings are refused here, on the user's thread. */
import { accessSync, constants, readFileSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Config } from "../base/config.ts";
import { UsageError } from "../base/usage-error.ts";
import { readHint, systemReason } from "../base/system-errors.ts";
import { takeSecret } from "../deploy/secret.ts";
import type { EngineStart } from "../exec/messages.ts";
import { localityWaits } from "../schedule/locality-waits.ts";
import { parsePoolShares } from "../schedule/pool-shares.ts";
import type { PoolOptions } from "../schedule/pools.ts";
import { type LocalDirs, newLocalFile } from "../storage/local-dirs.ts";

export function engineStart(
  config: Config,
  localId: string,
  localDirs: LocalDirs,
  pools: PoolOptions,
): Omit<EngineStart, "mainBeat"> {
  const { master } = config;
  if (config.get("firesteel.executor.heartbeatInterval") * 2 > config.get("firesteel.executor.timeout")) {
    throw new UsageError("executors would be given up between two heartbeats", {
      hint: "make firesteel.executor.heartbeatInterval at most half of firesteel.executor.timeout",
    });
  }
  for (const path of config.get("firesteel.files")) checkFile(path);
  return {
    memoryBytes: config.get("firesteel.executor.memory"),
    machineBytes: config.machine.memoryBytes,
    pool: {
      storageFraction: config.get("firesteel.memory.storageFraction"),
      waitMaxMs: config.get("firesteel.memory.grantTimeout"),
    },
    localId,
    localDirs,
    filesFolder: filesFolder(localDirs),
    threads: master.kind === "local" ? (master.threads ?? config.machine.cores) : 0,
    ...(master.kind !== "local" && {
      master: { url: master, appName: config.get("firesteel.app.name"), secret: takeSecret() },
    }),
    taskFailuresMax: config.get("firesteel.task.maxFailures"),
    stageAttemptsMax: config.get("firesteel.stage.maxConsecutiveAttempts"),
    localityWaits: localityWaits(config),
    barrierWaitMs: config.get("firesteel.barrier.coresTimeout"),
    pools,
    settings: Object.fromEntries(config.entries().map(({ key, value }) => [key, value as never])),
  };
}

/** What is to be sent is there before anything starts, in local mode too, where it is read where it is. */
function checkFile(path: string): void {
  const wrong = (why: string, hint: string) => new UsageError(`firesteel.files names ${path}, but ${why}`, { hint });
  try {
    if (statSync(path).isDirectory()) throw wrong("it is a folder", "ctx.addFile(path, true) sends a folder");
    accessSync(path, constants.R_OK);
  } catch (thrown) {
    if (thrown instanceof UsageError) throw thrown;
    throw wrong(systemReason(thrown), readHint(thrown) ?? `check the path; it is relative to ${process.cwd()}`);
  }
}

/** Of the driver, and of local mode's tasks; it may not be there yet. */
export function filesFolder(localDirs: LocalDirs): string {
  return join(localDirs.paths[0]!, "files");
}

/** The same, made on this machine. */
export function makeFilesFolder(localDirs: LocalDirs): string {
  const folder = filesFolder(localDirs);
  return dirname(newLocalFile({ ...localDirs, paths: [dirname(folder)] }, basename(folder), "any"));
}

/** The pools that the configuration describes. */
export function poolOptions(config: Config): PoolOptions {
  const mode = config.get("firesteel.scheduler.mode") === "FAIR" ? "fair" : "fifo";
  const file = config.get("firesteel.scheduler.allocation.file");
  const inline = config.get("firesteel.scheduler.pools");
  const shares = new Map([
    ...(file === "" ? [] : parsePoolShares(readAllocations(file), file)),
    ...(inline === "" ? [] : parsePoolShares(inline, "firesteel.scheduler.pools")),
  ]);
  return { mode, shares };
}

function readAllocations(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (thrown) {
    throw new UsageError(
      `${file}, which firesteel.scheduler.allocation.file names, cannot be read: ${systemReason(thrown)}`,
      {
        hint: "check its path and rights",
      },
    );
  }
}
