/** A text of made-up words by Zipf's law, 12 a line: about 86,000 different ones in 1 GB. The same bytes every time. */
import { closeSync, openSync, writeSync } from "node:fs";
import { Random } from "../../src/base/random.ts";

const vocabulary = 100_000;
const letters = "etaoinshrdlucmfwypvbgkjqxz";
const wordsPerLine = 12;
const tableSlots = 1 << 20;

export function writeText(path: string, bytes: number): void {
  const random = new Random(7);
  const words = Array.from({ length: vocabulary }, () => word(random));
  const drawn = zipfTable();
  const file = openSync(path, "w");
  try {
    for (let written = 0; written < bytes;) {
      let text = "";
      for (let line = 0; line < 4096; line++) {
        for (let i = 0; i < wordsPerLine; i++)
          text += words[drawn[random.uint32() >>> 12]!]! + (i < wordsPerLine - 1 ? " " : "\n");
      }
      written += writeSync(file, text);
    }
  } finally {
    closeSync(file);
  }
}

/** Two to eleven letters, frequent ones more often. */
function word(random: Random): string {
  let text = "";
  for (let length = 2 + random.below(10); text.length < length;)
    text += letters[Math.floor(random.float() ** 2 * letters.length)];
  return text;
}

/** Slot → word, as many slots a word as its share, 1 ÷ rank^1.05. */
function zipfTable(): Uint32Array {
  const shares = Array.from({ length: vocabulary }, (_, rank) => 1 / (rank + 1) ** 1.05);
  const total = shares.reduce((sum, share) => sum + share, 0);
  const table = new Uint32Array(tableSlots);
  let rank = 0;
  let below = shares[0]! / total;
  for (let slot = 0; slot < tableSlots; slot++) {
    while ((slot + 0.5) / tableSlots > below && rank < vocabulary - 1) below += shares[++rank]! / total;
    table[slot] = rank;
  }
  return table;
}
