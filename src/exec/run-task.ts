/**
 * One task: computes its partition of the stage's plan into the stage's output, which is a map output, a probe's small
 * value, or an action's result for the driver.
 */
import { assertNever } from "../base/assert.ts";
import { encodeValue } from "../data/value-codec.ts";
import type { StagePlan } from "../planner/stages.ts";
import type { MapOutput } from "../storage/exchange-store.ts";
import { runAction } from "../operators/actions.ts";
import { runExchange } from "../operators/exchange-write.ts";
import { runProbe } from "../operators/probe.ts";
import type { TaskEnv } from "../operators/task-env.ts";

export type TaskOutput =
  { readonly kind: "map"; readonly output: MapOutput } | { readonly kind: "value"; readonly payload: Uint8Array };

export async function runTask(stage: StagePlan, env: TaskEnv): Promise<TaskOutput> {
  switch (stage.kind) {
    case "exchange":
      return { kind: "map", output: await runExchange(stage.root, env.partition, env) };
    case "probe":
      return { kind: "value", payload: encodeValue(await runProbe(stage.root, env.partition, env)) };
    case "result":
      return { kind: "value", payload: await runAction(stage.action, stage.root, env.partition, env) };
    default:
      return assertNever(stage);
  }
}
