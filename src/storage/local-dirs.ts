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
import { systemReason } from "../base/system-errors.ts";
import type { FileKey } from "./file-cipher.ts";

export interface LocalDirs {
  /** This process's directory in each local dir; they may not exist yet. */
  readonly paths: readonly string[];
  /** What is written there is encrypted with it. */
  readonly key?: FileKey | undefined;
}

const ownName = /^firesteel-(\d+)-[0-9a-f]{12}$/;
/** Says on which host (or in which container) the process ran: elsewhere its pid means nothing. */
const hostFile = "host";
const freeBytesWanted = 64 * 2 ** 20;
/** Of making a folder that somebody removes. */
const roundsMax = 10;

/** Names this process's directories; none given means the system's temporary folder. Creates nothing. */
export function nameLocalDirs(dirs: readonly string[]): LocalDirs {
  const parents = dirs.length === 0 ? [tmpdir()] : dirs;
  const name = `firesteel-${process.pid}-${randomBytes(6).toString("hex")}`;
  return { paths: parents.map(parent => join(parent, name)) };
}

export function removeLocalDirs(dirs: LocalDirs): void {
  for (const path of dirs.paths) removeIfPossible(path);
}

/** Removes directories that dead processes of this host left in the same local dirs; gives their paths. */
export function removeOrphans(dirs: LocalDirs): string[] {
  const removed: string[] = [];
  for (const parent of new Set(dirs.paths.map(path => dirname(path)))) {
    for (const name of namesIn(parent)) {
      const pid = ownName.exec(name)?.[1];
      const path = join(parent, name);
      if (pid === undefined || isAlive(Number(pid))) continue;
      if (isOfThisHost(path)) removeIfPossible(path);
      else if (!removeEmpty(path)) continue;
      removed.push(path);
    }
  }
  return removed;
}

let turn = 0;

/** Why directories could not be written to, by the directory. */
export type DirFailures = Map<string, unknown>;

/**
 * The path of a new file, its folder made. Files go to the local dirs in turn, passing over those that are nearly full, those that
 * cannot be written to, and those in `failed`, to which it adds.
 */
export function newLocalFile(dirs: LocalDirs, folder: string, file: string, failed: DirFailures = new Map()): string {
  const count = dirs.paths.length;
  const start = turn++;
  for (let i = 0; i < 2 * count; i++) {
    const path = dirs.paths[(start + i) % count]!;
    if (failed.has(path)) continue;
    try {
      const at = join(path, folder);
      // nothing is in it before it says whose it is
      makeFolder(path);
      markHost(path);
      makeFolder(at);
      // The second time round any that can be written to will do: the write itself will say when it is full.
      if (i < count && count > 1 && freeBytes(at) < freeBytesWanted) continue;
      return join(at, file);
    } catch (thrown) {
      failed.set(path, thrown);
    }
  }
  throw dirsFailed("creating a file", "in", failed);
}

/**
 * Writes somewhere: `write` gets the path of a new file and, should it fail for a reason of the disk, another in another local
 * dir, until none is left. What it leaves behind at a path that failed is removed.
 */
export function writeLocalFile(
  dirs: LocalDirs,
  folder: string,
  name: () => string,
  doing: string,
  write: (file: string) => void,
): string {
  const failed: DirFailures = new Map();
  for (;;) {
    if (failed.size === dirs.paths.length) throw dirsFailed(doing, "to", failed);
    let file: string;
    try {
      file = newLocalFile(dirs, folder, name(), failed);
    } catch (thrown) {
      throw failed.size === 0 ? thrown : dirsFailed(doing, "to", failed);
    }
    try {
      write(file);
      return file;
    } catch (thrown) {
      rmSync(file, { force: true });
      failed.set(dirOf(dirs, file), thrown);
    }
  }
}

/** Which of the directories a file of `newLocalFile` is in. */
export function dirOf(dirs: LocalDirs, file: string): string {
  return dirs.paths.find(path => file.startsWith(path)) ?? dirname(dirname(file));
}

/** No directory is left; each with its reason. `to` or `in` goes before a place. */
export function dirsFailed(doing: string, to: "to" | "in", failed: DirFailures): FiresteelError {
  const reasons = [...failed].map(([path, thrown]) => [dirname(path), thrown] as const);
  const [only] = reasons;
  if (reasons.length === 1) return diskError(`${doing} ${to} ${only![0]}`, only![1]);
  const isFull = reasons.some(([, thrown]) => isDiskFull(thrown));
  const list = reasons.map(([parent, thrown]) => `${parent}: ${isDiskFull(thrown) ? "disk full" : reasonOf(thrown)}`);
  return new FiresteelError("resource", `${doing} failed in every one of the local dirs: ${list.join("; ")}`, {
    hint: isFull ? fullHint : unwritableHint,
    cause: only?.[1],
  });
}

/** Removes a folder made by `newLocalFile`, with all that is in it. */
export function removeLocalFolder(dirs: LocalDirs, folder: string): void {
  for (const path of dirs.paths) removeIfPossible(join(path, folder));
}

const fullHint = "set firesteel.local.dirs to folders with more room, or raise firesteel.executor.memory to spill less";
const unwritableHint = "set firesteel.local.dirs to folders that can be written to";

/** A failed write as an error that a user can act on. `doing` is like "spilling map outputs to /tmp/…". */
export function diskError(doing: string, thrown: unknown): FiresteelError {
  const full = isDiskFull(thrown);
  return new FiresteelError("resource", full ? `disk full while ${doing}` : `${doing} failed: ${reasonOf(thrown)}`, {
    hint: full ? fullHint : unwritableHint,
    cause: thrown,
  });
}

/** Of what the system threw, or a `diskError` of it. */
export function isDiskFull(thrown: unknown): boolean {
  const { code, cause } = (thrown ?? {}) as { code?: unknown; cause?: unknown };
  return code === "ENOSPC" || code === "EDQUOT" || (thrown instanceof FiresteelError && isDiskFull(cause));
}

function reasonOf(thrown: unknown): string {
  const first = thrown instanceof FiresteelError && thrown.cause instanceof Error ? thrown.cause : thrown;
  return systemReason(first);
}

/** A dir that fails is not one to wait for: nothing is in it, or who comes next removes it. */
function removeIfPossible(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // it is read-only, or no folder
  }
}

/** What another thread removes meanwhile seems neither to be there nor to be missing. */
function makeFolder(path: string): void {
  for (let round = 1; ; round++) {
    try {
      mkdirSync(path, { recursive: true, mode: 0o700 });
      return;
    } catch (thrown) {
      const { code } = thrown as { code?: unknown };
      if (round === roundsMax || (code !== "EEXIST" && code !== "ENOENT")) throw thrown;
    }
  }
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
