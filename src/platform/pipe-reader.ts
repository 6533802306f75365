/**
 * Whether anybody still reads what goes into a pipe. A console that drops what nobody reads lets `firesteel run job.ts | head` go
 * on for ever; poll(2) can tell.
 */
import { fstatSync } from "node:fs";
import { openLibc } from "./libc.ts";

const pollErrorOrHangUp = 0x8 | 0x10;

/** A function that looks; undefined when the descriptor is no pipe, or nothing can tell. */
export async function pipeReaderGone(descriptor: number): Promise<(() => boolean) | undefined> {
  if (!isPipe(descriptor)) return undefined;
  const libc = await openLibc({ poll: { args: ["ptr", "u64", "i32"], returns: "i32" } });
  if (libc === undefined) return undefined;
  // struct pollfd: the descriptor, events asked for, events that came
  const entry = new Int16Array(4);
  new Int32Array(entry.buffer)[0] = descriptor;
  const at = libc.addressOf(entry);
  return () => {
    entry[3] = 0;
    return libc.call.poll(at, 1n, 0) > 0 && (entry[3] & pollErrorOrHangUp) !== 0;
  };
}

function isPipe(descriptor: number): boolean {
  try {
    const stat = fstatSync(descriptor);
    return stat.isFIFO() || stat.isSocket();
  } catch {
    return false;
  }
}
