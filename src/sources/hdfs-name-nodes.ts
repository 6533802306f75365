/**
 * Which name nodes a path speaks of: the host that it names, or several behind a name of `firesteel.hdfs.nameNodes`, of which one is
 * active and the others stand by. Which one that was last is remembered in the process, and asked first.
 */
import { FiresteelError } from "../base/errors.ts";
import { shownAddress } from "../base/shown-address.ts";
import type { FileSettings } from "./file-settings.ts";

/** By name: the origin that answered last. */
const lastActive = new Map<string, string>();

export interface HdfsPlace {
  readonly host: string;
  readonly port: string;
  readonly path: string;
}

export function hdfsPlace(address: string): HdfsPlace {
  const [, host = "", port = "", path = ""] =
    /^(?:web)?hdfs:\/\/(\[[^\]/]*\]|[^:/]*)(?::(\d+))?([\s\S]*)$/i.exec(address) ?? [];
  if (host === "" || host.includes("@")) {
    throw new FiresteelError("user", `${shownAddress(address)} names no name node`, {
      hint: "write it as hdfs://host:port/path",
    });
  }
  return { host, port, path: path === "" ? "/" : path };
}

/** `http://host:9870` of each that may answer, the likeliest first. */
export function nameNodesOf(address: string, { hdfs }: FileSettings): readonly string[] {
  const { host, port } = hdfsPlace(address);
  const own = (of: string, webPort: string | number) => `${hdfs.httpScheme}://${of}:${webPort}`;
  const several = hdfs.nameNodes.map(parseEntry).filter(entry => entry.name === host);
  if (several.length === 0) return [own(host, /^webhdfs:/i.test(address) && port !== "" ? port : hdfs.httpPort)];
  const origins = several.map(entry => own(entry.host, entry.port ?? hdfs.httpPort));
  const last = lastActive.get(host);
  return last === undefined
    ? origins
    : [...origins.filter(each => each === last), ...origins.filter(each => each !== last)];
}

/** Says which one answered as the active one. */
export function wasActive(address: string, origin: string): void {
  lastActive.set(hdfsPlace(address).host, origin);
}

function parseEntry(entry: string): {
  readonly name: string;
  readonly host: string;
  readonly port: string | undefined;
} {
  const [, name, host, port] = /^([^=]+)=(\[[^\]]*\]|[^:]+)(?::(\d+))?$/.exec(entry) ?? [];
  if (name !== undefined && host !== undefined) return { name, host, port };
  throw new FiresteelError(
    "user",
    `firesteel.hdfs.nameNodes has ${JSON.stringify(entry)}, which is not name=host:port`,
    {
      hint: "write prod=nn1.example:9870,prod=nn2.example:9870 for hdfs://prod/path",
    },
  );
}
