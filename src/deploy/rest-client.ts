/**
 * The client's side of a master's REST: HTTP with Digest authentication, bounded in time and in what it reads. Tells a server that
 * speaks it from one that does not, so that the caller can try another way.
 */
import { randomBytes } from "node:crypto";
import { FiresteelError } from "../base/errors.ts";
import { formatHostPort, type HostPort } from "../base/master-url.ts";
import { UsageError } from "../base/usage-error.ts";
import { digestHeader, digestUser, parseDigestHeader } from "./digest.ts";

export interface RestAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface RestRequest {
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "DELETE";
  readonly path: string;
  readonly body?: string | Blob;
  readonly type?: string;
  readonly timeoutMs?: number;
}

const timeoutMsDefault = 10_000;
const answerBytesMax = 4 << 20;

/** The server cannot be reached, or is no REST server. */
export class NoRest extends FiresteelError {
  constructor(message: string, cause?: unknown) {
    super("lost", message, { cause });
  }
}

export class RestClient {
  readonly address: string;
  private challenge: { readonly realm: string; readonly nonce: string } | undefined;
  private count = 0;

  constructor(
    at: HostPort,
    private readonly secret: string | undefined,
  ) {
    this.address = formatHostPort(at);
  }

  /** Rejects with NoRest when there is none, or one that is not available; learns the server's nonce before bodies are sent. */
  async probe(timeoutMs: number): Promise<void> {
    const { status, body } = await this.request({ method: "GET", path: "/v1/submissions/readyz", timeoutMs });
    if (body["action"] !== "ReadyzResponse") throw new NoRest(`${this.address} is not available by REST (${status})`);
  }

  /** Rejects with NoRest, or a UsageError when the server does not let us in. Other answers are the caller's to judge. */
  async request(request: RestRequest): Promise<RestAnswer> {
    let response = await this.send(request);
    // once without a nonce or with an old one; a second refusal is about the secret
    if (response.status === 401 && this.accept(response)) {
      await response.body?.cancel();
      response = await this.send(request);
    }
    const body = await this.read(response);
    if (response.status === 401 || (response.status === 403 && body["action"] === undefined))
      throw this.refused(response.status, body);
    return { status: response.status, body };
  }

  private async send({ method, path, body, type, timeoutMs = timeoutMsDefault }: RestRequest): Promise<Response> {
    const headers: Record<string, string> = { accept: "application/json" };
    if (type !== undefined) headers["content-type"] = type;
    if (this.challenge !== undefined && this.secret !== undefined) {
      headers["authorization"] = digestHeader({
        ...{ user: digestUser, secret: this.secret, method, uri: path, ...this.challenge },
        ...{ nc: (++this.count).toString(16).padStart(8, "0"), cnonce: randomBytes(16).toString("hex") },
      });
    }
    try {
      const signal = AbortSignal.timeout(timeoutMs);
      const url = `http://${this.address}${path}`;
      return await fetch(url, { method, headers, signal, redirect: "error", ...(body !== undefined && { body }) });
    } catch (error) {
      throw new NoRest(`${this.address} does not answer: ${reasonOf(error)}`, error);
    }
  }

  /** Whether there is a challenge that we can meet. */
  private accept(response: Response): boolean {
    const given = parseDigestHeader(response.headers.get("www-authenticate") ?? undefined);
    const [realm, nonce] = [given?.get("realm"), given?.get("nonce")];
    const stale = this.challenge === undefined || given?.get("stale")?.toLowerCase() === "true";
    if (this.secret === undefined || realm === undefined || nonce === undefined || !stale) return false;
    if ((given?.get("algorithm") ?? "").toUpperCase() !== "SHA-256") return false;
    this.challenge = { realm, nonce };
    this.count = 0;
    return true;
  }

  private async read(response: Response): Promise<RestAnswer["body"]> {
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    try {
      for await (const chunk of response.body ?? []) {
        bytes += chunk.length;
        if (bytes > answerBytesMax) throw new NoRest(`${this.address} answers more than ${answerBytesMax} bytes`);
        chunks.push(chunk);
      }
      const parsed: unknown = bytes === 0 ? {} : JSON.parse(Buffer.concat(chunks).toString("utf8"));
      if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed))
        return parsed as Record<string, unknown>;
    } catch (error) {
      if (error instanceof NoRest) throw error;
    }
    throw new NoRest(`${this.address} answers something other than REST (${response.status})`);
  }

  private refused(status: number, body: RestAnswer["body"]): UsageError {
    const why = typeof body["message"] === "string" ? `: ${body["message"].slice(0, 500)}` : ` (${status})`;
    const hint =
      this.secret === undefined
        ? "give the cluster's secret: --secret-file FILE, or FIRESTEEL_SECRET"
        : "check that the secret is the cluster's";
    return new UsageError(`the master at ${this.address} refuses${why}`, { hint: status === 401 ? hint : undefined });
  }
}

function reasonOf(error: unknown): string {
  const { name, message, cause } = error as Error;
  if (name === "TimeoutError") return "no answer in time";
  const code = (error as { code?: string }).code ?? (cause as { code?: string } | undefined)?.code;
  return code === undefined || message.includes(code) ? message : `${message} (${code})`;
}
