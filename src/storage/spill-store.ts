/**
 * Where running tasks put rows that memory has no room for: one file for each operator that spills, in its task's folder. A file
 * is made at the first write and removed when its operator is closed; what is left when the task ends goes with its folder.
 */
import { randomBytes } from "node:crypto";
import type { Block } from "../data/contracts.ts";
import type { Allocator } from "../kernel/allocator.ts";
import type { Ptr } from "../kernel/ptr.ts";
import type { CompressionRates } from "./compression.ts";
import { type LocalDirs, newLocalFile, removeLocalFolder } from "./local-dirs.ts";
import { type Segment, type SpillCodec, type SpillFs, SpillReader, SpillWriter } from "./spill-file.ts";

export interface SpillStoreOptions {
  readonly dirs: LocalDirs;
  readonly openCodec?: ((allocator: Allocator) => SpillCodec) | undefined;
  /** To use the codec where that pays; without them it is always used. */
  readonly rates?: CompressionRates | undefined;
  readonly fs?: SpillFs | undefined;
}

export class SpillStore {
  private readonly u8: Uint8Array;
  /** Tasks of this thread that have a folder. */
  private readonly tasks = new Set<number>();

  constructor(
    memory: WebAssembly.Memory,
    private readonly options: SpillStoreOptions,
  ) {
    this.u8 = new Uint8Array(memory.buffer);
  }

  /** A file to be. Takes the codec's working memory now; throws `MemoryRefused` when there is none. */
  open(taskAttemptId: number, operator: string, allocator: Allocator): TaskSpill {
    const { dirs, openCodec, rates, fs } = this.options;
    const codec = openCodec?.(allocator);
    const create = () => {
      this.tasks.add(taskAttemptId);
      const file = newLocalFile(dirs, folderOf(taskAttemptId), `spill-${randomBytes(6).toString("hex")}`);
      return new SpillWriter(this.u8, file, { codec, rates, fs, what: `rows of ${operator}` });
    };
    return new TaskSpill(create, new SpillReader(this.u8, { codec, fs }), codec);
  }

  /** Removes the task's folder with all that it did not close. */
  taskEnded(taskAttemptId: number): void {
    if (this.tasks.delete(taskAttemptId)) removeTaskSpills(this.options.dirs, taskAttemptId);
  }
}

/** For the process's control thread, when a task's thread has died. */
export function removeTaskSpills(dirs: LocalDirs, taskAttemptId: number): void {
  removeLocalFolder(dirs, folderOf(taskAttemptId));
}

export class TaskSpill {
  private writer: SpillWriter | undefined;

  constructor(
    private readonly create: () => SpillWriter,
    private readonly reader: SpillReader,
    private readonly codec: SpillCodec | undefined,
  ) {}

  append(block: Block): Segment {
    this.writer ??= this.create();
    return this.writer.append(block.ptr, block.bytes);
  }

  /** Fills `to` with the segment's `rawLength` bytes. */
  read(segment: Segment, to: Ptr): void {
    this.reader.read(segment, to);
  }

  /** Removes the file. */
  close(): void {
    this.reader.close();
    this.writer?.abort();
    this.codec?.free();
  }
}

function folderOf(taskAttemptId: number): string {
  return `task-${taskAttemptId}`;
}
