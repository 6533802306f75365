/** A process that looks for its masters finds one, waits a while for one, or says why there is none. */
import { afterEach, expect, test } from "bun:test";
import type { FiresteelError } from "../../src/base/errors.ts";
import { MasterEndpoint } from "../../src/deploy/master-endpoint.ts";
import { reachMasters } from "../../src/deploy/reach-masters.ts";
import { workerEndpoint } from "../../src/deploy/messages.ts";
import type { RpcEnv } from "../../src/rpc/contracts.ts";
import { InProcessNetwork } from "../../src/rpc/in-process-transport.ts";
import { createRpcEnv } from "../../src/rpc/rpc-env.ts";

const environments: RpcEnv[] = [];
afterEach(async () => {
  for (const env of environments.splice(0)) await env.shutdown();
});

async function environment(network: InProcessNetwork, role: string): Promise<RpcEnv> {
  const env = await createRpcEnv({ role, transport: network.transport(), warn: () => {} });
  environments.push(env);
  return env;
}

const never = new AbortController().signal;
const nobody = { host: "nobody", port: 7077 };

test("one that answers is enough", async () => {
  const network = new InProcessNetwork();
  const master = await environment(network, "master");
  MasterEndpoint.start({ env: master, webUiUrl: "" });
  const env = await environment(network, "worker");
  await reachMasters(env, [nobody, master.address!], { signal: never });
});

test("one that starts a moment later is waited for", async () => {
  const network = new InProcessNetwork();
  const master = await environment(network, "master");
  const env = await environment(network, "worker");
  const reached = reachMasters(env, [master.address!, nobody], { signal: never });
  // it answers, but is no master yet; the other is not there
  MasterEndpoint.start({ env: master, webUiUrl: "" });
  await reached;
});

test("none is an error that names them all, in time", async () => {
  const network = new InProcessNetwork();
  const other = await environment(network, "worker");
  other.register(workerEndpoint, {});
  const env = await environment(network, "worker");
  const masters = [nobody, other.address!];
  const began = performance.now();
  const failure = await reachMasters(env, masters, { signal: never, timeoutMs: 600 }).catch((error: unknown) => error);
  expect(performance.now() - began).toBeLessThan(20_000);
  const { kind, message, hint } = failure as FiresteelError;
  expect(kind).toBe("lost");
  expect(message).toStartWith("no master of firesteel://nobody:7077,");
  expect(message).toContain(" can be reached: nobody:7077 ");
  expect(message).toContain("there is no master there, but another process of a cluster");
  expect(hint).toBe("check the address, and that the master is running: firesteel master");
});

test("all that refuse are not asked again", async () => {
  const network = new InProcessNetwork();
  const other = await environment(network, "worker");
  const env = await environment(network, "worker");
  const failure = await reachMasters(env, [other.address!], { signal: never }).catch((error: unknown) => error);
  expect((failure as FiresteelError).kind).toBe("user");
  expect((failure as FiresteelError).message).toContain(" lets this process in: ");
});

test("a process that is told to stop does not look on", async () => {
  const network = new InProcessNetwork();
  const env = await environment(network, "worker");
  const stop = new AbortController();
  const looking = reachMasters(env, [nobody], { signal: stop.signal });
  stop.abort();
  await looking;
});
