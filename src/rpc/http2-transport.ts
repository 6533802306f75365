/**
 * Processes that talk over HTTP/2: a connection and one long-lived stream per peer for messages, further connections for bulk. Both
 * sides prove that they know the secret, where there is one. Peers of another version or secret, garbage and cut connections are
 * refused with a line in the log; none disturbs others.
 */
import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import type { Secret } from "./authentication.ts";
import { BulkClient } from "./bulk-client.ts";
import { BulkRoutes } from "./bulk-routes.ts";
import { bulkGreetingPath, bulkPathPrefix, BulkServer } from "./bulk-server.ts";
import type {
  Accept,
  Bulk,
  Connection,
  ConnectionListener,
  RpcAddress,
  Transport,
  TransportSelf,
} from "./contracts.ts";
import { greet, welcome } from "./handshake.ts";
import { Http2Connection, type ConnectionEvents, type Hello } from "./http2-connection.ts";
import { openSession } from "./http2-sessions.ts";
import { addressKey } from "./peers.ts";
import { NetServer, type HttpListener } from "./server.ts";

export interface Http2Options {
  /** Where to listen; default 127.0.0.1. */
  readonly host?: string | undefined;
  /** 0 or left out: any. */
  readonly port?: number | undefined;
  /** What others reach this host by, where that is not `host`. */
  readonly advertisedHost?: string | undefined;
  /** False: it only connects. */
  readonly listens?: boolean | undefined;
  /** Shared by the whole cluster. Without one everything stays on loopback. */
  readonly secret?: Secret | undefined;
  /** Bulk connections to one address; default 4. */
  readonly bulkConnectionsMax?: number | undefined;
  /** Connections that others may have here; default 10,000. */
  readonly connectionsMax?: number | undefined;
  /** How long a new connection may take to prove itself; default 10 s. */
  readonly greetingTimeoutMs?: number | undefined;
}

export interface Http2Transport extends Transport {
  /** Answers HTTP/1.1 on the same port; may be set at any time. */
  http: HttpListener | undefined;
}

const messagesPath = "/rpc";
/** How long closed connections may take to say why. */
const closeTimeoutMs = 1_500;
const refusalTimeoutMs = 500;
const warningsPerMinuteMax = 100;

export function createHttp2Transport(options: Http2Options = {}): Http2Transport {
  return new Http2TransportEnd(options);
}

class Http2TransportEnd implements Http2Transport {
  readonly bulk: Bulk;
  private readonly options: Http2Options;
  private readonly routes = new BulkRoutes();
  private readonly bulkServer: BulkServer;
  private readonly bulkClient: BulkClient;
  private readonly connections = new Map<Http2Connection, Promise<void>>();
  private server: NetServer | undefined;
  private listener: HttpListener | undefined;
  private hello: Hello | undefined;
  private accept: Accept | undefined;
  private warn: (message: string) => void = () => {};

  constructor(options: Http2Options) {
    this.options = options;
    this.bulkServer = new BulkServer(this.routes, options.secret);
    const client = new BulkClient({ secret: options.secret, connectionsMax: options.bulkConnectionsMax });
    this.bulkClient = client;
    this.bulk = {
      serve: (prefix, handler) => this.routes.add(prefix, handler),
      open: (address, path, body, bulkOptions) => client.open(address, path, body, bulkOptions),
    };
  }

  get http(): HttpListener | undefined {
    return this.listener;
  }

  set http(listener: HttpListener | undefined) {
    this.listener = listener;
    if (this.server !== undefined) this.server.http = listener;
  }

  async start(self: TransportSelf, accept: Accept): Promise<RpcAddress | undefined> {
    this.accept = accept;
    this.warn = boundedWarn(self.warn);
    const address = this.options.listens === false ? undefined : await this.listen();
    this.hello = { id: self.id, role: self.role, address };
    return address;
  }

  private async listen(): Promise<RpcAddress> {
    const { host = "127.0.0.1", port = 0, advertisedHost, secret, connectionsMax, greetingTimeoutMs } = this.options;
    const server = new NetServer(
      {
        host,
        port,
        hasSecret: secret !== undefined,
        connectionsMax: connectionsMax ?? 10_000,
        greetingTimeoutMs: greetingTimeoutMs ?? 10_000,
        warn: message => this.warn(message),
      },
      (stream, headers) => this.onStream(server, stream, headers),
    );
    server.http = this.listener;
    const address = await server.listen();
    this.server = server;
    return { host: advertisedHost ?? address.host, port: address.port };
  }

