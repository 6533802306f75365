import { expect, test } from "bun:test";
import type { RpcEnv } from "../../src/rpc/contracts.ts";
import { InProcessNetwork } from "../../src/rpc/in-process-transport.ts";
import { createRpcEnv } from "../../src/rpc/rpc-env.ts";
import { conformance, type Harness } from "./conformance.ts";

conformance("in process", (): Harness => {
  const network = new InProcessNetwork();
  const envs: RpcEnv[] = [];
  return {
    async env(role, options = {}) {
      const { listens, port, ...rest } = options;
      const transport = network.transport({
        host: role,
        ...(listens !== undefined && { listens }),
        ...(port !== undefined && { port }),
      });
      const env = await createRpcEnv({ role, transport, stopTimeoutMs: 50, ...rest });
      envs.push(env);
      return env;
    },
    async until(done) {
      while (!done()) await new Promise(resolve => setImmediate(resolve));
    },
    settle: promise => promise,
    nowhere: async () => ({ host: "nowhere", port: 1 }),
    async end() {
      await Promise.all(envs.map(env => env.shutdown()));
    },
  };
});

test("an address is given once", async () => {
  const network = new InProcessNetwork();
  const first = await createRpcEnv({ role: "a", transport: network.transport({ host: "h", port: 7 }) });
  const second = createRpcEnv({ role: "b", transport: network.transport({ host: "h", port: 7 }) });
  await expect(second).rejects.toThrow("h:7 is in use");
  await first.shutdown();
});
