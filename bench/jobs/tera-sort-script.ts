/** Sorts the lines of a file for one thread: all of it in memory. */
import { mkdirSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

const [input, output] = process.argv.slice(2) as [string, string];
const lines = (await readFile(input, "latin1")).trimEnd().split("\n");
lines.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
mkdirSync(output);
await writeFile(join(output, "part-00000"), `${lines.join("\n")}\n`, "latin1");
