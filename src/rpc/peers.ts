/** How peers and addresses are written. */
import type { RpcAddress } from "./contracts.ts";

/** `10.0.0.7:7077`, `[::1]:7077`. */
export function addressKey({ host, port }: RpcAddress): string {
  return `${host.includes(":") && !host.startsWith("[") ? `[${host}]` : host}:${port}`;
}

/** As sockets want it: URLs write IPv6 addresses in brackets. */
export function bareHost(host: string): string {
  return host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : host;
}

/** `worker-3 (10.0.0.7:41234)`; without an address what is known of where it is. */
export function describePeer(role: string, address: RpcAddress | undefined, host?: string): string {
  const where = address === undefined ? host : addressKey(address);
  return where === undefined ? role : `${role} (${where})`;
}
