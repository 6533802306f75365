/**
 * What `firesteel explain` prints: the plan of each action that the job calls; the same plan at the same line once. Nothing runs,
 * so code that depends on results may throw, or go round for ever: either ends the explanation without failing it.
 */
import { FiresteelError, formatPosition } from "../base/errors.ts";

const plansMax = 100;
const callsMax = 1_000;

export class Explanation {
  /** Resolves when no more is said. */
  readonly full: Promise<void>;
  private readonly told = new Set<string>();
  private calls = 0;
  private finish: () => void = () => {};

  constructor() {
    this.full = new Promise(resolve => (this.finish = resolve));
  }

  readonly tell = (plan: string): void => {
    this.calls++;
    if (!this.isFull && !this.told.has(plan)) {
      process.stdout.write(this.told.size === 0 ? `${plan}\n` : `\n${plan}\n`);
      this.told.add(plan);
    }
    if (this.isFull) this.finish();
  };

  /** The job has ended, or enough was said. Errors before any plan are the job's own. */
  end(error?: unknown): void {
    if (error !== undefined && this.told.size === 0) throw error;
    if (error !== undefined)
      note(`what follows depends on results, which explain does not compute: ${describe(error)}`);
    else if (this.isFull) note(`these are the plans of the first ${this.calls} actions, explain stops here`);
    else if (this.told.size === 0) note("the job calls no action, nothing would run");
  }

  private get isFull(): boolean {
    return this.told.size >= plansMax || this.calls >= callsMax;
  }
}

/** What a job prints of results that were not computed means nothing. */
export function silenceConsole(): void {
  for (const method of [
    "log",
    "info",
    "debug",
    "table",
    "dir",
    "group",
    "count",
    "time",
    "timeEnd",
    "timeLog",
  ] as const)
    console[method] = () => {};
}

function note(text: string): void {
  process.stderr.write(`note: ${text}\n`);
}

function describe(error: unknown): string {
  const at = error instanceof FiresteelError && error.at !== undefined ? ` at ${formatPosition(error.at)}` : "";
  return (error instanceof Error ? error.message : String(error)) + at;
}
