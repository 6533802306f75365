/** Positions of tasks that wait, first come first. A task that has left is dropped when it is met. */
export class TaskQueue {
  private readonly indexes: number[] = [];
  private next = 0;

  push(index: number): void {
    this.indexes.push(index);
  }

  /** The first that still waits, or −1. It stays until it leaves. */
  peek(isPending: (index: number) => boolean): number {
    const { indexes } = this;
    while (this.next < indexes.length) {
      const index = indexes[this.next]!;
      if (isPending(index)) return index;
      this.next++;
    }
    return -1;
  }

  /** All that still wait. */
  waiting(isPending: (index: number) => boolean): number[] {
    return this.indexes.slice(this.next).filter(isPending);
  }
}
