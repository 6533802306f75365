/** Master, worker and application endpoints together, in one process. */
import { describe, expect, test } from "bun:test";
import type { ExecutorId } from "../../src/base/ids.ts";
import { ApplicationClient } from "../../src/deploy/application-client.ts";
import { MemoryMasterStore } from "../../src/deploy/memory-store.ts";
import { workerEndpoint, type WorkerProtocol } from "../../src/deploy/messages.ts";
import { describeApplication, describeDriver, FakeCluster, HeardExecutors } from "./fake-cluster.ts";
import { settle } from "./manual-clock.ts";

const appId = "app-20261121065028-0001";

describe("an application", () => {
  test("gets executors of all workers, is told when one ends, and frees them when it stops", async () => {
    const cluster = new FakeCluster();
    const { master } = await cluster.master();
    const a = await cluster.worker("a");
    const b = await cluster.worker("b");
    const { client, heard, started } = await cluster.application("count");
    expect(await started).toEqual({ appId, webUiUrl: "http://master:8080" });
    expect(heard.story).toEqual(["granted 0 on a x4", "granted 1 on b x4"]);
    expect(a.launcher.names).toEqual([`${appId}/0 x4`]);
    a.launcher.running[0]!.end(52, "exit code 52: out of memory");
    await cluster.clock.advance(5);
    expect(heard.story.slice(2)).toEqual(["lost 0: exit code 52: out of memory", "granted 2 on a x4"]);
    client.killExecutor(1 as ExecutorId);
    await cluster.clock.advance(5);
    expect(heard.story.slice(4)).toEqual(["lost 1: killed", "granted 3 on b x4"]);
    const stopped = client.stop("finished");
    await cluster.clock.advance(5);
    await stopped;
    expect([a.launcher.names, b.launcher.names]).toEqual([[], []]);
    expect([a.launcher.endedApplications, b.launcher.endedApplications]).toEqual([[appId], [appId]]);
    const { workers, applications, endedApplications } = master.snapshot();
    expect(workers.map(each => each.coresUsed)).toEqual([0, 0]);
    expect(applications).toEqual([]);
    expect(endedApplications.map(each => each.state)).toEqual(["finished"]);
  });

  test("whose process is gone loses its executors after the grace", async () => {
    const cluster = new FakeCluster();
    const { master } = await cluster.master();
    const { launcher } = await cluster.worker("a");
    const { env, heard } = await cluster.application("count");
    expect(heard.executors.size).toBe(1);
    void env.shutdown();
    await cluster.clock.advance(29_000);
    expect(launcher.names.length).toBe(1);
    await cluster.clock.advance(3_000);
    expect(launcher.names).toEqual([]);
    expect(master.snapshot().endedApplications.map(each => each.state)).toEqual(["failed"]);
  });

  test("that finds no master hears of each within ten seconds", async () => {
    const cluster = new FakeCluster();
    const masters = [
      { host: "nowhere", port: 7077 },
      { host: "elsewhere", port: 7078 },
    ];
    const { started } = await cluster.application("count", { masters });
    const failure = started.then(
      () => undefined,
      (error: Error) => error,
    );
    await cluster.clock.advance(10_000);
    const error = await Promise.race([failure, Promise.resolve("still trying")]);
    expect(String(error)).toMatch(/cannot register at any of 2 masters: nowhere:7077 .*; elsewhere:7078 /);
  });

  test("that is stopped while it registers leaves nothing behind", async () => {
    const cluster = new FakeCluster();
    const { master } = await cluster.master();
    const { launcher } = await cluster.worker("a");
    const env = await cluster.env("count");
    const description = describeApplication("count");
    const client = new ApplicationClient({ env, masters: [cluster.masterAddress], description });
    const started = client.start({ host: "driver", port: 5000 }, new HeardExecutors());
    const failure = started.catch((error: Error) => error.message);
    // the question is on its way
    await settle(1);
    const stopped = client.stop("killed");
    expect(await failure).toBe("the application was stopped before it was registered");
    await cluster.clock.advance(5);
    await stopped;
    expect(master.snapshot().endedApplications.map(each => each.state)).toEqual(["killed"]);
    expect(launcher.names).toEqual([]);
  });

  test("goes to the second master when the first is not there", async () => {
    const cluster = new FakeCluster();
    await cluster.master();
    await cluster.worker("a");
    const masters = [{ host: "nowhere", port: 7077 }, cluster.masterAddress];
    const { heard } = await cluster.application("count", { masters });
    expect(heard.story).toEqual(["granted 0 on a x4"]);
  });

  test("that is killed from outside hears why", async () => {
    const cluster = new FakeCluster();
    const { master } = await cluster.master();
    const { launcher } = await cluster.worker("a");
    const { heard } = await cluster.application("count");
    const answer = master.ref.ask({ type: "killApplication", appId });
    await cluster.clock.advance(5);
    expect(await answer).toEqual({ success: true, message: `application ${appId} is being killed` });
    expect(heard.story.at(-1)).toMatch(/^removed: killed on request of master/);
    expect(launcher.names).toEqual([]);
  });
});

