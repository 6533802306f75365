/** The executor's end of the talk with its driver, over a place that only notes what it is told. */
import { describe, expect, test } from "bun:test";
import { FiresteelError } from "../../src/base/errors.ts";
import type { BroadcastId, ExecutorId, StageId, TaskAttemptId } from "../../src/base/ids.ts";
import { ExecutorCore, type ExecutorParts, type PlaceListener, type TaskPlace } from "../../src/exec/executor-core.ts";
import { encodeValue } from "../../src/data/value-codec.ts";
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

/** Of nothing: the place looks at no stage. */
const emptyStage = {
  type: "stage",
  stage: 0 as StageId,
  order: { kind: "inline", bytes: encodeValue({ plan: {}, inputs: new Map() }, { references: true }) },
} as const;

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
  const stage = { stage: emptyStage.stage, stageAttempt: 0 };
  const order: TaskOrder = { attempt: 7 as TaskAttemptId, attemptNumber: 0, ...stage, partition: 0 };
  core.receive(emptyStage);
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

describe("what the driver has let go of before it was fetched", () => {
  const broadcast = { kind: "broadcast", id: 1 as BroadcastId, bytes: 3, chunks: [] } as const;
  const large = { ...emptyStage, order: { kind: "blob", hash: "h", bytes: 1 << 20 } } as const;
  const task = { attempt: 7 as TaskAttemptId, attemptNumber: 0, stage: large.stage, stageAttempt: 0, partition: 0 };

  /** An executor that can fetch nothing. */
  async function started() {
    const clock = new SimulatedClock(0);
    const env = await createRpcEnv({ role: "executor", clock, transport: new InProcessNetwork(clock).transport() });
    const noted: string[] = [];
    const settings = { "firesteel.executor.heartbeatInterval": 1e6 };
    const driver = {
      ask: () => Promise.resolve({ workingFolder: ".", settings }),
      send: (message: { readonly type: string }) => void noted.push(message.type),
    };
    const place = {
      define: definition => void noted.push(`defined ${definition.kind}`),
      release: what => void noted.push(`let go of ${what.kind}`),
      launch: () => void noted.push("launched"),
      metrics: () => ({}) as ExecutorMetrics,
      forgetStage: () => void noted.push("forgot a stage"),
      flush() {},
    } as Partial<TaskPlace> as TaskPlace;
    const gone = () => Promise.reject(new FiresteelError("lost", "the bytes are not here any more"));
    const parts = {
      openPlace(_, listener) {
        listener.ready(0 as ExecutorId, 1);
        return place;
      },
      ...{ fetchBroadcast: gone, fetchBlob: gone, tellBlocks() {} },
      ended: reason => void noted.push(reason),
    } as Partial<ExecutorParts> as ExecutorParts;
    const core = new ExecutorCore(env, driver as never, { type: "registerExecutor", executor: 1 } as never, parts);
    await core.start();
    return { clock, core, noted };
  }

  const release = { type: "release", what: { kind: "broadcast", id: broadcast.id } } as const;

  test("a broadcast is not missed, whether that is said before or after", async () => {
    for (const afterMs of [0, 5000]) {
      const { clock, core, noted } = await started();
      core.receive({ type: "define", definition: broadcast });
      if (afterMs > 0) await clock.advance(afterMs);
      core.receive(release);
      await clock.advance(60_000);
      expect(noted).toEqual(["let go of broadcast"]);
    }
  });

  test("a stage's tasks are not run, and nothing else is wrong", async () => {
    const { clock, core, noted } = await started();
    core.receive(large);
    core.receive({ type: "tasks", orders: [task] });
    core.receive({ type: "forgetStage", stage: large.stage });
    core.receive(emptyStage);
    core.receive({ type: "tasks", orders: [{ ...task, attempt: 8 as TaskAttemptId }] });
    await clock.advance(1000);
    expect(noted.toSorted()).toEqual(["forgot a stage", "launched", "tasksEnded"]);
  });

  test("what cannot be had and was not let go of ends the executor", async () => {
    const { clock, core, noted } = await started();
    core.receive({ type: "define", definition: broadcast });
    await clock.advance(60_000);
    expect(noted).toEqual(["what the driver sent could not be taken: the bytes are not here any more"]);
  });
});
