/**
 * What every transport must do, run on each: order, answers, deadlines, loss, bounds, reconnecting, streams of bytes.
 */
import { describe, expect, test } from "bun:test";
import { FiresteelError } from "../../src/base/errors.ts";
import type { RpcAddress, RpcEndpoint, RpcEndpointRef, RpcEnv } from "../../src/rpc/contracts.ts";
import { verifyEndpoint } from "../../src/rpc/endpoint-verifier.ts";
import type { RpcEnvOptions } from "../../src/rpc/rpc-env.ts";
import { bulkConformance } from "./bulk-conformance.ts";
import { Echo, failure, type EchoProtocol, type Question } from "./echo.ts";
import { peerConformance } from "./peer-conformance.ts";

export interface Harness {
  /** An environment; `listens` false: it only connects. Ends with the harness. */
  env(role: string, options?: Partial<RpcEnvOptions> & { listens?: boolean; port?: number }): Promise<RpcEnv>;
  /** Lets things happen until `done`. */
  until(done: () => boolean): Promise<void>;
  /** The promise's outcome, while time goes on. */
  settle<T>(promise: Promise<T>): Promise<T>;
  /** An address where nobody listens. */
  nowhere(): Promise<RpcAddress>;
  end(): Promise<void>;
}

export type Check = (what: string, body: (harness: Harness) => Promise<void>) => void;

export type Pair = (
  harness: Harness,
  endpoint?: RpcEndpoint<EchoProtocol>,
  options?: Partial<RpcEnvOptions>,
) => Promise<{ server: RpcEnv; client: RpcEnv; ref: RpcEndpointRef<EchoProtocol> }>;

