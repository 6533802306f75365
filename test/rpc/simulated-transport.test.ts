import { describe, expect, test } from "bun:test";
import type { FiresteelError } from "../../src/base/errors.ts";
import { Random } from "../../src/base/random.ts";
import type { RpcEnv } from "../../src/rpc/contracts.ts";
import { createRpcEnv } from "../../src/rpc/rpc-env.ts";
import { SimulatedClock } from "../../src/rpc/simulated-clock.ts";
import { SimulatedNetwork, type SimulatedNetworkOptions } from "../../src/rpc/simulated-transport.ts";
import { conformance, type Harness } from "./conformance.ts";
import { Echo, type EchoProtocol } from "./echo.ts";

const hourMs = 3_600_000;

conformance("simulated", (): Harness => {
  const clock = new SimulatedClock();
  const network = new SimulatedNetwork({ clock, random: new Random(7) });
  const envs: RpcEnv[] = [];
  const settle = async <T>(promise: Promise<T>): Promise<T> => {
    let settled = false;
    const done = () => void (settled = true);
    promise.then(done, done);
    if (!(await clock.runUntil(() => settled, hourMs))) throw new Error("nothing more happens");
    return promise;
  };
  return {
    async env(role, options = {}) {
      const { listens, port, ...rest } = options;
      const transport = network.transport(role, {
        ...(listens !== undefined && { listens }),
        ...(port !== undefined && { port }),
      });
      const env = await createRpcEnv({
        role,
        transport,
        clock: clock.process(),
        id: `${role}-${envs.length}`,
        ...rest,
      });
      envs.push(env);
      return env;
    },
    async until(done) {
      if (!(await clock.runUntil(done, hourMs))) throw new Error("it never came to be");
    },
    settle,
    nowhere: async () => ({ host: "nowhere", port: 1 }),
    end: async () => void (await settle(Promise.all(envs.map(env => env.shutdown())))),
  };
});

async function world(options: Partial<SimulatedNetworkOptions> = {}, seed = 1) {
  const clock = new SimulatedClock();
  const lines: string[] = [];
  const trace = (line: string) => void lines.push(`${(clock.nowMs() - 1_700_000_000_000).toFixed(3)} ${line}`);
  const network = new SimulatedNetwork({ clock, random: new Random(seed), trace, ...options });
  const env = (role: string, listens: boolean) =>
    createRpcEnv({
      ...{ role, id: role, clock: clock.process(), networkTimeoutMs: 10_000, warn: trace },
      transport: network.transport(role, { listens, port: 7077 }),
    });
  const [server, client] = [await env("server", true), await env("client", false)];
  const [echo, own] = [new Echo(), new Echo()];
  server.register<EchoProtocol>("echo", echo);
  client.register<EchoProtocol>("own", own);
  const ref = client.ref<EchoProtocol>(server.address!, "echo");
  /** An answer, or the kind of failure, with time going on. */
  const ask = async (value: unknown, timeoutMs = 60_000) => {
    let outcome: unknown;
    ref.ask({ type: "echo", value }, { timeoutMs }).then(
      answer => (outcome = { answer }),
      error => (outcome = error),
    );
    await clock.runUntil(() => outcome !== undefined, hourMs);
    return outcome;
  };
  return { clock, network, server, client, echo, own, ref, ask, lines, env };
}

