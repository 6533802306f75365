/**
 * Sees the one thing that a task thread cannot see itself: a call of a user's function that fills the heap before it returns.
 * Left alone, the runtime or the system would end the whole process without a word. A thread beats between batches; one that
 * has been silent while the process grew by more than a heap's limit, or while the machine runs out, is the suspect. Of
 * several, it is the one that touched most new memory. Decides only; its owner reads the figures and ends the thread.
 */
export interface MemoryLimits {
  /** Of one task thread's heap. */
  readonly heapBytes: number;
  readonly machineBytes: number;
}

/** A task thread at work. */
export interface BusyThread<Id> {
  readonly id: Id;
  /** Changes when the thread has checked itself. */
  readonly beat: number;
  /** Page faults so far. */
  readonly faults: number;
}

export interface Suspicion<Id> {
  readonly thread: Id;
  readonly grownBytes: number;
  readonly machineFull: boolean;
}

interface Silence {
  readonly beat: number;
  readonly faults: number;
  /** What the process held when the thread last beat, without engine memory. */
  readonly heldBytes: number;
}

/** Garbage that a thread may pile up between collections. */
const garbageBytes = 256 * 2 ** 20;
const machineShare = 0.92;
/** At the machine's limit, smaller growth is not what filled it. */
const grownBytesMin = 128 * 2 ** 20;

export class MemoryWatch<Id> {
  private silences = new Map<Id, Silence>();
  private engineBytesMax = 0;

  constructor(private readonly limits: MemoryLimits) {}

  /** Called every few milliseconds with what there is now; gives the thread to end, if any. */
  look(threads: readonly BusyThread<Id>[], residentBytes: number, engineBytes: number): Suspicion<Id> | undefined {
    // pages that the engine has freed stay with the process
    this.engineBytesMax = Math.max(this.engineBytesMax, engineBytes);
    const heldBytes = residentBytes - this.engineBytesMax;
    const silences = new Map<Id, Silence>();
    const silent: { readonly thread: Id; readonly grownBytes: number; readonly faults: number }[] = [];
    for (const { id, beat, faults } of threads) {
      const before = this.silences.get(id);
      if (before?.beat !== beat) silences.set(id, { beat, faults, heldBytes });
      else {
        silences.set(id, before);
        silent.push({ thread: id, grownBytes: heldBytes - before.heldBytes, faults: faults - before.faults });
      }
    }
    this.silences = silences;
    const machineFull = residentBytes > this.limits.machineBytes * machineShare;
    const allowedBytes = machineFull ? grownBytesMin : silent.length * (this.limits.heapBytes + garbageBytes);
    const [most] = silent.filter(each => each.grownBytes > allowedBytes).sort((a, b) => b.faults - a.faults);
    return most && { thread: most.thread, grownBytes: most.grownBytes, machineFull };
  }
}
