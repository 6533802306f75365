import { afterAll, describe, expect, test } from "bun:test";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../src/base/clock.ts";
import { bundleMarker } from "../../src/closure/bundle.ts";
import { UploadStore } from "../../src/deploy/upload-store.ts";
import { fetchBlob, serveBlobs } from "../../src/deploy/blob-transfer.ts";
import { type MasterProtocol, masterEndpoint } from "../../src/deploy/messages.ts";
import type { HttpPort } from "../../src/deploy/http-port.ts";
import { restFetch } from "../../src/deploy/rest-server.ts";
import { serveRest } from "./serve-rest.ts";
import { submit } from "../../src/deploy/submit-client.ts";
import type { SubmitRequest } from "../../src/deploy/submit-options.ts";
import type { HostPort } from "../../src/base/master-url.ts";
import type { QuestionOf } from "../../src/rpc/contracts.ts";
import { InProcessNetwork } from "../../src/rpc/in-process-transport.ts";
import { createRpcEnv } from "../../src/rpc/rpc-env.ts";
import { FakeMaster } from "./fake-master.ts";

const folder = mkdtempSync(join(tmpdir(), "firesteel-submit-"));
const servers: { close(): unknown }[] = [];
afterAll(async () => {
  await Promise.all(servers.map(each => each.close()));
  rmSync(folder, { recursive: true });
});
const job = join(folder, "word count.ts");
writeFileSync(join(folder, "helper.ts"), "export const answer = 42;\n");
writeFileSync(job, 'import { answer } from "./helper.ts";\nexport default async function main() { return answer; }\n');
const data = join(folder, "data.csv");
writeFileSync(data, "x,y\n");

const submission: SubmitRequest = {
  ...{ kind: "submit", job, args: ["a", "b c"], name: "words", files: [data] },
  conf: { "firesteel.codegen": "false" },
  ...{ driverCores: 2, driverMemoryMb: 512, supervise: true },
};
const here = (port: number): HostPort => ({ host: "127.0.0.1", port });

async function rest(master = new FakeMaster(), secret?: string): Promise<{ master: FakeMaster; at: HostPort }> {
  const fetch = restFetch({ master, secret, clock: systemClock });
  const server: HttpPort = await serveRest(fetch);
  servers.push(server);
  return { master, at: here(server.port) };
}

async function run(
  masters: readonly HostPort[],
  request: SubmitRequest,
  more: Parameters<typeof submit>[1] = {},
  secret?: string,
) {
  const printed: string[] = [];
  const told: string[] = [];
  const warned: string[] = [];
  const options = {
    masters,
    secret,
    request,
    print: (line: string) => printed.push(line),
    tell: (line: string) => told.push(line),
    warn: (line: string) => warned.push(line),
    starvedEveryMs: 15_000,
  };
  const noRpc = () => Promise.reject(new Error("there is no RPC in this test"));
  const code = await submit(options, { pollMs: 5, openEnv: noRpc, ...more });
  return { code, printed, told, warned };
}

const first = "driver-20261121065028-0000";

