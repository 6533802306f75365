/**
 * What runs tasks in one process: its kernel memory, task threads over it, and the stores that the threads share. The owner says
 * which task goes to which thread; a call of a user's function that fills the heap ends its thread before it ends the process.
 */
import { formatBytes } from "../base/quantity.ts";
import type { WireError } from "../base/errors.ts";
import type { ExecutorId } from "../base/ids.ts";
import { pageBytes } from "../kernel/control-area.ts";
import { compileKernels, createKernelMemory, instantiateKernels } from "../kernel/kernels.ts";
import { attachMemory, type SharedPool } from "../kernel/task-memory.ts";
import { GarbagePacer } from "../platform/garbage.ts";
import { adviseHugePages } from "../platform/huge-pages.ts";
import { releaseIdleMemory } from "../platform/idle-memory.ts";
import { residentBytes } from "../platform/resident.ts";
import { BlockStore } from "../storage/block-store.ts";
import { ExchangeStore } from "../storage/exchange-store.ts";
import { removeOrphans } from "../storage/local-dirs.ts";
import { IdleWatch } from "./idle-watch.ts";
import { MemoryWatch, type Suspicion } from "./memory-watch.ts";
import type { HostStart, Released } from "./messages.ts";
import { spillCompression } from "./spill-codec.ts";
import { functionsOf, type StageFunctions } from "./stage-functions.ts";
import { TaskThreads, type ThreadListener } from "./task-threads.ts";

const watchEveryMs = 50;
const tidyEveryMs = 250;
const orphansAfterMs = 1000;

export class TaskHost {
  readonly memory: WebAssembly.Memory;
  readonly module = compileKernels();
  readonly pool: SharedPool;
  readonly exchanges: ExchangeStore;
  readonly blocks: BlockStore;
  readonly threads: TaskThreads;
  private readonly garbage = new GarbagePacer();
  /** Tasks launched when garbage was collected last. */
  private collectedAt = 0;

  constructor(start: HostStart, listener: ThreadListener) {
    this.memory = createKernelMemory(start.memoryBytes);
    void adviseHugePages(this.memory);
    this.pool = attachMemory(this.memory, start.pool);
    this.exchanges = new ExchangeStore(this.pool, { dirs: start.localDirs });
    const kernels = instantiateKernels(this.memory, this.module);
    this.blocks = new BlockStore(this.pool, { dirs: start.localDirs, ...spillCompression(kernels, start.settings) });
    this.threads = new TaskThreads(start, this.memory, this.module, this.pool, listener);
    const heapBytes = start.settings["firesteel.task.heapLimit"] as number;
    const watch = new MemoryWatch<ExecutorId>({ heapBytes, machineBytes: start.machineBytes });
    setInterval(() => this.watchMemory(watch, heapBytes), watchEveryMs).unref();
    const idle = new IdleWatch(start.settings["firesteel.executor.idleMemoryDelay"] as number);
    setInterval(() => this.tidyMemory(idle), tidyEveryMs).unref();
    // short jobs look when they end
    setTimeout(() => removeOrphans(start.localDirs), orphansAfterMs).unref();
  }

  release(what: Released): void {
    if (what.kind === "exchange") this.exchanges.release(what.id);
    if (what.kind === "rdd") this.blocks.remove(what.id);
    if (what.kind === "broadcast" || what.kind === "accumulator")
      this.threads.undefine(each => each.kind === what.kind && each.id === what.id);
    this.threads.toAll({ type: "release", what });
  }

  /** This thread holds the kernel memory too, and would let garbage of its own pile up. Once more after the last task, then not. */
  private tidyMemory(idle: IdleWatch): void {
    const { launched, isWorking } = this.threads;
    if (idle.look(performance.now(), launched, isWorking)) {
      this.threads.toAll({ type: "rest" });
      releaseIdleMemory();
    }
    if (launched === this.collectedAt) return;
    this.collectedAt = launched;
    this.garbage.pace(performance.now());
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
