/** Bytes to and from a command: neither side runs ahead of the other, and nothing of it stays behind. */
import { expect, test } from "bun:test";
import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PipedProcess } from "../../src/platform/piped-process.ts";

const start = (...command: string[]) =>
  new PipedProcess({ command, folder: undefined, environment: process.env }, () => {});
const script = (text: string) => start("sh", "-c", text);

/** All that it writes from now on. */
async function readAll(child: PipedProcess): Promise<string> {
  let text = "";
  while (child.ended === undefined) {
    for (let bytes = child.read(); bytes !== undefined; bytes = child.read()) text += Buffer.from(bytes).toString();
    if (child.ended === undefined) await child.changedWithin(1000);
  }
  return text;
}

test("what is written comes back from a command that copies", async () => {
  const child = start("cat");
  child.write(Buffer.from("hello "));
  child.write(Buffer.from("world"));
  child.endInput();
  expect(await readAll(child)).toBe("hello world");
  expect(child.ended).toEqual({ exitCode: 0, signal: undefined });
});

test("a command that reads nothing takes little, and one that nobody reads writes little", async () => {
  const deaf = script("exec sleep 1000");
  let written = 0;
  for (; deaf.wantsInput && written < 1e9; written += 65_536) deaf.write(Buffer.alloc(65_536, "a"));
  expect(written).toBeLessThan(8e6);

  const folder = mkdtempSync(join(tmpdir(), "piped-"));
  const write = (done: string) => `head -c 50000000 /dev/zero; echo > ${join(folder, done)}`;
  const unread = script(write("unread"));
  // as long as another takes to be read
  const read = script(write("read"));
  expect((await readAll(read)).length).toBe(50_000_000);
  expect([existsSync(join(folder, "read")), existsSync(join(folder, "unread"))]).toEqual([true, false]);
  unread.kill();
  deaf.kill();
  await Promise.all([deaf, unread].map(readAll));
  expect([deaf.ended, unread.ended]).toEqual([
    { exitCode: undefined, signal: "SIGTERM" },
    { exitCode: undefined, signal: "SIGTERM" },
  ]);
});

test("a command that does not mind the polite signal is ended all the same", async () => {
  const stubborn = script("trap '' TERM; echo ready; while true; do sleep 1000; done");
  while (stubborn.read() === undefined) await stubborn.changedWithin(1000);
  stubborn.kill();
  await readAll(stubborn);
  expect(stubborn.ended).toEqual({ exitCode: undefined, signal: "SIGKILL" });
});

test("how it ended, and the end of what it said", async () => {
  const child = script("seq 1000 >&2; echo last >&2; exit 7");
  child.endInput();
  await readAll(child);
  expect(child.ended).toEqual({ exitCode: 7, signal: undefined });
  expect(child.stderrTail).toEndWith("1000\nlast\n");
  expect(child.stderrTail.length).toBe(2000);
});

test("what cannot be started says so", async () => {
  const child = start("/no/such/command");
  while (child.failure === undefined) await child.changedWithin(1000);
  expect(child.failure.code).toBe("ENOENT");
  child.kill();
});
