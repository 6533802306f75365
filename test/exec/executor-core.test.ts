/** The executor's end of the talk with its driver, over a place that only notes what it is told. */
import { expect, test } from "bun:test";
import type { BroadcastId, ExecutorId, StageId, TaskAttemptId } from "../../src/base/ids.ts";
import { ExecutorCore, type ExecutorParts, type PlaceListener, type TaskPlace } from "../../src/exec/executor-core.ts";
import {
  type DriverProtocol,
  driverEndpoint,
  type ExecutorMetrics,
  type ExecutorStartup,
} from "../../src/exec/executor-messages.ts";
import type { TaskOrder } from "../../src/exec/messages.ts";
import { InProcessNetwork } from "../../src/rpc/in-process-transport.ts";
import { createRpcEnv } from "../../src/rpc/rpc-env.ts";
import { SimulatedClock } from "../../src/rpc/simulated-clock.ts";

test("tasks that come before the answer was looked at wait for what was defined earlier", async () => {
  const env = await createRpcEnv({ role: "executor", transport: new InProcessNetwork().transport() });
  const noted: string[] = [];
  let listener: PlaceListener | undefined;
  const launched = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<ExecutorStartup>();
  const fetched = Promise.withResolvers<Uint8Array>();
  const place = {
    define: definition => void noted.push(definition.kind),
    launch(_, order) {
      noted.push(`task ${order.attempt}`);
      launched.resolve();
    },
    flush() {},
    metrics: () => ({}) as ExecutorMetrics,
  } as Partial<TaskPlace> as TaskPlace;
  const parts = {
    openPlace(_, given) {
      listener = given;
      return place;
    },
    fetchBroadcast: () => fetched.promise,
    tellBlocks() {},
    ended() {},
  } as Partial<ExecutorParts> as ExecutorParts;
  const driver = { ...env.ref<DriverProtocol>(env.address!, driverEndpoint), ask: () => answer.promise };
  const core = new ExecutorCore(env, driver as never, { type: "registerExecutor", executor: 1 } as never, parts);
  const started = core.start();
  const definition = { kind: "broadcast", id: 1 as BroadcastId, bytes: 3, chunks: [] } as const;
  core.receive({ type: "define", definition });
  const stage = { stage: 0 as StageId, stageAttempt: 0 };
  const order: TaskOrder = { attempt: 7 as TaskAttemptId, attemptNumber: 0, ...stage, partition: 0 };
  core.receive({ type: "tasks", orders: [order] });
  answer.resolve({ workingFolder: ".", settings: { "firesteel.executor.heartbeatInterval": 1000 } });
  await started;
  listener!.ready(0 as ExecutorId, 1);
  expect(noted).toEqual([]);
  fetched.resolve(new Uint8Array(3));
  await launched.promise;
  expect(noted).toEqual(["broadcast", "task 7"]);
  core.end("over", true);
  await env.shutdown();
});

test("heartbeats come as often as the application is configured", async () => {
  const clock = new SimulatedClock(0);
  const env = await createRpcEnv({ role: "executor", clock, transport: new InProcessNetwork(clock).transport() });
  const beatsMs: number[] = [];
  const ask = ({ type }: { readonly type: string }) => {
    if (type === "executorHeartbeat") beatsMs.push(clock.nowMs());
    const settings = { "firesteel.executor.heartbeatInterval": 300 };
    return Promise.resolve(type === "registerExecutor" ? { workingFolder: ".", settings } : { known: true });
  };
  const place = { metrics: () => ({}) } as Partial<TaskPlace> as TaskPlace;
  const parts = { openPlace: () => place, tellBlocks() {}, ended() {} } as Partial<ExecutorParts> as ExecutorParts;
  const core = new ExecutorCore(env, { ask } as never, { type: "registerExecutor", executor: 1 } as never, parts);
  await core.start();
  await clock.advance(1000);
  expect(beatsMs).toEqual([300, 600, 900]);
  core.end("over", true);
});
