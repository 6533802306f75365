/**
 * Cached partitions and executors that are processes, one of which is killed. Rows come from a file that is removed once they are
 * cached, so nothing can be computed again unnoticed.
 */
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { openDriverCluster } from "../../src/deploy/driver-cluster.ts";
import { Engine } from "../../src/exec/engine.ts";
import type { RemoteExecutors } from "../../src/exec/remote-executors.ts";
import type { EngineStart } from "../../src/exec/messages.ts";
import { StorageLevel } from "../../src/plan/storage-level.ts";
import { Jobs, settingsOf, until } from "../exec/cluster.ts";
import { persistedText } from "../exec/persisted-text.ts";
import { temporaryFolder } from "../sources/fixture.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

const sum = (counts: readonly unknown[]) => (counts as number[]).reduce((a, b) => a + b, 0);

async function localCluster(workers: number) {
  const settings = settingsOf({
    "firesteel.master": `local-cluster[${workers},1,64]`,
    "firesteel.executor.memory": "64m",
  });
  const url = { kind: "localCluster", workers, cores: 1, memoryMb: 64 } as const;
  const localDirs = { paths: [mkdtempSync(join(folder.path, "dirs-"))] };
  const start = { settings, localDirs } as Partial<EngineStart> as EngineStart;
  const warnings: string[] = [];
  const cluster = await openDriverCluster({ url, appName: "test", secret: undefined }, start, {
    gone: error => warnings.push(String(error)),
    warning: message => warnings.push(message),
  });
  const jobs = new Jobs();
  let executors: RemoteExecutors | undefined;
  jobs.engine = new Engine(
    { taskFailuresMax: 1, stageAttemptsMax: 4 },
    listener => (executors = cluster.open(listener) as RemoteExecutors),
    message => jobs.heard(message),
  );
  await cluster.registered();
  return { jobs, executors: executors!, stop: () => cluster.stop("finished") };
}

test("what is held twice is not computed again when a process that holds it is killed", async () => {
  const { jobs, executors, stop } = await localCluster(2);
  try {
    const { plan, remove } = persistedText(folder, 2000, 4, StorageLevel.MEMORY_ONLY_2);
    expect(sum(await jobs.run(plan, { kind: "count" }, 4))).toBe(2000);
    await until(() => executors.cached.length === 8);
    remove();
    const [victim] = executors.summaries;
    process.kill(victim!.pid, "SIGKILL");
    await until(() => executors.summaries.every(each => each.pid !== victim!.pid));
    expect(sum(await jobs.run(plan, { kind: "count" }, 4))).toBe(2000);
    // another process takes its place, and its copies
    await until(() => executors.summaries.length === 2 && executors.cached.length === 8);
  } finally {
    await stop();
  }
}, 120_000);
