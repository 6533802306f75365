/** What the configuration says of masters and workers, as their endpoints take it. */
import type { Config } from "../base/config.ts";
import type { MasterStore } from "./contracts.ts";
import { masterLimits, type MasterLimits } from "./master-contracts.ts";
import { MemoryMasterStore } from "./memory-store.ts";
import { SqliteMasterStore } from "./sqlite-store.ts";
import { workerLimits, type WorkerLimits } from "./worker-contracts.ts";

export function masterLimitsOf(config: Config): MasterLimits {
  const defaultCores = config.get("firesteel.deploy.defaultCores");
  const timeoutMs = config.get("firesteel.deploy.workerTimeout");
  return {
    ...masterLimits,
    spreadOut: config.get("firesteel.deploy.spreadOut"),
    defaultCores: defaultCores === 0 ? undefined : defaultCores,
    executorRetriesMax: config.get("firesteel.deploy.maxExecutorRetries"),
    workerTimeoutMs: timeoutMs,
    workerGraceMs: config.get("firesteel.deploy.workerGrace"),
    // their heartbeats keep their own pace, however soon workers are to be given up
    applicationTimeoutMs: Math.max(timeoutMs, masterLimits.applicationTimeoutMs),
    applicationGraceMs: config.get("firesteel.deploy.applicationGrace"),
    recoveryTimeoutMs: config.get("firesteel.deploy.recoveryTimeout"),
    endedApplicationsMax: config.get("firesteel.deploy.retainedApplications"),
    endedDriversMax: config.get("firesteel.deploy.retainedDrivers"),
  };
}

/** On disk where a recovery directory is set, else in memory. Throws a UsageError when the directory cannot be used. */
export function masterStoreOf(config: Config): MasterStore {
  const directory = config.get("firesteel.deploy.recoveryDirectory");
  return directory === "" ? new MemoryMasterStore() : new SqliteMasterStore(directory);
}

export function workerLimitsOf(config: Config): WorkerLimits {
  return { ...workerLimits, heartbeatMs: config.get("firesteel.worker.heartbeatInterval") };
}
