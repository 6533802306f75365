/**
 * Files of HDFS by WebHDFS, the name node's REST interface, which sends readers and writers on to data nodes. `hdfs://host:port/path`
 * names the name node by the port of Hadoop's own protocol; WebHDFS is spoken at `firesteel.hdfs.httpPort`.
 * `webhdfs://host:port/path` names that port itself.
 *
 * A file's version is its length and when it was modified, asked once before it is read. Where its blocks are comes as hosts.
 */
import { FiresteelError } from "../base/errors.ts";
import type { FileBlock } from "./contracts.ts";
import type { FileSettings } from "./file-settings.ts";
import type { FileStatus, FileSystem, RemoteFile } from "./file-system.ts";
import { HdfsClient } from "./hdfs-client.ts";
import { hdfsPlace } from "./hdfs-name-nodes.ts";
import { HdfsOutput } from "./hdfs-output.ts";
import { changed, checkRange } from "./http-files.ts";

interface HdfsStatus {
  readonly pathSuffix: string;
  readonly type: "FILE" | "DIRECTORY" | "SYMLINK";
  readonly length: number;
  readonly blockSize: number;
  readonly modificationTime: number;
}

interface HdfsBlock {
  readonly offset: number;
  readonly length: number;
  readonly hosts?: readonly string[];
  readonly names?: readonly string[];
}

export class HdfsFiles implements FileSystem {
  readonly output: HdfsOutput;
  private readonly client: HdfsClient;

  constructor(settings: FileSettings) {
    this.client = new HdfsClient(settings);
    this.output = new HdfsOutput(this.client);
  }

  async status(path: string): Promise<FileStatus | undefined> {
    const found = await this.client.ask<{ FileStatus: HdfsStatus }>(path, "GET", "GETFILESTATUS");
    return found && statusOf(path, found.FileStatus);
  }

  async list(folder: string, namePrefix: string): Promise<FileStatus[]> {
    const found = await this.client.ask<{ FileStatuses: { FileStatus: readonly HdfsStatus[] } }>(
      folder,
      "GET",
      "LISTSTATUS",
    );
    const base = folder.replace(/\/+$/, "");
    return (
      (found?.FileStatuses.FileStatus ?? [])
        // of a file the name node lists the file itself, without a name
        .filter(each => each.pathSuffix !== "" && each.pathSuffix.startsWith(namePrefix))
        .map(each => statusOf(`${base}/${each.pathSuffix}`, each))
    );
  }

  async blocks(file: FileStatus): Promise<readonly FileBlock[]> {
    if (file.bytes === 0) return [];
    const found = await this.client
      .ask<{ BlockLocations?: { BlockLocation?: readonly HdfsBlock[] } }>(file.path, "GET", "GETFILEBLOCKLOCATIONS", {
        offset: "0",
        length: String(file.bytes),
      })
      // older name nodes, and gateways, do not tell
      .catch(() => undefined);
    return (found?.BlockLocations?.BlockLocation ?? []).map(block => ({
      start: block.offset,
      bytes: block.length,
      hosts: [...new Set([...(block.hosts ?? []), ...(block.names ?? []).map(name => name.replace(/:\d+$/, ""))])],
    }));
  }

  async verify(file: RemoteFile): Promise<void> {
    const now = await this.status(file.path);
    if (now === undefined) throw changed(file, "it is gone");
    if (now.version !== file.version) throw changed(file);
  }

  async read(file: RemoteFile, from: number, to: number): Promise<Uint8Array> {
    const query = { offset: String(from), length: String(to - from) };
    const answer = await this.client.send(file.path, "GET", "OPEN", query, {
      ...{ doing: "read", expected: [200, 206] },
      check: got => checkRange(got, from, to),
    });
    if (answer === undefined) throw changed(file, "it is gone");
    return answer.bytes;
  }
}

function statusOf(path: string, status: HdfsStatus): FileStatus {
  const { type, length, blockSize, modificationTime } = status;
  if (type === "SYMLINK") throw new FiresteelError("user", `cannot read ${path}: it is a symbolic link`);
  hdfsPlace(path);
  if (type === "DIRECTORY") return { path, isFolder: true, bytes: 0 };
  return {
    ...{ path, isFolder: false, bytes: length, version: `${length} ${modificationTime}` },
    ...(blockSize > 0 && { blockBytes: blockSize }),
  };
}
