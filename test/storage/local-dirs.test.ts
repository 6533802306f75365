import { afterAll, expect, test } from "bun:test";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { Worker } from "node:worker_threads";
import {
  nameLocalDirs,
  newLocalFile,
  removeLocalDirs,
  removeLocalFolder,
  removeOrphans,
} from "../../src/storage/local-dirs.ts";

const folder = mkdtempSync(join(tmpdir(), "firesteel-test-"));
afterAll(() => rmSync(folder, { recursive: true }));

function orphan(parent: string, pid: number, host: string): string {
  const path = join(parent, `firesteel-${pid}-0123456789ab`);
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, "host"), host);
  writeFileSync(join(path, "rows"), "x");
  return path;
}

test("files go to the dirs in turn, and everything is removed at the end", () => {
  const parents = [join(folder, "a"), join(folder, "b")];
  const dirs = nameLocalDirs(parents);
  expect(parents.some(existsSync)).toBe(false);
  const files = [1, 2, 3, 4].map(i => newLocalFile(dirs, "exchange-1", `${i}`));
  for (const file of files) writeFileSync(file, "x");
  expect(new Set(files.map(file => dirname(dirname(dirname(file)))))).toEqual(new Set(parents));
  expect(files.map(file => basename(file))).toEqual(["1", "2", "3", "4"]);
  const other = newLocalFile(dirs, "exchange-2", "1");
  removeLocalFolder(dirs, "exchange-1");
  expect(files.some(existsSync)).toBe(false);
  expect(existsSync(dirname(other))).toBe(true);
  removeLocalDirs(dirs);
  expect(parents.map(parent => readdirSync(parent))).toEqual([[], []]);
});

test("what a dead process of this host left is removed; the living and the others are left alone", () => {
  const parent = join(folder, "orphans");
  const dead = spawnSync("true").pid;
  const [gone, alive, elsewhere] = [
    orphan(parent, dead, hostname()),
    orphan(parent, process.pid, hostname()),
    orphan(parent, dead - 1, "elsewhere"),
  ];
  mkdirSync(join(parent, "firesteel-notes"));
  // killed before it had said where it ran
  const unmarked = join(parent, `firesteel-${dead}-ba9876543210`);
  mkdirSync(unmarked);
  expect(new Set(removeOrphans(nameLocalDirs([parent])))).toEqual(new Set([gone, unmarked]));
  expect(existsSync(unmarked)).toBe(false);
  expect([gone, alive, elsewhere, join(parent, "firesteel-notes")].map(existsSync)).toEqual([false, true, true, true]);
});

test.skipIf(process.platform !== "linux")("a process that is dead and was not waited for lives no more", async () => {
  const parent = join(folder, "zombies");
  // its child's parent becomes a program that waits for no child; before that, a shell may
  const child = spawn("sh", ["-c", "sleep 1000 & echo $!; exec sleep 1000"], { stdio: ["ignore", "pipe", "ignore"] });
  const [said] = (await once(child.stdout, "data")) as [Buffer];
  const pid = Number(said.toString());
  const left = orphan(parent, pid, hostname());
  while (readFileSync(`/proc/${child.pid}/comm`, "utf8") !== "sleep\n")
    await new Promise(resolve => setImmediate(resolve));
  process.kill(pid, "SIGKILL");
  while (!/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"))) await new Promise(resolve => setImmediate(resolve));
  expect(removeOrphans(nameLocalDirs([parent]))).toEqual([left]);
  child.kill();
});

test("a folder that another thread removes again and again is made all the same", async () => {
  const dirs = nameLocalDirs([join(folder, "removed")]);
  const signals = new Int32Array(new SharedArrayBuffer(8));
  const at = join(dirs.paths[0]!, "rdd-1");
  const source = `
    import { rmdirSync } from "node:fs";
    import { workerData } from "node:worker_threads";
    const { at, signals } = workerData;
    for (let rounds = 0; Atomics.load(signals, 0) === 0; rounds++) {
      try {
        rmdirSync(at);
        Atomics.store(signals, 1, 1);
      } catch {}
    }`;
  const url = new URL(`data:text/javascript,${encodeURIComponent(source)}`);
  const remover = new Worker(url, { workerData: { at, signals } });
  const ended = once(remover, "exit");
  for (let begun = 0; begun < 20_000;) {
    newLocalFile(dirs, "rdd-1", "x");
    if (Atomics.load(signals, 1) === 1) begun++;
    else await new Promise(resolve => setImmediate(resolve));
  }
  Atomics.store(signals, 0, 1);
  await ended;
});

test("a local dir that cannot be used is passed over; when none can, the error names the key", () => {
  const file = join(folder, "a-file");
  writeFileSync(file, "");
  const mixed = nameLocalDirs([file, join(folder, "good")]);
  for (let i = 0; i < 3; i++) expect(newLocalFile(mixed, "x", `${i}`)).toStartWith(join(folder, "good"));
  let thrown: unknown;
  try {
    newLocalFile(nameLocalDirs([file]), "x", "1");
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toMatchObject({
    kind: "resource",
    hint: "set firesteel.local.dirs to folders that can be written to",
  });
  expect(String(thrown)).toContain(`creating a file in ${file}`);
});
