/** What reading a local checkpoint comes to where nobody keeps it. */
import { FiresteelError } from "../base/errors.ts";
import type { KeptPlan } from "../plan/nodes.ts";

/** A partition that nobody keeps any more, for ever; or that those who keep it did not give, `isHeldElsewhere`, and may later. */
export function lostCheckpoint(plan: KeptPlan, partition: number, isHeldElsewhere: boolean): FiresteelError {
  return new FiresteelError("user", `partition ${partition} of the local checkpoint of ${plan.operator} is lost`, {
    hint: "the executor that kept it is gone, or unpersist() was called; checkpoint() is for what must survive that",
    at: plan.at,
    isPermanent: !isHeldElsewhere,
  });
}
