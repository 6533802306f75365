import { expect, test } from "bun:test";
import { parseCommandLine } from "../../src/cli/command-line.ts";
import { loadConfig } from "../../src/cli/load-config.ts";

const machine = { cores: 4, memoryBytes: 2 ** 33 };

function load(line: string, environment: Record<string, string> = {}, files: Record<string, string> = {}) {
  const { options } = parseCommandLine(line.split(" "));
  return loadConfig(options, "/home/me/word-count.ts", { environment, machine, readFile: path => files[path] });
}

test("the application is named after the job file unless someone names it", () => {
  expect(load("run job.ts").get("firesteel.app.name")).toBe("word-count");
  expect(load("run job.ts", { FIRESTEEL_APP_NAME: "nightly" }).get("firesteel.app.name")).toBe("nightly");
  expect(load("run --name daily job.ts", { FIRESTEEL_APP_NAME: "nightly" }).get("firesteel.app.name")).toBe("daily");
});

test("options win over --conf, that over the environment, that over the file", () => {
  const files = {
    "firesteel.conf": "firesteel.master local[1]\nfiresteel.task.maxFailures 2\nfiresteel.log.level info\n",
  };
  const environment = { FIRESTEEL_MASTER: "local[2]", FIRESTEEL_TASK_MAX_FAILURES: "3" };
  const config = load(
    "run --master local[3] --conf firesteel.master=local[4] --conf firesteel.ui.progress=none job.ts",
    environment,
    files,
  );
  expect(config.master).toMatchObject({ threads: 3 });
  expect(config.get("firesteel.task.maxFailures")).toBe(3);
  expect(config.get("firesteel.log.level")).toBe("info");
  expect(config.get("firesteel.ui.progress")).toBe("none");
});

test("a file named by an option replaces firesteel.conf and must exist", () => {
  const files = { "firesteel.conf": "firesteel.log.level info", "other.conf": "firesteel.task.maxFailures = 9" };
  const config = load("run --properties-file other.conf job.ts", {}, files);
  expect(config.get("firesteel.task.maxFailures")).toBe(9);
  expect(config.get("firesteel.log.level")).toBe("warn");
  expect(() => load("run --properties-file none.conf job.ts", {}, files)).toThrow(
    "the properties file none.conf does not exist",
  );
});

test("refusals name the origin", () => {
  expect(() => load("run --conf firesteel.log.level job.ts")).toThrow("--conf firesteel.log.level has no value");
  expect(() => load("run --conf =1 job.ts")).toThrow("--conf =1 has no key");
  expect(() => load("run job.ts", {}, { "firesteel.conf": "\nfiresteel.log.levle info" })).toThrow(
    '"firesteel.log.levle" (firesteel.conf:2) is not a configuration key',
  );
});
