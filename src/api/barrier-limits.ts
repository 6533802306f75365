/** What is known to be impossible of a job's barrier stages before it starts, said at the user's line. */
import type { Config } from "../base/config.ts";
import { checkBarriers, refusePart, refuseTasks } from "../planner/barrier-stages.ts";
import type { ActionCall, StagePlan } from "../planner/stages.ts";

/** `wanted`: how many partitions the action needs. */
export function checkBarrierStages(
  stages: readonly StagePlan[],
  wanted: number,
  { operator, at }: ActionCall,
  config: Config,
): void {
  const cores = coresOf(config);
  for (const stage of stages) {
    if (stage.barrier !== true) continue;
    const top = stage.kind === "result" ? stage.root : stage.root.parent;
    checkBarriers(top);
    if (stage.kind === "result" && wanted < stage.partitions) throw refusePart(top, operator, wanted, at);
    if (cores !== undefined && stage.partitions > cores) throw refuseTasks(top, stage.partitions, cores, at);
  }
}

/** Where they are always the same. */
function coresOf({ master, machine }: Config): number | undefined {
  switch (master.kind) {
    case "local":
      return master.threads ?? machine.cores;
    case "localCluster":
      return master.workers * master.cores;
    case "cluster":
      return undefined;
  }
}
