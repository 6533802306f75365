/** A web server in the test's process, whose answers the test decides. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { fileSettings, type FileSettings } from "../../src/sources/file-settings.ts";
import { Config, settingsLayer } from "../../src/base/config.ts";
import type { ConfigKey } from "../../src/base/config-keys.ts";

export interface TestServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** Method and path of every request, with its range. */
  readonly log: string[];
}

export async function serve(
  answer: (request: IncomingMessage, response: ServerResponse) => void | Promise<void>,
): Promise<TestServer> {
  const log: string[] = [];
  const server = createServer((request, response) => {
    const { range } = request.headers;
    log.push(`${request.method} ${request.url}${range === undefined ? "" : ` ${range}`}`);
    void Promise.resolve(answer(request, response)).catch(cutOff);
  });
  await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    ...{ url: `http://127.0.0.1:${port}`, port, log },
    [Symbol.asyncDispose]: () => {
      server.closeAllConnections();
      return new Promise<void>(resolve => server.close(() => resolve()));
    },
  };
}

/** Who sends may stop half-way. */
export function cutOff(thrown: unknown): void {
  if ((thrown as { code?: string }).code !== "ECONNRESET") throw thrown;
}

/** Answers as a server with ranges does. */
export function sendRange(
  request: IncomingMessage,
  response: ServerResponse,
  body: Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): void {
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "") ?? [];
  const common = { "accept-ranges": "bytes", ...headers };
  if (first === undefined) {
    response.writeHead(200, { ...common, "content-length": body.length });
    response.end(request.method === "HEAD" ? undefined : body);
    return;
  }
  const from = Number(first);
  const to = Math.min(body.length, last === undefined || last === "" ? body.length : Number(last) + 1);
  if (from >= body.length) {
    response.writeHead(416, { ...common, "content-range": `bytes */${body.length}` }).end();
    return;
  }
  const range = `bytes ${from}-${to - 1}/${body.length}`;
  response.writeHead(206, { ...common, "content-range": range, "content-length": to - from });
  response.end(body.subarray(from, to));
}

/** Settings of remote files: few tries, others as they are given. */
export function testSettings(settings: Readonly<Record<string, string | number | boolean>> = {}): FileSettings {
  const config = Config.from(
    [
      settingsLayer("test", {
        ...{ "firesteel.files.timeout": "20s", "firesteel.files.retries": 2 },
        // whatever the environment says
        ...{ "firesteel.s3.endpoint": "", "firesteel.s3.accessKey": "", "firesteel.s3.secretKey": "" },
        ...{ "firesteel.s3.sessionToken": "", "firesteel.s3.region": "us-east-1", "firesteel.hdfs.user": "me" },
        ...settings,
      }),
    ],
    { cores: 1, memoryBytes: 2 ** 30 },
  );
  return fileSettings(key => config.get(key as ConfigKey));
}
