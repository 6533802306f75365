/**
 * What masters, workers and applications say to each other, as Spark's DeployMessages. Workers and applications connect to
 * masters; masters answer over those connections. All of it is plain data.
 */
import type { RpcAddress } from "../rpc/contracts.ts";

/** `app-20261121065028-0001`, `driver-20261121065028-0001`, `worker-20261121065028-host-41234`: never reused. */
export type ApplicationId = string;
export type DriverId = string;
export type WorkerId = string;

// ---- descriptions

export interface ApplicationDescription {
  readonly name: string;
  readonly user: string;
  /** Most cores over all executors; undefined: the master's default, which may be all. */
  readonly coresMax: number | undefined;
  /** Cores of one executor; undefined: all that a worker gives, one executor a worker. */
  readonly coresPerExecutor: number | undefined;
  readonly memoryPerExecutorMb: number;
  /** Most executors; undefined: as many as fit. */
  readonly executorsMax: number | undefined;
  /** Where executors reach the driver. */
  readonly driver: RpcAddress;
  /** The driver's own page, if any. */
  readonly webUiUrl: string | undefined;
  /** Set for executors of this application, beside what the worker has. */
  readonly executorEnvironment: Readonly<Record<string, string>>;
}

export interface DriverDescription {
  readonly name: string;
  /** The job: bytes kept by the master, by hash; or a file that workers reach by its path or URL. */
  readonly job:
    | { readonly kind: "blob"; readonly hash: string; readonly fileName: string }
    | { readonly kind: "path"; readonly path: string };
  readonly args: readonly string[];
  readonly cores: number;
  readonly memoryMb: number;
  readonly supervise: boolean;
  /** firesteel.* settings of the job. */
  readonly conf: Readonly<Record<string, string>>;
  readonly environment: Readonly<Record<string, string>>;
  /** Further files for its work directory, kept by the master by hash. */
  readonly files: readonly { readonly name: string; readonly hash: string }[];
}

// ---- states

export type WorkerState = "alive" | "dead" | "decommissioned" | "unknown";
export type ApplicationState = "waiting" | "running" | "finished" | "failed" | "killed" | "unknown";
export type ExecutorState = "launching" | "running" | "killed" | "failed" | "lost" | "exited";
/** Spark's, as its REST names them. */
export type DriverState =
  "SUBMITTED" | "RUNNING" | "FINISHED" | "RELAUNCHING" | "UNKNOWN" | "KILLED" | "FAILED" | "ERROR";

export const executorEnded: readonly ExecutorState[] = ["killed", "failed", "lost", "exited"];
export const driverEnded: readonly DriverState[] = ["FINISHED", "KILLED", "FAILED", "ERROR"];

// ---- worker → master

export interface WorkerRegistration {
  readonly type: "registerWorker";
  readonly workerId: WorkerId;
  readonly host: string;
  /** Where the worker listens for RPC and pages. */
  readonly address: RpcAddress;
  readonly cores: number;
  readonly memoryMb: number;
  readonly webUiUrl: string;
  /** What runs there already: when it comes back to a master that was away, or that has forgotten it. */
  readonly executors: readonly RunningExecutor[];
  readonly drivers: readonly RunningDriver[];
  /** The last that ended there: their reports may have been lost with the connection. */
  readonly endedDrivers: readonly EndedDriver[];
  /** Whose work directories it keeps. */
  readonly applications: readonly ApplicationId[];
  /** That it belongs to: a master of another one refuses it, since it would end what runs there. Undefined: any will do. */
  readonly clusterId: string | undefined;
}

export interface RunningExecutor {
  readonly appId: ApplicationId;
  readonly executorId: number;
  readonly cores: number;
  readonly memoryMb: number;
}

export interface RunningDriver {
  readonly driverId: DriverId;
  readonly cores: number;
  readonly memoryMb: number;
}

export interface EndedDriver {
  readonly driverId: DriverId;
  /** How often it had been launched: the end of an earlier launch is no end of a later one. */
  readonly launches: number;
  readonly state: DriverState;
  readonly error: string | undefined;
}

export type WorkerRegistrationAnswer =
  | {
      readonly kind: "registered";
      /** The id of the master's process, which is also its peer's: only this peer is obeyed. */
      readonly masterId: string;
      /** Of all masters that have, one after the other, the same state. */
      readonly clusterId: string;
      readonly webUiUrl: string;
      /** What the master does not know: end it. Its resources count as taken until the worker says that it ended. */
      readonly unknownExecutors: readonly { readonly appId: ApplicationId; readonly executorId: number }[];
      readonly unknownDrivers: readonly DriverId[];
      /** Ended, or never known: their work directories may go. */
      readonly unknownApplications: readonly ApplicationId[];
    }
  | { readonly kind: "refused"; readonly reason: string }
  /** It waits for the place of the master that leads. Spark's MasterInStandby. */
  | { readonly kind: "standby" };

