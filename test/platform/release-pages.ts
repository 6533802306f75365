/** Prints what releasing 48 MiB of a memory took from what is resident, and the bytes at the ends of them. */
import { prepareRelease, releasePages } from "../../src/platform/system-pages.ts";

const MiB = 2 ** 20;

const memory = new WebAssembly.Memory({ initial: 1024, maximum: 1024, shared: true });
const bytes = new Uint8Array(memory.buffer);
bytes.fill(7);
await prepareRelease();
const before = process.memoryUsage.rss();
releasePages(memory.buffer, 8 * MiB, 48 * MiB);
const releasedBytes = before - process.memoryUsage.rss();
const ends = [8 * MiB - 1, 8 * MiB, 56 * MiB - 1, 56 * MiB].map(at => bytes[at]);
console.log(JSON.stringify({ releasedBytes, ends }));
