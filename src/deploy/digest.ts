/**
 * HTTP Digest (RFC 7616) as both ends compute it: SHA-256, qop=auth. Only hashes of the secret travel, each good for one request.
 * Says nothing of whether a nonce is fresh: see rest-authentication.ts.
 */
import { createHash } from "node:crypto";

export const digestUser = "firesteel";
export const digestRealm = "firesteel";

export interface DigestParts {
  readonly user: string;
  readonly realm: string;
  readonly secret: string;
  readonly method: string;
  /** Path and query, as in the request line. */
  readonly uri: string;
  readonly nonce: string;
  /** Eight hexadecimal digits. */
  readonly nc: string;
  readonly cnonce: string;
}

/** 64 hexadecimal digits. */
export function digestResponse(parts: DigestParts): string {
  const a1 = sha256(`${parts.user}:${parts.realm}:${parts.secret}`);
  const a2 = sha256(`${parts.method}:${parts.uri}`);
  return sha256(`${a1}:${parts.nonce}:${parts.nc}:${parts.cnonce}:auth:${a2}`);
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

const headerCharsMax = 4096;

/** The parameters of `Digest a=b, c="d"`, names in lower case; undefined for another scheme, nonsense, or a name given twice. */
export function parseDigestHeader(header: string | undefined): ReadonlyMap<string, string> | undefined {
  if (header === undefined || header.length > headerCharsMax || !/^digest\s/i.test(header)) return undefined;
  const found = new Map<string, string>();
  const parameter = /\s*([a-z0-9_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",]+))\s*(,|$)/iy;
  parameter.lastIndex = "digest ".length;
  while (parameter.lastIndex < header.length) {
    const match = parameter.exec(header);
    if (match === null) return undefined;
    const name = match[1]!.toLowerCase();
    if (found.has(name)) return undefined;
    found.set(name, match[2]?.replace(/\\(.)/g, "$1") ?? match[3]!);
  }
  return found;
}

/** The header of a request to a server that sent this nonce. */
export function digestHeader(parts: DigestParts): string {
  const quoted = (text: string) => `"${text.replace(/(["\\])/g, "\\$1")}"`;
  return (
    `Digest username=${quoted(parts.user)}, realm=${quoted(parts.realm)}, nonce=${quoted(parts.nonce)}, ` +
    `uri=${quoted(parts.uri)}, algorithm=SHA-256, qop=auth, nc=${parts.nc}, cnonce=${quoted(parts.cnonce)}, ` +
    `response="${digestResponse(parts)}"`
  );
}
