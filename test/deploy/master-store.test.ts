/** One suite for both stores of a master's state. */
import { afterEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { MasterStore, StoredApplication, StoredDriver, StoredWorker } from "../../src/deploy/contracts.ts";
import { MemoryMasterStore } from "../../src/deploy/memory-store.ts";
import { SqliteMasterStore } from "../../src/deploy/sqlite-store.ts";
import { describeApplication, describeDriver } from "./fake-cluster.ts";

const worker = (workerId: string, cores = 4): StoredWorker => {
  return { workerId, host: "h", address: { host: "h", port: 1 }, cores, memoryMb: 1024, webUiUrl: "http://h" };
};
const application = (appId: string, executorIdNext = 0): StoredApplication => {
  const description = describeApplication(`"${appId}" \u{1f525}`, {
    executorEnvironment: { A: "'; drop table things" },
  });
  return { appId, description, submittedMs: 1, endedMs: undefined, state: "running", executorIdNext };
};
const driver = (driverId: string): StoredDriver => {
  const where = { workerId: "worker-1", launches: 2, startedMs: 3, endedMs: undefined, error: undefined };
  return { driverId, description: describeDriver("d"), submittedMs: 2, state: "RUNNING", killAsked: false, ...where };
};

const folders: string[] = [];
const stores: MasterStore[] = [];
afterEach(() => {
  for (const store of stores.splice(0)) store.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function folder(): string {
  folders.push(mkdtempSync(join(tmpdir(), "master-store-")));
  return folders.at(-1)!;
}

function opened<S extends MasterStore>(store: S): S {
  stores.push(store);
  return store;
}

const makers: readonly (readonly [string, () => MasterStore])[] = [
  ["memory", () => new MemoryMasterStore()],
  ["sqlite", () => new SqliteMasterStore(folder())],
];

describe.each(makers)("the %s store", (_, make) => {
  test("is empty at first", () => {
    expect(opened(make()).load()).toEqual({ workers: [], applications: [], drivers: [] });
  });

  test("gives back what was put last, less what was removed", () => {
    const store = opened(make());
    store.putWorker(worker("worker-1"));
    store.putWorker(worker("worker-2"));
    store.putWorker(worker("worker-1", 8));
    store.putApplication(application("app-1", 1));
    store.putApplication(application("app-1", 7));
    store.putApplication(application("app-2"));
    store.putDriver(driver("driver-1"));
    store.putDriver(driver("driver-2"));
    store.removeWorker("worker-2");
    store.removeApplication("app-2");
    store.removeApplication("app-3");
    store.removeDriver("driver-1");
    expect(store.load()).toEqual({
      workers: [worker("worker-1", 8)],
      applications: [application("app-1", 7)],
      drivers: [driver("driver-2")],
    });
  });

  test("may be closed again", () => {
    const store = make();
    store.close();
    expect(() => store.close()).not.toThrow();
  });

  test("tells a worker from an application of the same name", () => {
    const store = opened(make());
    store.putWorker(worker("same"));
    store.putApplication(application("same"));
    store.removeWorker("same");
    expect(store.load()).toEqual({ workers: [], applications: [application("same")], drivers: [] });
  });
});

describe("the sqlite store", () => {
  test("keeps all for its next life", () => {
    const path = folder();
    const first = new SqliteMasterStore(path);
    first.putWorker(worker("worker-1"));
    first.putApplication(application("app-1"));
    const before = first.load();
    first.close();
    expect(opened(new SqliteMasterStore(path)).load()).toEqual(before);
  });

  test("is one master's at a time", () => {
    const path = folder();
    opened(new SqliteMasterStore(path));
    expect(() => new SqliteMasterStore(path)).toThrow("master.sqlite is in use by another master");
  });

  test("refuses files that are no such store", () => {
    const path = folder();
    writeFileSync(join(path, "master.sqlite"), "this is no database, but it is long enough to be looked at".repeat(20));
    expect(() => new SqliteMasterStore(path)).toThrow(/^cannot keep the master's state in .*master.sqlite: /);
    expect(() => new SqliteMasterStore(join(path, "master.sqlite"))).toThrow(/^cannot keep the master's state in /);
  });

  test("refuses another format, and what it cannot read", () => {
    const path = folder();
    new SqliteMasterStore(path).close();
    const database = new DatabaseSync(join(path, "master.sqlite"));
    database.exec("insert into things values ('worker', 'worker-9', '{half')");
    database.close();
    expect(() => opened(new SqliteMasterStore(path)).load()).toThrow(
      /is damaged: what it says of worker-9 cannot be read/,
    );
    stores.pop()!.close();
    const later = new DatabaseSync(join(path, "master.sqlite"));
    later.exec("pragma user_version = 2");
    later.close();
    expect(() => new SqliteMasterStore(path)).toThrow(/has format 2; this version of firesteel knows format 1$/);
  });
});
