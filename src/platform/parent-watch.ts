/**
 * The child's side of `spawn-child.ts`: reads the greeting from standard input and ends the process when the parent is gone. A
 * parent that dies closes the pipe, whatever it died of. That is noticed by the main thread; where user code may block that
 * one, Linux is asked to end the process too.
 */
import { readSync } from "node:fs";
import { openLibc } from "./libc.ts";
import { parentPipe } from "./spawn-child.ts";

const greetingBytesMax = 64 * 1024;
/** PR_SET_PDEATHSIG of prctl(2), with SIGKILL. */
const [setParentDeathSignal, kill] = [1, 9n];

/** Whether this process was started by `spawnChild`. */
export function hasParentPipe(): boolean {
  return process.env[parentPipe] !== undefined;
}

/** The greeting. Called once, before anything else reads standard input. */
export function greetingOfParent(): string {
  delete process.env[parentPipe];
  const bytes = Buffer.alloc(greetingBytesMax);
  let length = 0;
  while (length < bytes.length) {
    // a byte at a time, so that nothing behind the line is lost
    if (readByte(bytes, length) === 0) endWithParent();
    if (bytes[length] === 0x0a) return bytes.toString("utf8", 0, length);
    length++;
  }
  throw new Error("the parent's greeting does not end");
}

function readByte(bytes: Buffer, at: number): number {
  for (;;) {
    try {
      return readSync(0, bytes, at, 1, null);
    } catch (error) {
      if ((error as { code?: string }).code !== "EAGAIN") throw error;
    }
  }
}

/**
 * From now on. Where `userCode` runs on the main thread, the watch does not keep the process alive; elsewhere it may, and starts
 * sooner.
 */
export async function endWhenParentDoes(options: { readonly userCode: boolean }): Promise<void> {
  if (!options.userCode && typeof Bun !== "undefined") return void readToEnd(Bun.stdin.stream());
  const { stdin } = process;
  stdin.on("end", endWithParent).on("close", endWithParent).on("error", endWithParent);
  stdin.resume();
  (stdin as { unref?: () => void }).unref?.();
  if (process.platform !== "linux") return;
  const libc = await openLibc({
    prctl: { args: ["i32", "u64"], returns: "i32" },
    getppid: { args: [], returns: "i32" },
  });
  const parent = libc?.call.getppid();
  libc?.call.prctl(setParentDeathSignal, kill);
  // it may have died meanwhile
  if (libc?.call.getppid() !== parent) endWithParent();
}

async function readToEnd(stream: ReadableStream<Uint8Array>): Promise<never> {
  try {
    for await (const _ of stream);
  } catch {
    // a broken pipe has no writer either
  }
  return endWithParent();
}

function endWithParent(): never {
  process.exit(143);
}
