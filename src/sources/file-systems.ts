/** Which file system answers for a remote path. Loads all of them, so it is imported where a remote path is at hand. */
import { invariant } from "../base/assert.ts";
import { type RemoteScheme, remoteSchemeOf } from "./file-schemes.ts";
import type { FileSettings } from "./file-settings.ts";
import type { FileSystem } from "./file-system.ts";
import { HdfsFiles } from "./hdfs-files.ts";
import { HttpFiles } from "./http-files.ts";
import { S3Files } from "./s3-files.ts";

export function fileSystemOf(path: string, settings: FileSettings): FileSystem {
  const scheme = remoteSchemeOf(path, "reach");
  invariant(scheme !== undefined, `${path} is local`);
  return systems[scheme](settings);
}

const systems: Readonly<Record<RemoteScheme, (settings: FileSettings) => FileSystem>> = {
  http: settings => new HttpFiles(settings),
  https: settings => new HttpFiles(settings),
  s3: settings => new S3Files(settings),
  s3a: settings => new S3Files(settings),
  s3n: settings => new S3Files(settings),
  hdfs: settings => new HdfsFiles(settings),
  webhdfs: settings => new HdfsFiles(settings),
};
