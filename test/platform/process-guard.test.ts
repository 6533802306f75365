/** What a process started is ended with it, however it dies; what has ended, or is no longer noted, is left alone. */
import { expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { ProcessGuard } from "../../src/platform/process-guard.ts";

const sleeper = () => spawn("sleep", ["1000"], { detached: true, stdio: "ignore" });

/** A process that starts four: two are noted to the end, one before the guard has its shell and one after, one is noted no longer. */
const script = (module: string) => `
  import { spawn } from "node:child_process";
  import { ProcessGuard } from ${JSON.stringify(module)};
  const guard = new ProcessGuard();
  const pids = [];
  for (let i = 0; i < 3; i++) {
    const child = spawn("sleep", ["1000"], { detached: true, stdio: "ignore" });
    guard.note(child.pid, true);
    pids.push(child.pid);
  }
  guard.note(pids[1], false);
  console.log(JSON.stringify(pids));
  setInterval(() => {}, 1000);`;

test("processes that are noted die with a process that is killed, others do not", async () => {
  const module = new URL("../../src/platform/process-guard.ts", import.meta.url).pathname;
  const owner = spawn(process.execPath, ["-e", script(module)], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(owner.stdout, "data")) as [Buffer];
  const [first, forgotten, later] = JSON.parse(line.toString()) as [number, number, number];
  expect([first, forgotten, later].map(isAlive)).toEqual([true, true, true]);
  owner.kill("SIGKILL");
  while (isAlive(first) || isAlive(later)) await new Promise(resolve => setTimeout(resolve, 5));
  expect(isAlive(forgotten)).toBe(true);
  process.kill(forgotten, "SIGKILL");
});

test("one is ended, and all are", async () => {
  const guard = new ProcessGuard();
  const children = [sleeper(), sleeper(), sleeper()];
  const ended = children.map(child => once(child, "exit"));
  for (const child of children) guard.note(child.pid!, true);
  guard.end(children[1]!.pid!);
  await ended[1];
  expect(children[0]!.signalCode).toBeNull();
  guard.endAll();
  expect(await Promise.all(ended)).toEqual(children.map(() => [null, "SIGKILL"]));
});

function isAlive(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, "latin1").includes(") Z ");
  } catch {
    return false;
  }
}
