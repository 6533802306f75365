/** What `firesteel explain` prints: the plan of each action that the job calls, the first time that it stands at its line. */
import { FiresteelError } from "../base/errors.ts";
import { type ActionCall, callText } from "../planner/stages.ts";

/** A job that loops until its results say otherwise would be explained for ever. */
const actionsMax = 10_000;

export class Explanation {
  private readonly told = new Set<string>();
  private actions = 0;

  get isEmpty(): boolean {
    return this.told.size === 0;
  }

  readonly tell = (call: ActionCall, plan: string): void => {
    if (++this.actions > actionsMax) throw new FiresteelError("user", `the job calls more than ${actionsMax} actions`);
    const title = callText(call);
    if (this.told.has(title)) return;
    this.told.add(title);
    process.stdout.write(`${title}\n${plan.replace(/^(?=.)/gm, "  ")}\n\n`);
  };
}
