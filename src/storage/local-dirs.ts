/**
 * Where this process puts its temporary files: one directory `firesteel-<pid>-<random>` in each of the configured local dirs,
 * made when first needed, removed at the end, and removed by a later start when its process is dead.
 *
 * `LocalDirs` is plain data: the process's main thread names the directories, its threads use them.
 */
import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { FiresteelError } from "../base/errors.ts";

export interface LocalDirs {
  /** This process's directory in each local dir; they may not exist yet. */
  readonly paths: readonly string[];
}

const ownName = /^firesteel-(\d+)-[0-9a-f]{12}$/;
/** Says on which host (or in which container) the process ran: elsewhere its pid means nothing. */
const hostFile = "host";
const freeBytesWanted = 64 * 2 ** 20;

/** Names this process's directories; none given means the system's temporary folder. Creates nothing. */
export function nameLocalDirs(dirs: readonly string[]): LocalDirs {
  const parents = dirs.length === 0 ? [tmpdir()] : dirs;
  const name = `firesteel-${process.pid}-${randomBytes(6).toString("hex")}`;
  return { paths: parents.map(parent => join(parent, name)) };
}

export function removeLocalDirs(dirs: LocalDirs): void {
  for (const path of dirs.paths) rmSync(path, { recursive: true, force: true });
}

/** Removes directories that dead processes of this host left in the same local dirs; gives their paths. */
export function removeOrphans(dirs: LocalDirs): string[] {
  const removed: string[] = [];
  for (const parent of new Set(dirs.paths.map(path => dirname(path)))) {
    for (const name of namesIn(parent)) {
      const pid = ownName.exec(name)?.[1];
      const path = join(parent, name);
      if (pid === undefined || isAlive(Number(pid))) continue;
      if (isOfThisHost(path)) rmSync(path, { recursive: true, force: true });
      else if (!removeEmpty(path)) continue;
      removed.push(path);
    }
  }
  return removed;
}

let turn = 0;

/** The path of a new file, its folder made. Files go to the local dirs in turn, passing over those that are nearly full. */
export function newLocalFile(dirs: LocalDirs, folder: string, file: string): string {
  const count = dirs.paths.length;
  const start = turn++;
  let failure: unknown;
  for (let i = 0; i < 2 * count; i++) {
    const path = dirs.paths[(start + i) % count]!;
    try {
      const at = join(path, folder);
      // nothing is in it before it says whose it is
      mkdirSync(path, { recursive: true, mode: 0o700 });
      markHost(path);
      mkdirSync(at, { recursive: true, mode: 0o700 });
      // The second time round any that can be written to will do: the write itself will say when it is full.
      if (i < count && count > 1 && freeBytes(at) < freeBytesWanted) continue;
      return join(at, file);
    } catch (thrown) {
      failure = thrown;
    }
  }
  throw diskError(`creating a file in ${dirname(dirs.paths[start % count]!)}`, failure);
}

/** Removes a folder made by `newLocalFile`, with all that is in it. */
export function removeLocalFolder(dirs: LocalDirs, folder: string): void {
  for (const path of dirs.paths) rmSync(join(path, folder), { recursive: true, force: true });
}

/** A failed write as an error that a user can act on. `doing` is like "spilling map outputs to /tmp/…". */
export function diskError(doing: string, thrown: unknown): FiresteelError {
  const code = (thrown as { code?: unknown } | undefined)?.code;
  const full = code === "ENOSPC" || code === "EDQUOT";
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  return new FiresteelError("resource", full ? `disk full while ${doing}` : `failed ${doing}: ${reason}`, {
    hint: full
      ? "set firesteel.local.dirs to folders with more room, or raise firesteel.executor.memory to spill less"
      : "set firesteel.local.dirs to folders that can be written to",
    cause: thrown,
  });
}

function markHost(path: string): void {
  try {
    writeFileSync(join(path, hostFile), hostname(), { flag: "wx" });
  } catch (thrown) {
    if ((thrown as { code?: unknown }).code !== "EEXIST") throw thrown;
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isZombie(pid);
  } catch (thrown) {
    return (thrown as { code?: unknown }).code !== "ESRCH";
  }
}

/** Dead, and not yet waited for: in a container whose first process waits for nobody that lasts. */
function isZombie(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.startsWith("Z", stat.lastIndexOf(")") + 2);
  } catch {
    return false; // no Linux
  }
}

function isOfThisHost(path: string): boolean {
  try {
    return readFileSync(join(path, hostFile), "utf8") === hostname();
  } catch {
    return false;
  }
}

/** Its process was killed before it could say where it ran; one that lives elsewhere makes its directory again. */
function removeEmpty(path: string): boolean {
  try {
    rmdirSync(path);
    return true;
  } catch {
    return false;
  }
}

function freeBytes(path: string): number {
  try {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
