/**
 * The REST server of a master: authentication, Spark's submission calls, our own, and errors as JSON. It is one fetch handler and
 * one node listener, to be set behind the port that serves RPC too, or behind one of its own (http-port.ts). Pages that others serve
 * come behind it, under the same authentication.
 */
import type { RequestListener } from "node:http";
import { hostname } from "node:os";
import { getRequestListener } from "@hono/node-server";
import { Hono } from "hono";
import manifest from "../../package.json" with { type: "json" };
import type { Clock } from "../base/clock.ts";
import type { MasterAccess } from "./master-access.ts";
import { applicationsApp } from "./rest-applications.ts";
import { authenticated, type RestEnv } from "./rest-authentication.ts";
import { asRestError, errorAnswer, RestError } from "./rest-bodies.ts";
import { submissionApp } from "./rest-submission.ts";

export interface RestServerOptions {
  readonly master: MasterAccess;
  readonly secret: string | undefined;
  readonly clock: Clock;
  /** Further names of this machine; see rest-authentication.ts. */
  readonly hosts?: readonly string[];
  /** What an operator should know: refused requests, errors of the server. */
  readonly warn?: (message: string) => void;
  /** Answers what is no REST; undefined for what it does not know either. */
  readonly pages?: (request: Request) => Response | undefined | Promise<Response | undefined>;
}

export type Fetch = (request: Request, from: RestEnv["Bindings"]) => Response | Promise<Response>;

export function restFetch(options: RestServerOptions): Fetch {
  const { master, secret, clock, warn = () => {}, pages } = options;
  const app = new Hono<RestEnv>();
  const hosts = [hostname(), ...(options.hosts ?? [])];
  app.use("*", authenticated({ secret, clock, hosts, warn }));
  if (pages !== undefined) {
    app.use("*", async (c, next) => {
      await next();
      // Spark's errors stand for what nobody serves
      if (c.res.status !== 404 && !(c.req.path === "/" && c.res.status === 400)) return;
      const page = await pages(c.req.raw);
      if (page !== undefined) c.res = page;
    });
  }
  app.route("/", applicationsApp({ master, version: manifest.version }));
  app.route("/", submissionApp({ master, version: manifest.version }));
  app.notFound(c => errorAnswer(c, new RestError(404, `nothing is served at ${c.req.path.slice(0, 200)}`)));
  app.onError((thrown, c) => {
    const error = asRestError(thrown);
    if (error.status === 500) warn(`a request failed: ${c.req.method} ${c.req.path.slice(0, 200)}: ${String(thrown)}`);
    return errorAnswer(c, error);
  });
  return (request, from) => app.fetch(request, from);
}

/** For `node:http`'s servers: the HTTP/1.1 side of the one port. */
export function restListener(fetch: Fetch, hostname: string): RequestListener {
  const listener = getRequestListener(
    (request, bindings) => fetch(request, { remoteAddress: bindings.incoming.socket?.remoteAddress }),
    // requests without a Host header
    { hostname, overrideGlobalObjects: false },
  );
  return (incoming, outgoing) => void listener(incoming, outgoing);
}
