/**
 * Who may talk: both ends of a connection prove that they know the cluster's secret, and never show it. Each gives a random nonce;
 * keys of the connection, one per direction, are HMAC-SHA256 of both nonces under the secret. What was recorded from one connection
 * is worth nothing on another. Without a secret everyone may, and servers stay on loopback.
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { FiresteelError } from "../base/errors.ts";

/** Of the handshake and of everything behind it; peers of another version are refused. */
export const protocolVersion = 1;

export const versionHeader = "firesteel-version";
export const nonceHeader = "firesteel-nonce";
/** The server's proof, then each bulk request's. */
export const proofHeader = "firesteel-proof";
export const reasonHeader = "firesteel-reason";
export const numberHeader = "firesteel-number";
export const bodyHashHeader = "firesteel-body";
/** Trailer: bytes of the whole answer, without which it is not whole. */
export const endHeader = "firesteel-end";
export const errorHeader = "firesteel-error";

export type Secret = string | Uint8Array;
const nonceBytes = 32;
const macBytes = 16;

export interface ConnectionKeys {
  /** Undefined without a secret. */
  readonly fromClient: Uint8Array | undefined;
  readonly fromServer: Uint8Array | undefined;
  /** Shows that the server knows the secret; empty without one. */
  readonly serverProof: string;
}

export function newNonce(): string {
  return randomBytes(nonceBytes).toString("hex");
}

export function isNonce(text: unknown): text is string {
  return typeof text === "string" && text.length === 2 * nonceBytes && /^[0-9a-f]+$/.test(text);
}

export function connectionKeys(secret: Secret | undefined, clientNonce: string, serverNonce: string): ConnectionKeys {
  if (secret === undefined) return { fromClient: undefined, fromServer: undefined, serverProof: "" };
  const key = (purpose: string) =>
    createHmac("sha256", secret)
      .update(`firesteel ${protocolVersion} ${purpose}\n${clientNonce}\n${serverNonce}`)
      .digest();
  return {
    fromClient: key("from the client"),
    fromServer: key("from the server"),
    serverProof: key("proof of the server").toString("hex"),
  };
}

/** Compares in a time that does not depend on where they differ. */
export function sameProof(given: unknown, expected: string): boolean {
  if (typeof given !== "string") return false;
  const hash = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(hash(given), hash(expected));
}

/** Numbers what one direction of a connection carries, and signs it: replayed, reordered and altered parts do not verify. */
export class Sealer {
  private readonly key: Uint8Array | undefined;
  private readonly counter = new Uint8Array(8);
  private readonly counterView = new DataView(this.counter.buffer);
  private count = 0;

  constructor(key: Uint8Array | undefined) {
    this.key = key;
  }

  get macBytes(): number {
    return this.key === undefined ? 0 : macBytes;
  }

  /** Of the next part. */
  seal(part: Uint8Array): Uint8Array {
    if (this.key === undefined) return new Uint8Array(0);
    this.counterView.setFloat64(0, this.count++);
    const mac = createHmac("sha256", this.key).update(this.counter).update(part).digest();
    return mac.subarray(0, macBytes);
  }

  verify(part: Uint8Array, mac: Uint8Array): boolean {
    const expected = this.seal(part);
    return expected.length === mac.length && timingSafeEqual(expected, mac);
  }
}

/** A bulk request's proof. Numbers of one connection only grow, so that none counts twice. Empty without a secret. */
export function requestProof(key: Uint8Array | undefined, number: number, path: string, bodyHash: string): string {
  if (key === undefined) return "";
  return createHmac("sha256", key).update(`request ${number} ${bodyHash} ${path}`).digest("hex");
}

export function hashOf(body: Uint8Array): string {
  return createHash("sha256").update(body).digest("hex");
}

export function wrongSecret(where: string): FiresteelError {
  return new FiresteelError("user", `${where} has another secret`, {
    hint: "give all processes of the cluster the same secret (--secret-file or FIRESTEEL_SECRET)",
  });
}
