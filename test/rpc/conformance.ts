/**
 * What every transport must do, run on each: order, answers, deadlines, loss, bounds, reconnecting, streams of bytes.
 */
import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { FiresteelError } from "../../src/base/errors.ts";
import type { Peer, Protocol, RpcAddress, RpcEndpoint, RpcEnv } from "../../src/rpc/contracts.ts";
import { verifyEndpoint } from "../../src/rpc/endpoint-verifier.ts";
import type { RpcEnvOptions } from "../../src/rpc/rpc-env.ts";

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

export interface EchoProtocol extends Protocol {
  readonly sends: { readonly type: "note"; readonly n: number; readonly blob?: Uint8Array };
  readonly asks: {
    readonly echo: { readonly question: { readonly type: "echo"; readonly value: unknown }; readonly answer: unknown };
    readonly fail: { readonly question: { readonly type: "fail"; readonly with: string }; readonly answer: never };
    readonly never: { readonly question: { readonly type: "never" }; readonly answer: never };
    readonly large: {
      readonly question: { readonly type: "large"; readonly bytes: number };
      readonly answer: Uint8Array;
    };
  };
}

type Question = EchoProtocol["asks"]["echo" | "fail" | "never" | "large"]["question"];

export class Echo implements RpcEndpoint<EchoProtocol> {
  readonly log: string[] = [];
  readonly notes: number[] = [];
  readonly peers: Peer[] = [];
  readonly from: Peer[] = [];
  onStart(): void {
    this.log.push("start");
  }
  onStop(): void {
    this.log.push("stop");
  }
  onConnected(peer: Peer): void {
    this.peers.push(peer);
    this.log.push(`connected ${peer.id}`);
  }
  onDisconnected(peer: Peer, reason: FiresteelError): void {
    this.log.push(`disconnected ${peer.id} ${reason.kind}`);
  }
  receive(message: EchoProtocol["sends"], from: Peer): void {
    this.notes.push(message.n);
    this.from.push(from);
  }
  receiveAndReply(question: Question): unknown {
    switch (question.type) {
      case "echo":
        return question.value;
      case "fail":
        if (question.with === "plain") throw new TypeError("not a function");
        throw new FiresteelError("user", `refused: ${question.with}`, { hint: "ask otherwise" });
      case "never":
        return new Promise(() => {});
      case "large":
        return new Uint8Array(question.bytes);
    }
  }
}

export async function failure(promise: Promise<unknown>): Promise<FiresteelError> {
  const error = await promise.then(
    value => new Error(`nothing failed: ${Bun.inspect(value)}`),
    (error: unknown) => error,
  );
  if (!(error instanceof FiresteelError)) throw error;
  return error;
}

