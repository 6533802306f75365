/**
 * A name node and a data node that speak WebHDFS as Hadoop's documentation of the REST API describes it: metadata at the one,
 * bytes at the other after a redirect, exceptions as JSON. Files are in memory, cut into blocks whose hosts the test names.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { cutOff } from "./http-server.ts";

interface FakeFile {
  bytes: Buffer;
  modifiedMs: number;
}

export class FakeWebHdfs implements AsyncDisposable {
  readonly files = new Map<string, FakeFile>();
  readonly folders = new Set<string>(["/"]);
  /** Operations at the name node, and those at the data node after them. */
  readonly log: string[] = [];
  blockBytes = 1 << 20;
  /** Hosts of a file's block. */
  hostsOf: (path: string, block: number) => readonly string[] = () => [];
  /** Exceptions that a path's operations are answered with. */
  readonly refuse = new Map<
    string,
    { readonly status: number; readonly exception: string; readonly message: string }
  >();
  /** The same, of any path, by operation. */
  readonly refuseAll = new Map<
    string,
    { readonly status: number; readonly exception: string; readonly message: string }
  >();
  /** Bytes of each new file that do not arrive. */
  lose = 0;
  private clockMs = 1_700_000_000_000;
  private readonly nameNode = createServer(
    (request, response) => void this.atNameNode(request, response).catch(cutOff),
  );
  private readonly dataNode = createServer(
    (request, response) => void this.atDataNode(request, response).catch(cutOff),
  );

  static async start(): Promise<FakeWebHdfs> {
    const fake = new FakeWebHdfs();
    for (const server of [fake.nameNode, fake.dataNode])
      await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
    return fake;
  }

  /** Of WebHDFS. */
  get port(): number {
    return portOf(this.nameNode);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of [this.nameNode, this.dataNode]) {
      server.closeAllConnections();
      await new Promise<void>(resolve => server.close(() => resolve()));
    }
  }

  write(path: string, text: string | Uint8Array): void {
    const parts = path.split("/").slice(1, -1);
    parts.forEach((_, i) => this.folders.add(`/${parts.slice(0, i + 1).join("/")}`));
    this.files.set(path, { bytes: Buffer.from(text), modifiedMs: (this.clockMs += 1000) });
  }

  private async atNameNode(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { path, query, operation } = partsOf(request);
    this.log.push(`${request.method} ${operation} ${path}`);
    const refused = this.refuse.get(`${operation} ${path}`) ?? this.refuse.get(path) ?? this.refuseAll.get(operation);
    if (refused !== undefined) return fail(response, refused.status, refused.exception, refused.message);
    const file = this.files.get(path);
    switch (`${request.method} ${operation}`) {
      case "GET GETFILESTATUS":
        if (!this.exists(path)) return notFound(response, path);
        return json(response, { FileStatus: this.statusOf(path, "") });
      case "GET LISTSTATUS":
        if (file !== undefined) return json(response, { FileStatuses: { FileStatus: [this.statusOf(path, "")] } });
        if (!this.folders.has(path)) return notFound(response, path);
        return json(response, {
          FileStatuses: { FileStatus: this.namesIn(path).map(name => this.statusOf(below(path, name), name)) },
        });
      case "GET GETFILEBLOCKLOCATIONS":
        if (file === undefined) return notFound(response, path);
        return json(response, { BlockLocations: { BlockLocation: this.blocksOf(path, file) } });
      case "GET OPEN":
        if (file === undefined) return notFound(response, path);
        if (Number(query.get("offset") ?? "0") > file.bytes.length)
          return fail(response, 403, "IOException", `Offset=${query.get("offset")} out of the range`);
        return this.toDataNode(request, response);
      case "PUT CREATE":
        // a name node takes no data: who sends some there has not followed the protocol
        for await (const piece of request)
          if ((piece as Buffer).length > 0)
            return fail(response, 400, "IllegalArgumentException", "data at the name node");
        return this.toDataNode(request, response);
      case "PUT MKDIRS":
        this.write(`${path}/x`, "");
        this.files.delete(`${path}/x`);
        return json(response, { boolean: true });
      case "PUT RENAME":
        return json(response, { boolean: this.rename(path, query.get("destination")!) });
      case "DELETE DELETE":
        return json(response, { boolean: this.remove(path) });
      default:
        return fail(
          response,
          400,
          "IllegalArgumentException",
          `Invalid value for webhdfs parameter "op": ${operation}`,
        );
    }
  }

  private async atDataNode(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { path, query, operation } = partsOf(request);
    this.log.push(
      `data ${operation} ${path}${operation === "OPEN" ? ` ${query.get("offset")}+${query.get("length")}` : ""}`,
    );
    if (operation === "CREATE") {
      const pieces: Buffer[] = [];
      for await (const piece of request) pieces.push(piece as Buffer);
      const bytes = Buffer.concat(pieces);
      this.write(path, bytes.subarray(0, Math.max(0, bytes.length - this.lose)));
      response.writeHead(201, { location: `hdfs://fake${path}` }).end();
      return;
    }
    const from = Number(query.get("offset") ?? "0");
    const { bytes } = this.files.get(path)!;
    const body = bytes.subarray(from, from + Number(query.get("length") ?? String(bytes.length)));
    response.writeHead(200, { "content-type": "application/octet-stream", "content-length": body.length }).end(body);
  }

  private toDataNode(request: IncomingMessage, response: ServerResponse): void {
    const location = `http://127.0.0.1:${portOf(this.dataNode)}${request.url}&namenoderpcaddress=fake:8020`;
    response.writeHead(307, { location, "content-length": 0 }).end();
  }

  private exists(path: string): boolean {
    return this.files.has(path) || this.folders.has(path);
  }

  private namesIn(folder: string): string[] {
    const base = folder === "/" ? "/" : `${folder}/`;
    const paths = [...this.files.keys(), ...this.folders];
    const names = paths.filter(path => path.startsWith(base) && path !== base).map(path => path.slice(base.length));
    return [...new Set(names.filter(name => !name.includes("/")))].sort();
  }

  private statusOf(path: string, pathSuffix: string) {
    const file = this.files.get(path);
    return {
      ...{ accessTime: 0, group: "g", owner: "me", permission: "644", replication: 3, pathSuffix },
      type: file === undefined ? "DIRECTORY" : "FILE",
      length: file?.bytes.length ?? 0,
      blockSize: file === undefined ? 0 : this.blockBytes,
      modificationTime: file?.modifiedMs ?? 0,
    };
  }

  private blocksOf(path: string, { bytes }: FakeFile) {
    const count = Math.ceil(bytes.length / this.blockBytes);
    return Array.from({ length: count }, (_, block) => {
      const offset = block * this.blockBytes;
      const hosts = this.hostsOf(path, block);
      return {
        ...{ cachedHosts: [], corrupt: false, hosts, offset, length: Math.min(this.blockBytes, bytes.length - offset) },
        ...{ names: hosts.map((_host, i) => `10.0.0.${i + 1}:9866`), storageTypes: hosts.map(() => "DISK") },
        topologyPaths: hosts.map(host => `/default-rack/${host}`),
      };
    });
  }

  private rename(from: string, to: string): boolean {
    const file = this.files.get(from);
    if (file === undefined || this.exists(to)) return false;
    this.files.delete(from);
    this.files.set(to, file);
    return true;
  }

  private remove(path: string): boolean {
    const isIn = (each: string) => each === path || each.startsWith(`${path}/`);
    const gone = [...this.files.keys()].filter(isIn);
    for (const each of gone) this.files.delete(each);
    const folders = [...this.folders].filter(isIn);
    for (const each of folders) this.folders.delete(each);
    return gone.length + folders.length > 0;
  }
}

function partsOf(request: IncomingMessage) {
  const url = new URL(request.url!, "http://fake");
  const path = decodeURIComponent(url.pathname.replace(/^\/webhdfs\/v1/, "")).replace(/(.)\/$/, "$1") || "/";
  return { path, query: url.searchParams, operation: url.searchParams.get("op") ?? "" };
}

function below(folder: string, name: string): string {
  return folder === "/" ? `/${name}` : `${folder}/${name}`;
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

function json(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(value));
}

function notFound(response: ServerResponse, path: string): void {
  fail(response, 404, "FileNotFoundException", `File does not exist: ${path}`);
}

function fail(response: ServerResponse, status: number, exception: string, message: string): void {
  const RemoteException = { exception, javaClassName: `org.apache.hadoop.${exception}`, message };
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify({ RemoteException }));
}
