/**
 * Where running tasks put rows that memory has no room for: a file for each operator that spills, in its task's folder, and more
 * where a local dir fails. They are made at the first write and removed when their operator is closed; until then they can be read,
 * whatever becomes of the folder. What is left when the task ends goes with it.
 */
import { randomBytes } from "node:crypto";
import type { Block } from "../data/contracts.ts";
import type { Allocator } from "../kernel/allocator.ts";
import type { Ptr } from "../kernel/ptr.ts";
import type { CompressionRates } from "./compression.ts";
import { type LocalDirs, removeLocalFolder } from "./local-dirs.ts";
import type { Segment, SpillCodec, SpillFs } from "./spill-file.ts";
import { SpillOutput } from "./spill-output.ts";
import { SpillReader } from "./spill-reader.ts";

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
    const name = () => {
      this.tasks.add(taskAttemptId);
      return `spill-${randomBytes(6).toString("hex")}`;
    };
    const place = { dirs, folder: folderOf(taskAttemptId), name };
    const output = new SpillOutput(this.u8, place, { codec, rates, fs, what: `rows of ${operator}` });
    const descriptorOf = (file: string) => output.descriptorOf(file);
    return new TaskSpill(output, new SpillReader(this.u8, { codec, fs, key: dirs.key, descriptorOf }), codec);
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
  constructor(
    private readonly output: SpillOutput,
    private readonly reader: SpillReader,
    private readonly codec: SpillCodec | undefined,
  ) {}

  append(block: Block): Segment {
    return this.output.append(block.ptr, block.bytes);
  }

  /** A block that is on the heap, as it is. */
  appendPlain(block: Uint8Array): Segment {
    return this.output.appendPlain(block);
  }

  /** Fills `to` with the segment's `rawLength` bytes. */
  read(segment: Segment, to: Ptr): void {
    this.reader.read(segment, to);
  }

  /** Removes the files. */
  close(): void {
    this.reader.close();
    this.output.abort();
    this.codec?.free();
  }
}

function folderOf(taskAttemptId: number): string {
  return `task-${taskAttemptId}`;
}
