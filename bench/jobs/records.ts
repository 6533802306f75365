/** Records as TeraGen makes them (O'Malley 2008): 100 bytes, a random key of 10 printable ones. The same bytes every time. */
import { closeSync, openSync, writeSync } from "node:fs";
import { Random } from "../../src/base/random.ts";

export const recordBytes = 100;
const recordsPerWrite = 10_000;
const keyBytes = 10;
/** Printable ASCII without the space: "!" to "~". */
const firstByte = 33;
const byteCount = 94;

export function writeRecords(path: string, records: number): void {
  const random = new Random(11);
  const file = openSync(path, "w");
  try {
    for (let from = 0; from < records; from += recordsPerWrite) {
      const count = Math.min(recordsPerWrite, records - from);
      const bytes = Buffer.alloc(count * recordBytes);
      for (let i = 0; i < count; i++) {
        const at = i * recordBytes;
        bytes.write(` ${String(from + i).padStart(20, "0")} `.padEnd(89, "FIRESTEEL") + "\n", at + keyBytes, "latin1");
        for (let k = 0; k < keyBytes; k++) bytes[at + k] = firstByte + random.below(byteCount);
      }
      writeSync(file, bytes);
    }
  } finally {
    closeSync(file);
  }
}
