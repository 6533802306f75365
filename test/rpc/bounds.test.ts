/** Queues have ends: what happens there. */
import { expect, test } from "bun:test";
import type { Connection, Message, Peer } from "../../src/rpc/contracts.ts";
import { Inbox, inboxBytesMax, inboxMessagesMax } from "../../src/rpc/inbox.ts";
import { InProcessNetwork } from "../../src/rpc/in-process-transport.ts";
import { Outbox, outboxBytesMax } from "../../src/rpc/outbox.ts";
import { createRpcEnv } from "../../src/rpc/rpc-env.ts";
import { Echo, failure, type EchoProtocol } from "./echo.ts";

const from: Peer = { id: "p", address: undefined, description: "p" };
const message: Message = { type: "note" };

test("an inbox takes so many bytes, and takes again when they are handled", async () => {
  const gates: (() => void)[] = [];
  const inbox = new Inbox("slow", { receive: () => new Promise<void>(resolve => gates.push(resolve)) }, () => {});
  const post = (bytes: number) => inbox.post({ kind: "message", message, from, bytes });
  expect([post(inboxBytesMax), post(1)]).toEqual(["taken", "full"]);
  expect(inbox.post({ kind: "connected", peer: from, bytes: 0 })).toBe("taken");
  while (gates.length === 0) await Promise.resolve();
  expect(post(1)).toBe("taken");
  gates.shift()!();
  while (gates.length === 0) await Promise.resolve();
  gates.shift()!();
  await inbox.stop();
  expect(post(1)).toBe("stopped");
});

test("an endpoint that is told more than it takes loses the peer, and one that is asked more says so", async () => {
  const network = new InProcessNetwork();
  const warnings: string[] = [];
  const warn = (text: string) => void warnings.push(text);
  const env = (role: string) =>
    createRpcEnv({ role, transport: network.transport({ host: role }), stopTimeoutMs: 20, warn });
  const [server, client] = [await env("server"), await env("client")];
  const own = new Echo();
  client.register<EchoProtocol>("own", own);
  server.register<EchoProtocol>("stuck", { receive: () => new Promise(() => {}) });
  const ref = client.ref<EchoProtocol>(server.address!, "stuck");
  const wave = 1 << 16;
  for (let n = 0; n <= inboxMessagesMax; n++) {
    ref.send({ type: "note", n });
    if (n % wave === wave - 1) await new Promise(resolve => setImmediate(resolve));
  }
  expect((await failure(ref.ask({ type: "never" }))).message).toContain("endpoint stuck at server");
  ref.send({ type: "note", n: 0 });
  while (own.log.length < 3) await new Promise(resolve => setImmediate(resolve));
  expect(own.log[2]).toBe(`disconnected ${server.id} lost`);
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toContain("endpoint stuck is told more than it can handle");
  await Promise.all([client.shutdown(), server.shutdown()]);
});

test("an outbox takes so many bytes while its connection does not", async () => {
  const frames: number[] = [];
  let takes = false;
  const connection: Connection = {
    peer: from,
    send(frame) {
      frames.push(frame.length);
      return takes;
    },
    close: () => {},
  };
  const outbox = new Outbox();
  const part = new Uint8Array(1 << 20);
  for (let i = 0; i < outboxBytesMax / part.length; i++) expect(outbox.post({ bytes: part })).toBe(true);
  expect(outbox.post({ bytes: part })).toBe(false);
  outbox.attach(connection);
  await Promise.resolve();
  expect(frames).toHaveLength(1); // it asked to wait
  expect(outbox.post({ bytes: part })).toBe(true);
  expect(outbox.post({ bytes: part })).toBe(false);
  takes = true;
  outbox.drained();
  expect(frames).toHaveLength(1 + outboxBytesMax / part.length);
  // small ones of one turn share a frame, and what nobody waits for is left out
  for (let i = 0; i < 10; i++) outbox.post({ bytes: new Uint8Array(10), isStale: () => i % 2 === 1 });
  await Promise.resolve();
  expect(frames.at(-1)).toBe(50);
  outbox.close();
  expect(outbox.post({ bytes: part })).toBe(true);
  outbox.flush();
  expect(frames.at(-1)).toBe(50);
});
