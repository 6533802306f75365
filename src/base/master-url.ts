/**
 * Where a job runs, as Spark writes it: `local`, `local[4]`, `local[*]`, `local[4,3]` (3 failures of a task allowed),
 * `local-cluster[2,1,1024]` (workers, cores each, memory each: MB, or with a unit as in `1g`), `firesteel://host:7077,host2:7077`.
 */
import { nearest } from "./nearest.ts";
import { parseBytes } from "./quantity.ts";
import { UsageError } from "./usage-error.ts";

export type MasterUrl =
  /** `threads` undefined: as many as the machine has cores. `taskFailuresMax`: the failure that fails a job. */
  | { readonly kind: "local"; readonly threads: number | undefined; readonly taskFailuresMax: number }
  | { readonly kind: "localCluster"; readonly workers: number; readonly cores: number; readonly memoryMb: number }
  | { readonly kind: "cluster"; readonly masters: readonly HostPort[] };

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

const defaultMasterPort = 7077;
const threadsMax = 1024;
/** Of a local cluster: each is a process here. */
const workersMax = 256;

export const masterUrlForms = [
  "local",
  "local[K]",
  "local[K,F]",
  "local[*]",
  "local[*,F]",
  "local-cluster[W,C,M]",
  "firesteel://host:port[,host:port…]",
];

export function parseMasterUrl(text: string): MasterUrl {
  const parsed = parseLocal(text) ?? parseLocalCluster(text) ?? parseCluster(text);
  if (parsed !== undefined) return parsed;
  throw new UsageError(`"${text}" is not a master URL`, {
    hint: meantMaster(text) ?? `write one of ${masterUrlForms.join(", ")}`,
  });
}

/** The masters of a cluster, where nothing else will do. */
export function parseClusterUrl(text: string): readonly HostPort[] {
  const parsed = parseCluster(text);
  if (parsed !== undefined) return parsed.masters;
  throw new UsageError(`"${text}" is no cluster's master`, {
    hint: meantCluster(text) ?? "write firesteel://host:port",
  });
}

function meantMaster(text: string): string | undefined {
  const word = /^[\w-]*/.exec(text)![0];
  const addressed = meantCluster(text);
  if (addressed !== undefined) return addressed;
  switch (word === "" ? undefined : nearest(word, ["local", "local-cluster", "yarn", "k8s", "mesos"])) {
    case "local":
      return "write local, local[K] for K threads, local[*] for one per core, or local[K,F]: a task may fail F − 1 times";
    case "local-cluster":
      return "write local-cluster[W,C,M]: W workers with C cores and M MB each (or M with a unit, as 1g)";
    case "yarn":
    case "k8s":
    case "mesos":
      return "start a cluster with `firesteel master` and `firesteel worker`, and write firesteel://host:port";
    default:
      return undefined;
  }
}

/** An address without the scheme, with Spark's or that of pages, or with a slash behind it. */
function meantCluster(text: string): string | undefined {
  const [, scheme = "", rest = ""] = /^([a-z][a-z\d+.-]*:\/\/)?(.*?)\/*$/i.exec(text.trim())!;
  const known = ["", "firesteel://", "spark://", "http://", "https://"].includes(scheme.toLowerCase());
  const portMissing = scheme === "" ? undefined : defaultMasterPort;
  const masters = rest.split(",").map(part => parseHostPort(part, portMissing));
  if (known && masters.every(master => master !== undefined)) {
    const isOfPages = scheme.toLowerCase().startsWith("http");
    return `did you mean ${formatMasterUrl(masters.map(each => (isOfPages ? { ...each, port: defaultMasterPort } : each)))}?`;
  }
  if (!/^firesteel:/i.test(text)) return undefined;
  return "write firesteel://host:port[,host:port…], with ports from 1 to 65535";
}

function parseLocal(text: string): MasterUrl | undefined {
  if (text === "local") return { kind: "local", threads: 1, taskFailuresMax: 1 };
  const match = /^local\[\s*(\*|\d+)\s*(?:,\s*(\d+)\s*)?\]$/.exec(text);
  if (match === null) return undefined;
  const threads = match[1] === "*" ? undefined : Number(match[1]);
  const taskFailuresMax = match[2] === undefined ? 1 : Number(match[2]);
  if (threads !== undefined && (threads < 1 || threads > threadsMax)) {
    throw new UsageError(`"${text}" asks for ${threads} threads`, {
      hint: `ask for 1 to ${threadsMax}, or write local[*] for one per core`,
    });
  }
  if (taskFailuresMax < 1) {
    throw new UsageError(`"${text}" allows no attempt of a task`, {
      hint: "the second number is how many failures of one task fail the job: 1 or more",
    });
  }
  return { kind: "local", threads, taskFailuresMax };
}

function parseLocalCluster(text: string): MasterUrl | undefined {
  const match = /^local-cluster\[\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+(?:\.\d+)?\s*[a-z]*)\s*\]$/i.exec(text);
  const memoryMb = match === null ? undefined : parseMemoryMb(match[3]!);
  if (match === null || memoryMb === undefined) return undefined;
  const [workers, cores] = [Number(match[1]), Number(match[2])];
  if (workers < 1 || cores < 1 || memoryMb < 1) {
    throw new UsageError(`"${text}" has a zero in it`, {
      hint: "local-cluster[W,C,M] is W workers with C cores and M MB each (or M with a unit, as 1g), all 1 or more",
    });
  }
  if (workers > workersMax || cores > threadsMax) {
    throw new UsageError(`"${text}" asks for too much`, {
      hint: `local-cluster takes at most ${workersMax} workers with ${threadsMax} cores each`,
    });
  }
  return { kind: "localCluster", workers, cores, memoryMb };
}

/** Digits alone are MB, as Spark has it. */
export function parseMemoryMb(text: string): number | undefined {
  const amount = text.trim();
  if (/^\d+$/.test(amount)) return Number(amount);
  const bytes = parseBytes(amount);
  return bytes === undefined ? undefined : Math.floor(bytes / 2 ** 20);
}

function parseCluster(text: string): Extract<MasterUrl, { kind: "cluster" }> | undefined {
  const prefix = "firesteel://";
  if (!text.startsWith(prefix)) return undefined;
  const masters: HostPort[] = [];
  for (const part of text.slice(prefix.length).split(",")) {
    const master = parseHostPort(part, defaultMasterPort);
    if (master === undefined) return undefined;
    masters.push(master);
  }
  return { kind: "cluster", masters };
}

/** `host:port`, `[::1]:port` (the host then without brackets); a port may be left out where one is given. */
export function parseHostPort(text: string, portDefault?: number): HostPort | undefined {
  const match = /^(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(?::(\d{1,5}))?$/i.exec(text.trim());
  const port = match?.[2] === undefined ? portDefault : Number(match[2]);
  if (match === null || port === undefined || port < 1 || port > 65535) return undefined;
  return { host: match[1]!.replace(/^\[|\]$/g, ""), port };
}

export function formatHostPort({ host, port }: HostPort): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

export function formatMasterUrl(masters: readonly HostPort[]): string {
  return `firesteel://${masters.map(formatHostPort).join(",")}`;
}
