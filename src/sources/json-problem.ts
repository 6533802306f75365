/** Where in a file a refused JSON text has its first problem. */
import { locateJsonProblem } from "./json-locate.ts";

/** The text begins at `offset` of the file. */
export function problemAt(text: string, offset: number, thrown: unknown): { offset: number; problem: string } {
  const found = locateJsonProblem(text);
  if (found === undefined) return { offset, problem: (thrown as Error).message };
  return { offset: offset + Buffer.byteLength(text.slice(0, found.index)), problem: found.problem };
}