export function conformance(name: string, create: () => Harness): void {
  const check = (what: string, body: (harness: Harness) => Promise<void>) =>
    test(what, async () => {
      const harness = create();
      try {
        await body(harness);
      } finally {
        await harness.end();
      }
    });

  async function pair(
    harness: Harness,
    endpoint: RpcEndpoint<EchoProtocol> = new Echo(),
    options: Partial<RpcEnvOptions> = {},
  ) {
    const server = await harness.env("server", options);
    const client = await harness.env("client", { listens: false, ...options });
    server.register<EchoProtocol>("echo", endpoint);
    return { server, client, ref: client.ref<EchoProtocol>(server.address!, "echo") };
  }

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
        doubles: new Float64Array([0.5, NaN, -Infinity]),
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
        readonly concurrent = true;
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

  describe(`${name}: peers`, () => {
    check("that disconnect are lost on both sides: questions fail, endpoints hear of it", async harness => {
      const echo = new Echo();
      const { server, client, ref } = await pair(harness, echo);
      const own = new Echo();
      client.register("own", own);
      await harness.settle(ref.ask({ type: "echo", value: 1 }));
      const waiting = failure(harness.settle(ref.ask({ type: "never" })));
      await harness.until(() => echo.peers.length === 1);
      server.disconnect(echo.peers[0]!, "for a test");
      const error = await waiting;
      expect(error.kind).toBe("lost");
      expect(error.message).toContain("for a test");
      await harness.until(() => own.log.length === 3 && echo.log.length === 3);
      expect(echo.log).toEqual(["start", `connected ${client.id}`, `disconnected ${client.id} lost`]);
      expect(own.log).toEqual(["start", `connected ${server.id}`, `disconnected ${server.id} lost`]);
      // what goes to a lost peer is dropped, and questions fail
      server.refAt<EchoProtocol>(echo.peers[0]!, "own").send({ type: "note", n: 1 });
      const gone = await failure(
        harness.settle(server.refAt<EchoProtocol>(echo.peers[0]!, "own").ask({ type: "never" })),
      );
      expect(gone.message).toMatch(/client.* is not connected$/);
      // the next message connects anew
      expect(await harness.settle(ref.ask({ type: "echo", value: 2 }))).toBe(2);
      expect(echo.log.at(-1)).toBe(`connected ${client.id}`);
      expect(own.notes).toEqual([]);
    });

    check("that shut down are lost", async harness => {
      const { server, client, ref } = await pair(harness);
      const own = new Echo();
      client.register("own", own);
      await harness.settle(ref.ask({ type: "echo", value: 1 }));
      const waiting = failure(harness.settle(ref.ask({ type: "never" })));
      await harness.settle(server.shutdown());
      expect((await waiting).kind).toBe("lost");
      await harness.until(() => own.log.length === 3);
      expect(own.log[2]).toBe(`disconnected ${server.id} lost`);
      expect((await failure(harness.settle(ref.ask({ type: "echo", value: 1 })))).kind).toBe("lost");
    });

    check("at an address again are another peer", async harness => {
      const { server, client, ref } = await pair(harness);
      const own = new Echo();
      client.register("own", own);
      await harness.settle(ref.ask({ type: "echo", value: 1 }));
      await harness.settle(server.shutdown());
      const again = await harness.env("server", { port: server.address!.port });
      again.register("echo", new Echo());
      await harness.until(() => own.log.length === 3);
      expect(await harness.settle(ref.ask({ type: "echo", value: 2 }))).toBe(2);
      expect(own.peers.map(each => each.id)).toEqual([server.id, again.id]);
    });

    check("that connect to each other at once both get through", async harness => {
      const [a, b] = [await harness.env("a"), await harness.env("b")];
      a.register("echo", new Echo());
      b.register("echo", new Echo());
      const answers = Array.from({ length: 20 }, (_, value) => [
        a.ref<EchoProtocol>(b.address!, "echo").ask({ type: "echo", value }),
        b.ref<EchoProtocol>(a.address!, "echo").ask({ type: "echo", value }),
      ]);
      expect(await harness.settle(Promise.all(answers.flat()))).toEqual(answers.flatMap((_, n) => [n, n]));
    });

    check("stay connected while both are silent", async harness => {
      const echo = new Echo();
      const { ref, client, server } = await pair(harness, echo, { networkTimeoutMs: 80 });
      const waiting = ref.ask({ type: "never" }, { timeoutMs: 400 });
      expect((await failure(harness.settle(waiting))).message).toContain("no answer within 400 ms");
      expect(echo.log).toEqual(["start", `connected ${client.id}`]);
      expect(server.clock.nowMs()).toBeGreaterThan(0);
    });

    check("that read slowly get everything in order, without end to what waits for them", async harness => {
      let handled = 0;
      let bytes = 0;
      const { ref } = await pair(harness, {
        async receive(message) {
          expect(message.n).toBe(handled++);
          bytes += message.blob!.length;
          await Promise.resolve();
        },
        receiveAndReply: () => bytes,
      });
      const blob = new Uint8Array(200_000);
      const count = 300; // 60 MB: more than connections take at once
      for (let n = 0; n < count; n++) ref.send({ type: "note", n, blob });
      const value = new Uint8Array(1_000_000);
      const asked = Array.from({ length: 10 }, () =>
        ref.ask({ type: "echo", value }).catch(error => error as FiresteelError),
      );
      const answers = await harness.settle(Promise.all(asked));
      const refused = answers.filter(each => each instanceof FiresteelError);
      expect(refused.length).toBeGreaterThan(0);
      for (const each of refused) expect(each.kind).toBe("resource");
      await harness.until(() => handled === count);
      expect(await harness.settle(ref.ask({ type: "echo", value: 1 }))).toBe(count * blob.length);
    });
  });

  describe(`${name}: bulk`, () => {
    check("carries 100 MB unchanged", async harness => {
      const { server, client } = await pair(harness);
      const sent = createHash("sha256");
      const asked: string[] = [];
      server.bulk.serve("/blocks/", async function* (path, body) {
        asked.push(`${path} ${new TextDecoder().decode(body)}`);
        for (let i = 0; i < 400; i++) {
          // shared memory among them, as kernel memory is
          const chunk = new Uint8Array(i % 3 === 0 ? new SharedArrayBuffer(262_144) : new ArrayBuffer(262_144));
          for (let at = 0; at < chunk.length; at += 64) chunk[at] = (i * 31 + at * 7) & 255;
          sent.update(chunk);
          yield chunk;
        }
      });
      const received = createHash("sha256");
      let bytes = 0;
      const read = async () => {
        for await (const chunk of await client.bulk.open(
          server.address!,
          "/blocks/a/1",
          new TextEncoder().encode("all"),
        )) {
          received.update(chunk);
          bytes += chunk.length;
        }
      };
      await harness.settle(read());
      expect(bytes).toBe(400 * 262_144);
      expect(received.digest("hex")).toBe(sent.digest("hex"));
      expect(asked).toEqual(["a/1 all"]);
    });

    check("fails with what the handler threw, before or within the stream", async harness => {
      const { server, client } = await pair(harness);
      server.bulk.serve("/early/", () => {
        throw new FiresteelError("data", "no such block", { hint: "look elsewhere" });
      });
      server.bulk.serve("/late/", async function* () {
        yield new Uint8Array(10);
        throw new FiresteelError("data", "the disk broke");
      });
      const early = await failure(harness.settle(client.bulk.open(server.address!, "/early/x", new Uint8Array(0))));
      expect({ kind: early.kind, message: early.message, hint: early.hint }).toEqual({
        kind: "data",
        message: "no such block",
        hint: "look elsewhere",
      });
      const read = async (path: string) => {
        for await (const _ of await client.bulk.open(server.address!, path, new Uint8Array(0)));
      };
      expect((await failure(harness.settle(read("/late/x")))).message).toBe("the disk broke");
      const unknown = await failure(harness.settle(read("/unknown/x")));
      expect(unknown.message).toBe("nothing is served at /unknown/x");
      const nobody = await failure(harness.settle(client.bulk.open(await harness.nowhere(), "/a", new Uint8Array(0))));
      expect(nobody.kind).toBe("lost");
    });

    check("that is cut throws, and never just ends", async harness => {
      const { server, client } = await pair(harness);
      server.bulk.serve("/endless/", async function* () {
        for (;;) yield new Uint8Array(100_000);
      });
      let bytes = 0;
      const read = async () => {
        for await (const chunk of await client.bulk.open(server.address!, "/endless/x", new Uint8Array(0))) {
          if (bytes === 0) void server.shutdown();
          bytes += chunk.length;
        }
      };
      const error = await failure(harness.settle(read()));
      expect(error.kind).toBe("lost");
      expect(bytes).toBeGreaterThan(0);
    });

    check("that nobody reads to the end stops its handler", async harness => {
      const { server, client } = await pair(harness);
      let stopped = 0;
      server.bulk.serve("/endless/", async function* () {
        try {
          for (;;) yield new Uint8Array(100_000);
        } finally {
          stopped++;
        }
      });
      const open = () => client.bulk.open(server.address!, "/endless/x", new Uint8Array(0));
      const first = await harness.settle(open());
      first.cancel();
      await harness.until(() => stopped === 1);
      const leave = async () => {
        for await (const _ of await open()) break;
      };
      await harness.settle(leave());
      await harness.until(() => stopped === 2);
      const abort = new AbortController();
      const aborted = async () => {
        const stream = await client.bulk.open(server.address!, "/endless/x", new Uint8Array(0), {
          signal: abort.signal,
        });
        for await (const _ of stream) abort.abort();
      };
      expect((await failure(harness.settle(aborted()))).kind).toBe("cancelled");
      await harness.until(() => stopped === 3);
    });

    check("that brings nothing for too long throws", async harness => {
      const { server, client } = await pair(harness);
      server.bulk.serve("/stuck/", async function* () {
        yield new Uint8Array(1);
        await new Promise(() => {});
      });
      const read = async () => {
        const stream = await client.bulk.open(server.address!, "/stuck/x", new Uint8Array(0), { idleTimeoutMs: 50 });
        for await (const _ of stream);
      };
      const error = await failure(harness.settle(read()));
      expect(error.kind).toBe("lost");
      expect(error.message).toContain("nothing came for 50 ms");
    });
  });
}
