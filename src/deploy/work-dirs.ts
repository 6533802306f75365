/**
 * The folders of a worker's processes: `<workDir>/<appId>/<executorId>` and `<workDir>/<driverId>`. Names come from the network, so
 * none becomes a path before it is known to stay below. Each folder records its process, so that a worker that starts finds
 * those that a crashed one left behind; workers may share a work directory.
 */
import { lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { FiresteelError } from "../base/errors.ts";
import { processIdentity } from "../platform/process-identity.ts";
import { endGroup } from "../platform/spawn-child.ts";

const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
const recordFile = "process.json";

interface ProcessRecord {
  readonly pid: number;
  readonly identity: string;
  readonly workerPid: number;
  readonly workerIdentity: string;
}

export class WorkDirs {
  readonly root: string;

  constructor(root: string) {
    this.root = resolve(root);
    mkdirSync(this.root, { recursive: true, mode: 0o700 });
  }

  ofApplication(appId: string): string {
    return inside(this.root, safeName(appId, "application id"));
  }

  ofExecutor(appId: string, executorId: number): string {
    if (!Number.isSafeInteger(executorId) || executorId < 0) throw badName(String(executorId), "executor id");
    return inside(this.ofApplication(appId), String(executorId));
  }

  ofDriver(driverId: string): string {
    return inside(this.root, safeName(driverId, "driver id"));
  }

  /** Written before anything can go wrong with the process, removed when it has ended. */
  record(folder: string, pid: number): void {
    const [identity, workerIdentity] = [processIdentity(pid), processIdentity(process.pid)];
    if (identity === undefined || workerIdentity === undefined) return;
    const record: ProcessRecord = { pid, identity, workerPid: process.pid, workerIdentity };
    writeFileSync(join(folder, `${recordFile}.new`), JSON.stringify(record), { mode: 0o600 });
    renameSync(join(folder, `${recordFile}.new`), join(folder, recordFile));
  }

  forget(folder: string): void {
    rmSync(join(folder, recordFile), { force: true });
  }

  /** Ends processes whose worker is no more; gives their numbers. A number that belongs to another process now is left alone. */
  endOrphans(): number[] {
    const ended: number[] = [];
    for (const folder of this.folders()) {
      const record = readRecord(folder);
      if (record === undefined || workerLives(record)) continue;
      if (processIdentity(record.pid) === record.identity) {
        endGroup(record.pid, "SIGKILL");
        ended.push(record.pid);
      }
      this.forget(folder);
    }
    return ended;
  }

  /** Removes what nobody has written to for so long and no process uses; gives the paths. */
  removeOlderThan(ageMs: number, nowMs: number, inUse: (path: string) => boolean): string[] {
    const removed: string[] = [];
    for (const name of namesIn(this.root)) {
      const path = join(this.root, name);
      if (!isOwnName(name) || inUse(path) || nowMs - newestMs(path) < ageMs || this.hasProcess(path)) continue;
      rmSync(path, { recursive: true, force: true });
      removed.push(path);
    }
    return removed;
  }

  /** Removes folders of that name in all folders of one. */
  removeBelow(path: string, name: string): void {
    for (const folder of subfolders(path)) rmSync(join(folder, name), { recursive: true, force: true });
  }

  private hasProcess(path: string): boolean {
    return [path, ...subfolders(path)].some(folder => {
      const record = readRecord(folder);
      return record !== undefined && processIdentity(record.pid) === record.identity;
    });
  }

  /** All that may hold a record. */
  private folders(): string[] {
    const top = namesIn(this.root).filter(isOwnName);
    return top.flatMap(name => [join(this.root, name), ...subfolders(join(this.root, name))]);
  }
}

/** A name that is one path segment and nothing else. */
export function safeName(name: string, what: string): string {
  if (!namePattern.test(name) || name.includes("..")) throw badName(name, what);
  return name;
}

/** What the pattern lets through stays inside by construction; this holds it even if the pattern were wrong. */
export function inside(folder: string, name: string): string {
  const path = resolve(folder, name);
  const below = relative(folder, path);
  if (below === "" || below.startsWith("..") || below.includes(sep) || dirname(path) !== resolve(folder))
    throw badName(name, "name");
  return path;
}

function badName(name: string, what: string): FiresteelError {
  return new FiresteelError("user", `${JSON.stringify(name.slice(0, 200))} is no ${what}`, {
    hint: "names of files and ids are letters, digits, dots, dashes and underscores",
  });
}

/** Only what a worker makes is removed: a work directory may hold other things. */
function isOwnName(name: string): boolean {
  return namePattern.test(name) && /^(?:app|driver)-/.test(name);
}

function workerLives(record: ProcessRecord): boolean {
  return processIdentity(record.workerPid) === record.workerIdentity;
}

function readRecord(folder: string): ProcessRecord | undefined {
  try {
    const record = JSON.parse(readFileSync(join(folder, recordFile), "utf8")) as Partial<ProcessRecord>;
    const complete =
      Number.isSafeInteger(record.pid) &&
      record.pid! > 1 &&
      Number.isSafeInteger(record.workerPid) &&
      typeof record.identity === "string" &&
      typeof record.workerIdentity === "string";
    return complete ? (record as ProcessRecord) : undefined;
  } catch {
    return undefined;
  }
}

/** When anything in it changed last, as far down as logs lie. */
function newestMs(path: string): number {
  const paths = [path, ...subfolders(path)];
  const files = paths.flatMap(folder => namesIn(folder).map(name => join(folder, name)));
  return Math.max(0, ...[...paths, ...files].map(modifiedMs));
}

function modifiedMs(path: string): number {
  return lstatSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function subfolders(path: string): string[] {
  try {
    const entries = readdirSync(path, { withFileTypes: true });
    return entries.filter(entry => entry.isDirectory()).map(entry => join(path, entry.name));
  } catch {
    return [];
  }
}

function namesIn(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
