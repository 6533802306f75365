/**
 * Where one writer's blocks go: a file in a local dir, and when a write fails there, for want of room or because the dir can no
 * longer be used, the same block in a file of another one, until all have failed. What was written before stays where it is.
 *
 * Does not: spread one writer's blocks over dirs that work; writers take turns in that (`newLocalFile`).
 */
import { FiresteelError } from "../base/errors.ts";
import type { Ptr } from "../kernel/ptr.ts";
import { type DirFailures, dirOf, dirsFailed, type LocalDirs, newLocalFile } from "./local-dirs.ts";
import { type Segment, type SpillOptions, SpillWriter } from "./spill-file.ts";

export interface SpillPlace {
  readonly dirs: LocalDirs;
  /** In each of the dirs. */
  readonly folder: string;
  /** Of a file, another at each call. */
  readonly name: () => string;
}

export class SpillOutput {
  /** Writes that failed, and were done elsewhere. */
  failures = 0;
  private readonly writers: SpillWriter[] = [];
  private readonly failed: DirFailures = new Map();
  private isClosed = false;

  constructor(
    private readonly u8: Uint8Array,
    private readonly place: SpillPlace,
    private readonly options: Omit<SpillOptions, "key">,
  ) {}

  append(ptr: Ptr, bytes: number): Segment {
    return this.somewhere(writer => writer.append(ptr, bytes));
  }

  /** A block that is on the heap, as it is. */
  appendPlain(block: Uint8Array): Segment {
    return this.somewhere(writer => writer.appendPlain(block));
  }

  /** The segment, or a copy of it where it can be read when its file's name is gone. */
  settled(segment: Segment): Segment {
    const writer = this.writers.find(each => each.file === segment.file)!;
    if (writer.isThere) return segment;
    this.failed.set(dirOf(this.place.dirs, segment.file), new Error(`${segment.file} was removed`));
    return this.somewhere(to => to.appendCopy(segment, writer.descriptor));
  }

  /** Of a file that is still open. */
  descriptorOf(file: string): number | undefined {
    const writer = this.isClosed ? undefined : this.writers.find(each => each.file === file);
    return writer?.descriptor;
  }

  close(): void {
    this.isClosed = true;
    for (const writer of this.writers) writer.close();
  }

  /** Closes and removes the files. */
  abort(): void {
    this.isClosed = true;
    for (const writer of this.writers) writer.abort();
  }

  private somewhere<T>(write: (writer: SpillWriter) => T): T {
    const { dirs } = this.place;
    let again = this.failed.size > 0;
    for (;;) {
      const last = this.writers.at(-1);
      const writer = last !== undefined && !this.failed.has(dirOf(dirs, last.file)) ? last : this.tryOpen(again);
      if (writer === undefined) {
        // a dir that was full before may not be now
        again = false;
        continue;
      }
      try {
        return write(writer);
      } catch (thrown) {
        if (!isOfDisk(thrown)) throw thrown;
        this.failures++;
        this.failed.set(dirOf(dirs, writer.file), thrown);
        this.dropEmpty();
        if (dirs.paths.length === 1) throw thrown;
      }
    }
  }

  /** Undefined, and all dirs may be tried again, when all have failed and that is allowed. */
  private tryOpen(again: boolean): SpillWriter | undefined {
    const { place, failed, options } = this;
    const { dirs, folder, name } = place;
    while (failed.size < dirs.paths.length) {
      let file: string;
      try {
        file = newLocalFile(dirs, folder, name(), failed);
      } catch (thrown) {
        if (dirs.paths.length === 1) throw thrown;
        break;
      }
      try {
        const writer = new SpillWriter(this.u8, file, { ...options, key: dirs.key });
        this.writers.push(writer);
        return writer;
      } catch (thrown) {
        if (!isOfDisk(thrown)) throw thrown;
        this.failures++;
        failed.set(dirOf(dirs, file), thrown);
      }
    }
    if (!again) throw dirsFailed(`spilling ${options.what ?? "rows"}`, "to", failed);
    failed.clear();
    return undefined;
  }

  /** The last file, when nothing was written to it. */
  private dropEmpty(): void {
    const last = this.writers.at(-1)!;
    if (last.length > 0) return;
    last.abort();
    this.writers.pop();
  }
}

function isOfDisk(thrown: unknown): boolean {
  return thrown instanceof FiresteelError && thrown.kind === "resource";
}
