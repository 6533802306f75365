/**
 * Requests over HTTP as remote file systems need them: silence is bounded, redirects are followed by hand and few, what a
 * server refuses for the moment and what breaks on the way is tried again with growing pauses, and a body is whole or an error.
 *
 * Promises: an unreachable server is an error after `timeoutMs` at the latest, retries included. Errors (`HttpFailure`) say what
 * the server said, and never headers or the address's query. Does not: decode content, keep cookies, cache.
 */
import { FiresteelError } from "../base/errors.ts";
import { shownAddress } from "../base/shown-address.ts";

export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** In place of `body`: what is sent as it comes. It can be sent once, so such a request is not tried again. */
  readonly pieces?: AsyncIterator<Uint8Array>;
  /** A redirect is an answer, with its place in `location`. */
  readonly keepRedirect?: boolean;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array;
}

export interface HttpLimits {
  readonly timeoutMs: number;
  readonly retriesMax: number;
}

/** What a request came to when it is no answer that was hoped for. */
export class HttpFailure extends Error {
  constructor(
    readonly reason: string,
    /** 0 when there was no answer. */
    readonly status: number,
    readonly text: string,
    readonly headers: Headers | undefined,
    readonly isTransient: boolean,
  ) {
    super(reason);
  }
}

const redirectsMax = 5;
const pauseMs = 100;
const pauseMaxMs = 3000;
const errorTextBytesMax = 1 << 16;
/** A line slower than that is as good as none: bodies are sent without a word of how far they are. */
const bodyBytesPerMs = 100;
const busy = new Set([408, 429, 500, 502, 503, 504]);

/** Makes the request until it is answered with one of the statuses; the body is read whole. `sign` is asked anew each time. */
export async function httpRequest(
  sign: () => HttpRequest,
  expected: readonly number[],
  limits: HttpLimits,
  check: (answer: HttpAnswer) => void = () => {},
): Promise<HttpAnswer> {
  return withRetries(limits, async () => {
    const { response, silence } = await send(sign(), limits.timeoutMs);
    try {
      if (!expected.includes(response.status)) throw await refusal(response, silence);
      const answer = { status: response.status, headers: response.headers, bytes: await readBody(response, silence) };
      check(answer);
      return answer;
    } finally {
      silence.end();
    }
  });
}

/** As `httpRequest`, leaving the body alone. */
export async function httpHead(
  sign: () => HttpRequest,
  expected: readonly number[],
  limits: HttpLimits,
): Promise<Omit<HttpAnswer, "bytes">> {
  return withRetries(limits, async () => {
    const { response, silence } = await send(sign(), limits.timeoutMs);
    try {
      if (!expected.includes(response.status)) throw await refusal(response, silence);
      return { status: response.status, headers: response.headers };
    } finally {
      silence.end();
    }
  });
}

/** The body in pieces as they come. Broken off, it is an error; nothing is tried again once the first piece is out. */
export async function* httpStream(sign: () => HttpRequest, limits: HttpLimits, check: (answer: Response) => void) {
  const { response, silence } = await withRetries(limits, async () => {
    const sent = await send(sign(), limits.timeoutMs);
    if (sent.response.status === 200) return sent;
    const failure = await refusal(sent.response, sent.silence);
    sent.silence.end();
    throw failure;
  });
  try {
    check(response);
    const wanted = lengthOf(response);
    let got = 0;
    for await (const piece of pieces(response, silence)) {
      got += piece.length;
      yield piece;
    }
    if (wanted !== undefined && got !== wanted) throw cutShort(response, got, wanted);
  } finally {
    silence.end();
  }
}

/** Tries again what may get better. Failures to get any answer are tried no longer than one silence lasts. */
async function withRetries<T>(limits: HttpLimits, attempt: () => Promise<T>): Promise<T> {
  const startedMs = performance.now();
  for (let tries = 0; ; tries++) {
    try {
      return await attempt();
    } catch (thrown) {
      if (!(thrown instanceof HttpFailure) || !thrown.isTransient || tries === limits.retriesMax) throw thrown;
      const waitMs = pauseBefore(tries, thrown.headers);
      if (thrown.status === 0 && performance.now() - startedMs + waitMs >= limits.timeoutMs) throw thrown;
      await new Promise(resolve => setTimeout(resolve, waitMs));
    }
  }
}

function pauseBefore(tries: number, headers: Headers | undefined): number {
  const asked = Number(headers?.get("retry-after") ?? Number.NaN) * 1000;
  const own = pauseMs * 2 ** tries * (0.5 + Math.random());
  return Math.min(pauseMaxMs, Number.isFinite(asked) ? Math.max(asked, own) : own);
}

/** Ends a request that is silent for too long. */
class Silence {
  readonly controller = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  isTooLong = false;

  constructor(private readonly timeoutMs: number) {
    this.heard();
  }

  heard(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.isTooLong = true;
      this.controller.abort();
    }, this.timeoutMs);
  }

  pause(): void {
    clearTimeout(this.timer);
  }

  /** What is left of the body is not read. */
  end(): void {
    clearTimeout(this.timer);
    this.controller.abort();
  }

  /** `status` is of the answer that had begun. */
  failure(thrown: unknown, status = 0): HttpFailure {
    if (thrown instanceof HttpFailure) return thrown;
    if (this.isTooLong)
      return new HttpFailure(
        `nothing was heard for ${Math.round(this.timeoutMs / 100) / 10} s`,
        status,
        "",
        undefined,
        true,
      );
    return new HttpFailure(reasonOf(thrown), status, "", undefined, true);
  }
}

interface Sent {
  readonly response: Response;
  readonly silence: Silence;
}

