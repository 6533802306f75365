/**
 * Names of applications, drivers and workers: `app-20261121065028-0001`. The time is that of the master, or worker, that gave the
 * name. Names come over the network and become parts of paths and URLs: `isPlainId` says whether one can.
 */
import type { ApplicationId, DriverId, WorkerId } from "./messages.ts";

export function applicationIdOf(atMs: number, sequence: number): ApplicationId {
  return `app-${stampOf(atMs)}-${String(sequence).padStart(4, "0")}`;
}

export function driverIdOf(atMs: number, sequence: number): DriverId {
  return `driver-${stampOf(atMs)}-${String(sequence).padStart(4, "0")}`;
}

export function workerIdOf(atMs: number, host: string, port: number): WorkerId {
  return `worker-${stampOf(atMs)}-${host.replace(/[^A-Za-z0-9.-]/g, "-")}-${port}`;
}

/** The number at the end of an application's or driver's name; 0 when there is none. */
export function sequenceOf(id: ApplicationId | DriverId): number {
  return Number(/-(\d+)$/.exec(id)?.[1] ?? 0);
}

/** No separators, no dots alone, not too long. */
export function isPlainId(id: unknown): id is string {
  return typeof id === "string" && id.length <= 200 && /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/.test(id);
}

/** 20261121065028, in UTC. */
function stampOf(atMs: number): string {
  return new Date(atMs).toISOString().replace(/[-:T]/g, "").slice(0, 14);
}
