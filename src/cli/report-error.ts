/**
 * An error as a person reads it: one block with the message, the place in the user's file with its source line and a caret, the
 * user's own frames, what caused it and what to do. No place is told twice. User frames in `stack` have absolute paths. Reads source
 * files; never throws.
 *
 *   error: map got a function that uses `socket`, which cannot be sent to tasks: it is a Socket
 *     at job.ts:7:31
 *     7 |   .map(row => socket.write(row))
 *       |               ^
 *     fix: open the socket inside mapPartitions
 */
import { readFileSync } from "node:fs";
import { isAbsolute, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { FiresteelError, formatPosition, type SourcePosition } from "../base/errors.ts";
import { UsageError } from "../base/usage-error.ts";

export interface ErrorFormat {
  readonly colour?: boolean;
  /** A source file's text; undefined when it cannot be had. */
  readonly readSource?: (file: string) => string | undefined;
  readonly workingDirectory?: string;
}

const framesMax = 8;
const causesMax = 4;
const sourceLineMax = 160;

export function formatError(error: unknown, format: ErrorFormat = {}): string {
  const paint = painter(format.colour === true);
  const lines = [`${paint("error", "error:")} ${indentRest(headline(error))}`];
  let innermost = innermostTold(error);
  const told: Told = { named: new Set(headline(error).match(/[^\s()]+:\d+:\d+/g)), shown: new Set() };
  lines.push(...place(positionIn(error) ?? positionIn(innermost), innermost, told, format, paint));
  for (let depth = 0; depth < causesMax && causeOf(innermost) !== undefined; depth++) {
    const cause = causeOf(innermost);
    innermost = innermostTold(cause);
    const position = positionIn(cause) ?? positionIn(innermost);
    lines.push(`  caused by: ${indentRest(headline(cause))}`, ...place(position, innermost, told, format, paint));
  }
  if (error instanceof FiresteelError && error.kind === "internal") {
    lines.push(
      ...stackOf(innermost as Error).map(frame => `  ${frame}`),
      "  this is a bug in Firesteel, not in your job",
    );
  }
  const hint = error instanceof FiresteelError ? error.hint : undefined;
  if (hint !== undefined) lines.push(`  ${paint("hint", "fix:")} ${indentRest(hint)}`);
  return lines.join("\n") + "\n";
}

/** Colours on a terminal, unless NO_COLOR says otherwise (no-color.org). */
export function wantsColour(
  stream: { readonly isTTY?: boolean | undefined },
  environment: Readonly<Record<string, string | undefined>>,
): boolean {
  return stream.isTTY === true && (environment.NO_COLOR ?? "") === "" && environment.TERM !== "dumb";
}

function headline(error: unknown): string {
  if (error instanceof FiresteelError) return error.message;
  if (error instanceof Error) return error.message === "" ? error.name : `${error.name}: ${error.message}`;
  try {
    return `${typeof error === "string" ? JSON.stringify(error) : String(error)} was thrown, which is not an Error`;
  } catch {
    return "something that is not an Error was thrown";
  }
}

/** The innermost cause whose words the error's message has said: of it only the stack is new. */
function innermostTold(error: unknown): unknown {
  let told = error;
  for (let cause = causeOf(told); cause !== undefined && tells(error, cause); cause = causeOf(told)) told = cause;
  return told;
}

/** A failed system call is always told in the words of the error that it caused. */
const systemCall = /^(?:\w*Error: )?(?:E[A-Z\d]+: .+, \w+|listen E[A-Z]+: )/;

function tells(error: unknown, cause: unknown): boolean {
  const message = cause instanceof Error ? cause.message.replace(/^\w*Error: /, "") : "";
  if (error instanceof FiresteelError && systemCall.test(message)) return true;
  return message !== "" && headline(error).includes(message);
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined;
}

function positionIn(error: unknown): SourcePosition | undefined {
  return error instanceof FiresteelError ? error.at : undefined;
}

/** Places as they stand in the report, so that none is told twice. */
interface Told {
  /** In the message alone: shown with its line where the error is, and not among frames. */
  readonly named: ReadonlySet<string>;
  readonly shown: Set<string>;
}

/** Where it is, with the source line, and the user's frames that led there. */
function place(
  at: SourcePosition | undefined,
  error: unknown,
  told: Told,
  format: ErrorFormat,
  paint: Paint,
): string[] {
  const frames = userFrames(error);
  const named = at === undefined ? frames.shift() : `at ${formatPosition(at)}`;
  const shorten = (frame: string) => shortFrame(frame, format.workingDirectory);
  const isNew = (frame: string) => {
    const where = placeOf(frame);
    const isKnown = told.shown.has(where);
    told.shown.add(where);
    return !isKnown;
  };
  const lines: string[] = [];
  if (named !== undefined && isNew(shorten(named))) {
    const position = at ?? positionOf(named);
    lines.push(shorten(named));
    if (position !== undefined) lines.push(...excerpt(position, format.readSource ?? readText, paint));
  }
  const more = frames.map(shorten).filter(frame => !told.named.has(placeOf(frame)) && isNew(frame));
  return [...lines, ...more.slice(0, framesMax)].map(line => `  ${line}`);
}

/** `at f (job.ts:3:1)` or `at job.ts:3:1` → `job.ts:3:1`. */
function placeOf(frame: string): string {
  return (/\(([^()]+)\)$/.exec(frame) ?? /^at (?:async )?(.+)$/.exec(frame))?.[1] ?? frame;
}

function excerpt(at: SourcePosition, readSource: (file: string) => string | undefined, paint: Paint): string[] {
  const line = readSource(at.file)?.split("\n")[at.line - 1]?.replace(/\r$/, "");
  if (line === undefined || line.trim() === "" || line.length > sourceLineMax) return [];
  const number = String(at.line);
  // tabs stay, so that the caret lands below its character whatever their width
  const before = line.slice(0, Math.max(0, at.column - 1)).replace(/[^\t]/g, " ");
  return [`${number} | ${line}`, `${" ".repeat(number.length)} | ${before}${paint("error", "^")}`];
}

/** The stack without the engine's own frames and the runtime's. */
function userFrames(error: unknown): string[] {
  if (!(error instanceof Error) || error instanceof UsageError) return [];
  // an internal error shows its whole stack
  if (error instanceof FiresteelError && error.kind === "internal") return [];
  return stackOf(error).filter(frame => !isEngineFrame(frame));
}

function stackOf(error: Error): string[] {
  const lines = (error.stack ?? "").split("\n").map(line => line.trim());
  return lines.filter(line => /^at .*:\d+:\d+\)?$/.test(line));
}

