/**
 * Whether a job that came over the network parses, told before a driver is started for it. Only looks: nothing of the job runs here,
 * and what it imports is not looked for, since that is the driver's to bundle.
 */
import type { SourcePosition } from "../base/errors.ts";
import { bundleMarker } from "../closure/bundle.ts";
import { loaderOf, parse } from "../closure/parse.ts";
import { canBundle, syntaxProblem } from "../platform/bundler.ts";

export interface JobProblem {
  readonly message: string;
  readonly at: SourcePosition | undefined;
}

export const jobNamePattern = /\.[cm]?[jt]sx?$/;

/** `fileName` says what the text is written in. Undefined: it parses. */
export function checkJob(bytes: Uint8Array, fileName: string): JobProblem | undefined {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return { message: "the job is not UTF-8 text", at: undefined };
  }
  if (text.trim() === "") return { message: "the job is empty", at: undefined };
  if (text.startsWith(bundleMarker) && !text.includes("\n//# sourceMappingURL=data:"))
    return { message: "the job is a bundle without its end; make it again with firesteel bundle", at: undefined };
  const loader = text.startsWith(bundleMarker) ? "js" : loaderOf(fileName);
  const at = (line: number, column: number) => ({ file: fileName, line, column });
  if (canBundle()) {
    const problem = syntaxProblem(text, loader);
    return problem && { message: `syntax error: ${problem.message}`, at: at(problem.line, problem.column) };
  }
  try {
    parse(text, loader);
    return undefined;
  } catch (error) {
    const { message, loc } = error as SyntaxError & { loc?: { line: number; column: number } };
    const where = loc === undefined ? undefined : at(loc.line, loc.column + 1);
    return { message: `syntax error: ${message.replace(/ \(\d+:\d+\)$/, "")}`, at: where };
  }
}
