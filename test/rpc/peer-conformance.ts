/** What every transport does about peers that come, go, and read slowly. */
import { describe, expect } from "bun:test";
import { FiresteelError } from "../../src/base/errors.ts";
import type { Check, Pair } from "./conformance.ts";
import { Echo, failure, type EchoProtocol } from "./echo.ts";

export function peerConformance(name: string, check: Check, pair: Pair): void {
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
      const { ref, client, server } = await pair(harness, echo, { networkTimeoutMs: 500 });
      const waiting = ref.ask({ type: "never" }, { timeoutMs: 1_500 });
      expect((await failure(harness.settle(waiting))).message).toContain("no answer within 1.5 s");
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
}
