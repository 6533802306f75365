/** Processes that exchange bytes, all within this one; what each has sent is counted. */
import type { Bulk, RpcAddress } from "../../src/rpc/contracts.ts";
import { InProcessNetwork } from "../../src/rpc/in-process-transport.ts";

export interface TestPeer {
  readonly address: RpcAddress;
  readonly bulk: Bulk;
  readonly sent: { bytes: number; requests: number };
  close(): Promise<void>;
}

export async function openPeers(count: number): Promise<TestPeer[]> {
  const network = new InProcessNetwork();
  return Promise.all(
    Array.from({ length: count }, async (_, i): Promise<TestPeer> => {
      const transport = network.transport({ host: `host-${i}` });
      const unexpected = (what: string) => {
        throw new Error(what);
      };
      const self = { id: `peer-${i}`, role: "executor", warn: unexpected };
      const address = await transport.start(self, () => unexpected("somebody connects"));
      const sent = { bytes: 0, requests: 0 };
      const { bulk } = transport;
      const counted: Bulk = {
        open: (...request) => bulk.open(...request),
        serve: (prefix, handler) =>
          bulk.serve(prefix, async (path, body, from) => {
            sent.requests++;
            return counting(await handler(path, body, from), sent);
          }),
      };
      return { address: address!, bulk: counted, sent, close: () => transport.close() };
    }),
  );
}

async function* counting(
  parts: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  sent: { bytes: number },
): AsyncGenerator<Uint8Array> {
  for await (const part of parts) {
    sent.bytes += part.length;
    yield part;
  }
}

/** Whoever has an address and says nothing right. */
export function nowhere(): RpcAddress {
  return { host: "nowhere", port: 1 };
}
