import type { RpcEnv } from "../../src/rpc/contracts.ts";
import { createHttp2Transport } from "../../src/rpc/http2-transport.ts";
import { createRpcEnv } from "../../src/rpc/rpc-env.ts";
import { conformance, type Harness } from "./conformance.ts";

for (const secret of [undefined, "a secret of the cluster"]) {
  conformance(`http2 ${secret === undefined ? "without" : "with"} a secret`, (): Harness => {
    const envs: RpcEnv[] = [];
    return {
      async env(role, options = {}) {
        const { listens, port, ...rest } = options;
        const transport = createHttp2Transport({ secret, listens, port });
        const env = await createRpcEnv({ role, transport, stopTimeoutMs: 50, ...rest });
        envs.push(env);
        return env;
      },
      async until(done) {
        while (!done()) await new Promise(resolve => setImmediate(resolve));
      },
      settle: promise => promise,
      // no port that was free a moment ago: somebody may be given it
      nowhere: async () => ({ host: "127.0.0.1", port: 1 }),
      async end() {
        await Promise.all(envs.map(env => env.shutdown()));
      },
    };
  });
}
