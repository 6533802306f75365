/** Between a master and those who know it: hands bytes on, until all its connections are cut. New ones are taken at once. */
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export interface Relay {
  readonly port: number;
  /** Ends all connections without a word; tells how many there were. */
  cut(): number;
  close(): Promise<void>;
}

export async function openRelay(targetPort: number): Promise<Relay> {
  const pairs = new Set<readonly [Socket, Socket]>();
  const server = createServer({ noDelay: true }, inner => {
    const outer = connect({ host: "127.0.0.1", port: targetPort, noDelay: true });
    const pair = [inner, outer] as const;
    pairs.add(pair);
    for (const socket of pair) {
      socket.on("error", () => {});
      socket.on("close", () => {
        for (const each of pair) each.destroy();
        pairs.delete(pair);
      });
    }
    inner.pipe(outer).pipe(inner);
  });
  await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
  const cut = () => {
    const { size } = pairs;
    for (const pair of pairs) for (const each of pair) each.resetAndDestroy();
    return size;
  };
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    async close() {
      const closed = new Promise(resolve => server.close(resolve));
      cut();
      await closed;
    },
  };
}
