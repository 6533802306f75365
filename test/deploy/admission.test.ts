/** What a master refuses of what others say of themselves, each with the reason, and the names that it gives. */
import { describe, expect, test } from "bun:test";
import { wrongApplication, wrongDriver, wrongWorker } from "../../src/deploy/admission.ts";
import { applicationIdOf, driverIdOf, isPlainId, sequenceOf, workerIdOf } from "../../src/deploy/deploy-ids.ts";
import type { WorkerRegistration } from "../../src/deploy/messages.ts";
import { describeApplication, describeDriver } from "./fake-cluster.ts";

const worker: WorkerRegistration = {
  type: "registerWorker",
  workerId: "worker-1",
  host: "a",
  address: { host: "a", port: 4000 },
  cores: 4,
  memoryMb: 4096,
  webUiUrl: "",
  executors: [],
  drivers: [],
  endedDrivers: [],
  applications: [],
  clusterId: undefined,
};
/** As it may come from another version, or from a broken one. */
const broken = (what: object) => what as never;

describe("a worker", () => {
  test("that is right is taken", () => expect(wrongWorker(worker)).toBeUndefined());

  test.each([
    [{ workerId: "../w" }, '"../w" is no name of a worker'],
    [{ workerId: 7 }, "7 is no name of a worker"],
    [{ workerId: "w".repeat(300) }, `"${"w".repeat(99)}… is no name of a worker`],
    [{ host: "" }, "worker worker-1 names no host"],
    [{ address: undefined }, "worker worker-1 names no address"],
    [{ address: { host: "a", port: 70_000 } }, "worker worker-1 names no address"],
    [{ cores: 0 }, "worker worker-1 offers 0 cores"],
    [{ cores: 1.5 }, "worker worker-1 offers 1.5 cores"],
    [{ cores: Number.NaN }, "worker worker-1 offers NaN cores"],
    [{ memoryMb: -1 }, "worker worker-1 offers -1 MB of memory"],
    [{ executors: [null] }, "worker worker-1 does not say what its executors and drivers hold"],
    [{ endedDrivers: [null] }, "worker worker-1 does not name all that runs there"],
    [{ applications: [{}] }, "worker worker-1 does not name all that runs there"],
    [{ drivers: [{ cores: 1, memoryMb: 1 }] }, "worker worker-1 does not name all that runs there"],
    [{ drivers: "none" }, "worker worker-1 does not say what runs there"],
    [
      { executors: [{ appId: "x", executorId: 0, cores: -4, memoryMb: 1 }] },
      "worker worker-1 does not say what its executors and drivers hold",
    ],
  ])("with %j is refused", (what, reason) => {
    expect(wrongWorker(broken({ ...worker, ...what }))).toBe(reason);
  });
});

describe("an application", () => {
  test("that is right is taken", () => expect(wrongApplication(describeApplication("x"))).toBeUndefined());

  test.each([
    [{ name: 1 }, "the application has no name"],
    [{ coresMax: 0 }, 'application "x" asks for at most 0 cores'],
    [{ coresPerExecutor: "2" }, 'application "x" asks for executors of "2" cores'],
    [{ memoryPerExecutorMb: 0 }, 'application "x" asks for executors of 0 MB'],
    [{ executorsMax: -1 }, 'application "x" asks for at most -1 executors'],
    [{ driver: { host: "d", port: 0 } }, 'application "x" does not say where its driver listens'],
    [{ driver: undefined }, 'application "x" does not say where its driver listens'],
  ])("with %j is refused", (what, reason) => {
    expect(wrongApplication(broken({ ...describeApplication("x"), ...what }))).toBe(reason);
  });
});

describe("a driver", () => {
  test("that is right is taken", () => expect(wrongDriver(describeDriver("d"))).toBeUndefined());

  test.each([
    [{ name: undefined }, "the driver has no name"],
    [{ cores: 0 }, 'driver "d" asks for 0 cores'],
    [{ memoryMb: Number.POSITIVE_INFINITY }, 'driver "d" asks for Infinity MB'],
    [{ job: undefined }, 'driver "d" has no job'],
    [{ job: { kind: "blob" } }, 'driver "d" has no job'],
    [{ args: ["a", 1] }, 'driver "d" has arguments that are no texts'],
    [{ files: undefined }, 'driver "d" does not say which files it needs'],
  ])("with %j is refused", (what, reason) => {
    expect(wrongDriver(broken({ ...describeDriver("d"), ...what }))).toBe(reason);
  });
});

test("names carry the time and a number, and are plain", () => {
  const atMs = Date.UTC(2026, 10, 21, 6, 50, 28);
  expect(applicationIdOf(atMs, 1)).toBe("app-20261121065028-0001");
  expect(driverIdOf(atMs, 12_345)).toBe("driver-20261121065028-12345");
  expect(workerIdOf(atMs, "[::1]", 41_234)).toBe("worker-20261121065028----1--41234");
  expect(sequenceOf("app-20261121065028-0042")).toBe(42);
  expect(sequenceOf("nothing")).toBe(0);
  const plain = ["app-1", "a.b_c", "7"];
  const others = ["", ".", "..", ".a", "a/b", "a\\b", "a b", "ä", "a\n", undefined, 7];
  expect([plain.every(isPlainId), others.filter(isPlainId)]).toEqual([true, []]);
});
