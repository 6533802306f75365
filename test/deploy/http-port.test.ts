/** Ports of HTTP: exactly the one that was asked for, or the next free one where any will do. */
import { afterEach, expect, test } from "bun:test";
import type { RequestListener } from "node:http";
import { connect } from "node:net";
import { UsageError } from "../../src/base/usage-error.ts";
import { type HttpPort, listenHttp } from "../../src/deploy/http-port.ts";

const open: HttpPort[] = [];
afterEach(async () => {
  for (const port of open.splice(0)) await port.close();
});
const hello: RequestListener = (_, response) => void response.end("hello");
const about = { host: "127.0.0.1", purpose: "pages", option: "--webui-port" };

async function listening(port: number, tries?: number): Promise<HttpPort> {
  const opened = await listenHttp(hello, { ...about, port, ...(tries !== undefined && { tries }) });
  open.push(opened);
  return opened;
}

test("answers at any free port", async () => {
  const { port } = await listening(0);
  expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe("hello");
});

test("a port in use is an error that names it, or makes way for the next", async () => {
  const { port } = await listening(0);
  const failure = await listenHttp(hello, { ...about, port }).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(UsageError);
  expect((failure as UsageError).message).toBe(`127.0.0.1:${port}, for pages, is in use`);
  expect((failure as UsageError).hint).toBe("choose another with --webui-port, or 0 for any");
  expect((await listening(port, 16)).port).toBeGreaterThan(port);
});

test("an address of another machine is an error", async () => {
  const failure = await listenHttp(hello, { ...about, host: "192.0.2.1", port: 0 }).catch((error: unknown) => error);
  expect((failure as Error).message).toStartWith("cannot listen on 192.0.2.1:0 for pages: ");
});

test("closing ends connections that are open", async () => {
  const opened = await listenHttp(hello, { ...about, port: 0 });
  const socket = connect(opened.port, "127.0.0.1");
  const closed = new Promise(resolve => socket.on("close", resolve).on("error", resolve));
  await new Promise(resolve => socket.on("connect", resolve));
  socket.write("GET / HTTP/1.1\r\n");
  await opened.close();
  await closed;
});
