/**
 * The first `limit` rows in an order, ties by arrival: a binary heap whose root is the last of them (Williams 1964). Memory is
 * that of `limit` rows.
 */
export class TopRows {
  private readonly heap: { readonly row: unknown; readonly sequence: number }[] = [];
  private sequence = 0;

  constructor(
    private readonly limit: number,
    private readonly compare: (a: unknown, b: unknown) => number,
  ) {}

  push(row: unknown): void {
    const { heap } = this;
    const entry = { row, sequence: this.sequence++ };
    if (heap.length < this.limit) {
      heap.push(entry);
      this.siftUp(heap.length - 1);
    } else if (this.compare(row, heap[0]!.row) < 0) {
      heap[0] = entry;
      this.siftDown();
    }
  }

  /** The last of as many rows as are wanted, when there are so many: only rows before it in the order are taken. */
  get last(): { readonly row: unknown } | undefined {
    return this.heap.length < this.limit ? undefined : this.heap[0];
  }

  /** The rows in order. */
  finish(): unknown[] {
    return this.heap.sort((a, b) => this.order(a, b)).map(entry => entry.row);
  }

  private order(a: { row: unknown; sequence: number }, b: { row: unknown; sequence: number }): number {
    return this.compare(a.row, b.row) || a.sequence - b.sequence;
  }

  private siftUp(from: number): void {
    const { heap } = this;
    for (let i = from; i > 0;) {
      const parent = (i - 1) >> 1;
      if (this.order(heap[parent]!, heap[i]!) >= 0) return;
      [heap[parent], heap[i]] = [heap[i]!, heap[parent]!];
      i = parent;
    }
  }

  private siftDown(): void {
    const { heap } = this;
    for (let i = 0; ;) {
      let last = i;
      for (const child of [2 * i + 1, 2 * i + 2]) {
        if (child < heap.length && this.order(heap[child]!, heap[last]!) > 0) last = child;
      }
      if (last === i) return;
      [heap[last], heap[i]] = [heap[i]!, heap[last]!];
      i = last;
    }
  }
}
