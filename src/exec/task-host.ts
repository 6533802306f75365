/**
 * What runs tasks in one process: its kernel memory, task threads over it, and the stores that the threads share. The owner says
 * which task goes to which thread; a call of a user's function that fills the heap ends its thread before it ends the process.
 */
import { formatBytes } from "../base/quantity.ts";
import type { WireError } from "../base/errors.ts";
import type { ExecutorId } from "../base/ids.ts";
import { pageBytes } from "../kernel/control-area.ts";
import { compileKernels, createKernelMemory } from "../kernel/kernels.ts";
import { attachMemory, type SharedPool } from "../kernel/task-memory.ts";
import { adviseHugePages } from "../platform/huge-pages.ts";
import { residentBytes } from "../platform/resident.ts";
import { BlockStore } from "../storage/block-store.ts";
import { ExchangeStore } from "../storage/exchange-store.ts";
import { removeOrphans } from "../storage/local-dirs.ts";
import { MemoryWatch, type Suspicion } from "./memory-watch.ts";
import type { HostStart, Released } from "./messages.ts";
import { functionsOf, type StageFunctions } from "./stage-functions.ts";
import { TaskThreads, type ThreadListener } from "./task-threads.ts";

const watchEveryMs = 50;
const tidyAfterMs = 1000;

export class TaskHost {
  readonly memory: WebAssembly.Memory;
  readonly module = compileKernels();
  readonly pool: SharedPool;
  readonly exchanges: ExchangeStore;
  readonly blocks: BlockStore;
  readonly threads: TaskThreads;

  constructor(start: HostStart, listener: ThreadListener) {
    this.memory = createKernelMemory(start.memoryBytes);
    void adviseHugePages(this.memory);
    this.pool = attachMemory(this.memory, start.pool);
    this.exchanges = new ExchangeStore(this.pool, { dirs: start.localDirs });
    this.blocks = new BlockStore(this.pool);
    this.threads = new TaskThreads(start, this.memory, this.module, this.pool, listener);
    const heapBytes = start.settings["firesteel.task.heapLimit"] as number;
    const watch = new MemoryWatch<ExecutorId>({ heapBytes, machineBytes: start.machineBytes });
    setInterval(() => this.watchMemory(watch, heapBytes), watchEveryMs).unref();
    // short jobs need not look
    setTimeout(() => removeOrphans(start.localDirs), tidyAfterMs).unref();
  }

  release(what: Released): void {
    if (what.kind === "exchange") this.exchanges.release(what.id);
    if (what.kind === "rdd") this.blocks.remove(what.id);
    if (what.kind === "broadcast") this.threads.undefine(each => each.kind === "broadcast" && each.id === what.id);
    this.threads.toAll({ type: "release", what });
  }

  private watchMemory(watch: MemoryWatch<ExecutorId>, heapBytes: number): void {
    const { tasks, storage, exchanges, broadcasts } = this.pool.shares.use();
    const engineBytes = (tasks + storage + exchanges + broadcasts) * pageBytes;
    const suspicion = watch.look(this.threads.busy(), residentBytes(), engineBytes);
    const task = suspicion && this.threads.taskOn(suspicion.thread);
    const plan = task && this.threads.planOf(task.stage);
    if (plan !== undefined)
      this.threads.endThread(suspicion!.thread, heapFilled(functionsOf(plan), suspicion!, heapBytes));
  }
}

function heapFilled(
  { text, at }: StageFunctions,
  { grownBytes, machineFull }: Suspicion<ExecutorId>,
  heapBytes: number,
): WireError {
  const limit = machineFull ? "the machine's memory is nearly full" : `the limit is ${formatBytes(heapBytes)}`;
  return {
    kind: "resource",
    name: "FiresteelError",
    message: `${text} fills its thread's JavaScript heap within one call: it took ${formatBytes(grownBytes)} more, ${limit}`,
    hint: "keep less in memory at once: yield rows from a generator function*, or use smaller inputs; or raise firesteel.task.heapLimit",
    ...(at !== undefined && { at }),
  };
}
