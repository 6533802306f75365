/**
 * Where a server listens, and what others call it. Without a secret that is this machine alone: who can connect to a cluster can run
 * code on it.
 */
import { networkInterfaces } from "node:os";
import { UsageError } from "../base/usage-error.ts";

export interface Binding {
  /** To listen at. */
  readonly host: string;
  /** For others to connect to. */
  readonly advertised: string;
}

/** `named` is what --host says. With a secret and no name it is this machine's first outside address. */
export function chooseBinding(role: string, named: string | undefined, secret: string | undefined): Binding {
  const host =
    named === undefined
      ? secret === undefined
        ? "127.0.0.1"
        : outsideAddress()
      : named.trim().replace(/^\[|\]$/g, "");
  if (host === "")
    throw new UsageError("--host is empty", { hint: "name an address of this machine, or leave it out" });
  if (secret === undefined && !isLoopback(host)) {
    throw new UsageError(`the ${role} may not listen on ${host}: there is no secret, so anyone could run code on it`, {
      hint: "give all processes of the cluster the same --secret-file FILE (or FIRESTEEL_SECRET), or leave --host out",
    });
  }
  return { host, advertised: isEverywhere(host) ? outsideAddress() : host };
}

export function isLoopback(host: string): boolean {
  return host === "localhost" || /^127(?:\.\d{1,3}){3}$/.test(host) || host === "::1" || host === "[::1]";
}

function isEverywhere(host: string): boolean {
  return host === "0.0.0.0" || host === "::";
}

function outsideAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap(each => each ?? []);
  const outside = addresses.find(each => !each.internal && each.family === "IPv4");
  return outside?.address ?? "127.0.0.1";
}
