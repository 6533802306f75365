/** Folders of a worker's processes: names that stay inside, orphans that are ended, old ones that go. */
import { afterAll, describe, expect, test } from "bun:test";
import { spawn, type ChildProcess } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WorkDirs, inside, safeName } from "../../src/deploy/work-dirs.ts";
import { processIdentity } from "../../src/platform/process-identity.ts";

const folder = mkdtempSync(join(tmpdir(), "firesteel-work-"));
const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill("SIGKILL");
  rmSync(folder, { recursive: true });
});
let count = 0;
const fresh = () => new WorkDirs(join(folder, String(count++)));

/** A process that leads a group, as those that workers start. */
function sleeper(): { pid: number; ended: Promise<NodeJS.Signals | null> } {
  const child = spawn("sleep", ["60"], { detached: true, stdio: "ignore" });
  children.push(child);
  return { pid: child.pid!, ended: new Promise(resolve => child.on("exit", (_, signal) => resolve(signal))) };
}

describe("names from the network", () => {
  test("that are ids become folders", () => {
    const dirs = fresh();
    expect(dirs.ofExecutor("app-20261121065028-0001", 7)).toBe(join(dirs.root, "app-20261121065028-0001", "7"));
    expect(dirs.ofDriver("driver-20261121065028-0001")).toBe(join(dirs.root, "driver-20261121065028-0001"));
  });

  test.each([
    "",
    ".",
    "..",
    "../x",
    "a/../../x",
    "/etc",
    "a/b",
    "a\\b",
    "a\0b",
    "-rf",
    ".hidden",
    "a..b",
    "x".repeat(200),
    "ä",
    "a b",
    "a\n",
    "%2e%2e",
    "C:evil",
  ])("%j does not", name => {
    const dirs = fresh();
    expect(() => dirs.ofApplication(name)).toThrow("is no application id");
    expect(() => dirs.ofDriver(name)).toThrow("is no driver id");
    expect(() => safeName(name, "file name")).toThrow("is no file name");
  });

  test.each([-1, 1.5, NaN, Infinity, "../1" as unknown as number])("nor does executor %p", id => {
    expect(() => fresh().ofExecutor("app-1", id)).toThrow("is no executor id");
  });

  test("and nothing gets out even past the pattern", () => {
    for (const name of ["..", ".", "", "../x", "/etc/passwd", "a/b"])
      expect(() => inside("/parent", name)).toThrow("is no name");
    expect(inside("/parent", "a")).toBe("/parent/a");
  });
});

describe("orphans", () => {
  const dead = { workerPid: 1, workerIdentity: "of a worker that is no more" };
  const write = (path: string, record: unknown) => {
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, "process.json"), typeof record === "string" ? record : JSON.stringify(record));
  };

  test("of a worker that is gone are ended", async () => {
    const dirs = fresh();
    const [executor, driver] = [sleeper(), sleeper()];
    write(dirs.ofExecutor("app-1", 0), { pid: executor.pid, identity: processIdentity(executor.pid), ...dead });
    write(dirs.ofDriver("driver-1"), { pid: driver.pid, identity: processIdentity(driver.pid), ...dead });
    expect(dirs.endOrphans().sort()).toEqual([executor.pid, driver.pid].sort());
    expect(await Promise.all([executor.ended, driver.ended])).toEqual(["SIGKILL", "SIGKILL"]);
    expect(existsSync(join(dirs.ofDriver("driver-1"), "process.json"))).toBe(false);
    expect(dirs.endOrphans()).toEqual([]);
  });

  test("are left alone while their worker lives", () => {
    const dirs = fresh();
    const { pid } = sleeper();
    mkdirSync(dirs.ofExecutor("app-1", 0), { recursive: true });
    dirs.record(dirs.ofExecutor("app-1", 0), pid);
    expect(JSON.parse(readFileSync(join(dirs.ofExecutor("app-1", 0), "process.json"), "utf8"))).toMatchObject({ pid });
    expect(dirs.endOrphans()).toEqual([]);
    expect(processIdentity(pid)).toBeString();
  });

  test("are not processes that have their number by chance", () => {
    const dirs = fresh();
    const { pid } = sleeper();
    write(dirs.ofExecutor("app-1", 0), { pid, identity: "started another time", ...dead });
    expect(dirs.endOrphans()).toEqual([]);
    expect(processIdentity(pid)).toBeString();
    expect(existsSync(join(dirs.ofExecutor("app-1", 0), "process.json"))).toBe(false);
  });

  test.each(["", "{", "null", '{"pid":-1}', '{"pid":1,"identity":"x","workerPid":1,"workerIdentity":"x"}', "[]"])(
    "are not what a damaged record says: %j",
    text => {
      const dirs = fresh();
      write(dirs.ofDriver("driver-1"), text);
      expect(dirs.endOrphans()).toEqual([]);
    },
  );
});

describe("old folders", () => {
  const day = 86_400_000;

  test("go when nothing in them changed for long and no process runs there", () => {
    const dirs = fresh();
    const paths = ["app-old", "app-used", "app-new", "app-runs", "driver-old", "other"].map(name =>
      join(dirs.root, name),
    );
    const longAgo = (Date.now() - 10 * day) / 1000;
    for (const path of paths) {
      mkdirSync(join(path, "0"), { recursive: true });
      writeFileSync(join(path, "0", "stdout"), "x");
    }
    const { pid } = sleeper();
    dirs.record(join(paths[3]!, "0"), pid);
    for (const path of paths) {
      const files = ["0/process.json", "0/stdout", "0", "."].map(name => join(path, name)).filter(existsSync);
      for (const each of files) utimesSync(each, longAgo, longAgo);
    }
    writeFileSync(join(paths[2]!, "0", "stdout"), "just now");
    const removed = dirs.removeOlderThan(7 * day, Date.now(), path => path === paths[1]);
    expect(removed.sort()).toEqual([paths[0]!, paths[4]!]);
    expect(paths.map(existsSync)).toEqual([false, true, true, true, false, true]);
  });

  test("take no link's target with them", () => {
    const dirs = fresh();
    const precious = mkdtempSync(join(folder, "precious-"));
    writeFileSync(join(precious, "file"), "x");
    mkdirSync(join(dirs.root, "app-1"));
    symlinkSync(precious, join(dirs.root, "app-1", "files"));
    symlinkSync(precious, join(dirs.root, "app-2"));
    expect(dirs.removeOlderThan(-1, Date.now() + day, () => false)).toHaveLength(2);
    expect(existsSync(join(precious, "file"))).toBe(true);
  });
});
