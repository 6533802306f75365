/**
 * Who may use a REST server. With a secret: whoever proves to know it, by HTTP Digest (`curl --digest -u firesteel:…`), each proof
 * good for one request. Without one: this machine alone, asked by a name of this machine, so that a web page that has its
 * own name point here (DNS rebinding) gets nothing. Requests that a browser makes for another site's page are refused either way.
 */
import { timingSafeEqual } from "node:crypto";
import type { Context, MiddlewareHandler } from "hono";
import type { Clock } from "../base/clock.ts";
import { isLoopback } from "./bind.ts";
import { digestRealm, digestResponse, digestUser, parseDigestHeader } from "./digest.ts";
import { Nonces } from "./nonces.ts";
import { errorAnswer, RestError } from "./rest-bodies.ts";

/** What the listener knows of a request beside its text. */
export interface RestEnv {
  readonly Bindings: { readonly remoteAddress: string | undefined };
}

export interface RestAuthentication {
  readonly secret: string | undefined;
  readonly clock: Clock;
  /** Names beside `localhost` and loopback addresses by which this machine may be asked without a secret. */
  readonly hosts?: readonly string[];
  /** Told once for each address and cause. */
  readonly warn?: (message: string) => void;
}

const nonceLifeMs = 5 * 60_000;
const noncesMax = 10_000;
const toldMax = 1000;

export function authenticated(options: RestAuthentication): MiddlewareHandler<RestEnv> {
  const { secret, clock, hosts = [] } = options;
  const nonces = new Nonces(clock, nonceLifeMs, noncesMax);
  const refused = refusals(options.warn ?? (() => {}));
  const refuse = (c: Context<RestEnv>, error: RestError) => {
    refused(c.env?.remoteAddress, error.message);
    return errorAnswer(c, error);
  };
  return async (c, next) => {
    const foreign = foreignPage(c);
    if (foreign !== undefined) return refuse(c, foreign);
    if (secret === undefined) {
      const stranger = notFromHere(c, hosts);
      return stranger === undefined ? next() : refuse(c, stranger);
    }
    const verdict = verify(c, secret, nonces);
    if (verdict === "good") return next();
    const challenge = `Digest realm="${digestRealm}", qop="auth", algorithm=SHA-256, nonce="${nonces.issue()}"`;
    const headers = { "www-authenticate": verdict === "stale" ? `${challenge}, stale=true` : challenge };
    const error = new RestError(401, reasons[verdict], {
      headers,
      hint: "use HTTP Digest with SHA-256: curl --digest -u firesteel:SECRET",
    });
    // to come without a proof, or with an old one, is how every client begins
    return verdict === "wrong" || verdict === "replayed" ? refuse(c, error) : errorAnswer(c, error);
  };
}

type Verdict = "good" | "absent" | "stale" | "wrong" | "replayed";

const reasons: Readonly<Record<Exclude<Verdict, "good">, string>> = {
  absent: "this server has a secret: prove that you know it",
  stale: "the proof is too old",
  wrong: "the proof is wrong: another secret, user or request",
  replayed: "the proof was used before",
};

function verify(c: Context<RestEnv>, secret: string, nonces: Nonces): Verdict {
  const given = parseDigestHeader(c.req.header("authorization"));
  if (given === undefined) return c.req.header("authorization") === undefined ? "absent" : "wrong";
  const url = new URL(c.req.url);
  const [nonce, nc, cnonce, response] = ["nonce", "nc", "cnonce", "response"].map(name => given.get(name) ?? "");
  const wellFormed =
    given.get("username") === digestUser &&
    given.get("realm") === digestRealm &&
    (given.get("algorithm") ?? "").toUpperCase() === "SHA-256" &&
    given.get("qop") === "auth" &&
    given.get("uri") === url.pathname + url.search &&
    /^[0-9a-f]{8}$/i.test(nc!) &&
    /^[0-9a-f]{64}$/i.test(response!) &&
    cnonce !== "";
  if (!wellFormed) return "wrong";
  const expected = digestResponse({
    ...{ user: digestUser, realm: digestRealm, secret, method: c.req.method },
    ...{ uri: given.get("uri")!, nonce: nonce!, nc: nc!, cnonce: cnonce! },
  });
  if (!timingSafeEqual(Buffer.from(expected, "hex"), Buffer.from(response!, "hex"))) return "wrong";
  // counted only now: who does not know the secret cannot use up counts or room
  return nonces.use(nonce!, Number.parseInt(nc!, 16));
}

/** Browsers name the page that a request is for; programs do not. */
function foreignPage(c: Context): RestError | undefined {
  const origin = c.req.header("origin");
  const site = c.req.header("sec-fetch-site");
  const sameOrigin = origin === undefined || (URL.canParse(origin) && new URL(origin).host === hostOf(c));
  if (sameOrigin && site !== "cross-site" && site !== "same-site") return undefined;
  return new RestError(403, "a page of another site may not ask this server");
}

function notFromHere(c: Context<RestEnv>, hosts: readonly string[]): RestError | undefined {
  const address = c.env?.remoteAddress;
  if (address === undefined || !isLoopback(address.replace(/^::ffff:/, ""))) {
    return new RestError(403, "this server has no secret, and answers its own machine alone", {
      hint: "start the cluster with --secret-file FILE",
    });
  }
  const name = hostOf(c).replace(/:\d+$/, "").toLowerCase();
  if (isLoopback(name) || name.endsWith(".localhost") || hosts.some(host => host.toLowerCase() === name))
    return undefined;
  return new RestError(403, `this server is not ${JSON.stringify(name.slice(0, 100))}`, {
    hint: "without a secret it answers to localhost and 127.0.0.1 alone",
  });
}

function hostOf(c: Context): string {
  return c.req.header("host") ?? new URL(c.req.url).host;
}

function refusals(warn: (message: string) => void): (address: string | undefined, cause: string) => void {
  const told = new Set<string>();
  return (address, cause) => {
    const message = `refused a request from ${address ?? "an unknown address"}: ${cause}`;
    if (told.has(message) || told.size >= toldMax) return;
    told.add(message);
    warn(message);
  };
}
