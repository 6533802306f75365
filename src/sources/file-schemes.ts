/** The schemes of paths, and which of them are of other machines. Paths without one, and `file:` paths, are local. */
import { FiresteelError } from "../base/errors.ts";
import { nearest } from "../base/nearest.ts";
import { shownAddress } from "../base/shown-address.ts";

export const remoteSchemes = ["http", "https", "s3", "s3a", "s3n", "hdfs", "webhdfs"] as const;

export type RemoteScheme = (typeof remoteSchemes)[number];

/** The scheme of an address, in small letters; undefined of a path without one. One letter is no scheme. */
export function schemeOf(path: string): string | undefined {
  return /^([a-z][a-z0-9+.-]+):/i.exec(path)?.[1]?.toLowerCase();
}

/** The remote scheme of a path, undefined of local ones. One that nobody knows is refused; `doing` is for the error: "read". */
export function remoteSchemeOf(path: string, doing: string): RemoteScheme | undefined {
  const scheme = schemeOf(path);
  if (scheme === undefined || scheme === "file") return undefined;
  const known = remoteSchemes.find(each => each === scheme);
  if (known !== undefined) return known;
  // files of web servers are only read
  const usable = remoteSchemes.filter(each => doing === "read" || !each.startsWith("http"));
  const best = nearest(scheme, [...usable, "file"]);
  throw new FiresteelError(
    "user",
    `cannot ${doing} ${shownAddress(path)}: ${scheme}: is no scheme that Firesteel knows`,
    {
      hint:
        best === undefined
          ? `give a local path, or one that begins with file:, ${usable.includes("http") ? "http:, https:, " : ""}s3: or hdfs:`
          : `did you mean ${best}:?`,
    },
  );
}
