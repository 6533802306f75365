/** A thread that serves one body with ranges, for who stands still while it is read. Tells its port, and what was asked for. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { parentPort, workerData } from "node:worker_threads";
import { sendRange } from "./http-server.ts";

const { body } = workerData as { readonly body: Uint8Array };
const server = createServer((request, response) => {
  if (request.url === "/silent") return;
  if (request.url === "/missing") return void response.writeHead(404).end();
  sendRange(request, response, body, { etag: '"1"' });
});
server.listen(0, "127.0.0.1", () => parentPort!.postMessage((server.address() as AddressInfo).port));
