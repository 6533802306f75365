/** Bodies of REST requests, read within bounds, and the one shape of our own errors. */
import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { FiresteelError, formatPosition, type SourcePosition } from "../base/errors.ts";
import { formatBytes } from "../base/quantity.ts";

/** An answer other than success, thrown by whatever finds out. */
export class RestError extends Error {
  constructor(
    readonly status: ContentfulStatusCode,
    message: string,
    readonly details: {
      readonly field?: string;
      readonly hint?: string;
      readonly at?: SourcePosition | undefined;
      readonly headers?: Readonly<Record<string, string>>;
    } = {},
  ) {
    super(message);
    this.name = "RestError";
  }
}

export interface ErrorBody {
  readonly status: number;
  readonly message: string;
  /** Of the request: what is wrong in it. */
  readonly field?: string;
  readonly hint?: string;
  /** `file:line:column` of a job. */
  readonly at?: string;
}

export function errorBody(error: RestError): ErrorBody {
  const { field, hint, at } = error.details;
  return {
    status: error.status,
    message: error.message,
    ...(field !== undefined && { field }),
    ...(hint !== undefined && { hint }),
    ...(at !== undefined && { at: formatPosition(at) }),
  };
}

export function errorAnswer(c: Context, error: RestError): Response {
  return c.json(errorBody(error), error.status, error.details.headers);
}

/** What a handler threw, as an answer. */
export function asRestError(thrown: unknown): RestError {
  if (thrown instanceof RestError) return thrown;
  if (!(thrown instanceof FiresteelError)) return new RestError(500, "an error of the server; its log says more");
  const details = thrown.hint === undefined ? {} : { hint: thrown.hint };
  if (thrown.kind === "lost") return new RestError(503, thrown.message, details);
  if (thrown.kind === "user" || thrown.kind === "data") return new RestError(400, thrown.message, details);
  return new RestError(thrown.kind === "resource" ? 507 : 500, thrown.message, details);
}

/** The body's chunks; throws a RestError 413 at once when it says, and later when it proves, to be longer. */
export async function* bodyChunks(request: Request, bytesMax: number): AsyncGenerator<Uint8Array> {
  const tooLong = () =>
    new RestError(413, `the body is larger than ${formatBytes(bytesMax)}`, {
      hint: "send large files with PUT /v1/blobs/{sha256}",
    });
  if (Number(request.headers.get("content-length") ?? 0) > bytesMax) throw tooLong();
  if (request.body === null) return;
  let bytes = 0;
  for await (const chunk of request.body) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw tooLong();
    yield chunk;
  }
}

export async function readBody(request: Request, bytesMax: number): Promise<Buffer<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bodyChunks(request, bytesMax)) chunks.push(chunk);
  return Buffer.concat(chunks);
}