const engineRoot = fileURLToPath(new URL("../", import.meta.url));

/** From source, engine files are below `src`; in the binary their paths are relative, and the user's are absolute. */
function isEngineFrame(frame: string): boolean {
  if (/\$bunfs|~BUN|\(?\b(?:node|native|bun|ext|internal):|\[native code\]/.test(frame)) return true;
  const path = positionOf(frame)?.file ?? "";
  return path.startsWith(engineRoot) || !isAbsolute(path);
}

/** `at f (/home/me/job.ts:3:1)` or `at /home/me/job.ts:3:1` → the position. */
function positionOf(frame: string): SourcePosition | undefined {
  const match = /\((.+):(\d+):(\d+)\)$/.exec(frame) ?? /^at (?:async )?(.+):(\d+):(\d+)$/.exec(frame);
  if (match === null) return undefined;
  return { file: plainPath(match[1]!), line: Number(match[2]), column: Number(match[3]) };
}

function shortFrame(frame: string, workingDirectory: string | undefined): string {
  return frame.replace(/(?:file:\/\/)?\/[^()]+(?=:\d+:\d+\)?$)/, path => shortPath(path, workingDirectory));
}

function plainPath(file: string): string {
  return file.startsWith("file:///") ? fileURLToPath(file) : file;
}

function shortPath(file: string, workingDirectory = process.cwd()): string {
  const path = plainPath(file);
  if (!isAbsolute(path)) return path;
  const short = relative(workingDirectory, path);
  return short.startsWith(`..${sep}`) || short === "" ? path : short;
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

function indentRest(text: string): string {
  return text.replaceAll("\n", "\n    ");
}

type Paint = (as: "error" | "hint", text: string) => string;

function painter(colour: boolean): Paint {
  const codes = { error: "31;1", hint: "36" } as const;
  return (as, text) => (colour ? `\x1b[${codes[as]}m${text}\x1b[0m` : text);
}
