/** Pieces of bytes from who writes without waiting to who sends them, one sender. Who writes asks now and then whether to wait. */
export class PieceQueue implements AsyncIterator<Uint8Array> {
  private readonly pieces: Uint8Array[] = [];
  private bytes = 0;
  private ended = false;
  private failure: { readonly error: unknown } | undefined;
  private wake: (() => void) | undefined;
  private roomMade: (() => void) | undefined;

  constructor(private readonly bytesMax: number) {}

  push(piece: Uint8Array): void {
    this.pieces.push(piece);
    this.bytes += piece.length;
    this.wake?.();
  }

  /** Nothing follows. */
  end(): void {
    this.ended = true;
    this.wake?.();
  }

  /** Both sides hear of it; the first failure counts. */
  fail(error: unknown): void {
    this.failure ??= { error };
    this.wake?.();
    this.roomMade?.();
  }

  /** What to wait for while too much is queued. */
  drained(): Promise<void> | undefined {
    if (this.failure === undefined && this.bytes <= this.bytesMax) return undefined;
    return this.room();
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    for (;;) {
      if (this.failure !== undefined) throw this.failure.error;
      const piece = this.pieces.shift();
      if (piece !== undefined) {
        this.bytes -= piece.length;
        if (this.bytes <= this.bytesMax / 2) this.roomMade?.();
        return { done: false, value: piece };
      }
      if (this.ended) return { done: true, value: undefined };
      await new Promise<void>(resolve => (this.wake = resolve));
    }
  }

  private async room(): Promise<void> {
    while (this.failure === undefined && this.bytes > this.bytesMax / 2)
      await new Promise<void>(resolve => (this.roomMade = resolve));
    if (this.failure !== undefined) throw this.failure.error;
  }
}
