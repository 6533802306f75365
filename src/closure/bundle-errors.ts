/** What kept a job from being bundled, as the user's own mistake: the file's line, and what to do about it. */
import { existsSync, readdirSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { FiresteelError, type SourcePosition } from "../base/errors.ts";
import { nearest } from "../base/nearest.ts";
import type { BundleProblem } from "../platform/bundler.ts";
import type { Segment } from "./edits.ts";
import { displayName, sourceText, type TransformedFiles } from "./source-files.ts";

export function bundleError(
  problems: readonly BundleProblem[],
  files: TransformedFiles,
  entry: string,
): FiresteelError {
  const problem = problems.find(each => each.file !== undefined) ?? problems[0];
  if (problem === undefined) return new FiresteelError("user", "the job cannot be bundled");
  const at = positionOf(problem, files);
  if (problem.specifier !== undefined) return unresolved(problem.specifier, problem, at);
  const missing = /^No matching export in "(.*)" for import "(.*)"$/.exec(problem.message);
  if (missing !== null) return missingExport(missing[1]!, missing[2]!, problem, at, entry);
  return new FiresteelError("user", `syntax error: ${problem.message}`, { at });
}

function positionOf({ file, line, column }: BundleProblem, files: TransformedFiles): SourcePosition | undefined {
  if (file === undefined) return undefined;
  const lines = files.get(file);
  const [toLine, toColumn] = lines === undefined ? [line, column] : originOf(lines, line, column);
  return { file: displayName(file), line: toLine, column: toColumn };
}

/** Where a position of a transformed text comes from; both count from 1. */
export function originOf(
  lines: readonly (readonly Segment[])[],
  line: number,
  column: number,
): [line: number, column: number] {
  const segments = lines[line - 1] ?? [];
  const before =
    segments.findLast(each => each.length > 1 && each[0] <= column - 1) ?? segments.find(each => each.length > 1);
  if (before === undefined || before.length === 1) return [line, column];
  const [at, sourceLine, sourceColumn] = before as readonly [number, number, number];
  return [sourceLine + 1, sourceColumn + 1 + Math.max(0, column - 1 - at)];
}

function unresolved(specifier: string, { file }: BundleProblem, at: SourcePosition | undefined): FiresteelError {
  if (!/^[./]/.test(specifier)) {
    const name = /^(@[^/]+\/[^/]+|[^/]+)/.exec(specifier)?.[0] ?? specifier;
    return new FiresteelError("user", `the package ${name} cannot be found`, {
      hint: `install it: npm install ${name}`,
      at,
    });
  }
  const folder = file === undefined ? process.cwd() : dirname(file);
  const wanted = resolve(folder, specifier);
  const neighbours = existsSync(dirname(wanted)) ? readdirSync(dirname(wanted)) : [];
  const best =
    nearest(basename(wanted), neighbours) ??
    nearest(
      basename(wanted),
      neighbours.map(each => each.replace(/\.\w+$/, "")),
    );
  const path = best === undefined ? undefined : relative(folder, join(dirname(wanted), best));
  return new FiresteelError("user", `the module "${specifier}" cannot be found`, {
    hint:
      path === undefined
        ? "check the path; it is relative to the importing file"
        : `did you mean "${path.startsWith(".") ? path : `./${path}`}"?`,
    at,
  });
}

function missingExport(
  module: string,
  name: string,
  problem: BundleProblem,
  at: SourcePosition | undefined,
  entry: string,
): FiresteelError {
  const folder = problem.file === undefined ? process.cwd() : dirname(problem.file);
  const path = [module, resolve(module), resolve(folder, module), join(folder, basename(module))].find(each =>
    existsSync(each),
  );
  const text = path === undefined ? "" : (sourceText(path) ?? "");
  const names = [
    ...text.matchAll(
      /\bexport\s+(?:default\s+)?(?:async\s+)?(?:abstract\s+)?(?:function\*?|class|const|let|var|enum)\s+([\w$]+)/g,
    ),
  ].map(each => each[1]!);
  if (path !== undefined && resolve(path) === entry) {
    return new FiresteelError("user", `${name} is imported from the job's own file, which does not run in tasks`, {
      hint: "move what both files need to a module of its own",
      at,
    });
  }
  const best = nearest(name, names);
  const shown = path === undefined ? module : displayName(path);
  return new FiresteelError("user", `${shown} does not export ${name}`, {
    hint:
      best !== undefined
        ? `did you mean ${best}?`
        : names.length > 0
          ? `it exports ${names.slice(0, 8).join(", ")}`
          : `export it there, or import what it does export`,
    at,
  });
}
