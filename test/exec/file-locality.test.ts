/** Tasks go to the machines that have their blocks: a file system that tells hosts, an engine, and executors of several hosts. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import type { RddId } from "../../src/base/ids.ts";
import type { EngineObserver, TaskRun } from "../../src/exec/observer.ts";
import type { Plan } from "../../src/plan/nodes.ts";
import { planText } from "../../src/sources/byte-splits.ts";
import { findFiles } from "../../src/sources/file-system-glob.ts";
import { fileSystemOf } from "../../src/sources/file-systems.ts";
import { FakeWebHdfs } from "../sources/fake-webhdfs.ts";
import { testSettings } from "../sources/http-server.ts";
import { cluster } from "./cluster.ts";

const path = "hdfs://127.0.0.1/log";
let hdfs: FakeWebHdfs;
beforeEach(async () => {
  hdfs = await FakeWebHdfs.start();
  hdfs.blockBytes = 1000;
  hdfs.write("/log", "x".repeat(99).concat("\n").repeat(80));
});
afterEach(() => hdfs[Symbol.asyncDispose]());

async function textOf(): Promise<Plan> {
  const files = await findFiles(path, fileSystemOf(path, testSettings({ "firesteel.hdfs.httpPort": hdfs.port })));
  const scan = planText(files, 1);
  expect(scan.splits.length).toBe(8);
  const source = { op: "files", format: "text", paths: path, minPartitions: 1, options: {} } as const;
  return { id: 7 as RddId, operator: "textFile", at: undefined, ...source, scan };
}

class Watch implements EngineObserver {
  readonly runs: TaskRun[] = [];
  event(): void {}
  jobSubmitted(): void {}
  taskStarted(run: TaskRun): void {
    this.runs.push(run);
  }
  taskEnded(): void {}
  executorAdded(): void {}
  executorLost(): void {}
}

/** Runs a count on two executors; gives for each partition where it ran, and how near that was. */
async function placesOfCount(nodeMs: number): Promise<string[]> {
  const watch = new Watch();
  const settings = { "firesteel.hdfs.httpPort": hdfs.port };
  const made = await cluster(2, { settings, localityWaits: { processMs: 0, nodeMs }, observer: watch });
  await made.addExecutor(0, 1, "alpha");
  await made.addExecutor(1, 1, "beta");
  expect(await made.run(await textOf(), { kind: "count" }, 8)).toEqual([11, 10, 10, 10, 10, 10, 10, 9]);
  const hosts = ["alpha", "beta"];
  return watch.runs
    .toSorted((a, b) => a.task.partition - b.task.partition)
    .map(run => `${hosts[run.executor]} ${run.locality}`);
}

test("each task runs on the host of its block", async () => {
  hdfs.hostsOf = (_, block) => [block % 2 === 0 ? "alpha" : "beta"];
  expect(await placesOfCount(60_000)).toEqual(
    Array.from({ length: 8 }, (_, block) => `${block % 2 === 0 ? "alpha" : "beta"} node`),
  );
});

test("tasks wait for a slot of their host, though others are free", async () => {
  hdfs.hostsOf = () => ["beta"];
  expect(await placesOfCount(60_000)).toEqual(new Array(8).fill("beta node"));
});

test("where no executor has the block, and where waiting is off, any will do", async () => {
  hdfs.hostsOf = () => ["elsewhere"];
  expect((await placesOfCount(60_000)).every(place => place.endsWith(" any"))).toBe(true);
  hdfs.hostsOf = () => ["beta"];
  const places = await placesOfCount(0);
  expect(places).toContain("alpha any");
  expect(places).toContain("beta node");
});
