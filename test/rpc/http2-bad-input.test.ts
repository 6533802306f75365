/** What others may send to a port: each is refused with one line in the log, and the next peer is served. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { createServer, type AddressInfo } from "node:net";
import { FiresteelError } from "../../src/base/errors.ts";
import { Random } from "../../src/base/random.ts";
import { BulkClient } from "../../src/rpc/bulk-client.ts";
import type { RpcEnv } from "../../src/rpc/contracts.ts";
import { createHttp2Transport, type Http2Options, type Http2Transport } from "../../src/rpc/http2-transport.ts";
import { createRpcEnv } from "../../src/rpc/rpc-env.ts";
import { Echo, failure, type EchoProtocol } from "./echo.ts";
import { hello, rawExchange, rawPeer } from "./raw-peer.ts";

const secret = "0123456789abcdef";
let envs: RpcEnv[] = [];
let warnings: string[] = [];
let echo = new Echo();

async function open(
  role: string,
  options: Http2Options = { secret },
): Promise<{ env: RpcEnv; transport: Http2Transport }> {
  const transport = createHttp2Transport(options);
  // of this test, though it may come after its end
  const own = warnings;
  const warn = (message: string) => void own.push(message);
  const env = await createRpcEnv({ role, transport, stopTimeoutMs: 50, warn });
  envs.push(env);
  return { env, transport };
}

async function server(options: Http2Options = { secret }) {
  const opened = await open("server", options);
  opened.env.register<EchoProtocol>("echo", echo);
  return { ...opened, port: opened.env.address!.port };
}

/** The port still does what it should. */
async function serves(port: number, given: string | undefined = secret): Promise<void> {
  const { env } = await open("client", { secret: given, listens: false });
  const ref = env.ref<EchoProtocol>({ host: "127.0.0.1", port }, "echo");
  expect(await ref.ask({ type: "echo", value: "still here" })).toBe("still here");
}

beforeEach(() => {
  envs = [];
  warnings = [];
  echo = new Echo();
});

afterEach(async () => {
  await Promise.all(envs.map(env => env.shutdown()));
});

describe("a connection is refused", () => {
  test("when it begins with garbage", async () => {
    const { port } = await server();
    const answer = await rawExchange(port, "\u0016\u0003\u0001 this is no HTTP\r\n\r\n");
    expect(answer).toMatch(/^HTTP\/1.1 400/);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toStartWith("a connection was refused: neither HTTP/2 nor HTTP/1.1");
    await serves(port);
  });

  test("when garbage follows the preface", async () => {
    const { port } = await server();
    const random = new Random(5);
    for (let round = 0; round < 20; round++) {
      const garbage = Uint8Array.from({ length: 1 + random.below(3_000) }, () => random.below(256));
      await rawExchange(port, Buffer.concat([Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), garbage]), true);
    }
    expect(echo.peers).toEqual([]);
    await serves(port);
  });

  test("when it says nothing, or not who it is, for too long", async () => {
    const { port } = await server({ secret, greetingTimeoutMs: 400 });
    await rawExchange(port, "");
    await rawExchange(port, "PRI * HT");
    await rawExchange(port, "GET / HTTP/1.1\r\nhost: x\r\n");
    expect(warnings).toHaveLength(3);
    expect(warnings[0]).toContain("did not say within 400 ms what it wants");
    const silent = await rawPeer(port, secret);
    await silent.closed;
    expect(warnings.some(each => each.includes("did not prove within 400 ms that it belongs here"))).toBe(true);
    expect(echo.peers).toEqual([]);
    await serves(port);
  });

  test("when there are too many", async () => {
    const { port } = await server({ secret, connectionsMax: 2 });
    const kept = [await rawPeer(port, secret), await rawPeer(port, secret)];
    expect(await rawExchange(port, "x")).toBe("");
    expect(warnings).toEqual(["a connection of 127.0.0.1 was refused: there are 2 already"]);
    for (const each of kept) each.session.destroy();
    await Promise.all(kept.map(each => each.closed));
  });

  test("when it is of another version, or asks for what is not there", async () => {
    const { port } = await server();
    const other = await rawPeer(port, secret, "99");
    expect(other.status).toBe(400);
    expect(decodeURIComponent(other.reason!)).toBe("it speaks protocol version 99, and here it is 1");
    await other.closed;
    const lost = await rawPeer(port, secret, "1", "/nothing");
    expect(lost.status).toBe(404);
    await lost.closed;
    expect(warnings).toEqual([
      "a connection of 127.0.0.1 was refused: it speaks protocol version 99, and here it is 1",
      'a connection of 127.0.0.1 was refused: it asks for "/nothing"',
    ]);
    await serves(port);
  });

  test("when it does not prove that it knows the secret", async () => {
    const { port } = await server();
    const wrong = await rawPeer(port, "another secret");
    wrong.write(wrong.record("hello", hello));
    await wrong.closed;
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain("signature is wrong");
    expect(echo.peers).toEqual([]);
    await serves(port);
  });

  test("when it repeats what another connection proved", async () => {
    const { port } = await server();
    const first = await rawPeer(port, secret);
    const recorded = first.record("hello", hello);
    first.write(recorded);
    while (echo.peers.length === 0) await new Promise(resolve => setImmediate(resolve));
    const second = await rawPeer(port, secret);
    second.write(recorded);
    await second.closed;
    expect(warnings).toHaveLength(1);
    expect(echo.peers).toHaveLength(1);
    first.session.destroy();
    await serves(port);
  });
});