describe("by REST", () => {
  test("sends job and files by hash, and prints states to the end", async () => {
    const { master, at } = await rest(new FakeMaster(), "the secret");
    const { driverStatus } = master;
    const states = ["SUBMITTED", "RUNNING", "RUNNING", "FINISHED"] as const;
    master.driverStatus = async id => {
      const state = states[Math.min(master.asked.length, 3)]!;
      const where = state === "SUBMITTED" ? {} : { workerId: "worker-1", workerHostPort: "h:1" };
      Object.assign(master.drivers.get(id) ?? {}, { state, ...where });
      return driverStatus.call(master, id);
    };
    const { code, printed } = await run([at], submission, {}, "the secret");
    expect(printed).toEqual([
      first,
      `${first} is SUBMITTED`,
      `${first} is RUNNING on worker-1 at h:1`,
      `${first} is FINISHED on worker-1 at h:1`,
    ]);
    expect(code).toBe(0);
    const { description } = master.drivers.get(first)!;
    expect(description).toMatchObject({
      ...{ name: "words", args: ["a", "b c"], cores: 2, memoryMb: 512, supervise: true },
      conf: { "firesteel.codegen": "false" },
      job: { kind: "blob", fileName: "word-count.js" },
      files: [{ name: "data.csv", hash: createHash("sha256").update("x,y\n").digest("hex") }],
    });
    const text = master.blobs.kept.get((description.job as { hash: string }).hash)!.toString();
    expect(text).toStartWith(bundleMarker);
    expect(text).toContain("answer = 42");
    // again: nothing is sent twice
    const puts: string[] = [];
    master.blobs.put = async (_, expected) => {
      puts.push(expected!);
      throw new Error("not again");
    };
    expect((await run([at], submission, {}, "the secret")).code).toBe(0);
    expect(puts).toEqual([]);
  });

  test("says now and then that no worker has room for it, until one has", async () => {
    const { master, at } = await rest();
    const clock = { ...systemClock, nowMs: () => nowMs };
    let nowMs = 0;
    const { driverStatus } = master;
    master.driverStatus = async id => {
      nowMs += 4000;
      const state = nowMs < 34_000 ? "SUBMITTED" : nowMs < 90_000 ? "RUNNING" : "FINISHED";
      Object.assign(master.drivers.get(id) ?? {}, { state, ...(state !== "SUBMITTED" && { workerId: "worker-1" }) });
      return driverStatus.call(master, id);
    };
    const { code, warned } = await run([at], submission, { clock });
    const line = `${first} waits for a worker with 2 cores (--driver-cores) and 512.0 MiB (--driver-memory) to give; check on the master's page that there is one`;
    expect({ code, warned }).toEqual({ code: 0, warned: [line, line] });
  });

  test("does not wait when told so, and then says the first state alone", async () => {
    const { master, at } = await rest();
    const conf = { "firesteel.submit.waitAppCompletion": "false" };
    const { code, printed } = await run([at], { ...submission, conf });
    expect([code, printed]).toEqual([0, [first, `${first} is SUBMITTED`]]);
    expect(master.drivers.get(first)!.description.conf).toEqual({});
  });

  test.each(["FAILED", "ERROR", "KILLED"] as const)("a driver that ends %s is an error", async state => {
    const { master, at } = await rest();
    master.stateWhenAsked = state;
    await expect(run([at], submission)).rejects.toThrow(`${first} ended ${state}`);
  });

  test("kill and status, of drivers that there are and are not", async () => {
    const { master, at } = await rest();
    const conf = { "firesteel.submit.waitAppCompletion": "false" };
    await run([at], { ...submission, conf });
    const ask = async (kind: "kill" | "status", driverId: string) => {
      const { code, printed } = await run([at], { kind, driverId });
      return [code, ...printed];
    };
    expect(await ask("status", first)).toEqual([0, `${first} is SUBMITTED`]);
    expect(await ask("kill", first)).toEqual([0, `Kill request for ${first} submitted`]);
    expect(await ask("kill", first)).toEqual([1, `Driver ${first} has already finished or does not exist`]);
    expect(await ask("status", "driver-9")).toEqual([1, "driver-9 is not known to the master"]);
    expect(master.killed).toEqual([first]);
  });

  test("goes on to a master that is there and takes jobs", async () => {
    const standby = await rest();
    standby.master.submitDriver = async () => ({
      success: false,
      driverId: undefined,
      message: "not alive: RECOVERING",
    });
    const { master, at } = await rest();
    master.stateWhenAsked = "FINISHED";
    const { code } = await run([here(1), standby.at, at], submission, { openEnv: offlineEnv });
    expect([code, master.drivers.size]).toEqual([0, 1]);
    await expect(run([standby.at], submission)).rejects.toThrow("the job was not taken: not alive: RECOVERING");
  });

  test("a wrong secret is said at once", async () => {
    const { at } = await rest(new FakeMaster(), "right");
    await expect(run([at], submission, {}, "wrong")).rejects.toThrow(/refuses: the proof is wrong/);
    await expect(run([at], submission)).rejects.toThrow(/refuses: this server has a secret/);
  });

  test("what the master refuses is shown", async () => {
    const { at } = await rest();
    const wrong = { ...submission, conf: { "firesteel.nonsense": "1" } };
    await expect(run([at], wrong)).rejects.toThrow('refuses: "firesteel.nonsense"');
  });
});

