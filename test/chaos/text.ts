/** What the jobs read. */
import type { Random } from "../../src/base/random.ts";

/** Lines of nine words, 57 bytes on average; some words come more often than others. */
export function textOf(random: Random, lineCount: number): string {
  const words = Array.from({ length: 60_000 }, (_, i) => {
    const word = (random.uint32() * 2 ** 16 + i).toString(36).slice(0, 1 + random.below(9));
    return i % 17 === 0 ? `${word}é` : word;
  });
  const lines = Array.from({ length: lineCount }, () =>
    Array.from({ length: 9 }, () => words[Math.floor(words.length * random.float() ** 3)]!).join(" "),
  );
  return `${lines.join("\n")}\n`;
}
