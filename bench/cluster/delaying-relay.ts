/** A TCP relay that hands bytes on a while after they came, each way, as a longer network does. */
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

export interface Relay {
  readonly port: number;
  /** Connections relayed so far. */
  readonly connections: number;
  /** The most that was on the way at once, one way. */
  readonly inFlightBytesMost: number;
  /** Sockets open now, two a connection. */
  readonly open: number;
  close(): Promise<void>;
}

/** On the way at once, each way, at most. */
const inFlightBytesMax = 64 << 20;

export async function delayingRelay(targetPort: number, delayMs: number): Promise<Relay> {
  const sockets = new Set<Socket>();
  let connections = 0;
  let inFlightBytesMost = 0;
  const server = createServer({ noDelay: true }, inner => {
    connections++;
    const outer = connect({ host: "127.0.0.1", port: targetPort, noDelay: true });
    for (const [from, to] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      sockets.add(from);
      from.once("close", () => sockets.delete(from));
      hand(from, to, delayMs, bytes => (inFlightBytesMost = Math.max(inFlightBytesMost, bytes)));
    }
  });
  await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return connections;
    },
    get inFlightBytesMost() {
      return inFlightBytesMost;
    },
    get open() {
      return sockets.size;
    },
    async close() {
      for (const each of sockets) each.destroy();
      await new Promise(resolve => server.close(resolve));
    },
  };
}

function hand(from: Socket, to: Socket, delayMs: number, onWay: (bytes: number) => void): void {
  let inFlightBytes = 0;
  from.on("data", chunk => {
    inFlightBytes += chunk.length;
    onWay(inFlightBytes);
    if (inFlightBytes > inFlightBytesMax) from.pause();
    setTimeout(() => {
      inFlightBytes -= chunk.length;
      if (inFlightBytes <= inFlightBytesMax) from.resume();
      if (!to.destroyed) to.write(chunk);
    }, delayMs);
  });
  from.on("error", () => {});
  from.on("close", () => setTimeout(() => to.destroy(), delayMs));
}
