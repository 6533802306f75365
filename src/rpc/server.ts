/**
 * One port for everything: tells HTTP/2 (messages and bulk) from HTTP/1.1 (REST, pages) by a connection's first bytes. Connections
 * are bounded, and one that does not say in time what it wants is closed. Without a secret it listens on loopback alone.
 */
import { createServer as createHttp1Server, type IncomingMessage, type ServerResponse } from "node:http";
import {
  createServer as createHttp2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import { createServer, isIPv4, type AddressInfo, type Server, type Socket } from "node:net";
import { UsageError } from "../base/usage-error.ts";
import type { RpcAddress } from "./contracts.ts";
import { sessionOptions, widen } from "./http2-sessions.ts";
import { addressKey, bareHost } from "./peers.ts";

export type HttpListener = (request: IncomingMessage, response: ServerResponse) => void;
export type StreamListener = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, server: NetServer) => void;

export interface NetServerOptions {
  readonly host: string;
  /** 0: any. */
  readonly port: number;
  readonly hasSecret: boolean;
  /** How long a connection may take to its first bytes, and an HTTP/2 one to prove itself. */
  readonly greetingTimeoutMs: number;
  readonly connectionsMax: number;
  warn(message: string): void;
}

const preface = new TextEncoder().encode("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
const headerBytesMax = 32 << 10;

export class NetServer {
  /** Answers HTTP/1.1; may be set at any time. */
  http: HttpListener | undefined;
  private readonly options: NetServerOptions;
  private readonly server: Server;
  private readonly http1;
  private readonly http2;
  private readonly sockets = new Set<Socket>();
  private readonly unproven = new WeakMap<object, ReturnType<typeof setTimeout>>();
  private isClosed = false;

  constructor(options: NetServerOptions, onStream: StreamListener) {
    this.options = options;
    this.server = createServer({ noDelay: true }, socket => this.connected(socket));
    this.http1 = createHttp1Server({ maxHeaderSize: headerBytesMax }, (request, response) => {
      this.proven(request.socket);
      if (this.http !== undefined) return this.http(request, response);
      response.writeHead(404, { "content-type": "text/plain" });
      response.end("nothing is served here by HTTP/1.1\n");
    });
    this.http1.on("clientError", (error, socket) => {
      if (socket.destroyed) return; // the client went, or was too slow
      options.warn(`a connection was refused: neither HTTP/2 nor HTTP/1.1 (${error.message})`);
      if (socket.writable) socket.end("HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
      else socket.destroy();
    });
    this.http2 = createHttp2Server(sessionOptions);
    this.http2.on("session", session => this.began(session));
    this.http2.on("sessionError", () => {}); // its streams and "close" tell
    this.http2.on("stream", (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
      stream.on("error", () => {}); // whoever answers it hears of it too
      onStream(stream, headers, this);
    });
  }

  /** Rejects with a UsageError for an address that is not to be had. */
  listen(): Promise<RpcAddress> {
    const { port, hasSecret } = this.options;
    const host = bareHost(this.options.host);
    if (!hasSecret && !isLoopback(host)) {
      throw new UsageError(`without a secret nothing may listen at ${host}: whoever reached it could run code here`, {
        hint: "give a secret with --secret-file or FIRESTEEL_SECRET, or listen at 127.0.0.1",
      });
    }
    return new Promise((resolve, reject) => {
      this.server.once("error", error => reject(cannotListen(error, { host, port })));
      this.server.listen(port, host, () => {
        this.server.on("error", error => this.options.warn(`the server at ${host}: ${error.message}`));
        resolve({ host, port: (this.server.address() as AddressInfo).port });
      });
    });
  }

  /** The other side of this session has shown that it belongs here, or has said on this socket what it wants. */
  proven(connection: object): void {
    clearTimeout(this.unproven.get(connection));
    this.unproven.delete(connection);
  }

  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    const closed = new Promise<void>(resolve => this.server.close(() => resolve()));
    for (const socket of this.sockets) socket.destroy();
    this.http1.closeAllConnections();
    await closed;
  }

  private connected(socket: Socket): void {
    const { connectionsMax, greetingTimeoutMs, warn } = this.options;
    const from = socket.remoteAddress ?? "someone";
    if (this.sockets.size >= connectionsMax || this.isClosed) {
      warn(`a connection of ${from} was refused: there are ${connectionsMax} already`);
      return void socket.destroy();
    }
    this.sockets.add(socket);
    socket.on("error", () => {}); // "close" follows
    const timer = setTimeout(() => {
      warn(`a connection of ${from} was closed: it did not say within ${greetingTimeoutMs} ms what it wants`);
      socket.destroy();
    }, greetingTimeoutMs);
    timer.unref();
    socket.once("close", () => {
      clearTimeout(timer);
      this.sockets.delete(socket);
    });
    let head: Uint8Array = new Uint8Array(0);
    const sniff = (chunk: Uint8Array) => {
      head = head.length === 0 ? chunk : joined(head, chunk);
      const kind = protocolOf(head);
      if (kind === "undecided") return;
      // HTTP/1.1 has said what it wants with its first request, HTTP/2 has a time of its own
      if (kind === "http2") clearTimeout(timer);
      else this.unproven.set(socket, timer);
      socket.off("data", sniff);
      socket.pause();
      (kind === "http2" ? this.http2 : this.http1).emit("connection", socket);
      socket.unshift(head);
      socket.resume();
    };
    socket.on("data", sniff);
  }

  private began(session: ServerHttp2Session): void {
    const { greetingTimeoutMs, warn } = this.options;
    const from = session.socket?.remoteAddress ?? "someone";
    widen(session);
    const timer = setTimeout(() => {
      warn(`a connection of ${from} was closed: it did not prove within ${greetingTimeoutMs} ms that it belongs here`);
      session.destroy();
    }, greetingTimeoutMs);
    timer.unref();
    this.unproven.set(session, timer);
    session.once("close", () => clearTimeout(timer));
    session.on("error", error => {
      if (this.unproven.has(session)) warn(`a connection of ${from} was closed: ${error.message}`);
    });
  }
}

export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIPv4(host) && host.startsWith("127."));
}

function protocolOf(head: Uint8Array): "http1" | "http2" | "undecided" {
  const bytes = Math.min(head.length, preface.length);
  for (let i = 0; i < bytes; i++) if (head[i] !== preface[i]) return "http1";
  return bytes === preface.length ? "http2" : "undecided";
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

function cannotListen(error: NodeJS.ErrnoException, address: RpcAddress): UsageError {
  const where = addressKey(address);
  switch (error.code) {
    case "EADDRINUSE":
      return new UsageError(`${where} is in use`, { hint: "choose another port, or 0 for any", cause: error });
    case "EACCES":
      return new UsageError(`listening at ${where} is not allowed`, { hint: "choose a port above 1023", cause: error });
    default:
      return new UsageError(`cannot listen at ${where}: ${error.message}`, {
        hint: "choose an address of this machine",
        cause: error,
      });
  }
}