export type WorkerToMaster =
  | { readonly type: "workerHeartbeat"; readonly workerId: WorkerId }
  /** It ends all that runs there and goes: nothing more is to be launched there. */
  | { readonly type: "workerStopping"; readonly workerId: WorkerId }
  | {
      readonly type: "executorStateChanged";
      readonly appId: ApplicationId;
      readonly executorId: number;
      readonly state: ExecutorState;
      readonly message: string | undefined;
      readonly exitCode: number | undefined;
    }
  | {
      readonly type: "driverStateChanged";
      readonly driverId: DriverId;
      readonly state: DriverState;
      readonly error: string | undefined;
    };

// ---- master → worker

export type MasterToWorker =
  | {
      readonly type: "launchExecutor";
      readonly masterId: string;
      readonly appId: ApplicationId;
      readonly executorId: number;
      readonly description: ApplicationDescription;
      readonly cores: number;
      readonly memoryMb: number;
    }
  | { readonly type: "killExecutor"; readonly appId: ApplicationId; readonly executorId: number }
  | {
      readonly type: "launchDriver";
      readonly masterId: string;
      readonly driverId: DriverId;
      readonly description: DriverDescription;
      /** How often it was launched before. */
      readonly launch: number;
    }
  | { readonly type: "killDriver"; readonly driverId: DriverId }
  /** The master does not know this worker (any more). */
  | { readonly type: "reregister" }
  /** The application ended: its work directories may go. */
  | { readonly type: "applicationEnded"; readonly appId: ApplicationId };

// ---- application → master

export type ApplicationToMaster =
  /** Keeps an application whose connection is quiet from being taken for dead. */
  | { readonly type: "applicationHeartbeat"; readonly appId: ApplicationId }
  /** It no longer wants this executor (it is broken, or told to go). */
  | { readonly type: "killExecutor"; readonly appId: ApplicationId; readonly executorId: number };

// ---- master → application

export type MasterToApplication =
  | {
      readonly type: "executorAdded";
      readonly executorId: number;
      readonly workerId: WorkerId;
      readonly host: string;
      readonly cores: number;
      readonly memoryMb: number;
    }
  | {
      readonly type: "executorUpdated";
      readonly executorId: number;
      readonly state: ExecutorState;
      readonly message: string | undefined;
      readonly exitCode: number | undefined;
      readonly workerLost: boolean;
    }
  | { readonly type: "applicationRemoved"; readonly reason: string }
  /** Messages may have been lost: register again, with the id. */
  | { readonly type: "reregister" };

// ---- protocols by endpoint name

export const masterEndpoint = "master";
export interface MasterProtocol {
  readonly sends: WorkerToMaster | ApplicationToMaster;
  readonly asks: {
    readonly registerWorker: { readonly question: WorkerRegistration; readonly answer: WorkerRegistrationAnswer };
    readonly registerApplication: {
      readonly question: {
        readonly type: "registerApplication";
        readonly description: ApplicationDescription;
        /** When it comes back to a master that was away. */
        readonly appId: ApplicationId | undefined;
        /** The same for each try of one registration, so that a repeated one is not taken for another application. */
        readonly key: string;
        /** Those that it takes for running. What changed in the meantime follows the answer as messages. */
        readonly executors: readonly number[];
      };
      /** `masterId` is the id of the master's peer. Refused: an error of kind "user". */
      readonly answer: { readonly appId: ApplicationId; readonly masterId: string; readonly webUiUrl: string };
    };
    /** The last word of an application: its executors end. */
    readonly endApplication: {
      readonly question: {
        readonly type: "endApplication";
        readonly appId: ApplicationId;
        readonly state: "finished" | "failed" | "killed";
      };
      readonly answer: { readonly known: boolean };
    };
    readonly submitDriver: {
      readonly question: { readonly type: "submitDriver"; readonly description: DriverDescription };
      readonly answer: { readonly success: boolean; readonly driverId: DriverId | undefined; readonly message: string };
    };
    readonly killDriver: {
      readonly question: { readonly type: "killDriver"; readonly driverId: DriverId };
      readonly answer: { readonly success: boolean; readonly message: string };
    };
    readonly driverStatus: {
      readonly question: { readonly type: "driverStatus"; readonly driverId: DriverId };
      readonly answer: DriverStatus | undefined;
    };
    readonly killApplication: {
      readonly question: { readonly type: "killApplication"; readonly appId: ApplicationId };
      readonly answer: { readonly success: boolean; readonly message: string };
    };
    /** Forgets drivers and applications that have ended. */
    readonly clearEnded: {
      readonly question: { readonly type: "clearEnded" };
      readonly answer: { readonly success: boolean; readonly message: string };
    };
    readonly masterState: { readonly question: { readonly type: "masterState" }; readonly answer: MasterSnapshot };
  };
}