describe("a master's restart", () => {
  test("disturbs no running application, and gives no core twice", async () => {
    const cluster = new FakeCluster();
    const store = new MemoryMasterStore();
    const first = await cluster.master({ store });
    const { launcher } = await cluster.worker("a");
    const one = await cluster.application("one", {}, { coresMax: 3 });
    const before = launcher.names;
    await first.env.shutdown();
    await cluster.clock.advance(2_000);
    expect(one.heard.story.at(-1)).toMatch(/^disconnected: the master at master:7077 is lost/);
    const { master } = await cluster.master({ store });
    expect(master.snapshot().state).toBe("recovering");
    await cluster.clock.advance(10_000);
    expect(one.heard.story.at(-1)).toBe("reconnected");
    expect(master.snapshot().state).toBe("alive");
    expect(launcher.names).toEqual(before);
    const two = await cluster.application("two");
    expect(two.heard.story).toEqual(["granted 0 on a x1"]);
    expect(master.snapshot().workers.map(each => each.coresUsed)).toEqual([4]);
    expect(one.heard.executors.size).toBe(1);
  });

  test("without a store ends what it does not know", async () => {
    const cluster = new FakeCluster();
    const first = await cluster.master();
    const { launcher } = await cluster.worker("a");
    const { heard } = await cluster.application("one");
    expect(launcher.names.length).toBe(1);
    await first.env.shutdown();
    await cluster.master();
    await cluster.clock.advance(10_000);
    expect(launcher.names).toEqual([]);
    expect(heard.story.at(-1)).toMatch(/^removed: no master has it: .*does not know application app-/);
  });

  test("is not begun when the store fails: nothing more is answered", async () => {
    const cluster = new FakeCluster();
    const store = new MemoryMasterStore();
    store.putApplication = () => {
      throw new Error("no space left on device");
    };
    const failures: string[] = [];
    await cluster.master({ store, onFailed: error => void failures.push(error.message) });
    const { started } = await cluster.application("one");
    const failure = started.catch((error: Error) => error.message);
    await cluster.clock.advance(10_000);
    expect(failures).toEqual(["the master cannot write its state: no space left on device"]);
    expect(await failure).toContain("no space left on device");
  });
});

describe("a worker", () => {
  test("that is gone is dead after the grace: its executors are lost with it, a supervised driver moves", async () => {
    const cluster = new FakeCluster();
    const { master } = await cluster.master();
    const a = await cluster.worker("a");
    const submitted = master.ref.ask({
      type: "submitDriver",
      description: describeDriver("etl", { supervise: true }),
    });
    await cluster.clock.advance(5);
    const { driverId } = await submitted;
    expect(a.launcher.names).toEqual([`${driverId} launch 0`]);
    const b = await cluster.worker("b");
    const { heard } = await cluster.application("count");
    expect(heard.story).toEqual(["granted 0 on b x4", "granted 1 on a x3"]);
    await a.env.shutdown();
    await cluster.clock.advance(10_000);
    expect(heard.story.at(-1)).toMatch(/^lost 1 with its worker: worker worker-\d+-a-4000 was lost/);
    expect(master.snapshot().drivers.map(each => each.state)).toEqual(["RELAUNCHING"]);
    b.launcher.running[0]!.end(1);
    await cluster.clock.advance(5);
    expect(b.launcher.names).toContain(`${driverId} launch 1`);
  });

  test("that stops ends all, and nothing more is launched there", async () => {
    const cluster = new FakeCluster();
    const { master } = await cluster.master();
    const { worker, launcher } = await cluster.worker("a");
    const { heard } = await cluster.application("count");
    const stopped = worker.stop();
    await cluster.clock.advance(5);
    await stopped;
    expect(launcher.names).toEqual([]);
    expect(launcher.launches.length).toBe(1);
    expect(heard.executors.size).toBe(0);
    expect(master.snapshot().workers.map(each => each.state)).toEqual(["decommissioned"]);
  });

  test("with the name of another is refused, and gives up", async () => {
    const cluster = new FakeCluster();
    const { master } = await cluster.master();
    await cluster.worker("a", { workerId: "worker-1" });
    const failures: string[] = [];
    await cluster.worker("b", { workerId: "worker-1", onGaveUp: error => void failures.push(error.message) });
    await cluster.clock.advance(60_000);
    expect(failures).toEqual([]);
    await cluster.clock.advance(120_000);
    expect(failures.length).toBe(1);
    expect(failures[0]).toMatch(
      /^no master took this worker: master:7077: a worker named worker-1 is registered already/,
    );
    expect(master.snapshot().workers.map(each => each.host)).toEqual(["a"]);
  });

  test("shows what runs and the end of its logs, of what it knows alone", async () => {
    const cluster = new FakeCluster();
    await cluster.master();
    const { env, worker } = await cluster.worker("a");
    await cluster.application("count");
    expect(worker.snapshot().executors.map(each => [each.appName, each.state, each.pid])).toEqual([
      ["count", "running", 100],
    ]);
    const ref = env.ref<WorkerProtocol>(env.address!, workerEndpoint);
    const tail = (of: { appId: string; executorId: number }) =>
      ref.ask({ type: "logTail", of, stream: "stderr", bytesMax: 100 }).catch((error: Error) => error.message);
    expect(await tail({ appId, executorId: 0 })).toEqual({
      text: `stderr of ${appId}/0, at most 100 bytes`,
      totalBytes: 1000,
    });
    expect(await tail({ appId: "../../etc", executorId: 0 })).toMatch(/does not know \{"appId":"..\/..\/etc"/);
  });
});
