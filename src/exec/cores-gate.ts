/**
 * Holds executors back until enough of them have registered: the first few would take all tasks of a stage, and those that come a
 * moment later none. Opens once, for good.
 */
import type { Clock } from "../base/clock.ts";

export interface CoresGateOptions {
  /** Tasks start once executors have as many cores … */
  readonly coresAwaited: number;
  /** … or that much time has passed since the first of them registered. */
  readonly coresWaitMaxMs: number;
}

export class CoresGate<Executor> {
  private held: Executor[] | undefined = [];
  private cores = 0;

  constructor(
    private readonly clock: Clock,
    private readonly options: CoresGateOptions,
    private readonly letIn: (executors: readonly Executor[]) => void,
  ) {}

  get isOpen(): boolean {
    return this.held === undefined;
  }

  add(executor: Executor, cores: number): void {
    const { held, options } = this;
    if (held === undefined) return this.letIn([executor]);
    this.cores += cores;
    if (held.push(executor) === 1 && options.coresAwaited > 0)
      this.clock.after(options.coresWaitMaxMs, () => this.open());
    if (this.cores >= options.coresAwaited) this.open();
  }

  private open(): void {
    const { held } = this;
    this.held = undefined;
    if (held !== undefined) this.letIn(held);
  }
}