export const workerEndpoint = "worker";
export interface WorkerProtocol {
  readonly sends: MasterToWorker;
  readonly asks: {
    readonly workerState: { readonly question: { readonly type: "workerState" }; readonly answer: WorkerSnapshot };
    readonly logTail: {
      readonly question: {
        readonly type: "logTail";
        readonly of: { readonly appId: ApplicationId; readonly executorId: number } | { readonly driverId: DriverId };
        readonly stream: "stdout" | "stderr";
        readonly bytesMax: number;
      };
      readonly answer: { readonly text: string; /** Of all that was written. */ readonly totalBytes: number };
    };
    /** What a driver tells of its job: see driver-report.ts. */
    readonly driverReport: {
      readonly question: { readonly type: "driverReport"; readonly driverId: DriverId };
      readonly answer: DriverReport;
    };
  };
}

/** At the application's driver. */
export const applicationEndpoint = "application";
export interface ApplicationProtocol {
  readonly sends: MasterToApplication;
  readonly asks: Record<never, never>;
}

// ---- snapshots, for pages and REST

/** As JSON texts, which the driver wrote: each is undefined until it has. */
export interface DriverReport {
  readonly progress: string | undefined;
  readonly result: string | undefined;
}

export interface DriverStatus {
  readonly driverId: DriverId;
  readonly state: DriverState;
  readonly workerId: WorkerId | undefined;
  readonly workerHostPort: string | undefined;
  readonly error: string | undefined;
  readonly description: DriverDescription;
  readonly submittedMs: number;
  readonly startedMs: number | undefined;
  readonly endedMs: number | undefined;
  readonly launches: number;
}

export interface ExecutorStatus {
  readonly executorId: number;
  readonly workerId: WorkerId;
  readonly host: string;
  readonly cores: number;
  readonly memoryMb: number;
  readonly state: ExecutorState;
}

export interface ApplicationStatus {
  readonly appId: ApplicationId;
  readonly description: ApplicationDescription;
  readonly state: ApplicationState;
  readonly coresGranted: number;
  readonly submittedMs: number;
  readonly endedMs: number | undefined;
  readonly executors: readonly ExecutorStatus[];
}

export interface WorkerStatus {
  readonly workerId: WorkerId;
  readonly host: string;
  readonly address: RpcAddress;
  readonly webUiUrl: string;
  readonly state: WorkerState;
  readonly cores: number;
  readonly coresUsed: number;
  readonly memoryMb: number;
  readonly memoryUsedMb: number;
  readonly heardMs: number;
}

export interface MasterSnapshot {
  readonly masterId: string;
  readonly url: string;
  readonly startedMs: number;
  readonly state: "recovering" | "alive";
  readonly workers: readonly WorkerStatus[];
  readonly applications: readonly ApplicationStatus[];
  readonly endedApplications: readonly ApplicationStatus[];
  readonly drivers: readonly DriverStatus[];
  readonly endedDrivers: readonly DriverStatus[];
}

export interface WorkerSnapshot {
  readonly workerId: WorkerId;
  readonly host: string;
  readonly cores: number;
  readonly memoryMb: number;
  /** Undefined while none has taken it. */
  readonly masterUrl: string | undefined;
  readonly masterWebUiUrl: string | undefined;
  readonly executors: readonly WorkerExecutor[];
  readonly endedExecutors: readonly WorkerExecutor[];
  readonly drivers: readonly WorkerDriver[];
  readonly endedDrivers: readonly WorkerDriver[];
}

export interface WorkerExecutor extends RunningExecutor {
  readonly appName: string;
  readonly state: ExecutorState;
  readonly pid: number | undefined;
  readonly startedMs: number;
}

export interface WorkerDriver extends RunningDriver {
  readonly name: string;
  readonly state: DriverState;
  readonly pid: number | undefined;
  readonly launches: number;
  readonly startedMs: number;
}
