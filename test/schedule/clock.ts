/** Simulated time: things happen in order of time, then in the order in which they were asked for. */
interface Entry {
  readonly at: number;
  readonly sequence: number;
  readonly run: () => void;
}

export class Clock {
  now = 0;
  private sequence = 0;
  private readonly heap: Entry[] = [];

  at(time: number, run: () => void): void {
    const { heap } = this;
    heap.push({ at: Math.max(time, this.now), sequence: this.sequence++, run });
    for (let child = heap.length - 1; child > 0;) {
      const parent = (child - 1) >> 1;
      if (!isBefore(heap[child]!, heap[parent]!)) break;
      [heap[child], heap[parent]] = [heap[parent]!, heap[child]!];
      child = parent;
    }
  }

  /** Runs the next thing; false when nothing is left. */
  step(): boolean {
    const { heap } = this;
    const first = heap[0];
    if (first === undefined) return false;
    const last = heap.pop()!;
    if (heap.length > 0) this.sink(last);
    this.now = first.at;
    first.run();
    return true;
  }

  private sink(entry: Entry): void {
    const { heap } = this;
    heap[0] = entry;
    for (let parent = 0; ;) {
      let child = 2 * parent + 1;
      if (child >= heap.length) return;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, heap[parent]!)) return;
      [heap[child], heap[parent]] = [heap[parent]!, heap[child]!];
      parent = child;
    }
  }
}

/** Messages arrive late, but in the order in which they were sent. */
export class Link<Message> {
  private last = 0;

  constructor(
    private readonly clock: Clock,
    private readonly delay: () => number,
    private readonly deliver: (message: Message) => void,
  ) {}

  send(message: Message): void {
    this.last = Math.max(this.last, this.clock.now + this.delay());
    this.clock.at(this.last, () => this.deliver(message));
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.sequence < b.sequence);
}
