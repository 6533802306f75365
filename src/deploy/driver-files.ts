/**
 * Brings a cluster-mode driver's job and files into its folder: by hash from the master, checked, or by a path or URL that the worker
 * reaches itself. Nothing is there under its name before it is there whole.
 */
import { createHash } from "node:crypto";
import { mkdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, isAbsolute, join } from "node:path";
import { fileURLToPath } from "node:url";
import { FiresteelError } from "../base/errors.ts";
import { formatBytes } from "../base/quantity.ts";
import type { DriverDescription } from "./messages.ts";
import { inside, safeName } from "./work-dirs.ts";

export type FetchBlob = (hash: string) => Promise<Uint8Array>;

const downloadBytesMax = 1 << 30;
const downloadTimeoutMs = 5 * 60_000;

/** The job file's path. `folder` is emptied first: a driver that is started again finds what it found before. */
export async function bringDriverFiles(
  folder: string,
  description: DriverDescription,
  fetchBlob: FetchBlob,
): Promise<string> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  // all names before the first byte
  const files = description.files.map(file => ({ ...file, path: inside(folder, safeName(file.name, "file name")) }));
  const { job } = description;
  for (const file of files) put(file.path, await verified(file.hash, file.name, fetchBlob));
  if (job.kind === "path") return bringJob(folder, job.path);
  const path = inside(folder, safeName(job.fileName, "file name"));
  put(path, await verified(job.hash, job.fileName, fetchBlob));
  return path;
}

async function verified(hash: string, name: string, fetchBlob: FetchBlob): Promise<Uint8Array> {
  if (!/^[0-9a-f]{64}$/.test(hash))
    throw new FiresteelError("data", `${name} has no sha256 hash: "${hash.slice(0, 80)}"`);
  const bytes = await fetchBlob(hash);
  const found = createHash("sha256").update(bytes).digest("hex");
  if (found !== hash) {
    throw new FiresteelError("data", `${name} is not what was submitted: its sha256 is ${found}, not ${hash}`, {
      hint: "submit it again",
    });
  }
  return bytes;
}

/** `/shared/job.ts` and `file:/shared/job.ts` are run where they are, `https://…/job.ts` is downloaded. */
async function bringJob(folder: string, path: string): Promise<string> {
  if (/^https?:\/\//.test(path)) return download(folder, new URL(path));
  const local = /^file:/.test(path) ? fileURLToPath(path) : path;
  if (!isAbsolute(local)) throw new FiresteelError("user", `the job's path ${path} is not absolute`);
  if (statSync(local, { throwIfNoEntry: false })?.isFile() === true) return local;
  throw new FiresteelError("user", `the job file ${local} does not exist on this worker`, {
    hint: "put it where every worker finds it, or submit it with `firesteel submit`, which sends it along",
  });
}

async function download(folder: string, url: URL): Promise<string> {
  const path = inside(folder, safeName(basename(url.pathname) || "job.js", "file name"));
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(downloadTimeoutMs), redirect: "follow" });
    if (!response.ok) throw new Error(`the server answered ${response.status} ${response.statusText}`.trim());
    const chunks: Uint8Array[] = [];
    let length = 0;
    for await (const chunk of response.body ?? []) {
      length += chunk.length;
      if (length > downloadBytesMax) throw new Error(`it is larger than ${formatBytes(downloadBytesMax)}`);
      chunks.push(chunk);
    }
    put(path, Buffer.concat(chunks, length));
    return path;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new FiresteelError("data", `${url.href} cannot be downloaded: ${reason}`, { cause: error });
  }
}

function put(path: string, bytes: Uint8Array): void {
  const unfinished = join(path, "..", `.${basename(path)}.new`);
  writeFileSync(unfinished, bytes, { mode: 0o600 });
  renameSync(unfinished, path);
}