export function conformance(name: string, create: () => Harness): void {
  const check: Check = (what, body) =>
    test(what, async () => {
      const harness = create();
      try {
        await body(harness);
      } finally {
        await harness.end();
      }
    });

  const pair: Pair = async (harness, endpoint = new Echo(), options = {}) => {
    const server = await harness.env("server", options);
    const client = await harness.env("client", { listens: false, ...options });
    server.register<EchoProtocol>("echo", endpoint);
    return { server, client, ref: client.ref<EchoProtocol>(server.address!, "echo") };
  };

  describe(`${name}: messages`, () => {
    check("arrive once and in the order they were sent", async harness => {
      const echo = new Echo();
      const { ref, client } = await pair(harness, echo);
      const count = 5_000;
      for (let n = 0; n < count; n++) ref.send({ type: "note", n });
      await harness.until(() => echo.notes.length >= count);
      expect(echo.notes).toEqual(Array.from({ length: count }, (_, n) => n));
      expect(echo.from[0]!.id).toBe(client.id);
      expect(echo.log).toEqual(["start", `connected ${client.id}`]);
    });

    check("keep what structured clone keeps, and share nothing", async harness => {
      const { ref } = await pair(harness);
      const shared = { a: [1, undefined, null] };
      const value = {
        x: shared,
        y: shared,
        map: new Map<unknown, unknown>([[1, new Set(["é", 2n ** 80n])]]),
        bytes: new Uint8Array([1, 2, 255]),
        doubles: new Float64Array([0.5, -0, -Infinity]),
        date: new Date(1234567),
        nothing: undefined,
      };
      const back = (await harness.settle(ref.ask({ type: "echo", value }))) as typeof value;
      expect(back).toEqual(value);
      expect(back.x).toBe(back.y);
      expect(back.doubles).toBeInstanceOf(Float64Array);
      expect(back.bytes.buffer).not.toBe(value.bytes.buffer);
    });

    check("go back over the connection that the peer made", async harness => {
      const echo = new Echo();
      const { ref, server, client } = await pair(harness, echo);
      const back = new Echo();
      client.register<EchoProtocol>("back", back);
      await harness.settle(ref.ask({ type: "echo", value: 1 }));
      expect(echo.peers).toHaveLength(1);
      expect(echo.peers[0]!.address).toBeUndefined();
      const answer = server.refAt<EchoProtocol>(echo.peers[0]!, "back").ask({ type: "echo", value: "hello" });
      expect(await harness.settle(answer)).toBe("hello");
      expect(back.log).toEqual(["start", `connected ${server.id}`]);
      expect(back.peers[0]!.description).toContain("server");
      expect(back.peers[0]!.address).toEqual(server.address!);
    });

    check("to oneself are messages like others", async harness => {
      const server = await harness.env("server");
      const own = server.register<EchoProtocol>("echo", new Echo());
      const value = { list: [1, 2, 3] };
      const back = await harness.settle(own.ask({ type: "echo", value }));
      expect(back).toEqual(value);
      expect(back).not.toBe(value);
      const byAddress = server.ref<EchoProtocol>(server.address!, "echo");
      expect((await failure(harness.settle(byAddress.ask({ type: "fail", with: "x" })))).message).toBe("refused: x");
      expect((await failure(harness.settle(server.ref(server.address!, "nope").ask({ type: "echo" })))).kind).toBe(
        "lost",
      );
    });

    check("larger than a frame are refused where they are sent, and the rest goes on", async harness => {
      const echo = new Echo();
      const { ref } = await pair(harness, echo);
      const blob = new Uint8Array(1 << 20);
      const error = await failure(harness.settle(ref.ask({ type: "echo", value: blob })));
      expect(error.kind).toBe("resource");
      expect(error.message).toMatch(/^echo to echo at .* is too large for a message: 1,048,\d{3} bytes$/);
      expect(() => ref.send({ type: "note", n: 1, blob })).toThrow(/^note to echo at .* is too large for a message/);
      const answer = await failure(harness.settle(ref.ask({ type: "large", bytes: 2 << 20 })));
      expect(answer.message).toContain("the answer to large is too large for a message");
      const fits = new Uint8Array((1 << 20) - 400).fill(7);
      expect(await harness.settle(ref.ask({ type: "echo", value: fits }))).toEqual(fits);
    });

    check("that are no plain data are refused where they are sent", async harness => {
      const { ref } = await pair(harness);
      const error = await failure(harness.settle(ref.ask({ type: "echo", value: () => 1 })));
      expect(error.message).toContain("a message cannot be sent");
      expect(await harness.settle(ref.ask({ type: "echo", value: 2 }))).toBe(2);
    });
  });

  describe(`${name}: questions`, () => {
    check("fail with what the endpoint threw", async harness => {
      const { ref } = await pair(harness);
      const error = await failure(harness.settle(ref.ask({ type: "fail", with: "no" })));
      expect({ kind: error.kind, message: error.message, hint: error.hint }).toEqual({
        kind: "user",
        message: "refused: no",
        hint: "ask otherwise",
      });
      const plain = await failure(harness.settle(ref.ask({ type: "fail", with: "plain" })));
      expect({ kind: plain.kind, message: plain.message }).toEqual({
        kind: "internal",
        message: "TypeError: not a function",
      });
      const long = await failure(harness.settle(ref.ask({ type: "fail", with: "x".repeat(900_000) })));
      expect(long.message).toStartWith("refused: xxxx");
    });

    check("end at their deadline, or when nobody waits any more", async harness => {
      const { ref } = await pair(harness);
      await harness.settle(ref.ask({ type: "echo", value: 0 }));
      const late = await failure(harness.settle(ref.ask({ type: "never" }, { timeoutMs: 30 })));
      expect(late.kind).toBe("lost");
      expect(late.message).toMatch(/^no answer within 30 ms: never to echo at /);
      const abort = new AbortController();
      const waiting = failure(harness.settle(ref.ask({ type: "never" }, { signal: abort.signal })));
      abort.abort();
      expect((await waiting).kind).toBe("cancelled");
      expect((await failure(harness.settle(ref.ask({ type: "never" }, { signal: abort.signal })))).kind).toBe(
        "cancelled",
      );
    });

    check("have a deadline when they name none", async harness => {
      const { ref } = await pair(harness, new Echo(), { askTimeoutMs: 40 });
      expect((await failure(harness.settle(ref.ask({ type: "never" })))).message).toContain("no answer within 40 ms");
    });

    check("to an endpoint that is not there say so", async harness => {
      const { client, server } = await pair(harness, new Echo(), { warn: () => {} });
      const error = await failure(
        harness.settle(client.ref<EchoProtocol>(server.address!, "nope").ask({ type: "never" })),
      );
      expect(error.kind).toBe("lost");
      expect(error.message).toStartWith("there is no endpoint nope at server");
      expect(await harness.settle(verifyEndpoint(client, server.address!, "nope"))).toBe(false);
      expect(await harness.settle(verifyEndpoint(client, server.address!, "echo"))).toBe(true);
    });

    check("to where nobody listens fail, and so does the next one", async harness => {
      const client = await harness.env("client", { listens: false, connectTimeoutMs: 2_000 });
      const ref = client.ref<EchoProtocol>(await harness.nowhere(), "echo");
      ref.send({ type: "note", n: 1 });
      for (let i = 0; i < 2; i++) {
        const error = await failure(harness.settle(ref.ask({ type: "echo", value: 1 })));
        expect(error.kind).toBe("lost");
        expect(error.message).toContain("cannot be reached");
      }
    });

    check("may be 10,000 in flight", async harness => {
      class Late extends Echo {
        override receiveAndReply(question: Question): unknown {
          return question.type === "echo" ? Promise.resolve(question.value) : super.receiveAndReply(question);
        }
      }
      const { ref } = await pair(harness, new Late());
      const asked = Array.from({ length: 10_000 }, (_, value) => ref.ask({ type: "echo", value }));
      const answers = await harness.settle(Promise.all(asked));
      expect(answers).toEqual(Array.from({ length: 10_000 }, (_, n) => n));
    });
  });

  describe(`${name}: endpoints`, () => {
    check("handle one message to its end before the next, unless concurrent", async harness => {
      let running = 0;
      let most = 0;
      const gates: (() => void)[] = [];
      class Slow implements RpcEndpoint<EchoProtocol> {
        readonly concurrent: boolean;
        constructor(concurrent: boolean) {
          this.concurrent = concurrent;
        }
        async receiveAndReply(): Promise<number> {
          most = Math.max(most, ++running);
          await new Promise<void>(resolve => gates.push(resolve));
          return --running;
        }
      }
      const { server, client, ref } = await pair(harness, new Slow(false));
      server.register<EchoProtocol>("all", new Slow(true));
      const all = client.ref<EchoProtocol>(server.address!, "all");
      const one = [1, 2, 3].map(value => ref.ask({ type: "echo", value }));
      for (let i = 0; i < 3; i++) {
        await harness.until(() => gates.length > 0);
        expect(gates).toHaveLength(1);
        gates.pop()!();
      }
      await harness.settle(Promise.all(one));
      expect(most).toBe(1);
      const many = [1, 2, 3].map(value => all.ask({ type: "echo", value }));
      await harness.until(() => gates.length === 3);
      expect(most).toBe(3);
      for (const open of gates.splice(0)) open();
      await harness.settle(Promise.all(many));
    });

    check("start first, stop last, and take nothing after", async harness => {
      const echo = new Echo();
      const { server, client, ref } = await pair(harness, echo);
      await harness.settle(ref.ask({ type: "echo", value: 0 }));
      expect(() => server.register("echo", {})).toThrow("there is an endpoint echo already");
      await harness.settle(server.unregister("echo"));
      expect(echo.log).toEqual(["start", `connected ${client.id}`, "stop"]);
      const error = await failure(harness.settle(ref.ask({ type: "echo", value: 1 })));
      expect(error.message).toMatch(/^there is no endpoint echo at server/);
      const again = new Echo();
      server.register("echo", again);
      expect(await harness.settle(ref.ask({ type: "echo", value: 2 }))).toBe(2);
      expect(again.log).toEqual(["start"]);
    });

    check("handle what is in their inbox before they stop", async harness => {
      const echo = new Echo();
      const server = await harness.env("server");
      const own = server.register<EchoProtocol>("echo", echo);
      for (let n = 0; n < 10; n++) own.send({ type: "note", n });
      const stopped = server.unregister("echo");
      const refused = failure(harness.settle(own.ask({ type: "echo", value: 1 })));
      await harness.settle(stopped);
      expect(echo.notes).toHaveLength(10);
      expect(echo.log).toEqual(["start", "stop"]);
      expect((await refused).message).toContain("endpoint echo at server");
    });

    check("hear what they threw in onError", async harness => {
      const errors: unknown[] = [];
      const { ref } = await pair(harness, {
        receive: () => {
          throw new Error("broken");
        },
        receiveAndReply: question => question,
        onError: error => void errors.push(error),
      });
      ref.send({ type: "note", n: 1 });
      await harness.settle(ref.ask({ type: "echo", value: 1 }));
      expect(errors.map(String)).toEqual(["Error: broken"]);
    });
  });

  peerConformance(name, check, pair);
  bulkConformance(name, check, pair);
}