describe("a known peer is disconnected", () => {
  const cases: Record<string, (record: (bytes: Uint8Array) => Uint8Array) => Uint8Array> = {
    "when a record is altered": record => {
      const bytes = record(new Uint8Array(100));
      bytes[50]! ^= 1;
      return bytes;
    },
    "when a record comes twice": record => {
      const bytes = record(new Uint8Array(0));
      return Buffer.concat([bytes, bytes]);
    },
    "when records change places": record => {
      const [one, two] = [record(new Uint8Array(0)), record(new Uint8Array(0))];
      return Buffer.concat([two, one]);
    },
    "when a record is too long": () => new Uint8Array([255, 255, 255, 127, 1]),
    "when a record is empty": () => new Uint8Array(4),
    "when a frame is garbage": record => record(new Uint8Array(40).fill(9)),
    "when a message is garbage": record => {
      const frame = new Uint8Array([0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, ...Buffer.from("echo"), 0xff, 0xff]);
      return record(frame);
    },
  };
  for (const [what, bytes] of Object.entries(cases)) {
    test(what, async () => {
      const { port } = await server();
      const peer = await rawPeer(port, secret);
      peer.write(peer.record("hello", hello));
      while (echo.peers.length === 0) await new Promise(resolve => setImmediate(resolve));
      peer.write(bytes(payload => peer.record("frame", payload)));
      await peer.closed;
      while (echo.log.length < 3) await new Promise(resolve => setImmediate(resolve));
      expect(echo.log).toEqual(["start", "connected raw", "disconnected raw lost"]);
      expect(echo.notes).toEqual([]);
      expect(warnings).toHaveLength(1);
      expect(warnings[0]).toContain("raw (127.0.0.1) was disconnected");
      await serves(port);
    });
  }

  test("when it goes within a message", async () => {
    const { port } = await server();
    const peer = await rawPeer(port, secret);
    peer.write(peer.record("hello", hello));
    while (echo.peers.length === 0) await new Promise(resolve => setImmediate(resolve));
    peer.stream.end(peer.record("frame", new Uint8Array(100)).subarray(0, 50));
    while (echo.log.length < 3) await new Promise(resolve => setImmediate(resolve));
    expect(echo.log[2]).toBe("disconnected raw lost");
    peer.session.destroy();
    await serves(port);
  });
});

describe("one that connects hears clearly", () => {
  const message = async (given: string | undefined, at: number) => {
    const { env } = await open("client", { secret: given, listens: false });
    const error = await failure(env.ref<EchoProtocol>({ host: "127.0.0.1", port: at }, "echo").ask({ type: "never" }));
    return { kind: error.kind, message: error.message.replace(String(at), "PORT"), hint: error.hint };
  };

  test("of another secret, of none, and of one too many", async () => {
    const { port } = await server();
    expect(await message("wrong", port)).toEqual({
      kind: "user",
      message: "127.0.0.1:PORT has another secret",
      hint: "give all processes of the cluster the same secret (--secret-file or FIRESTEEL_SECRET)",
    });
    expect(await message(undefined, port)).toEqual({
      kind: "user",
      message: "127.0.0.1:PORT asks for a secret, and none was given",
      hint: "give the cluster's secret with --secret-file or FIRESTEEL_SECRET",
    });
    while (warnings.length < 2) await new Promise(resolve => setImmediate(resolve));
    expect(warnings).toEqual(
      Array(2).fill("a connection was refused: 127.0.0.1 left before it said who it is (is its secret another?)"),
    );
    const { port: open } = await server({});
    expect((await message(secret, open)).message).toBe("127.0.0.1:PORT has no secret, and here one is set");
    expect(echo.peers).toEqual([]);
  });

  test("of something else that listens there", async () => {
    const other = createServer(socket => {
      socket.on("error", () => {});
      socket.end("SSH-2.0-OpenSSH_9.6\r\n");
    });
    await new Promise<void>(resolve => other.listen(0, "127.0.0.1", resolve));
    const heard = await message(secret, (other.address() as AddressInfo).port);
    expect(heard.kind).toBe("lost");
    expect(heard.message).toContain("127.0.0.1:PORT");
    other.close();
  });

  test("of a host that is not, and of one that never answers", async () => {
    const silent = createServer(socket => void socket.on("error", () => {}));
    await new Promise<void>(resolve => silent.listen(0, "127.0.0.1", resolve));
    const transport = createHttp2Transport({ listens: false });
    const env = await createRpcEnv({ role: "client", transport, connectTimeoutMs: 100 });
    envs.push(env);
    const port = (silent.address() as AddressInfo).port;
    const error = await failure(env.ref<EchoProtocol>({ host: "127.0.0.1", port }, "echo").ask({ type: "never" }));
    expect(error.message).toBe(`127.0.0.1:${port} did not answer within 100 ms`);
    silent.close();
  });

  test("of a port in use, and of an address that needs a secret", async () => {
    const { port } = await server();
    const second = await failure(open("second", { secret, port }));
    expect({ message: second.message, hint: second.hint }).toEqual({
      message: `127.0.0.1:${port} is in use`,
      hint: "choose another port, or 0 for any",
    });
    const unsafe = await failure(open("unsafe", { host: "0.0.0.0" }));
    expect({ kind: unsafe.kind, message: unsafe.message, hint: unsafe.hint }).toEqual({
      kind: "user",
      message: "without a secret nothing may listen at 0.0.0.0: whoever reached it could run code here",
      hint: "give a secret with --secret-file or FIRESTEEL_SECRET, or listen at 127.0.0.1",
    });
  });
});

