/**
 * A port that speaks HTTP/1.1: pages, their data, submissions. A port in use is an error that says so, or, where any will do, the next
 * one is tried. Slow and endless requests are cut off.
 */
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { FiresteelError } from "../base/errors.ts";
import { formatHostPort } from "../base/master-url.ts";
import { UsageError } from "../base/usage-error.ts";

export interface HttpPort {
  readonly port: number;
  /** Ends requests that run, too. */
  close(): Promise<void>;
}

export interface HttpPortOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** How many ports from there on may be tried; 1 for exactly that one. */
  readonly tries?: number;
  /** For errors: "pages". */
  readonly purpose: string;
  /** The option that names the port. */
  readonly option: string;
}

const headersTimeoutMs = 20_000;
const requestTimeoutMs = 10 * 60_000;
const connectionsMax = 1_000;

function createHttpServer(handler: RequestListener): Server {
  const server = createServer({ headersTimeout: headersTimeoutMs, requestTimeout: requestTimeoutMs }, handler);
  server.maxConnections = connectionsMax;
  return server;
}

export async function listenHttp(handler: RequestListener, options: HttpPortOptions): Promise<HttpPort> {
  const { port, tries = 1 } = options;
  for (let offset = 0; ; offset++) {
    const server = createHttpServer(handler);
    const failure = await listen(server, options.host, port === 0 ? 0 : port + offset);
    if (failure === undefined) return opened(server);
    if (failure.code !== "EADDRINUSE" || port === 0 || offset + 1 >= tries || port + offset >= 65_535)
      throw notListening(failure, options);
  }
}

function opened(server: Server): HttpPort {
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, host: string, port: number): Promise<(Error & { code?: string }) | undefined> {
  return new Promise(resolve => {
    server.once("error", resolve);
    server.listen(port, host, () => {
      server.off("error", resolve);
      resolve(undefined);
    });
  });
}

function notListening(failure: Error & { code?: string }, { host, port, purpose, option }: HttpPortOptions): Error {
  const where = formatHostPort({ host, port });
  if (failure.code === "EADDRINUSE") {
    return new UsageError(`${where}, for ${purpose}, is in use`, {
      hint: `choose another with ${option}, or 0 for any`,
    });
  }
  return new FiresteelError("resource", `cannot listen on ${where} for ${purpose}: ${failure.message}`, {
    hint: "check --host and the port",
    cause: failure,
  });
}