const offlineEnv = () =>
  createRpcEnv({ role: "submit", transport: new InProcessNetwork().transport({ listens: false }) });

describe("over RPC", () => {
  /** Answers, and is no REST. */
  async function otherServer(status: number, body: string): Promise<HostPort> {
    const server: Server = createServer((_, answer) => answer.writeHead(status).end(body));
    await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
    servers.push({ close: () => server.closeAllConnections() ?? server.close() });
    return here((server.address() as AddressInfo).port);
  }

  async function cluster(at: HostPort) {
    const network = new InProcessNetwork();
    const env = await createRpcEnv({ role: "master", transport: network.transport(at) });
    servers.push({ close: () => env.shutdown() });
    const master = new FakeMaster();
    master.stateWhenAsked = "FINISHED";
    env.register<MasterProtocol>(masterEndpoint, {
      receiveAndReply(question: QuestionOf<MasterProtocol>) {
        if (question.type === "submitDriver") return master.submitDriver(question.description);
        if (question.type === "driverStatus") return master.driverStatus(question.driverId);
        if (question.type === "killDriver") return master.killDriver(question.driverId);
        return master.masterState();
      },
    });
    const store = new UploadStore({
      ...{
        folder: mkdtempSync(join(folder, "blobs-")),
        clock: systemClock,
        blobBytesMax: 1 << 24,
        totalBytesMax: 1 << 26,
      },
      inUse: async () => new Set(),
    });
    serveBlobs(env.bulk, store, systemClock);
    const openEnv = () => createRpcEnv({ role: "submit", transport: network.transport({ listens: false }) });
    return { master, openEnv };
  }

  test.each([
    [404, "<html>not here</html>"],
    [503, '{"message":"REST is not available"}'],
    [200, "[]"],
  ])("when the answer is %d %s", async (status, body) => {
    const at = await otherServer(status, body);
    const { master, openEnv } = await cluster(at);
    const large = join(folder, "large.bin");
    writeFileSync(large, Buffer.alloc(700_001, 7));
    const { code, printed, told } = await run([at], { ...submission, files: [large] }, { openEnv });
    expect([code, printed]).toEqual([0, [first, `${first} is FINISHED`]]);
    expect(told).toContainEqual(expect.stringContaining("trying RPC"));
    const { files } = master.drivers.get(first)!.description;
    const env = await openEnv();
    const bytes = await fetchBlob(env.bulk, [at], files[0]!.hash, 1 << 20);
    expect(Buffer.alloc(700_001, 7).equals(bytes)).toBe(true);
    await expect(fetchBlob(env.bulk, [at], files[0]!.hash, 1000)).rejects.toThrow("larger than 1000 bytes");
    await expect(fetchBlob(env.bulk, [at], "0".repeat(64), 1000)).rejects.toThrow("no blob");
    await env.shutdown();
    expect((await run([at], { kind: "kill", driverId: first }, { openEnv })).code).toBe(1);
    expect((await run([at], { kind: "status", driverId: first }, { openEnv })).code).toBe(0);
  });

  test("when nothing listens, every master is tried and named", async () => {
    const failure = await run([here(1), here(2)], submission, { openEnv: offlineEnv }).catch(
      (error: unknown) => error as Error,
    );
    expect(failure).toMatchObject({ kind: "lost", hint: expect.stringContaining("firesteel master") });
    expect((failure as Error).message).toStartWith("no master of firesteel://127.0.0.1:1,127.0.0.1:2 can be reached: ");
  });
});
