import { afterAll, describe, expect, test } from "bun:test";
import { spawn, spawnSync } from "node:child_process";
import type { Clock } from "../../src/base/clock.ts";
import { systemClock } from "../../src/base/clock.ts";
import { digestHeader, parseDigestHeader } from "../../src/deploy/digest.ts";
import { Nonces } from "../../src/deploy/nonces.ts";
import { RestClient } from "../../src/deploy/rest-client.ts";
import type { HttpPort } from "../../src/deploy/http-port.ts";
import { restFetch } from "../../src/deploy/rest-server.ts";
import { serveRest } from "./serve-rest.ts";
import { FakeMaster } from "./fake-master.ts";

const secret = 'a "quoted" s\\ecret é';
const path = "/v1/submissions/readyz";

class SetClock implements Clock {
  ms = 1_000_000;
  nowMs = () => this.ms;
  after(): never {
    throw new Error("nothing here waits");
  }
}

function guarded() {
  const clock = new SetClock();
  const warnings: string[] = [];
  const fetch = restFetch({ master: new FakeMaster(), secret, clock, warn: text => warnings.push(text) });
  const ask = async (
    headers: Record<string, string> = {},
    url = `http://127.0.0.1:6066${path}`,
    from = "127.0.0.1",
  ) => {
    const response = await fetch(new Request(url, { headers }), { remoteAddress: from });
    return {
      status: response.status,
      challenge: parseDigestHeader(response.headers.get("www-authenticate") ?? undefined),
    };
  };
  const nonce = async () => (await ask()).challenge!.get("nonce")!;
  return { clock, warnings, ask, nonce };
}

const parts = (nonce: string, count = 1) => ({
  ...{ user: "firesteel", realm: "firesteel", secret, method: "GET", uri: path, nonce, cnonce: "c" },
  nc: count.toString(16).padStart(8, "0"),
});
const proof = (given: ReturnType<typeof parts>) => ({ authorization: digestHeader(given) });

