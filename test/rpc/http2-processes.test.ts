/** Peers in processes of their own that stop, die, or are far away. */
import { expect, test } from "bun:test";
import { spawn, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import { delayingRelay } from "../../bench/cluster/delaying-relay.ts";
import { BulkClient } from "../../src/rpc/bulk-client.ts";
import { createHttp2Transport } from "../../src/rpc/http2-transport.ts";
import { createRpcEnv } from "../../src/rpc/rpc-env.ts";
import { Echo, failure, type EchoProtocol } from "./echo.ts";

const secret = "of these processes";

const deno = [join(import.meta.dirname, "../../node_modules/.bin/deno"), "run", "--allow-all", "--no-lock"];

async function startChild(
  runtime = [process.execPath],
): Promise<{ child: ChildProcess; port: number; exited: Promise<void> }> {
  const [command, ...args] = [...runtime, join(import.meta.dirname, "stopped-peer.ts")];
  const child = spawn(command!, args, {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, FIRESTEEL_SECRET: secret },
  });
  const exited = new Promise<void>(resolve => child.once("exit", () => resolve()));
  const port = await new Promise<number>(resolve =>
    child.stdout!.once("data", chunk => resolve(Number(String(chunk)))),
  );
  return { child, port, exited };
}

async function client(networkTimeoutMs: number) {
  const env = await createRpcEnv({
    ...{ role: "client", networkTimeoutMs, stopTimeoutMs: 50 },
    transport: createHttp2Transport({ secret, listens: false }),
  });
  const own = new Echo();
  env.register<EchoProtocol>("own", own);
  return { env, own };
}

async function until(done: () => boolean): Promise<void> {
  while (!done()) await new Promise(resolve => setImmediate(resolve));
}

test("a stopped process is noticed, and reached again when it goes on", async () => {
  const { child, port, exited } = await startChild();
  const { env, own } = await client(1_000);
  try {
    const address = { host: "127.0.0.1", port };
    const ref = env.ref<EchoProtocol>(address, "echo");
    expect(await ref.ask({ type: "echo", value: 1 })).toBe(1);
    const stream = await env.bulk.open(address, "/endless/", new Uint8Array(0), { idleTimeoutMs: 700 });
    const read = async () => {
      for await (const _ of stream);
    };
    const reading = failure(read());
    child.kill("SIGSTOP");
    // without it the question would wait for its deadline, two minutes
    const asked = await failure(ref.ask({ type: "echo", value: 2 }));
    expect(asked.kind).toBe("lost");
    expect(asked.message).toMatch(/^child \(127\.0\.0\.1:\d+\) was not heard of for /);
    expect((await reading).message).toContain("nothing came for 700 ms");
    await until(() => own.log.length === 3);
    child.kill("SIGCONT");
    expect(await ref.ask({ type: "echo", value: 3 })).toBe(3);
  } finally {
    child.kill("SIGCONT");
    child.stdin!.end();
    await env.shutdown();
    await exited;
  }
});

test("a killed process is noticed at once, by questions and by streams", async () => {
  const { child, port, exited } = await startChild();
  const { env, own } = await client(120_000);
  try {
    const address = { host: "127.0.0.1", port };
    const ref = env.ref<EchoProtocol>(address, "echo");
    await ref.ask({ type: "echo", value: 1 });
    const waiting = failure(ref.ask({ type: "never" }));
    let bytes = 0;
    const read = async () => {
      for await (const chunk of await env.bulk.open(address, "/endless/", new Uint8Array(0))) {
        if (bytes === 0) child.kill("SIGKILL");
        bytes += chunk.length;
      }
    };
    const cut = await failure(read());
    expect(cut.kind).toBe("lost");
    expect(cut.message).toMatch(/was cut after \d+ bytes$/);
    expect((await waiting).kind).toBe("lost");
    await exited;
    await until(() => own.log.length === 3);
    expect((await failure(ref.ask({ type: "echo", value: 2 }))).message).toBe(
      `127.0.0.1:${port} cannot be reached: nobody listens there`,
    );
  } finally {
    child.kill("SIGKILL");
    await env.shutdown();
  }
});

test("Deno and Bun understand each other", async () => {
  const { child, port, exited } = await startChild(deno);
  const { env } = await client(10_000);
  try {
    const address = { host: "127.0.0.1", port };
    const value = { map: new Map([[1, new Float64Array([0.5])]]), big: 2n ** 70n };
    expect(await env.ref<EchoProtocol>(address, "echo").ask({ type: "echo", value })).toEqual(value);
    let bytes = 0;
    for await (const chunk of await env.bulk.open(address, "/endless/", new Uint8Array(10))) {
      bytes += chunk.length;
      if (bytes > 20 << 20) break;
    }
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(404);
  } finally {
    child.stdin!.end();
    await env.shutdown();
    await exited;
  }
});

test("a long way costs time once, not with every window", async () => {
  const transport = createHttp2Transport({ secret });
  const env = await createRpcEnv({ role: "server", transport });
  const bytes = 48 << 20;
  env.bulk.serve("/bytes/", function* () {
    for (let sent = 0; sent < bytes; sent += 1 << 18) yield new Uint8Array(1 << 18);
  });
  const relay = await delayingRelay(env.address!.port, 5);
  const far = new BulkClient({ secret });
  try {
    let received = 0;
    const stream = await far.open({ host: "127.0.0.1", port: relay.port }, "/bytes/", new Uint8Array(0));
    for await (const chunk of stream) received += chunk.length;
    expect(received).toBe(bytes);
    expect(relay.connections).toBe(1);
    // with 64 KiB windows no more than that would ever be on the way
    expect(relay.inFlightBytesMost).toBeGreaterThan(1 << 20);
  } finally {
    await far.close();
    await relay.close();
    await env.shutdown();
  }
});

test("streams share a few connections, which are closed when nobody uses them", async () => {
  const env = await createRpcEnv({ role: "server", transport: createHttp2Transport({ secret }) });
  env.bulk.serve("/bytes/", () => [new Uint8Array(100_000)]);
  const relay = await delayingRelay(env.address!.port, 1);
  const address = { host: "127.0.0.1", port: relay.port };
  const few = new BulkClient({ secret, connectionsMax: 2, keepIdleMs: 20 });
  const read = async () => {
    for await (const _ of await few.open(address, "/bytes/", new Uint8Array(0)));
  };
  try {
    await Promise.all(Array.from({ length: 20 }, read));
    expect(relay.connections).toBe(2);
    await until(() => relay.open === 0);
    await read();
    expect(relay.connections).toBe(3);
  } finally {
    await few.close();
    await relay.close();
    await env.shutdown();
  }
});