describe("one port", () => {
  test("answers HTTP/1.1 beside messages, and may be told later what", async () => {
    const { port, transport } = await server({ secret, greetingTimeoutMs: 500 });
    const url = `http://127.0.0.1:${port}/page?x=1`;
    expect((await fetch(url)).status).toBe(404);
    transport.http = (request, response) => {
      if (request.url === "/slow") return void setTimeout(() => response.end("slow"), 700);
      let bytes = 0;
      request.on("data", (chunk: Uint8Array) => (bytes += chunk.length));
      request.on("end", () => response.end(`${request.method} ${request.url} ${bytes}`));
    };
    expect(await (await fetch(url)).text()).toBe("GET /page?x=1 0");
    expect(await (await fetch(`http://127.0.0.1:${port}/slow`)).text()).toBe("slow");
    // its first letter is that of HTTP/2's preface
    const posted = await fetch(url, { method: "POST", body: new Uint8Array(300_000) });
    expect(await posted.text()).toBe("POST /page?x=1 300000");
    await serves(port);
  });
});

describe("bulk", () => {
  test("is refused to those who do not know the secret", async () => {
    const { env, port } = await server();
    let asked = 0;
    env.bulk.serve("/x/", () => {
      asked++;
      return [new Uint8Array(3)];
    });
    const read = async (given: string | undefined) => {
      const client = new BulkClient({ secret: given });
      try {
        let bytes = 0;
        for await (const chunk of await client.open({ host: "127.0.0.1", port }, "/x/1", new Uint8Array(0)))
          bytes += chunk.length;
        return bytes;
      } finally {
        await client.close();
      }
    };
    expect((await failure(read("wrong"))).message).toContain("has another secret");
    expect((await failure(read(undefined))).message).toContain("asks for a secret");
    expect(asked).toBe(0);
    expect(await read(secret)).toBe(3);
    expect(asked).toBe(1);
  });

  test("requests without, with a wrong, or with a used proof are not answered", async () => {
    const { env, port } = await server();
    let asked = 0;
    env.bulk.serve("/x/", () => [new Uint8Array(++asked)]);
    const request = async (headers: Record<string, string>, greeted: boolean) => {
      const peer = await rawPeer(port, secret, "1", "/bulk-hello");
      const session = greeted ? peer.session : (await rawPeer(port, secret)).session;
      const stream = session.request({ ":method": "POST", ":path": "/bulk/%2Fx%2F1", ...headers });
      stream.on("error", () => {});
      stream.end();
      const status = await new Promise<number>(resolve =>
        stream.once("response", each => resolve(Number(each[":status"]))),
      );
      session.destroy();
      peer.session.destroy();
      return status;
    };
    expect(await request({}, false)).toBe(403);
    expect(await request({}, true)).toBe(403);
    expect(await request({ "firesteel-number": "1", "firesteel-proof": "00".repeat(32) }, true)).toBe(403);
    expect(asked).toBe(0);
    expect(warnings.filter(each => each.includes("bulk request"))).toHaveLength(3);
  });

  test("refuses requests that are too large before they are sent", async () => {
    const client = new BulkClient({});
    const error = await failure(client.open({ host: "127.0.0.1", port: 1 }, "/x", new Uint8Array((16 << 20) + 1)));
    expect(error).toBeInstanceOf(FiresteelError);
    expect(error.kind).toBe("resource");
    await client.close();
  });
});