describe("with a secret", () => {
  test("who knows it is let in, once per proof", async () => {
    const { ask, nonce, warnings } = guarded();
    const { status, challenge } = await ask();
    expect(status).toBe(401);
    expect([...challenge!].filter(([name]) => name !== "nonce")).toEqual([
      ["realm", "firesteel"],
      ["qop", "auth"],
      ["algorithm", "SHA-256"],
    ]);
    expect(warnings).toEqual([]);
    const header = proof(parts(await nonce()));
    expect((await ask(header)).status).toBe(200);
    expect((await ask(header)).status).toBe(401);
    expect(warnings).toEqual(["refused a request from 127.0.0.1: the proof was used before"]);
    expect((await ask(header)).status).toBe(401);
    expect(warnings).toHaveLength(1);
  });

  test("from anywhere, by any name", async () => {
    const { ask, nonce } = guarded();
    const url = `http://evil.example${path}`;
    expect((await ask(proof(parts(await nonce())), url, "10.0.0.9")).status).toBe(200);
  });

  test("a proof of something else is refused", async () => {
    const { ask, nonce } = guarded();
    const good = parts(await nonce());
    const wrong: Partial<typeof good>[] = [
      { secret: "other" },
      { user: "admin" },
      { method: "POST" },
      { uri: "/v1/submissions/status/x" },
      { realm: "elsewhere" },
      { nc: "1" },
      { cnonce: "" },
    ];
    for (const change of wrong) expect((await ask(proof({ ...good, ...change }))).status).toBe(401);
    const text = digestHeader(good);
    const edits = [
      text.replace("qop=auth", "qop=auth-int"),
      text.replace("SHA-256", "MD5"),
      text.replace(/response="./, 'response="'),
      `${text}, nc=00000002`,
      "Digest",
      "Digest x",
      "Basic ZmlyZXN0ZWVsOngK",
      `${text}, x="${"y".repeat(5000)}"`,
    ];
    for (const authorization of edits) expect((await ask({ authorization })).status).toBe(401);
    expect((await ask({ authorization: text })).status).toBe(200);
  });

  test("old nonces and those of another server are stale: the client may try again", async () => {
    const { ask, nonce, clock } = guarded();
    const old = await nonce();
    clock.ms += 5 * 60_000 + 1;
    const late = await ask(proof(parts(old)));
    expect([late.status, late.challenge!.get("stale")]).toEqual([401, "true"]);
    const foreign = await ask(proof(parts(await guarded().nonce())));
    expect([foreign.status, foreign.challenge!.get("stale")]).toEqual([401, "true"]);
    // but not for who does not know the secret
    const stranger = await ask(proof({ ...parts(old), secret: "x" }));
    expect(stranger.challenge!.has("stale")).toBe(false);
  });

  test("counts may come in any order, each once", async () => {
    const { ask, nonce } = guarded();
    const given = await nonce();
    const status = async (count: number) => (await ask(proof(parts(given, count)))).status;
    for (const count of [5, 3, 4, 1, 70, 8]) expect([count, await status(count)]).toEqual([count, 200]);
    for (const count of [5, 3, 70, 2, 6, 8]) expect([count, await status(count)]).toEqual([count, 401]);
    expect(await status(7)).toBe(200);
  });

  test("the table of nonces is bounded, and what it forgets does not come back", () => {
    const clock = new SetClock();
    const nonces = new Nonces(clock, 60_000, 3);
    const issued = Array.from({ length: 5 }, () => {
      clock.ms++;
      return nonces.issue();
    });
    expect(issued.map(each => nonces.use(each, 1))).toEqual(["good", "good", "good", "good", "good"]);
    expect(issued.map(each => nonces.use(each, 1))).toEqual(["stale", "stale", "replayed", "replayed", "replayed"]);
    clock.ms += 60_001;
    expect(nonces.use(nonces.issue(), 1)).toBe("good");
    for (const odd of ["", "x", "A".repeat(75), `${issued[4]!}=`]) expect(nonces.use(odd, 1)).toBe("stale");
  });
});

describe("without one", () => {
  const bare = () => {
    const clock = new SetClock();
    const warnings: string[] = [];
    const fetch = restFetch({ master: new FakeMaster(), secret: undefined, clock, warn: text => warnings.push(text) });
    const ask = async (host: string, from: string | undefined, headers: Record<string, string> = {}) =>
      (await fetch(new Request(`http://${host}${path}`, { headers }), { remoteAddress: from })).status;
    return { ask, warnings };
  };

  test("this machine alone is answered", async () => {
    const { ask, warnings } = bare();
    for (const from of ["127.0.0.1", "127.3.2.1", "::1", "::ffff:127.0.0.1"])
      expect(await ask("localhost:6066", from)).toBe(200);
    for (const from of ["10.0.0.9", "::ffff:10.0.0.9", "128.0.0.1", undefined])
      expect(await ask("localhost", from)).toBe(403);
    expect(warnings[0]).toBe(
      "refused a request from 10.0.0.9: this server has no secret, and answers its own machine alone",
    );
  });

  test("names that point here from elsewhere are refused", async () => {
    const { ask } = bare();
    for (const host of ["127.0.0.1:6066", "[::1]:6066", "LOCALHOST", "app.localhost"])
      expect([host, await ask(host, "127.0.0.1")]).toEqual([host, 200]);
    for (const host of ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:6066", "10.0.0.1"])
      expect([host, await ask(host, "127.0.0.1")]).toEqual([host, 403]);
  });

  test("pages of other sites are refused, with a secret too", async () => {
    const { ask } = bare();
    const statuses = async (headers: Record<string, string>) => [
      await ask("localhost:6066", "127.0.0.1", headers),
      (await guarded().ask(headers)).status,
    ];
    expect(await statuses({ origin: "https://evil.example" })).toEqual([403, 403]);
    expect(await statuses({ origin: "null" })).toEqual([403, 403]);
    expect(await statuses({ "sec-fetch-site": "cross-site" })).toEqual([403, 403]);
    expect(await statuses({ "sec-fetch-site": "same-origin" })).toEqual([200, 401]);
    expect(await ask("localhost:6066", "127.0.0.1", { origin: "http://localhost:6066" })).toBe(200);
  });
});

describe("over a socket", () => {
  const servers: HttpPort[] = [];
  afterAll(() => Promise.all(servers.map(each => each.close())));
  const serve = async (master = new FakeMaster(), given = secret) => {
    const fetch = restFetch({ master, secret: given, clock: systemClock });
    const server = await serveRest(fetch);
    servers.push(server);
    return { master, port: server.port };
  };

  test("our own client proves itself, once for many requests", async () => {
    const { port } = await serve();
    const client = new RestClient({ host: "127.0.0.1", port }, secret);
    await client.probe(60_000);
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => client.request({ method: "GET", path: "/v1/submissions/status/x?a=b%20c" })),
    );
    expect(answers.map(each => each.status)).toEqual(answers.map(() => 200));
    const wrong = new RestClient({ host: "127.0.0.1", port }, "other");
    await expect(wrong.probe(60_000)).rejects.toThrow(/refuses: .*the proof is wrong/);
    const none = new RestClient({ host: "127.0.0.1", port }, undefined);
    await expect(none.probe(60_000)).rejects.toThrow(/refuses: this server has a secret/);
  });

  const curl = spawnSync("curl", ["--version"]).error === undefined;
  if (!curl) console.log("curl is not here: its Digest is not tried");
  const runCurl = (...args: string[]) =>
    new Promise<{ status: string; body: string }>((resolve, reject) => {
      const child = spawn("curl", ["-s", "-w", "\n%{http_code}", ...args], { stdio: ["ignore", "pipe", "ignore"] });
      let text = "";
      child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
      child.on("error", reject);
      child.on("close", () => {
        const at = text.lastIndexOf("\n");
        resolve({ body: text.slice(0, at), status: text.slice(at + 1) });
      });
    });

  test.skipIf(!curl)("curl --digest submits a job, gets and kills it", async () => {
    const plain = "0123456789abcdef";
    const { master, port } = await serve(new FakeMaster(), plain);
    const url = `http://127.0.0.1:${port}/v1/applications`;
    const digest = ["--digest", "-u", `firesteel:${plain}`];
    const job = new URL("../../examples/flights.ts", import.meta.url).pathname;
    const form = ["-F", `job=@${job}`, "-F", "args=a b", "-F", "files=@/dev/null;filename=empty.txt"];
    const posted = await runCurl(...digest, ...form, url);
    expect([posted.status, posted.body]).toEqual(["201", expect.stringContaining('"id":"driver-')]);
    const { id } = JSON.parse(posted.body) as { id: string };
    expect(master.drivers.get(id)?.description).toMatchObject({ args: ["a b"], files: [{ name: "empty.txt" }] });
    expect((await runCurl(...digest, `${url}/${id}?stdoutBytes=10`)).status).toBe("200");
    expect((await runCurl(...digest, "-X", "DELETE", `${url}/${id}`)).status).toBe("200");
    expect((await runCurl("--digest", "-u", "firesteel:wrong", url)).status).toBe("401");
    expect((await runCurl(url)).status).toBe("401");
    const sent = await runCurl(...digest, "-T", job, `http://127.0.0.1:${port}/v1/blobs/${"0".repeat(64)}`);
    expect([sent.status, sent.body]).toEqual(["400", expect.stringContaining('"field":"sha256"')]);
  });
});
