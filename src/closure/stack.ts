/**
 * Stack traces in the user's own words: frames of a bundle become file, line and column of the user's files (absolute paths, as
 * runtimes print them), frames of the engine go. Maps are known in the thread that loaded the bundle, so a stack must be
 * mapped in the thread where it was taken.
 */
import { isAbsolute, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import type { BundleMap } from "./bundle-map.ts";
import type { CallSite, JobBundle } from "./contracts.ts";
import type { Segment } from "./edits.ts";
import { encodeMappings, Mappings } from "./source-map.ts";

interface Origin {
  /** Absolute. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

interface MappedText {
  trace(line: number, column: number): Origin | undefined;
}

/** By what stands in stack frames: a bundle's URL, or the path of a file that was transformed as it was imported. */
const mapped = new Map<string, MappedText>();

export function addBundleMap(url: string, bundle: JobBundle): void {
  let map: { outer: Mappings; sources: readonly string[]; files: Map<number, Mappings> } | undefined;
  mapped.set(url, {
    trace(line, column) {
      if (map === undefined) {
        const { mappings, sources, transformed } = JSON.parse(bundle.map) as BundleMap;
        const files = sources.flatMap((path, at) =>
          transformed[path] === undefined ? [] : [[at, new Mappings(transformed[path])] as const],
        );
        map = { outer: new Mappings(mappings), sources, files: new Map(files) };
      }
      const outer = map.outer.find(line - 1, column - 1);
      const file = outer === undefined ? undefined : map.sources[outer.source];
      if (outer === undefined || file === undefined || !isAbsolute(file)) return undefined;
      const inner = map.files.get(outer.source);
      if (inner === undefined) return { file, line: outer.line + 1, column: outer.column + 1 };
      return within(inner, file, outer.line, outer.column);
    },
  });
}

/** A file that the runtime imported in its transformed form: lines are the user's, columns are not. */
export function addFileMap(path: string, lines: readonly (readonly Segment[])[]): void {
  let mappings: Mappings | undefined;
  mapped.set(path, {
    trace(line, column) {
      mappings ??= new Mappings(encodeMappings(lines));
      return within(mappings, path, line - 1, column - 1) ?? { file: path, line, column };
    },
  });
}

/** What was inserted belongs to what follows it on the line, or else stands before. */
function within(mappings: Mappings, file: string, line: number, column: number): Origin | undefined {
  let found = mappings.find(line, column);
  for (let ahead = column; found === undefined && ahead < column + insertedColumnsMax; ahead += 8)
    found = mappings.find(line, ahead);
  return found && { file, line: found.line + 1, column: found.column + found.beyond + 1 };
}

const insertedColumnsMax = 400;
const engineFolder = fileURLToPath(new URL("../", import.meta.url));
const location = /((?:blob:|file:\/\/)?[^\s()]*?[^\s():]):(\d+):(\d+)\)?$/;

type Frame =
  { readonly kind: "user" | "package"; readonly at: Origin } | { readonly kind: "engine" } | { readonly kind: "other" };

function frameOf(line: string): Frame {
  const match = location.exec(line);
  if (match === null) return { kind: /\[native code\]|\bnative\b|<anonymous>$/.test(line) ? "engine" : "other" };
  const path = match[1]!;
  const known = mapped.get(path);
  const at = { line: Number(match[2]), column: Number(match[3]) };
  if (known !== undefined) {
    const origin = known.trace(at.line, at.column);
    return origin === undefined
      ? { kind: "engine" }
      : { kind: isPackage(origin.file) ? "package" : "user", at: origin };
  }
  const file = path.startsWith("file://") ? fileURLToPath(path) : path;
  // in the compiled binary the engine's own paths are relative
  if (!isAbsolute(file) || file.startsWith(engineFolder) || file.includes("$bunfs") || file.startsWith("/~BUN"))
    return { kind: "engine" };
  return { kind: isPackage(file) ? "package" : "user", at: { file, ...at } };
}

function isPackage(file: string): boolean {
  return file.includes(`${sep}node_modules${sep}`);
}

/** The stack with the user's positions and without the engine's frames; the message in front of the frames stays. */
export function mapStack(stack: string): string {
  const lines: string[] = [];
  for (const line of stack.split("\n")) {
    if (!/^\s*at /.test(line)) {
      lines.push(line);
      continue;
    }
    const frame = frameOf(line);
    if (frame.kind === "user" || frame.kind === "package") {
      const name = /^\s*at (.*) \([^()]*\)$/.exec(line)?.[1]?.replace(/^Module\./, "");
      const place = `${frame.at.file}:${frame.at.line}:${frame.at.column}`;
      lines.push(name === undefined || name.includes("$fs") ? `    at ${place}` : `    at ${name} (${place})`);
    } else if (frame.kind === "other") lines.push(line);
  }
  return lines.join("\n");
}

/** The runtime quotes the call that failed as it stands in the bundle: what holds tags is left out. */
export function plainMessage(message: string): string {
  return message
    .replace(/ ?\((?:In|evaluating) '[^]*\$fs[a-z]\d*\([^]*\)$/, "")
    .replace(
      /^[^]*\$fs[a-z]\d*\([^]*\)(?:[^()]*?([\p{ID_Continue}$]+))?(?:"\])? is not/u,
      (_, name = "what was called") => `${name} is not`,
    );
}

/** The innermost frame that is the user's. */
export function userPosition(stack: string): CallSite | undefined {
  for (const line of stack.split("\n")) {
    if (!/^\s*at /.test(line)) continue;
    const frame = frameOf(line);
    if (frame.kind === "user") return { ...frame.at, file: shortPath(frame.at.file) };
  }
  return undefined;
}

const callDepthMax = 30;

/** Where the user's code is now: the innermost of its frames. */
export function callSite(): CallSite | undefined {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = callDepthMax;
  const holder: { stack?: unknown } = {};
  Error.captureStackTrace(holder, callSite);
  const { stack } = holder;
  Error.stackTraceLimit = limit;
  // a package may have replaced what stacks look like
  return typeof stack === "string" ? userPosition(stack) : undefined;
}

let workingFolder = process.cwd();

/** Positions are told relative to this folder: in processes of other machines, the driver's. */
export function tellPositionsFrom(folder: string): void {
  workingFolder = folder;
}

function shortPath(file: string): string {
  const short = relative(workingFolder, file);
  return short.startsWith(`..${sep}`) || isAbsolute(short) ? file : short;
}
