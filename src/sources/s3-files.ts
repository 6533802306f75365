/**
 * Objects of any server that speaks S3, as files. A folder is what keys have in common up to a slash; objects that end in one are
 * marks that some tools leave, and no files. An object's version is its ETag.
 */
import type { FileSettings } from "./file-settings.ts";
import type { FileStatus, FileSystem, RemoteFile } from "./file-system.ts";
import { changed, checkRange, checkUnchanged } from "./http-files.ts";
import { S3Client, type S3Place, s3Path, s3Place } from "./s3-client.ts";
import { S3Output } from "./s3-output.ts";
import { s3Pages } from "./s3-pages.ts";
import { parseListing, type S3Listing } from "./s3-xml.ts";

/** What splits are made of, as Hadoop's client has it. */
const blockBytes = 32 * 1024 * 1024;

export class S3Files implements FileSystem {
  readonly output: S3Output;
  private readonly client: S3Client;

  constructor(settings: FileSettings) {
    this.client = new S3Client(settings);
    this.output = new S3Output(this.client);
  }

  async status(path: string): Promise<FileStatus | undefined> {
    const place = s3Place(path);
    const key = place.key.replace(/\/+$/, "");
    if (key !== "" && key === place.key) {
      // whoever may read an object may not be allowed to list; what a refused HEAD means only a listing tells
      const head = await this.client.call({
        ...{ ...place, method: "HEAD", doing: "read", expected: [200, 403] },
      });
      if (head?.status === 200) {
        const etag = head.headers.get("etag");
        return fileOf({ ...place, bytes: Number(head.headers.get("content-length") ?? "0"), etag: etag ?? undefined });
      }
    }
    const below = await this.page({ bucket: place.bucket, key: key === "" ? "" : `${key}/` }, undefined, false, 1);
    const isThere = key === "" || below.objects.length > 0 || below.prefixes.length > 0;
    return isThere ? { path: s3Path({ ...place, key }), isFolder: true, bytes: 0 } : undefined;
  }

  async list(folder: string, namePrefix: string): Promise<FileStatus[]> {
    const { bucket, key } = s3Place(folder);
    const base = key === "" || key.endsWith("/") ? key : `${key}/`;
    const found: FileStatus[] = [];
    const below = { bucket, key: base + namePrefix };
    for await (const page of s3Pages(below, (after?: string) => this.page(below, after, true))) {
      for (const object of page.objects) if (!object.key.endsWith("/")) found.push(fileOf({ bucket, ...object }));
      for (const prefix of page.prefixes)
        found.push({ path: s3Path({ bucket, key: prefix.slice(0, -1) }), isFolder: true, bytes: 0 });
    }
    return found;
  }

  async read(file: RemoteFile, from: number, to: number): Promise<Uint8Array> {
    const place = s3Place(file.path);
    const call = { ...place, method: "GET", headers: { range: `bytes=${from}-${to - 1}` }, doing: "read" };
    const answer = await this.client.call({ ...call, expected: [206, 416] }, got => {
      if (got.status === 416) throw changed(file);
      checkUnchanged(file, got.headers);
      checkRange(got, from, to);
    });
    if (answer === undefined) throw changed(file, "it is gone");
    return answer.bytes;
  }

  private async page(
    { bucket, key }: S3Place,
    token: string | undefined,
    isFolder: boolean,
    most?: number,
  ): Promise<S3Listing> {
    const answer = await this.client.call({
      ...{ bucket, key: "", method: "GET", doing: "list", expected: [200] },
      query: {
        ...{ "list-type": "2", "encoding-type": "url", prefix: key },
        ...(isFolder && { delimiter: "/" }),
        ...(most !== undefined && { "max-keys": String(most) }),
        ...(token !== undefined && { "continuation-token": token }),
      },
    });
    return answer === undefined
      ? { objects: [], prefixes: [], next: undefined }
      : parseListing(Buffer.from(answer.bytes).toString());
  }
}

function fileOf(object: S3Place & { readonly bytes: number; readonly etag: string | undefined }): FileStatus {
  const { bytes, etag } = object;
  return {
    ...{ path: s3Path(object), isFolder: false, bytes, blockBytes },
    ...(etag !== undefined && { version: etag }),
  };
}
