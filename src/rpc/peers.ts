/** How peers and addresses are written. */
import type { RpcAddress } from "./contracts.ts";

/** `10.0.0.7:7077`, `[::1]:7077`. */
export function addressKey({ host, port }: RpcAddress): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** `worker-3 (10.0.0.7:41234)`; without an address what is known of where it is. */
export function describePeer(role: string, address: RpcAddress | undefined, host?: string): string {
  const where = address === undefined ? host : addressKey(address);
  return where === undefined ? role : `${role} (${where})`;
}
