import { expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Config, settingsLayer } from "../../src/base/config.ts";
import { masterLimitsOf, masterStoreOf, workerLimitsOf } from "../../src/deploy/deploy-config.ts";
import { masterLimits } from "../../src/deploy/master-contracts.ts";
import { MemoryMasterStore } from "../../src/deploy/memory-store.ts";
import { workerLimits } from "../../src/deploy/worker-contracts.ts";

const machine = { cores: 4, memoryBytes: 2 ** 33 };
const configOf = (settings: Record<string, string>) => Config.from([settingsLayer("--conf", settings)], machine);

test("the keys' defaults are those of the machines", () => {
  expect(masterLimitsOf(configOf({}))).toEqual(masterLimits);
  expect(workerLimitsOf(configOf({}))).toEqual(workerLimits);
  expect(masterStoreOf(configOf({}))).toBeInstanceOf(MemoryMasterStore);
});

test("what is set arrives", () => {
  const limits = masterLimitsOf(
    configOf({
      "firesteel.deploy.spreadOut": "false",
      "firesteel.deploy.defaultCores": "8",
      "firesteel.deploy.maxExecutorRetries": "0",
      "firesteel.deploy.workerTimeout": "10s",
      "firesteel.deploy.retainedDrivers": "3",
    }),
  );
  const { spreadOut, defaultCores, executorRetriesMax, workerTimeoutMs, endedDriversMax } = limits;
  expect([spreadOut, defaultCores, executorRetriesMax, workerTimeoutMs, endedDriversMax]).toEqual([
    false,
    8,
    0,
    10_000,
    3,
  ]);
  expect(workerLimitsOf(configOf({ "firesteel.worker.heartbeatInterval": "1s" })).heartbeatMs).toBe(1000);
});

test("a recovery directory is made and used", () => {
  const folder = mkdtempSync(join(tmpdir(), "deploy-config-"));
  try {
    const directory = join(folder, "a", "b");
    masterStoreOf(configOf({ "firesteel.deploy.recoveryDirectory": directory })).close();
    expect(existsSync(join(directory, "master.sqlite"))).toBe(true);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("workers that are given up soon do not take applications with them", () => {
  const limits = (timeout: string) => masterLimitsOf(configOf({ "firesteel.deploy.workerTimeout": timeout }));
  expect([limits("3s").workerTimeoutMs, limits("3s").applicationTimeoutMs]).toEqual([3_000, 60_000]);
  expect(limits("5min").applicationTimeoutMs).toBe(300_000);
});
