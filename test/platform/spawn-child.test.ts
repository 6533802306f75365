/** Children that do not outlive their parent, whatever it dies of. */
import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { processIdentity } from "../../src/platform/process-identity.ts";
import { programEnvironment } from "../../src/platform/program.ts";
import { spawnChild } from "../../src/platform/spawn-child.ts";

const folder = mkdtempSync(join(tmpdir(), "firesteel-spawn-"));
afterAll(() => rmSync(folder, { recursive: true }));
const source = join(import.meta.dirname, "../../src/platform");

/** A child that watches its parent; `then` is its own code, with the greeting in `greeting`. */
function childFile(name: string, userCode: boolean, then: string): string {
  const path = join(folder, `${name}.ts`);
  writeFileSync(
    path,
    `import { greetingOfParent, endWhenParentDoes, hasParentPipe } from "${source}/parent-watch.ts";
     const had = hasParentPipe();
     const greeting = greetingOfParent();
     await endWhenParentDoes({ userCode: ${userCode} });
     ${then}`,
  );
  return path;
}

function start(command: readonly string[], greeting = "hello") {
  let [out, err] = ["", ""];
  const { promise, resolve } = Promise.withResolvers<{
    exitCode?: number;
    signal?: string;
    out: string;
    err: string;
  }>();
  const child = spawnChild({
    command,
    folder,
    environment: { PATH: process.env.PATH ?? "" },
    greeting,
    onOutput(stream, bytes) {
      const text = Buffer.from(bytes).toString();
      if (stream === "stdout") out += text;
      else err += text;
    },
    onEnded: (exitCode, signal) =>
      resolve({ ...(exitCode !== undefined && { exitCode }), ...(signal !== undefined && { signal }), out, err }),
  });
  return { child, heard: () => out, ended: promise };
}

describe("a child", () => {
  test("gets its greeting apart from arguments and environment, and is heard to its end", async () => {
    const file = childFile(
      "echo",
      true,
      "console.log(had, greeting, hasParentPipe()); console.error('e'); process.exit(3);",
    );
    const { ended } = start([process.execPath, file], "s3cret ä");
    expect(await ended).toEqual({ exitCode: 3, out: "true s3cret ä false\n", err: "e\n" });
  });

  test("is ended with all that it started", async () => {
    const { child, heard, ended } = start(["sh", "-c", "sleep 60 & echo $!; wait"]);
    while (!heard().endsWith("\n")) await new Promise(resolve => setImmediate(resolve));
    const pid = Number(heard());
    expect(parentOf(pid)).toBe(child.pid);
    child.signal("SIGTERM");
    expect(await ended).toMatchObject({ signal: "SIGTERM", out: `${pid}\n` });
    await gone(pid);
    child.signal("SIGKILL");
  });

  test("takes what it left running along", async () => {
    const { ended } = start(["sh", "-c", "sleep 60 & echo $!"]);
    const { exitCode, out } = await ended;
    expect(exitCode).toBe(0);
    expect(Number(out)).toBeGreaterThan(0);
    await gone(Number(out));
  });

  test("that does not exist is an error", () => {
    expect(() => start([join(folder, "nothing")])).toThrow();
  });
});

describe.each([
  ["waits", false, "console.log('up'); setInterval(() => {}, 1000);"],
  ["runs user code", true, "console.log('up'); setInterval(() => {}, 1000);"],
  ["runs user code that blocks it", true, "console.log('up'); for (;;);"],
])("when the parent is killed, a child that %s", (name, userCode, then) => {
  test("ends", async () => {
    const child = childFile(
      name.replaceAll(" ", "-"),
      userCode,
      `require("node:fs").writeSync(1, process.pid + "\\n"); ${then}`,
    );
    const parentFile = join(folder, "parent.ts");
    writeFileSync(
      parentFile,
      `import { spawnChild } from "${source}/spawn-child.ts";
       spawnChild({ command: [process.execPath, ${JSON.stringify(child)}], folder: ".", environment: {}, greeting: "",
         onOutput: (_, bytes) => process.stdout.write(bytes), onEnded() {} });`,
    );
    const parent = Bun.spawn([process.execPath, parentFile], { stdout: "pipe", stderr: "inherit", stdin: "ignore" });
    let text = "";
    for await (const chunk of parent.stdout) {
      text += Buffer.from(chunk).toString();
      if (text.includes("up\n")) break;
    }
    const pid = Number(text.split("\n")[0]);
    expect(processIdentity(pid)).toBeString();
    parent.kill("SIGKILL");
    await parent.exited;
    await gone(pid);
  });
});

test("a child of this program gets runtime settings, and none of the parent's own variables", () => {
  const own = {
    PATH: "/bin",
    FIRESTEEL_SECRET: "s3cret",
    FIRESTEEL_MASTER: "local",
    FIRESTEEL_INTERNAL_RESTARTED: "x",
    FIRESTEEL_TEST_MARK: "m",
    BUN_JSC_gcMaxHeapSize: "1",
  };
  const ofDrivers = {
    PATH: "/bin",
    FIRESTEEL_TEST_MARK: "m",
    BUN_JSC_gcMaxHeapSize: "1",
    BUN_JSC_thresholdForFTLOptimizeAfterWarmUp: expect.any(String),
    MIMALLOC_PURGE_DELAY: expect.any(String),
    FIRESTEEL_INTERNAL_RESTARTED: "BUN_JSC_thresholdForFTLOptimizeAfterWarmUp,MIMALLOC_PURGE_DELAY",
  };
  expect(programEnvironment(own, "driver")).toEqual(ofDrivers);
  expect(programEnvironment(own, "tasks")).toEqual({
    ...ofDrivers,
    BUN_JSC_thresholdForOptimizeAfterWarmUp: expect.any(String),
    FIRESTEEL_INTERNAL_RESTARTED:
      "BUN_JSC_thresholdForFTLOptimizeAfterWarmUp,MIMALLOC_PURGE_DELAY,BUN_JSC_thresholdForOptimizeAfterWarmUp",
  });
});

function parentOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return -1;
  }
}

/** Waits for what has been brought about: a test that waits in vain runs into its deadline. */
async function gone(pid: number): Promise<void> {
  while (processIdentity(pid) !== undefined) await new Promise(resolve => setImmediate(resolve));
}
