/**
 * The thread behind `file-lookup.ts`: finds remote files and reads pieces of them, and answers with what came of it, errors included.
 * A file that is read piece by piece is read ahead, a few pieces.
 */
import { toWire } from "../base/errors.ts";
import { answerAsked } from "../platform/asked-thread.ts";
import type { Lookup, LookupAnswer } from "./file-lookup.ts";
import { findFiles } from "./file-system-glob.ts";
import type { FileSystem, RemoteFile } from "./file-system.ts";
import { fileSystemOf } from "./file-systems.ts";

export function answerLookups(): void {
  answerAsked<Lookup, LookupAnswer>(question => lookUp(question).catch(thrown => errorOf(thrown)));
}

async function lookUp(question: Lookup): Promise<LookupAnswer> {
  const { settings } = question;
  if (question.kind === "find") {
    const files = await findFiles(question.item, fileSystemOf(question.item, settings));
    return { kind: "files", files };
  }
  const { from, to } = question;
  const file = { ...question.file, path: question.file.address ?? question.file.path };
  const system = fileSystemOf(file.path, settings);
  const isNext = lastRead?.path === file.path && lastRead.version === file.version && lastRead.to === from;
  if (!isNext) ahead.clear();
  const known = ahead.get(`${from}-${to}`);
  if (!isNext) await system.verify?.(file);
  if (file.wholeOnly === true) return { kind: "bytes", bytes: await firstBytes(system, file, from, to) };
  const reading = known ?? system.read(file, from, to);
  ahead.delete(`${from}-${to}`);
  lastRead = { path: file.path, version: file.version, to };
  if (isNext) readAhead(system, file, to, to - from);
  return { kind: "bytes", bytes: await reading };
}

/** Where the last read ended, and what is read already for one that goes on there: a file that is looked through comes at line speed. */
let lastRead: { readonly path: string; readonly version: string | undefined; readonly to: number } | undefined;
const ahead = new Map<string, Promise<Uint8Array>>();
const aheadMax = 3;
/** Nobody may come for it. */
const aheadKeptMs = 5000;
let forget: NodeJS.Timeout | undefined;

function readAhead(system: FileSystem, file: RemoteFile, at: number, bytes: number): void {
  for (let i = 0, from = at; i < aheadMax && from < file.bytes; i++, from += bytes) {
    const to = Math.min(from + bytes, file.bytes);
    const key = `${from}-${to}`;
    if (ahead.has(key)) continue;
    const reading = system.read(file, from, to);
    // its failure is told to who asks for it
    reading.catch(() => {});
    ahead.set(key, reading);
  }
  clearTimeout(forget);
  forget = setTimeout(() => ahead.clear(), aheadKeptMs);
}

async function firstBytes(system: FileSystem, file: RemoteFile, from: number, to: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of system.stream!(file)) {
    pieces.push(piece);
    bytes += piece.length;
    if (bytes >= to) break;
  }
  return new Uint8Array(Buffer.concat(pieces).subarray(from, to));
}

function errorOf(thrown: unknown): LookupAnswer {
  return { kind: "error", error: toWire(thrown, "internal") };
}
