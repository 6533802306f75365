/** The user's files by name and text. */
import { readFileSync } from "node:fs";
import { isAbsolute, join, relative, sep } from "node:path";
import type { Segment } from "./edits.ts";

/** How files are called in ids and messages: relative to the working directory when below it. */
export function displayName(path: string): string {
  const short = relative(process.cwd(), path);
  return short === "" || short.startsWith(`..${sep}`) || isAbsolute(short) ? path : short;
}

/** A transformed file, as the bundler read it. */
export type TransformedFiles = Map<string, readonly (readonly Segment[])[]>;

/** A file's text, for messages. */
export function sourceText(path: string): string | undefined {
  try {
    return readFileSync(isAbsolute(path) ? path : join(process.cwd(), path), "utf8");
  } catch {
    return undefined;
  }
}