  // ---- what others ask

  private onStream(server: NetServer, stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    const session = stream.session;
    if (session === undefined || session.destroyed) return void stream.destroy();
    const prove = () => server.proven(session);
    const path = headers[":path"] ?? "";
    let refused: string | undefined;
    if (path === messagesPath) refused = this.onMessages(stream, headers, prove);
    else if (path === bulkGreetingPath) refused = this.bulkServer.greet(stream, headers, prove);
    else if (path.startsWith(bulkPathPrefix)) refused = this.bulkServer.answer(stream, headers, prove);
    else {
      stream.respond({ ":status": 404 }, { endStream: true });
      refused = `it asks for ${JSON.stringify(path.slice(0, 100))}`;
    }
    if (refused === undefined) return;
    this.warn(`a connection of ${session.socket?.remoteAddress ?? "someone"} was refused: ${refused}`);
    // the answer goes out first; a client that stays all the same is cut off
    session.close();
    const timer = setTimeout(() => session.destroy(), refusalTimeoutMs);
    timer.unref();
    session.once("close", () => clearTimeout(timer));
  }

  private onMessages(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, prove: () => void): string | undefined {
    const answer = welcome(headers, this.options.secret);
    stream.respond(answer.headers, { endStream: !answer.ok });
    if (!answer.ok) return answer.reason;
    const from = stream.session!.socket?.remoteAddress ?? "someone";
    this.track(stream, { send: answer.keys.fromServer, receive: answer.keys.fromClient }, from, {
      onHello: connection => {
        prove();
        return this.accept!(connection);
      },
      onRefused: error => this.warn(`a connection was refused: ${error.message}`),
      onMalformed: error => this.warn(error.message),
    });
    return undefined;
  }

  // ---- what it asks of others

  async connect(
    address: RpcAddress,
    listener: (connection: Connection) => ConnectionListener,
    signal: AbortSignal,
  ): Promise<void> {
    const where = addressKey(address);
    const session = await openSession(address, signal);
    const aborted = () => session.destroy();
    signal.addEventListener("abort", aborted, { once: true });
    try {
      const { stream, keys } = await greet(session, messagesPath, where, this.options.secret);
      await new Promise<void>((resolve, reject) => {
        this.track(stream, { send: keys.fromClient, receive: keys.fromServer }, where, {
          onHello: connection => {
            const heard = listener(connection);
            resolve();
            return heard;
          },
          onRefused: reject,
          onMalformed: error => this.warn(error.message),
        });
      });
    } catch (error) {
      session.destroy();
      throw signal.aborted ? signal.reason : error;
    } finally {
      signal.removeEventListener("abort", aborted);
    }
  }

  private track(
    stream: ConstructorParameters<typeof Http2Connection>[0],
    keys: ConstructorParameters<typeof Http2Connection>[2],
    from: string,
    events: ConnectionEvents,
  ): void {
    const session = stream.session!;
    const closed = new Promise<void>(resolve => session.once("close", resolve));
    const connection = new Http2Connection(stream, session, keys, from, this.hello!, events);
    this.connections.set(connection, closed);
    void closed.then(() => this.connections.delete(connection));
  }

  async close(): Promise<void> {
    const closed = Promise.all(this.connections.values());
    for (const connection of this.connections.keys()) connection.close("it has shut down");
    let timer: ReturnType<typeof setTimeout> | undefined;
    await Promise.race([closed, new Promise(resolve => (timer = setTimeout(resolve, closeTimeoutMs)))]);
    clearTimeout(timer);
    await this.bulkClient.close();
    await this.server?.close();
  }
}

/** So that connections that nobody asked for cannot fill a log. */
function boundedWarn(warn: (message: string) => void): (message: string) => void {
  let minute = 0;
  let count = 0;
  return message => {
    const now = Math.floor(performance.now() / 60_000);
    if (now !== minute) [minute, count] = [now, 0];
    if (++count <= warningsPerMinuteMax) warn(message);
    else if (count === warningsPerMinuteMax + 1) warn("more connections were refused; silent for up to a minute");
  };
}
