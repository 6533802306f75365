/**
 * The persisted plans of one Context that something still refers to. When nothing does any more, what executors keep of one is freed.
 * Plans hold what they are made of, and running jobs their plans, so nothing that may be read is.
 */
import type { RddId } from "../base/ids.ts";
import { withCachedNames } from "../kernel/memory-refusal.ts";
import type { Plan } from "../plan/nodes.ts";
import { callText } from "../planner/stages.ts";

const nameLengthMax = 60;

export class Persistent {
  private readonly plans = new Map<RddId, WeakRef<Plan>>();
  private readonly unreferenced: FinalizationRegistry<RddId>;

  constructor(release: (id: RddId) => void) {
    this.unreferenced = new FinalizationRegistry(id => {
      this.plans.delete(id);
      release(id);
    });
  }

  add(plan: Plan): void {
    if (this.plans.has(plan.id)) return;
    this.plans.set(plan.id, new WeakRef(plan));
    this.unreferenced.register(plan, plan.id, plan);
  }

  remove(plan: Plan): void {
    this.plans.delete(plan.id);
    this.unreferenced.unregister(plan);
  }

  /** The message with persisted Rdds called by their names or, without one, by operator and line. */
  withNames(message: string): string {
    return withCachedNames(message, rdd => {
      const plan = this.plans.get(rdd as RddId)?.deref();
      return plan && (plan.name === undefined ? callText(plan) : shortened(plan.name));
    });
  }

  /** In the order in which they were persisted. */
  all(): Plan[] {
    return [...this.plans.values()].flatMap(ref => ref.deref() ?? []);
  }
}

function shortened(name: string): string {
  return name.length <= nameLengthMax ? name : `${name.slice(0, nameLengthMax)}…`;
}
