/**
 * From what a user wrote as a path to the files behind it, on the driver, before anything runs. A path that names nothing, or
 * that cannot be read, is a user error here and not a failed task later.
 *
 * Directories give the files directly inside them. As in Hadoop, names that begin with `_` or `.` are skipped in directories
 * and by patterns (`_SUCCESS`, `_temporary`, checksums); named in full they are read. Subdirectories of a named directory
 * are not entered.
 */
import { accessSync, constants, readdirSync, readlinkSync, statSync, type Stats } from "node:fs";
import { basename, dirname, isAbsolute, join, resolve } from "node:path";
import { invariant } from "../base/assert.ts";
import { FiresteelError } from "../base/errors.ts";
import { readHint, systemReason } from "../base/system-errors.ts";
import { nearest } from "../base/nearest.ts";
import { codecOfPath } from "./codecs.ts";
import type { InputFile } from "./contracts.ts";
import { findRemoteFiles, readRemoteFile } from "./file-lookup.ts";
import { remoteSchemeOf, schemeOf } from "./file-schemes.ts";
import type { FileSettings } from "./file-settings.ts";
import type { PathSpec } from "./options.ts";
import { componentMatcher, expandBraces, hasWildcard, splitCommaList, unescape } from "./glob.ts";
import { byUtf8, isHidden } from "./names.ts";
import { refuseUncommitted } from "./uncommitted.ts";

/** The files of a path, glob, directory, comma list or array, each item's files sorted by path. */
export function resolvePaths(spec: PathSpec, settings?: () => FileSettings): InputFile[] {
  const items = typeof spec === "string" ? splitCommaList(spec).map(item => item.trim()) : [...spec];
  if (items.length === 0 || items.some(item => item === "")) {
    throw new FiresteelError("user", `an input path is empty${items.length > 1 ? `: ${JSON.stringify(spec)}` : ""}`, {
      hint: "name a file, a folder, or a pattern such as logs/*.gz",
    });
  }
  return items.flatMap(item =>
    remoteSchemeOf(item, "read") === undefined ? resolveItem(item, spec) : resolveRemote(item, settings),
  );
}

function resolveRemote(item: string, settings: (() => FileSettings) | undefined): InputFile[] {
  invariant(settings !== undefined, "remote paths need settings");
  const given = settings();
  return findRemoteFiles(item, given).map(file => ({
    ...file,
    readForPlan: (from: number, to: number) => readRemoteFile(file, from, to, given),
  }));
}

function resolveItem(item: string, spec: PathSpec): InputFile[] {
  const pattern = withoutScheme(item);
  const alternatives = expandBraces(pattern);
  const isPattern = alternatives.length > 1 || pattern.split("/").some(hasWildcard);
  const found = new Set<string>();
  for (const alternative of alternatives) for (const path of expandWildcards(alternative)) found.add(path);
  if (found.size === 0) throw missing(item, spec, isPattern);
  const files: InputFile[] = [];
  for (const path of [...found].sort(byUtf8)) {
    // a pattern's literal tail (`*/data`) may exist below some matches only
    const stats = statOrUndefined(path);
    if (stats !== undefined) files.push(...filesAt(path, stats));
    else if (!isPattern) throw missing(item, spec, false);
  }
  if (files.length === 0 && [...found].every(path => statOrUndefined(path) === undefined))
    throw missing(item, spec, true);
  return files;
}

function withoutScheme(item: string): string {
  if (schemeOf(item) === undefined) return item;
  // as in Hadoop, nothing is percent-decoded
  return item.slice("file:".length).replace(/^\/\/[^/]*/, "");
}

/** Paths that exist as far as the wildcards are concerned; what follows the last wildcard is not looked up. */
function expandWildcards(pattern: string): string[] {
  const components = pattern.split("/");
  let bases = [isAbsolute(pattern) ? "/" : process.cwd()];
  for (const component of components) {
    if (component === "") continue;
    if (!hasWildcard(component)) {
      const name = unescape(component);
      bases = bases.map(base => (isAbsolute(base) ? join(base, name) : resolve(base, name)));
      continue;
    }
    const matches = componentMatcher(component);
    const showHidden = component.startsWith("_") || component.startsWith(".");
    bases = bases.flatMap(base =>
      namesIn(base)
        .filter(name => matches.test(name) && (showHidden || !isHidden(name)))
        .map(name => join(base, name)),
    );
  }
  return bases;
}

function filesAt(path: string, stats: Stats): InputFile[] {
  if (stats.isDirectory()) {
    const files: InputFile[] = [];
    const names = list(path);
    refuseUncommitted(path, names);
    for (const name of names) {
      if (isHidden(name)) continue;
      const inner = join(path, name);
      const innerStats = statOrUndefined(inner);
      if (innerStats !== undefined && !innerStats.isDirectory()) files.push(inputFile(inner, innerStats));
    }
    return files;
  }
  return [inputFile(path, stats)];
}

function inputFile(path: string, stats: Stats): InputFile {
  if (!stats.isFile()) throw new FiresteelError("user", `cannot read ${path}: not a file or directory of files`);
  try {
    accessSync(path, constants.R_OK);
  } catch (thrown) {
    throw unreadable(path, thrown);
  }
  const compression = codecOfPath(path);
  return { path, bytes: stats.size, ...(compression !== undefined && { compression }) };
}

/** Names of a directory that a pattern walks through; what is no directory has none. */
function namesIn(path: string): string[] {
  const stats = statOrUndefined(path);
  return stats?.isDirectory() ? list(path) : [];
}

function list(path: string): string[] {
  try {
    return readdirSync(path).sort(byUtf8);
  } catch (thrown) {
    throw unreadable(path, thrown);
  }
}

function statOrUndefined(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw unreadable(path, thrown);
  }
}

function missing(item: string, spec: PathSpec, isPattern: boolean): FiresteelError {
  if (isPattern) return new FiresteelError("user", `no file matches ${item}`, { hint: relativeTo(item) });
  const whole = typeof spec === "string" && spec !== item && statOrUndefined(resolve(spec)) !== undefined;
  const target = linkTarget(resolve(item));
  if (target !== undefined) {
    return new FiresteelError("user", `${item} is a symbolic link to ${target}, which does not exist`);
  }
  return new FiresteelError("user", `no such file or directory: ${item}`, {
    hint: whole
      ? "a comma separates paths; write \\, for a comma in a file's name, or give an array"
      : alternative(item),
  });
}

function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

/** The neighbour with the most similar name, or where a relative path was looked for. */
function alternative(item: string): string | undefined {
  const folder = dirname(resolve(item));
  const best = nearest(basename(item), namesIn(folder));
  if (best !== undefined) return `did you mean ${join(dirname(item), best)}?`;
  return relativeTo(item);
}

function relativeTo(item: string): string | undefined {
  return isAbsolute(item) ? undefined : `check the path; it is relative to ${process.cwd()}`;
}

function unreadable(path: string, thrown: unknown): FiresteelError {
  return new FiresteelError("user", `cannot read ${path}: ${systemReason(thrown)}`, {
    hint: readHint(thrown),
    cause: thrown,
  });
}