async function send(request: HttpRequest, timeoutMs: number): Promise<Sent> {
  const silence = new Silence(timeoutMs + (request.body?.length ?? 0) / bodyBytesPerMs);
  const headers: Record<string, string> = { "accept-encoding": "identity", ...request.headers };
  let { url } = request;
  try {
    for (let redirects = 0; ; redirects++) {
      const response = await fetch(url, {
        method: request.method,
        headers,
        redirect: "manual",
        signal: silence.controller.signal,
        ...(request.body !== undefined && { body: request.body as Uint8Array<ArrayBuffer> }),
        ...(request.pieces !== undefined && { body: streamOf(request.pieces, silence), duplex: "half" }),
      });
      silence.heard();
      const location = response.headers.get("location");
      const isRedirect = [301, 302, 303, 307, 308].includes(response.status) && location !== null;
      if (!isRedirect || request.keepRedirect === true) return { response, silence };
      await response.body?.cancel();
      if (redirects === redirectsMax)
        throw new HttpFailure(`more than ${redirectsMax} redirects`, response.status, "", undefined, false);
      const next = new URL(location, url);
      if (!/^https?:$/.test(next.protocol))
        throw new HttpFailure(`a redirect to ${next.protocol}`, response.status, "", undefined, false);
      // what was signed for one server is nothing for another
      if (next.origin !== new URL(url).origin) delete headers["authorization"];
      url = next.href;
    }
  } catch (thrown) {
    const failure = silence.failure(thrown);
    silence.end();
    throw failure;
  }
}

/** Who waits for the next piece is not the server, which may be silent meanwhile. */
function streamOf(pieces: AsyncIterator<Uint8Array>, silence: Silence): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async pull(sink) {
      silence.pause();
      const next = await pieces.next();
      silence.heard();
      if (next.done === true) sink.close();
      else sink.enqueue(next.value);
    },
  });
}

async function readBody(response: Response, silence: Silence): Promise<Uint8Array> {
  const wanted = lengthOf(response);
  let into = new Uint8Array(wanted ?? 0);
  let got = 0;
  for await (const piece of pieces(response, silence)) {
    if (got + piece.length > into.length) {
      const larger = new Uint8Array(Math.max(got + piece.length, into.length * 2));
      larger.set(into.subarray(0, got));
      into = larger;
    }
    into.set(piece, got);
    got += piece.length;
  }
  if (wanted !== undefined && got !== wanted) throw cutShort(response, got, wanted);
  return got === into.length ? into : into.subarray(0, got);
}

async function* pieces(response: Response, silence: Silence): AsyncGenerator<Uint8Array> {
  if (response.body === null) return;
  const reader = response.body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      silence.heard();
      yield value;
    }
  } catch (thrown) {
    throw silence.failure(thrown, response.status);
  } finally {
    await reader.cancel().catch(() => {});
  }
}

/** How long the body is, where that can be relied on: a HEAD has none, and what is decoded on the way has another length. */
function lengthOf(response: Response): number | undefined {
  const length = response.headers.get("content-length");
  if (length === null || response.headers.has("content-encoding") || response.body === null) return undefined;
  return Number(length);
}

function cutShort({ status }: Response, got: number, wanted: number): HttpFailure {
  return new HttpFailure(`the answer ended after ${got} of ${wanted} bytes`, status, "", undefined, true);
}

async function refusal(response: Response, silence: Silence): Promise<HttpFailure> {
  let text = "";
  try {
    for await (const piece of pieces(response, silence)) {
      text += Buffer.from(piece).toString();
      if (text.length > errorTextBytesMax) break;
    }
  } catch {
    // the status says enough
  }
  const { status, statusText, headers } = response;
  const words = statusText === "" ? `${status}` : `${status} ${statusText}`;
  return new HttpFailure(`the server answered ${words}`, status, text, headers, busy.has(status));
}

/** What went wrong on the way, in words; runtimes' own messages may name the address with its query. */
function reasonOf(thrown: unknown): string {
  const { code, message, cause } = thrown as { code?: string; message?: string; cause?: Error & { code?: string } };
  const known: Record<string, string> = {
    ECONNREFUSED: "the connection was refused",
    ConnectionRefused: "the connection was refused",
    ECONNRESET: "the connection broke",
    ConnectionClosed: "the connection broke",
    ENOTFOUND: "there is no such host",
    EAI_AGAIN: "the host's name could not be looked up",
    FailedToOpenSocket: "there is no such host, or no way to it",
    DNSException: "there is no such host",
    EHOSTUNREACH: "there is no way to the host",
    ENETUNREACH: "there is no way to the host",
    ETIMEDOUT: "the connection timed out",
  };
  const name = code ?? cause?.code;
  if (name !== undefined && known[name] !== undefined) return known[name];
  // Deno says it in words
  const words = `${message ?? String(thrown)} ${cause?.message ?? ""}`.trim();
  if (/connection refused/i.test(words)) return "the connection was refused";
  if (/dns error/i.test(words)) return "there is no such host";
  if (/error reading a body|connection reset|connection closed/i.test(words)) return "the connection broke";
  return words.replace(/https?:\/\/[^\s")]+/g, shownAddress);
}

/** A failure as the user's error. A server that cannot be reached may be back for another attempt. */
export function unreachable(path: string, doing: string, failure: HttpFailure, hint?: string): FiresteelError {
  const where = shownAddress(path);
  const later = failure.isTransient ? "try again later; firesteel.files.retries says how often it is asked" : undefined;
  return new FiresteelError("data", `cannot ${doing} ${where}: ${failure.reason}`, {
    hint: hint ?? (failure.status === 0 ? "check the address, and that this machine may reach it" : later),
  });
}