describe("simulated network", () => {
  test("a partition holds messages back; when it heals in time they arrive", async () => {
    const { clock, network, ask, echo, ref } = await world();
    await ask(1);
    network.partition("client", "server");
    ref.send({ type: "note", n: 1 });
    await clock.advance(5_000);
    expect(echo.notes).toEqual([]);
    expect(network.counts.held).toBeGreaterThan(0);
    network.heal();
    await clock.advance(100);
    expect(echo.notes).toEqual([1]);
  });

  test("a partition that lasts is a loss on both sides, and the next message connects anew", async () => {
    const { clock, network, ask, echo, own, ref } = await world();
    await ask(1);
    network.partition("client", "server");
    ref.send({ type: "note", n: 1 });
    await clock.advance(20_000);
    expect(echo.log.at(-1)).toBe("disconnected client lost");
    expect(own.log.at(-1)).toBe("disconnected server lost");
    expect(String(await ask(2))).toContain("server:7077 did not answer within 5 s");
    network.heal();
    expect(await ask(3)).toEqual({ answer: 3 });
    expect(echo.notes).toEqual([]);
    expect(echo.log.at(-1)).toBe("connected client");
  });

  test("a crash breaks connections; a silent one is noticed by its silence; one that starts again is another", async () => {
    for (const silent of [false, true]) {
      const { clock, network, server, ask, own, env } = await world();
      await ask(1);
      network.crash(server, silent);
      await clock.advance(1_000);
      expect(own.log.length).toBe(silent ? 2 : 3);
      await clock.advance(20_000);
      expect(own.log.at(-1)).toBe("disconnected server lost");
      const again = await env("server", true);
      again.register<EchoProtocol>("echo", new Echo());
      expect(await ask(2)).toEqual({ answer: 2 });
    }
  });

  test("a frozen process is lost to others, and after a short freeze gives them time", async () => {
    const { clock, network, server, client, ask, echo, own } = await world();
    await ask(1);
    network.freeze(server);
    await clock.advance(9_000);
    network.thaw(server);
    await clock.advance(9_000);
    expect(await ask(2)).toEqual({ answer: 2 });
    expect(own.log).toEqual(["start", "connected server"]);
    network.freeze(server);
    await clock.advance(30_000);
    expect(own.log.at(-1)).toBe("disconnected server lost");
    expect(echo.log.at(-1)).toBe("connected client");
    network.thaw(server);
    await clock.advance(100);
    expect(echo.log.at(-1)).toBe("disconnected client lost");
    expect(network.breakConnections(client, server)).toBe(0);
  });

  test("a frame that comes twice ends its connection, and is never handled twice", async () => {
    const { clock, network, ask, echo, ref } = await world({ duplicatesPerFrame: 0.05 });
    for (let n = 0; n < 200; n++) {
      ref.send({ type: "note", n });
      await clock.advance(5);
    }
    await clock.advance(1_000);
    expect(network.counts.duplicates).toBeGreaterThan(0);
    expect(new Set(echo.notes).size).toBe(echo.notes.length);
    expect(echo.notes).toEqual([...echo.notes].sort((a, b) => a - b));
    expect(echo.log.filter(line => line.startsWith("disconnected")).length).toBeGreaterThan(0);
    await ask(1);
  });

  test("lost connections lose messages only with their peer", async () => {
    const { clock, network, echo, ref, own } = await world({ lossPerFrame: 0.03 }, 3);
    for (let n = 0; n < 300; n++) {
      ref.send({ type: "note", n });
      await clock.advance(5);
    }
    expect(network.counts.losses).toBeGreaterThan(0);
    expect(echo.notes.length).toBeLessThan(300);
    expect(echo.notes).toEqual([...echo.notes].sort((a, b) => a - b));
    expect(own.log.filter(line => line.startsWith("disconnected")).length).toBeGreaterThan(0);
  });

  test("streams break too, and what was read to the end is whole", async () => {
    const { clock, network, server, client } = await world({ lossPerFrame: 0.02 }, 5);
    server.bulk.serve("/ten/", () => Array.from({ length: 10 }, (_, n) => new Uint8Array([n])));
    const outcomes = { whole: 0, lost: 0 };
    const read = async () => {
      const bytes: number[] = [];
      try {
        for await (const chunk of await client.bulk.open(server.address!, "/ten/", new Uint8Array(0)))
          bytes.push(...chunk);
        expect(bytes).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        outcomes.whole++;
      } catch (error) {
        expect((error as FiresteelError).kind).toBe("lost");
        outcomes.lost++;
      }
    };
    const reads = Promise.all(Array.from({ length: 100 }, read));
    await clock.runUntil(() => outcomes.whole + outcomes.lost === 100, hourMs);
    await reads;
    expect(outcomes.lost).toBeGreaterThan(0);
    expect(outcomes.whole).toBeGreaterThan(0);
    expect(outcomes.lost).toBe(network.counts.losses);
  });

  test("the same seed takes the same course, another one another", async () => {
    const course = async (seed: number) => {
      const { clock, network, echo, ref, lines, server } = await world(
        { lossPerFrame: 0.02, duplicatesPerFrame: 0.02 },
        seed,
      );
      for (let n = 0; n < 100; n++) {
        ref.send({ type: "note", n });
        void ref.ask({ type: "echo", value: n }, { timeoutMs: 500 }).then(
          value => lines.push(`answer ${String(value)}`),
          error => lines.push(String(error)),
        );
        if (n === 50) network.partition("client", "server");
        if (n === 60) network.heal();
        await clock.advance(50);
      }
      network.crash(server);
      await clock.advance(30_000);
      return [...lines, ...echo.notes, ...echo.log].join("\n");
    };
    const first = await course(11);
    expect(first.length).toBeGreaterThan(2_000);
    expect(await course(11)).toBe(first);
    expect(await course(12)).not.toBe(first);
  });
});

test("simulated time runs what is due in order, and only then passes", async () => {
  const clock = new SimulatedClock(0);
  const ran: string[] = [];
  clock.after(20, () => ran.push(`b at ${clock.nowMs()}`));
  clock.after(10, async () => {
    ran.push(`a at ${clock.nowMs()}`);
    await Promise.resolve();
    clock.after(10, () => ran.push(`c at ${clock.nowMs()}`));
  });
  clock.after(15, () => ran.push("never")).cancel();
  await clock.advance(19);
  expect(ran).toEqual(["a at 10"]);
  expect(clock.nowMs()).toBe(19);
  expect(await clock.runUntilIdle()).toBe(true);
  expect(ran).toEqual(["a at 10", "b at 20", "c at 20"]);
  expect(await clock.runUntil(() => false, 100)).toBe(false);
  const process = clock.process();
  process.after(5, () => ran.push("after the freeze"));
  process.freeze();
  await clock.advance(10);
  expect(ran).toHaveLength(3);
  process.thaw();
  await clock.advance(0);
  expect(ran.at(-1)).toBe("after the freeze");
  process.after(5, () => ran.push("after the end"));
  process.stop();
  expect(await clock.runUntilIdle()).toBe(true);
  expect(ran).toHaveLength(4);
});
