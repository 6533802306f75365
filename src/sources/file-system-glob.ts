/**
 * From an address to the remote files behind it, by the same rules as local paths (input-files.ts): folders give the files
 * directly inside them, patterns walk component by component, hidden names are skipped by both. Web servers have neither folders
 * nor patterns: their addresses stand as they are. Folders are listed several at a time.
 */
import { FiresteelError } from "../base/errors.ts";
import { nearest } from "../base/nearest.ts";
import { shownAddress } from "../base/shown-address.ts";
import { codecOfPath, refuseUnknownCompression } from "./codecs.ts";
import type { InputFile } from "./contracts.ts";
import type { FileStatus, FileSystem } from "./file-system.ts";
import { componentMatcher, expandBraces, hasWildcard, unescape } from "./glob.ts";
import { byUtf8, isHidden } from "./names.ts";
import { severalAtOnce } from "./several-at-once.ts";
import { refuseUncommitted } from "./uncommitted.ts";

const atOnceMax = 16;

/** The files of an address or pattern, sorted by path. */
export async function findFiles(item: string, files: FileSystem): Promise<InputFile[]> {
  if (/^https?:/i.test(item)) {
    const status = await files.status(item);
    if (status === undefined) throw new FiresteelError("user", `no such file: ${shownAddress(item)}`);
    return [await inputFile(status, files)];
  }
  const alternatives = expandBraces(item);
  const isPattern = alternatives.length > 1 || componentsOf(item).components.some(hasWildcard);
  const found = new Map<string, FileStatus>();
  for (const statuses of await inTurn(alternatives, each => expand(each, files)))
    for (const status of statuses) found.set(status.path, status);
  if (found.size === 0) throw await missing(item, isPattern, files);
  const sorted = [...found.values()].sort(byPath);
  const below = await inTurn(sorted, async status =>
    status.isFolder ? filesIn(status.path, await files.list(status.path, "")) : [status],
  );
  return inTurn(below.flat(), status => inputFile(status, files));
}

function filesIn(folder: string, listed: readonly FileStatus[]): FileStatus[] {
  refuseUncommitted(
    folder,
    listed.map(each => nameOf(each.path.replace(/\/+$/, ""))),
  );
  return listed.filter(each => !each.isFolder && !isHidden(nameOf(each.path))).sort(byPath);
}

/** What exists of an alternative without braces. */
async function expand(pattern: string, files: FileSystem): Promise<FileStatus[]> {
  const { root, components } = componentsOf(pattern);
  let bases: FileStatus[] = [{ path: root, isFolder: true, bytes: 0 }];
  let literal: string[] = [];
  const step = async () => {
    if (literal.length === 0) return;
    const tail = literal.join("/");
    literal = [];
    const found = await inTurn(bases, base => files.status(`${base.path.replace(/\/+$/, "")}/${tail}`));
    bases = found.filter(status => status !== undefined);
  };
  for (const component of components) {
    if (!hasWildcard(component)) {
      literal.push(unescape(component));
      continue;
    }
    // folders before a pattern are found by listing them
    const tail = literal.map(name => `/${name}`).join("");
    literal = [];
    const matches = componentMatcher(component);
    const showHidden = isHidden(component);
    const prefix = unescape(/^(?:[^*?[\\]|\\.)*/s.exec(component)![0]);
    const folders = bases.filter(base => base.isFolder);
    const listed = await inTurn(folders, base => files.list(`${base.path.replace(/\/+$/, "")}${tail}`, prefix));
    bases = listed.flat().filter(({ path }) => {
      const name = nameOf(path);
      return matches.test(name) && (showHidden || !isHidden(name));
    });
  }
  await step();
  return components.length === 0 ? [...(await statusOfRoot(root, files))] : bases;
}

async function statusOfRoot(root: string, files: FileSystem): Promise<FileStatus[]> {
  const status = await files.status(root);
  return status === undefined ? [] : [status];
}

/** `s3://bucket/a/b` → its root `s3://bucket`, and the names below that. */
function componentsOf(address: string): { readonly root: string; readonly components: readonly string[] } {
  const root = /^[a-z][a-z0-9+.-]+:\/\/[^/]+/i.exec(address)?.[0];
  if (root === undefined) {
    const isS3 = /^s3/i.test(address);
    throw new FiresteelError("user", `${address} names no ${isS3 ? "bucket" : "host"}`, {
      hint: `write it as ${isS3 ? "s3://bucket/key" : "hdfs://host:port/path"}`,
    });
  }
  const components = address
    .slice(root.length)
    .split("/")
    .filter(part => part !== "");
  return { root, components };
}

async function inputFile(status: FileStatus, files: FileSystem): Promise<InputFile> {
  const { path, bytes, version, blockBytes, wholeOnly } = status;
  const shown = shownAddress(path);
  const name = path.replace(/^(https?:[^?#]*)[?#].*$/is, "$1");
  refuseUnknownCompression(name);
  const compression = codecOfPath(name);
  const blocks = (await files.blocks?.(status)) ?? [];
  return {
    ...{ path: shown, bytes },
    ...(shown !== path && { address: path }),
    ...(compression !== undefined && { compression }),
    ...(version !== undefined && { version }),
    ...(blockBytes !== undefined && { blockBytes }),
    ...(wholeOnly === true && { wholeOnly }),
    ...(blocks.length > 0 && { blocks }),
  };
}

async function missing(item: string, isPattern: boolean, files: FileSystem): Promise<FiresteelError> {
  if (isPattern) return new FiresteelError("user", `no file matches ${item}`);
  const trimmed = item.replace(/\/+$/, "");
  const folder = trimmed.slice(0, trimmed.lastIndexOf("/"));
  const near = await files.list(folder, "").catch(() => []);
  const best = nearest(
    nameOf(trimmed),
    near.map(each => nameOf(each.path)),
  );
  return new FiresteelError("user", `no such file or folder: ${item}`, {
    hint: best === undefined ? undefined : `did you mean ${folder}/${best}?`,
  });
}

function inTurn<T, U>(items: readonly T[], work: (item: T) => Promise<U>): Promise<U[]> {
  return severalAtOnce(items, atOnceMax, work);
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function byPath(a: FileStatus, b: FileStatus): number {
  return byUtf8(a.path, b.path);
}
