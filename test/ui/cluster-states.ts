/** States of a master and a worker to draw, and an access object that records what was asked of it. */
import type {
  ApplicationStatus,
  DriverStatus,
  MasterSnapshot,
  WorkerSnapshot,
  WorkerStatus,
} from "../../src/deploy/messages.ts";

export const nowMs = Date.UTC(2026, 10, 21, 6, 50, 28);
const gib = 1024;

export function workerStatus(i: number, changes: Partial<WorkerStatus> = {}): WorkerStatus {
  return {
    workerId: `worker-20261121063000-10.0.0.${i}-41234`,
    host: `10.0.0.${i}`,
    address: { host: `10.0.0.${i}`, port: 41234 },
    webUiUrl: `http://10.0.0.${i}:8081`,
    state: "alive",
    cores: 16,
    coresUsed: 12,
    memoryMb: 60 * gib,
    memoryUsedMb: 24 * gib,
    heardMs: nowMs - 4_000,
    ...changes,
  };
}

export function application(i: number, name: string, changes: Partial<ApplicationStatus> = {}): ApplicationStatus {
  return {
    appId: `app-20261121065028-000${i}`,
    description: {
      name,
      user: "ada",
      coresMax: 24,
      coresPerExecutor: 4,
      memoryPerExecutorMb: 8 * gib,
      executorsMax: undefined,
      driver: { host: "10.0.0.9", port: 40001 },
      webUiUrl: "http://10.0.0.9:40001",
      executorEnvironment: {},
    },
    state: "running",
    coresGranted: 24,
    submittedMs: nowMs - 185_000,
    endedMs: undefined,
    executors: [0, 1, 2].map(executorId => ({
      executorId,
      workerId: workerStatus(1 + (executorId % 2)).workerId,
      host: `10.0.0.${1 + (executorId % 2)}`,
      cores: 4,
      memoryMb: 8 * gib,
      state: executorId === 2 ? ("launching" as const) : ("running" as const),
    })),
    ...changes,
  };
}

export function driver(i: number, name: string, changes: Partial<DriverStatus> = {}): DriverStatus {
  return {
    driverId: `driver-20261121065028-000${i}`,
    state: "RUNNING",
    workerId: workerStatus(1).workerId,
    workerHostPort: "10.0.0.1:41234",
    error: undefined,
    description: {
      name,
      job: { kind: "blob", hash: "ab".repeat(32), fileName: "page-rank.ts" },
      args: ["--rounds", "10"],
      cores: 1,
      memoryMb: gib,
      supervise: true,
      conf: { "firesteel.executor.memory": "8g", "firesteel.some.password": "open-sesame" },
      environment: { REGION: "north", AWS_SECRET_ACCESS_KEY: "open-sesame" },
      files: [],
    },
    submittedMs: nowMs - 190_000,
    startedMs: nowMs - 189_000,
    endedMs: undefined,
    launches: 2,
    ...changes,
  };
}

export function masterState(changes: Partial<MasterSnapshot> = {}): MasterSnapshot {
  return {
    masterId: "m-1",
    url: "firesteel://10.0.0.8:7077",
    startedMs: nowMs - 3_720_000,
    state: "alive",
    workers: [
      workerStatus(1),
      workerStatus(2, { coresUsed: 16 }),
      workerStatus(3, { state: "dead", heardMs: nowMs - 95_000, coresUsed: 0, memoryUsedMb: 0 }),
    ],
    applications: [
      application(1, "page-rank"),
      application(2, "nightly sessions", {
        state: "waiting",
        coresGranted: 0,
        executors: [],
        submittedMs: nowMs - 900,
      }),
    ],
    endedApplications: [
      application(3, "word-count", { state: "finished", endedMs: nowMs - 60_000 }),
      application(4, "broken", { state: "failed", endedMs: nowMs - 160_000 }),
    ],
    drivers: [driver(1, "page-rank")],
    endedDrivers: [
      driver(2, "broken", { state: "FAILED", error: "the driver exited with code 1", endedMs: nowMs - 1000 }),
    ],
    ...changes,
  };
}

export function workerState(changes: Partial<WorkerSnapshot> = {}): WorkerSnapshot {
  const executor = {
    appId: "app-20261121065028-0001",
    executorId: 0,
    cores: 4,
    memoryMb: 8 * gib,
    appName: "page-rank",
    state: "running" as const,
    pid: 4242,
    startedMs: nowMs - 180_000,
  };
  return {
    workerId: workerStatus(1).workerId,
    host: "10.0.0.1",
    cores: 16,
    memoryMb: 60 * gib,
    masterUrl: "firesteel://10.0.0.8:7077",
    masterWebUiUrl: "http://10.0.0.8:8080",
    executors: [executor, { ...executor, executorId: 3, pid: 4250 }],
    endedExecutors: [{ ...executor, executorId: 1, pid: undefined, state: "failed" }],
    drivers: [
      {
        driverId: "driver-20261121065028-0001",
        name: "page-rank",
        state: "RUNNING",
        pid: 4100,
        launches: 1,
        cores: 1,
        memoryMb: gib,
        startedMs: nowMs - 189_000,
      },
    ],
    endedDrivers: [],
    ...changes,
  };
}

export function masterAccessTo(state: () => MasterSnapshot) {
  const killed: string[] = [];
  const kill = async (id: string) => {
    const known = JSON.stringify(state()).includes(JSON.stringify(id));
    if (known) killed.push(id);
    return { success: known, message: known ? "it is being ended" : `there is no ${id}` };
  };
  return { killed, masterState: async () => state(), killApplication: kill, killDriver: kill };
}
