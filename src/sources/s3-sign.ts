/**
 * Signature version 4 of S3 requests, as Amazon's documentation describes it: a hash of the request's parts, signed with a key made
 * of the secret, the day, the region and the service. The body's hash is signed too, so a body that changes on the way is
 * refused. Works on canonical parts, so that what is signed and what is sent are the same text.
 */
import { createHash, createHmac } from "node:crypto";
import type { S3Settings } from "./file-settings.ts";
import type { HttpRequest } from "./http-client.ts";

export interface S3Request {
  readonly method: string;
  /** `https://bucket.s3.amazonaws.com`, without a path. */
  readonly origin: string;
  /** Not encoded, begins with a slash. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

/** The request with its signature; without one for anonymous access. `now` is the moment that it is made at. */
export function signS3(request: S3Request, settings: S3Settings, now: Date): HttpRequest {
  const { method, origin, body } = request;
  const path = request.path.split("/").map(encode).join("/");
  const query = Object.entries(request.query ?? {})
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join("&");
  const url = `${origin}${path}${query === "" ? "" : `?${query}`}`;
  const sent = { method, url, ...(body !== undefined && { body }) };
  if (settings.anonymous) return { ...sent, headers: request.headers ?? {} };
  const at = now.toISOString().replace(/[-:]|\.\d+/g, "");
  const bodyHash = sha256(body ?? "");
  const signed: Record<string, string> = {
    ...request.headers,
    host: new URL(origin).host,
    "x-amz-content-sha256": bodyHash,
    "x-amz-date": at,
    ...(settings.sessionToken !== "" && { "x-amz-security-token": settings.sessionToken }),
  };
  const names = Object.keys(signed).sort();
  const headerLines = names.map(name => `${name}:${signed[name]!.trim()}\n`).join("");
  const canonical = [method, path, query, headerLines, names.join(";"), bodyHash].join("\n");
  const scope = `${at.slice(0, 8)}/${settings.region}/s3/aws4_request`;
  const toSign = ["AWS4-HMAC-SHA256", at, scope, sha256(canonical)].join("\n");
  const key = [settings.region, "s3", "aws4_request"].reduce<Uint8Array>(
    hmac,
    hmac(Buffer.from(`AWS4${settings.secretKey}`), at.slice(0, 8)),
  );
  const signature = Buffer.from(hmac(key, toSign)).toString("hex");
  const authorization = `AWS4-HMAC-SHA256 Credential=${settings.accessKey}/${scope},SignedHeaders=${names.join(";")},Signature=${signature}`;
  // the runtime sets the host itself
  delete signed["host"];
  return { ...sent, headers: { ...signed, authorization } };
}

/** Percent-encodes all but letters, digits and - . _ ~, as RFC 3986 and Amazon want it. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, c => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

function hmac(key: Uint8Array, data: string): Uint8Array {
  return createHmac("sha256", key).update(data).digest();
}
