/**
 * Files that an application sends to its executors while it runs: read on the driver when they are added, so that all tasks see the same
 * bytes, and put below one folder on each executor. Large bytes travel by their hash and are proved by it.
 */
import { createHash } from "node:crypto";
import {
  chmodSync,
  type Dirent,
  mkdirSync,
  readdirSync,
  readFileSync,
  type Stats,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { FiresteelError } from "../base/errors.ts";
import { systemReason } from "../base/system-errors.ts";
import { formatBytes } from "../base/quantity.ts";
import type { CallSite } from "../closure/contracts.ts";
import { callSite } from "../closure/stack.ts";
import { setFilesPlace } from "../operators/added-files.ts";
import { preview } from "../operators/row-errors.ts";
import { ContextStorage } from "./context-storage.ts";
import { diskError } from "../storage/local-dirs.ts";
import { filesFolder, makeFilesFolder } from "./engine-start.ts";
import { checkFlag } from "./plain-arguments.ts";

const fileBytesMax = 512 * 2 ** 20;
const filesMax = 10_000;

interface FoundFile {
  readonly path: string;
  /** With `/`, whatever the system has. */
  readonly name: string;
}

export abstract class ContextFiles extends ContextStorage {
  /** Their hashes, by name. */
  private readonly added = new Map<string, string>();
  private readonly addedFolders = new Set<string>();
  private readonly addedPaths: string[] = [];

  /**
   * Sends a file, or with `recursive` a folder, to all executors, those that come later too. Tasks, and the driver, find it with
   * `FiresteelFiles.get(name)`. Its bytes are those of now; adding the same again does nothing.
   * @memory the file's bytes on the driver, up to 512 MB a file
   * @throws when the path is none that can be read, a folder without `recursive`, or something else of that name was added before
   * @example
   * ```ts
   * await ctx.parallelize(["a", "b"], 1).saveAsTextFile("words");
   * await ctx.addFile("words", true);
   * await ctx.range(1).map(() => FiresteelFiles.get("words/part-00000").endsWith("part-00000")).first() // => true
   * ```
   */
  async addFile(path: string, recursive = false): Promise<void> {
    const at = callSite();
    this.driver.checkRunning();
    if (typeof path !== "string")
      throw new FiresteelError("user", `addFile needs a path, but got ${preview(path)}`, {
        hint: "give one a call; a folder with true behind it",
        at,
      });
    checkFlag(
      "addFile",
      "true or false for recursive",
      recursive,
      "true sends a folder; each file is a call of its own",
    );
    const from = localPath(path, at);
    for (const file of findFiles(from, path, recursive, at)) this.sendFile(file, at);
    if (!this.addedPaths.includes(path)) this.addedPaths.push(path);
  }

  /**
   * The paths of the files that were sent, as they were given: those of `--files` and `firesteel.files`, and then what was added.
   * @example
   * ```ts
   * await ctx.parallelize(["a"], 1).saveAsTextFile("letters");
   * await ctx.addFile("letters/part-00000");
   * ctx.listFiles().includes("letters/part-00000") // => true
   * ```
   */
  listFiles(): string[] {
    return [...new Set([...this.driver.config.get("firesteel.files"), ...this.addedPaths])];
  }

  /** From now on `FiresteelFiles` finds this application's files on the driver. @internal */
  protected showFiles(): void {
    const others = this.driver.config.get("firesteel.files");
    setFilesPlace({ folder: filesFolder(this.driver.localDirs), others, names: () => [...this.added.keys()] });
  }

  private sendFile({ path, name }: FoundFile, at: CallSite | undefined): void {
    const { bytes, executable } = read(path, at);
    const hash = createHash("sha256").update(bytes).digest("hex");
    const known = this.added.get(name);
    if (known === hash) return;
    if (known !== undefined) throw sentBefore(`another file named ${name} before`, at);
    if (this.addedFolders.has(name)) throw sentBefore(`a folder named ${name} before`, at);
    const folders = foldersOf(name);
    const file = folders.find(each => this.added.has(each));
    if (file !== undefined) throw sentBefore(`a file named ${file} before: ${name} cannot be below it`, at);
    if (this.added.size >= filesMax)
      throw new FiresteelError("user", `addFile has sent ${filesMax} files, which is the most that it sends`, {
        hint: "put many files into an archive, or where all executors can read them",
        at,
      });
    try {
      put(join(makeFilesFolder(this.driver.localDirs), name), bytes, executable);
    } catch (thrown) {
      throw diskError(`copying ${path} to a local dir`, thrown);
    }
    this.added.set(name, hash);
    for (const each of folders) this.addedFolders.add(each);
    // executors on other machines; task threads of local mode read the driver's copy
    if (this.driver.config.master.kind !== "local") this.driver.define({ kind: "file", name, bytes, executable });
  }
}

function sentBefore(what: string, at: CallSite | undefined): FiresteelError {
  return new FiresteelError("user", `addFile has sent ${what}`, {
    hint: "executors may be reading it: give the new one another name",
    at,
  });
}

/** `a` and `a/b` of `a/b/c`. */
function foldersOf(name: string): string[] {
  const parts = name.split("/").slice(0, -1);
  return parts.map((_, i) => parts.slice(0, i + 1).join("/"));
}

function localPath(path: string, at: CallSite | undefined): string {
  const scheme = /^([a-z][\w+.-]+):/i.exec(path)?.[1]?.toLowerCase();
  if (scheme === undefined || path === "") return resolve(path);
  if (scheme === "file") return path.startsWith("file://") ? fileURLToPath(path) : resolve(path.slice("file:".length));
  throw new FiresteelError("user", `addFile sends files of the driver's machine, but got ${path}`, {
    hint: "tasks can read what is elsewhere themselves; or download it first",
    at,
  });
}

function findFiles(path: string, given: string, recursive: boolean, at: CallSite | undefined): FoundFile[] {
  const stats = statsOf(path, at);
  if (given === "" || stats === undefined)
    throw new FiresteelError("user", `addFile cannot find ${JSON.stringify(given)}`, {
      hint: `it is looked for at ${path}`,
      at,
    });
  if (!stats.isDirectory()) return [{ path, name: basename(path) }];
  if (!recursive)
    throw new FiresteelError("user", `addFile got a folder: ${given}`, {
      hint: "addFile(path, true) sends all in it",
      at,
    });
  return entriesIn(path, at)
    .filter(entry => !entry.isDirectory())
    .map(entry => {
      const file = join(entry.parentPath, entry.name);
      return { path: file, name: relative(dirname(path), file).replaceAll(sep, "/") };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function entriesIn(path: string, at: CallSite | undefined): Dirent[] {
  try {
    return readdirSync(path, { recursive: true, withFileTypes: true });
  } catch (thrown) {
    throw unsendable(path, thrown, at);
  }
}

function statsOf(path: string, at: CallSite | undefined): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (thrown) {
    throw unsendable(path, thrown, at);
  }
}

function read(path: string, at: CallSite | undefined): { readonly bytes: Uint8Array; readonly executable: boolean } {
  try {
    const stats = statSync(path);
    if (!stats.isFile()) throw new Error("it is no file");
    if (stats.size > fileBytesMax)
      throw new Error(`it has ${formatBytes(stats.size)}, more than ${formatBytes(fileBytesMax)}`);
    return { bytes: new Uint8Array(readFileSync(path)), executable: (stats.mode & 0o111) !== 0 };
  } catch (thrown) {
    throw unsendable(path, thrown, at);
  }
}

function unsendable(path: string, thrown: unknown, at: CallSite | undefined): FiresteelError {
  return new FiresteelError("user", `addFile cannot send ${path}: ${systemReason(thrown)}`, {
    hint: "check its path and rights; large files belong where all executors can read them",
    at,
    cause: thrown,
  });
}

function put(path: string, bytes: Uint8Array, executable: boolean): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(path, bytes);
  chmodSync(path, executable ? 0o700 : 0o600);
}
