/**
 * Files of web servers, by `http:` and `https:`: one address, one file; there are no folders and no patterns, and nothing is
 * written. Ranges are used where the server gives them; a file without is read whole, in one piece, by one task.
 *
 * A file's version is its ETag, else when it was last modified; where the server tells neither, only another length is noticed.
 */
import { FiresteelError } from "../base/errors.ts";
import { shownAddress } from "../base/shown-address.ts";
import { bytesUnknown } from "./contracts.ts";
import type { FileStatus, FileSystem, RemoteFile } from "./file-system.ts";
import {
  type HttpAnswer,
  HttpFailure,
  httpHead,
  type HttpLimits,
  type HttpRequest,
  httpRequest,
  httpStream,
  unreachable,
} from "./http-client.ts";

export class HttpFiles implements FileSystem {
  constructor(private readonly limits: HttpLimits) {}

  async status(path: string): Promise<FileStatus | undefined> {
    try {
      const head = await httpHead(() => requestOf(path, "HEAD"), [200, 400, 403, 405, 501], this.limits);
      const length = head.headers.get("content-length");
      if (head.status === 200 && head.headers.get("accept-ranges") === "bytes" && length !== null)
        return statusOf(path, head.headers, Number(length), false);
      return await this.probe(path);
    } catch (thrown) {
      if (!(thrown instanceof HttpFailure)) throw thrown;
      if (thrown.status === 404 || thrown.status === 410) return undefined;
      throw refused(path, thrown);
    }
  }

  list(folder: string): Promise<FileStatus[]> {
    throw new FiresteelError("user", `cannot list ${shownAddress(folder)}: a web server has no folders`, {
      hint: "name every file",
    });
  }

  async read(file: RemoteFile, from: number, to: number): Promise<Uint8Array> {
    try {
      const request = () => requestOf(file.path, "GET", { range: `bytes=${from}-${to - 1}` });
      const answer = await httpRequest(request, [206], this.limits, answer => {
        checkUnchanged(file, answer.headers);
        checkRange(answer, from, to);
      });
      return answer.bytes;
    } catch (thrown) {
      throw thrown instanceof HttpFailure ? refused(file.path, thrown) : thrown;
    }
  }

  async *stream(file: RemoteFile): AsyncIterable<Uint8Array> {
    try {
      yield* httpStream(
        () => requestOf(file.path, "GET"),
        this.limits,
        answer => checkUnchanged(file, answer.headers),
      );
    } catch (thrown) {
      throw thrown instanceof HttpFailure ? refused(file.path, thrown) : thrown;
    }
  }

  /** Whether there are ranges, for servers that do not say so: what the first byte is answered with. */
  private async probe(path: string): Promise<FileStatus> {
    const request = () => requestOf(path, "GET", { range: "bytes=0-0" });
    const { status, headers } = await httpHead(request, [200, 206, 416], this.limits);
    // an empty file has no first byte
    if (status === 416) return statusOf(path, headers, 0, true);
    const total = totalOf(headers);
    if (status === 206 && total !== undefined) return statusOf(path, headers, total, false);
    const length = headers.has("content-encoding") ? null : headers.get("content-length");
    return statusOf(path, headers, length === null ? bytesUnknown : Number(length), true);
  }
}

function statusOf(path: string, headers: Headers, bytes: number, wholeOnly: boolean): FileStatus {
  const version = versionOf(headers);
  return {
    ...{ path, isFolder: false, bytes },
    ...(version !== undefined && { version }),
    ...(wholeOnly && { wholeOnly }),
  };
}

/** What an answer says of the file's version: the ETag, or when it was last modified. */
export function versionOf(headers: Headers): string | undefined {
  return headers.get("etag") ?? headers.get("last-modified") ?? undefined;
}

/** The length of the whole file, of which an answer is a range. */
function totalOf(headers: Headers): number | undefined {
  const total = /^bytes (?:\d+-\d+|\*)\/(\d+)$/.exec(headers.get("content-range") ?? "")?.[1];
  return total === undefined ? undefined : Number(total);
}

/** An answer must be of the file as it was planned. */
export function checkUnchanged(file: RemoteFile, headers: Headers): void {
  const version = versionOf(headers);
  const bytes = totalOf(headers);
  const isOther = file.version !== undefined && version !== undefined && version !== file.version;
  const isLonger = bytes !== undefined && file.bytes !== bytesUnknown && bytes !== file.bytes;
  if (isOther || isLonger) throw changed(file);
}

export function changed(file: RemoteFile, how = "it has changed"): FiresteelError {
  return new FiresteelError("data", `cannot read ${shownAddress(file.path)}: ${how} since the job was planned`, {
    hint: "run the job again, on files that nobody writes to meanwhile",
  });
}

/** An answer must be the range that was asked for; a shorter one may be whole the next time. */
export function checkRange({ headers, bytes }: HttpAnswer, from: number, to: number): void {
  if (bytes.length !== to - from)
    throw new HttpFailure(`the answer has ${bytes.length} bytes instead of ${to - from}`, 206, "", headers, true);
  const start = /^bytes (\d+)-/.exec(headers.get("content-range") ?? "")?.[1];
  if (start !== undefined && Number(start) !== from)
    throw new HttpFailure(`the answer begins at byte ${start} instead of ${from}`, 206, "", headers, true);
}

function requestOf(path: string, method: string, headers: Readonly<Record<string, string>> = {}): HttpRequest {
  let url: URL;
  try {
    url = new URL(path);
  } catch {
    throw new FiresteelError("user", `${shownAddress(path)} is no address of a web server`, {
      hint: "write it as https://host/path",
    });
  }
  url.hash = "";
  if (url.username === "" && url.password === "") return { method, url: url.href, headers };
  const user = Buffer.from(`${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`);
  url.username = url.password = "";
  return { method, url: url.href, headers: { ...headers, authorization: `Basic ${user.toString("base64")}` } };
}

function refused(path: string, failure: HttpFailure): FiresteelError {
  const isDenied = failure.status === 401 || failure.status === 403;
  const isGone = failure.status === 404 || failure.status === 410;
  if (isGone)
    return new FiresteelError("data", `cannot read ${shownAddress(path)}: it is gone since the job was planned`);
  return unreachable(path, "read", failure, isDenied ? "the server does not let everyone read it" : undefined);
}
