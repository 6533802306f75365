/** The REST server on a port of its own, for tests that need a socket. */
import { type HttpPort, listenHttp } from "../../src/deploy/http-port.ts";
import { type Fetch, restListener } from "../../src/deploy/rest-server.ts";

export function serveRest(fetch: Fetch): Promise<HttpPort> {
  const at = { host: "127.0.0.1", port: 0, purpose: "submissions", option: "--rest-port" };
  return listenHttp(restListener(fetch, at.host), at);
}
