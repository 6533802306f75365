/**
 * Gives pages of shared memory that somebody holds, and nobody reads or writes, back to the system; they come back as zeros when
 * they are touched. Linux; elsewhere, and until the system's function is found, nothing happens.
 */
import { type Libc, openLibc } from "./libc.ts";

/** MADV_DONTNEED of madvise(2). */
const notNeeded = 4;
const functions = { madvise: { args: ["u64", "u64", "i32"], returns: "i32" } } as const;

let libc: Libc<typeof functions> | undefined;
let opening: Promise<void> | undefined;

/** To be called some time before `releasePages`: finding the function takes a while. */
export function prepareRelease(): Promise<void> {
  return (opening ??= process.platform === "linux" ? open() : Promise.resolve());
}

async function open(): Promise<void> {
  libc = await openLibc(functions);
}

/** Whole pages of the system, wherever in the memory they begin. Their contents are lost. */
export function releasePages(buffer: ArrayBufferLike, start: number, bytes: number): void {
  if (libc === undefined) return;
  libc.call.madvise(BigInt(libc.addressOf(new Uint8Array(buffer))) + BigInt(start), BigInt(bytes), notNeeded);
}
