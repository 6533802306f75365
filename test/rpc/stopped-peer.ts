/** A process with an endpoint, for tests that stop and kill it: prints its port, and tells its parent what its endpoint hears. */
import { createHttp2Transport } from "../../src/rpc/http2-transport.ts";
import { createRpcEnv } from "../../src/rpc/rpc-env.ts";
import { Echo, type EchoProtocol } from "./echo.ts";

const env = await createRpcEnv({
  role: "child",
  transport: createHttp2Transport({ secret: process.env.FIRESTEEL_SECRET }),
  networkTimeoutMs: 1_000,
});
env.register<EchoProtocol>("echo", new Echo());
env.bulk.serve("/endless/", async function* () {
  for (;;) yield new Uint8Array(1 << 20);
});
process.stdout.write(`${env.address!.port}\n`);
// ends with its parent
process.stdin.on("end", () => process.exit(0)).resume();
