/** Applications as REST shows them: schemas `Application` and `ApplicationDetail` of rest-routes.ts. */
import { parseProgress, parseResult } from "./driver-report.ts";
import type { LogTail, MasterAccess } from "./master-access.ts";
import { type ApplicationState, type ApplicationStatus, type DriverStatus, executorEnded } from "./messages.ts";

export const applicationEnded: readonly ApplicationState[] = ["finished", "failed", "killed"];

export interface ApplicationView {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly submittedAt: string;
  readonly [more: string]: unknown;
}

export function viewOfDriver(status: DriverStatus): ApplicationView {
  const { driverId, description, state, submittedMs, startedMs, endedMs, workerId, workerHostPort } = status;
  return {
    ...{ id: driverId, name: description.name, state, submittedAt: timeText(submittedMs) },
    ...(startedMs !== undefined && { startedAt: timeText(startedMs) }),
    ...(endedMs !== undefined && { endedAt: timeText(endedMs) }),
    launches: status.launches,
    ...(workerId !== undefined && {
      worker: { id: workerId, ...(workerHostPort !== undefined && { address: workerHostPort }) },
    }),
    ...(status.error !== undefined && { error: status.error }),
  };
}

export function viewOfApplication(status: ApplicationStatus): ApplicationView {
  const { appId, description, state, submittedMs, endedMs } = status;
  return {
    ...{ id: appId, name: description.name, state: state.toUpperCase(), submittedAt: timeText(submittedMs) },
    ...(endedMs !== undefined && { endedAt: timeText(endedMs) }),
    coresGranted: status.coresGranted,
    executors: status.executors.filter(executor => !executorEnded.includes(executor.state)).length,
  };
}

export function detailOfApplication(status: ApplicationStatus): ApplicationView {
  return {
    ...viewOfApplication(status),
    stdout: { unavailable: "its driver runs elsewhere, and keeps its output to itself" },
  };
}

/** With what its worker knows of it; a worker that does not answer costs only that. */
export async function detailOfDriver(
  master: MasterAccess,
  status: DriverStatus,
  stdoutBytes: number,
): Promise<ApplicationView> {
  const failed = status.state === "FAILED" || status.state === "ERROR";
  const [stdout, stderr, report] = await Promise.all([
    tail(() => master.driverLog(status, "stdout", stdoutBytes)),
    failed ? tail(() => master.driverLog(status, "stderr", stdoutBytes)) : undefined,
    master.driverReport(status).catch(() => undefined),
  ]);
  const progress = parseProgress(report?.progress);
  const finished = status.state === "FINISHED";
  const result = finished
    ? (parseResult(report?.result) ?? { problem: "what the job returned is not there" })
    : undefined;
  return {
    ...viewOfDriver(status),
    ...(progress !== undefined && { progress }),
    stdout,
    ...(stderr !== undefined && { stderr }),
    ...(result !== undefined && { result }),
  };
}

async function tail(read: () => Promise<LogTail>): Promise<LogTail | { readonly unavailable: string }> {
  try {
    const { text, totalBytes } = await read();
    return { text, totalBytes };
  } catch (error) {
    return { unavailable: error instanceof Error ? error.message : String(error) };
  }
}

function timeText(ms: number): string {
  return new Date(ms).toISOString();
}
