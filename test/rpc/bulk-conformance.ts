/** What every transport's bulk streams must do. */
import { describe, expect } from "bun:test";
import { createHash } from "node:crypto";
import { FiresteelError } from "../../src/base/errors.ts";
import type { Check, Pair } from "./conformance.ts";
import { failure } from "./echo.ts";

export function bulkConformance(name: string, check: Check, pair: Pair): void {
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

    check("gives chunks back to be written again, whole ones having left", async harness => {
      const { server, client } = await pair(harness);
      const free: Uint8Array[] = [];
      let made = 0;
      let yielded = 0;
      const sent = createHash("sha256");
      const chunks = async function* () {
        for (let i = 0; i < 400; i++) {
          if (free.length === 0) made = free.push(new Uint8Array(131_072)) + made;
          const chunk = free.pop()!;
          yielded++;
          chunk.fill(i & 255);
          sent.update(chunk);
          yield chunk;
        }
      };
      server.bulk.serve("/again/", () => ({
        [Symbol.asyncIterator]: chunks,
        sent: (chunk: Uint8Array) => void free.push(chunk),
      }));
      const received = createHash("sha256");
      const read = async () => {
        let calm = 0;
        for await (const chunk of await client.bulk.open(server.address!, "/again/", new Uint8Array())) {
          received.update(chunk);
          // at first the sender gets as far ahead as it may
          let before = -1;
          if (calm < 10) await harness.until(() => (before === (before = yielded) ? ++calm : (calm = 0)) >= 10);
        }
      };
      await harness.settle(read());
      expect(received.digest("hex")).toBe(sent.digest("hex"));
      expect(made).toBeLessThan(400);
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
