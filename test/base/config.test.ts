import { describe, expect, test } from "bun:test";
import { configKeys, environmentName, type KeySpec } from "../../src/base/config-keys.ts";
import { Config, environmentLayer, printValue, propertiesLayer, settingsLayer } from "../../src/base/config.ts";
import { exitCodeOf, UsageError } from "../../src/base/usage-error.ts";

const gib = 2 ** 30;
const machine = { cores: 6, memoryBytes: 8 * gib };

function refusal(run: () => unknown): UsageError {
  try {
    run();
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

describe("defaults", () => {
  test("follow the machine and the master", () => {
    const config = Config.from([], machine);
    expect(config.get("firesteel.master")).toBe("local[*]");
    expect(config.get("firesteel.default.parallelism")).toBe(6);
    expect(config.get("firesteel.executor.memory")).toBe(4 * gib - 65536);
    expect(config.get("firesteel.task.maxFailures")).toBe(1);
    const small = Config.from([settingsLayer("--conf", { "firesteel.master": "local[2,3]" })], {
      cores: 6,
      memoryBytes: gib,
    });
    expect(small.get("firesteel.default.parallelism")).toBe(2);
    expect(small.get("firesteel.executor.memory")).toBe(gib / 2);
    expect(small.get("firesteel.task.maxFailures")).toBe(3);
    expect(small.get("firesteel.task.heapLimit")).toBe(gib / 4);
  });

  test("of a key that there is not are asked for in vain", () => {
    const error = refusal(() => Config.from([], machine).get("spark.executor.memory" as "firesteel.executor.memory"));
    expect([error.message, error.hint]).toEqual([
      '"spark.executor.memory" (config.get) is not a configuration key',
      "did you mean firesteel.executor.memory?",
    ]);
  });

  test("lie within their keys' bounds, on any machine", () => {
    for (const cores of [1, 2, 64, 1024]) {
      for (const memoryBytes of [gib / 2, 3 * gib, 512 * gib]) {
        for (const { key, value } of Config.from([], { cores, memoryBytes }).entries()) {
          const spec: KeySpec = configKeys[key];
          if (!("min" in spec)) continue;
          expect(value as number).toBeGreaterThanOrEqual(spec.min);
          expect(value as number).toBeLessThanOrEqual(spec.max);
        }
      }
    }
  });
});

describe("layers", () => {
  test("the stronger wins, key by key, and tells its origin", () => {
    const code = settingsLayer("code", { "firesteel.task.maxFailures": 7 });
    const line = settingsLayer("--conf", { "firesteel.task.maxFailures": "6", "firesteel.executor.memory": "1g" });
    const environment = environmentLayer({ FIRESTEEL_EXECUTOR_MEMORY: "2g", FIRESTEEL_DRIVER_MAX_RESULT_SIZE: "64k" });
    const file = propertiesLayer(
      "firesteel.conf",
      "firesteel.driver.maxResultSize 1m\n# a comment\n\nfiresteel.log.level = debug\n",
    );
    const config = Config.from([line, environment, file], machine).with(code);
    expect(config.get("firesteel.task.maxFailures")).toBe(7);
    expect(config.get("firesteel.executor.memory")).toBe(gib);
    expect(config.get("firesteel.driver.maxResultSize")).toBe(65536);
    expect(config.get("firesteel.log.level")).toBe("debug");
    const origins = new Map(config.entries().map(entry => [entry.key as string, entry.origin]));
    expect(origins.get("firesteel.task.maxFailures")).toBe("code");
    expect(origins.get("firesteel.executor.memory")).toBe("--conf");
    expect(origins.get("firesteel.driver.maxResultSize")).toBe("environment variable FIRESTEEL_DRIVER_MAX_RESULT_SIZE");
    expect(origins.get("firesteel.log.level")).toBe("firesteel.conf:4");
    expect(origins.get("firesteel.local.dirs")).toBe("default");
    expect(config.isSet("firesteel.log.level")).toBe(true);
    expect(config.isSet("firesteel.local.dirs")).toBe(false);
  });

  test("survive a thread boundary as plain data", () => {
    const config = Config.from([settingsLayer("--conf", { "firesteel.local.dirs": "/a, /b" })], machine);
    const copy = Config.from(structuredClone(config.layers), structuredClone(config.machine));
    expect(copy.entries()).toEqual(config.entries());
    expect(copy.get("firesteel.local.dirs")).toEqual(["/a", "/b"]);
  });

  test("every key has its own environment variable, and its printed default reads back", () => {
    const names = Object.keys(configKeys).map(environmentName);
    expect(new Set(names).size).toBe(names.length);
    const config = Config.from([], machine);
    for (const { key, value, text } of config.entries()) {
      const again = Config.from([settingsLayer("test", { [key]: text })], machine);
      expect(again.get(key) as unknown).toEqual(value);
      expect(printValue(configKeys[key], again.get(key))).toBe(text);
    }
  });
});

describe("refusals", () => {
  const set = (key: string, value: string) => Config.from([settingsLayer("--conf", { [key]: value })], machine);

  test.each([
    [
      "firesteel.executer.memory",
      '"firesteel.executer.memory" (--conf) is not a configuration key',
      "did you mean firesteel.executor.memory?",
    ],
    [
      "spark.executor.memory",
      '"spark.executor.memory" (--conf) is not a configuration key',
      "did you mean firesteel.executor.memory?",
    ],
    ["colour", '"colour" (--conf) is not a configuration key', "`firesteel help config` lists the keys"],
  ])("key %s", (key, message, hint) => {
    const error = refusal(() => set(key, "1"));
    expect([error.message, error.hint]).toEqual([message, hint]);
    expect(exitCodeOf(error)).toBe(2);
  });

  test.each([
    ["firesteel.executor.memory", "lots", 'an amount of bytes such as "512m", "1g" or "64k"'],
    ["firesteel.executor.memory", "100g", "between 16m and 4g"],
    ["firesteel.executor.memory", "-1", 'an amount of bytes such as "512m", "1g" or "64k"'],
    ["firesteel.memory.grantTimeout", "10", 'a duration such as "10s", "5min" or "250ms"'],
    ["firesteel.task.maxFailures", "2.5", "a whole number"],
    ["firesteel.task.maxFailures", "0", "between 1 and 1000"],
    ["firesteel.memory.storageFraction", "half", "a number"],
    ["firesteel.memory.storageFraction", "", "a number"],
    ["firesteel.memory.storageFraction", "1.01", "between 0 and 1"],
    ["firesteel.shuffle.compress", "yes", "one of auto, true, false"],
    ["firesteel.shuffle.codec", "zip", "one of lz4, zstd"],
  ])("%s = %s", (key, value, wanted) => {
    expect(refusal(() => set(key, value)).message).toBe(`${key} is "${value}" (--conf), which is not ${wanted}`);
  });

  test("an environment variable that belongs to no key", () => {
    const error = refusal(() => environmentLayer({ FIRESTEEL_EXECUTER_MEMORY: "1g" }));
    expect(error.message).toBe("the environment variable FIRESTEEL_EXECUTER_MEMORY belongs to no configuration key");
    expect(error.hint).toBe("did you mean FIRESTEEL_EXECUTOR_MEMORY?");
    expect(environmentLayer({ FIRESTEEL_TEST_UPDATE: "1", PATH: "/bin" }).settings).toEqual({});
  });

  test("a line that is no setting", () => {
    expect(refusal(() => propertiesLayer("a.conf", "firesteel.log.level=info\nwhat\n")).message).toBe(
      "a.conf:2 is not a setting: what",
    );
  });
});
