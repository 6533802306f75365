/**
 * Which rows of a stream are sampled: a uniform sample of a fixed size, by drawing how many rows to pass over rather than a number
 * a row (Li 1994, algorithm L). A function of the generator and of how many rows there are, not of how they come.
 */
import type { Random } from "../base/random.ts";

export class Reservoir {
  /** Rows seen. */
  rows = 0;
  private taken = 0;
  /** Number of the row that is sampled next. */
  private next = 0;
  private weight = 1;

  constructor(
    private readonly size: number,
    private readonly random: Random,
  ) {}

  /**
   * Moves on to the next row to be sampled, if it is one of the `most` that follow: how many rows come before it; `take` must
   * then be called. Else −1, and all of them are passed.
   */
  passes(most: number): number {
    const skipped = this.next - this.rows;
    if (skipped >= most) {
      this.rows += most;
      return -1;
    }
    this.rows = this.next + 1;
    return skipped;
  }

  /** The place in the sample of the row that `passes` moved on to; who was there before is no longer in it. */
  take(): number {
    const place = this.taken < this.size ? this.taken : this.random.below(this.size);
    this.taken++;
    if (this.taken < this.size) this.next++;
    else {
      this.weight *= Math.exp(Math.log(this.draw()) / this.size);
      this.next += Math.floor(Math.log(this.draw()) / Math.log1p(-this.weight)) + 1;
    }
    return place;
  }

  /** A number in (0, 1). */
  private draw(): number {
    return this.random.float() || Number.MIN_VALUE;
  }
}
