/** `codec bytes`: reads that many zeros from as little as they compress to, and prints how much memory the process grew by. */
import type { Codec } from "../../src/sources/codecs.ts";
import { unpacked } from "../../src/sources/unpack.ts";
import { bomb, readerOf } from "./packed.ts";

const codec = process.argv[2] as Codec;
const packed = bomb(codec, Number(process.argv[3]));
const reader = unpacked(readerOf(packed, 1 << 20, false), codec, "x");
const into = Buffer.alloc(1 << 18);
Bun.gc(true);
const before = process.memoryUsage.rss();
let [readBytes, rssMax] = [0, before];
for (let round = 0; ; round++) {
  const got = await reader.read(into);
  if (got === 0) break;
  readBytes += got;
  if (round % 128 > 0) continue;
  // what is held counts, not what nobody collected yet
  Bun.gc(true);
  rssMax = Math.max(rssMax, process.memoryUsage.rss());
}
console.log(JSON.stringify({ packedBytes: packed.length, readBytes, grownBytes: rssMax - before }));
