/**
 * How a submission client talks to one master: by REST, or over RPC where there is no REST. Both do the same, and both send bytes
 * only that the master does not have.
 */
import { createHash } from "node:crypto";
import { openAsBlob } from "node:fs";
import { readFile } from "node:fs/promises";
import { FiresteelError } from "../base/errors.ts";
import type { HostPort } from "../base/master-url.ts";
import { UsageError } from "../base/usage-error.ts";
import type { RpcEnv } from "../rpc/contracts.ts";
import { sendBlob } from "./blob-transfer.ts";
import type { Done } from "./master-access.ts";
import { type DriverDescription, masterEndpoint, type MasterProtocol } from "./messages.ts";
import { type RestAnswer, RestClient } from "./rest-client.ts";

/** A description, and where the bytes are that it names by hash. */
export interface PreparedJob {
  readonly description: DriverDescription;
  readonly sources: ReadonlyMap<string, { readonly path: string } | { readonly bytes: Uint8Array<ArrayBuffer> }>;
}

export interface SeenDriver {
  readonly state: string;
  readonly workerId: string | undefined;
  readonly workerHostPort: string | undefined;
  readonly error: string | undefined;
}

/** Every call rejects with kind "lost" when the master cannot be reached. */
export interface MasterLink {
  readonly description: string;
  submit(job: PreparedJob): Promise<Done & { readonly driverId: string | undefined }>;
  kill(driverId: string): Promise<Done>;
  /** Undefined when the master does not know it. */
  status(driverId: string): Promise<SeenDriver | undefined>;
}

const uploadTimeoutMs = 10 * 60_000;

/** Rejects with NoRest when the master has no REST. */
export async function restLink(master: HostPort, secret: string | undefined, connectMs: number): Promise<MasterLink> {
  const client = new RestClient(master, secret);
  await client.probe(connectMs);
  return {
    description: `REST at ${client.address}`,
    async submit({ description, sources }) {
      for (const [hash, source] of sources) {
        const path = `/v1/blobs/${hash}`;
        if ((await client.request({ method: "HEAD", path })).status === 200) continue;
        const body = "path" in source ? await openAsBlob(source.path) : new Blob([source.bytes]);
        const type = "application/octet-stream";
        const kept = await client.request({ method: "PUT", path, body, type, timeoutMs: uploadTimeoutMs });
        if (kept.status !== 201) throw refusal(client, kept);
      }
      const answer = await client.request({
        ...{ method: "POST", path: "/v1/applications", type: "application/json" },
        body: JSON.stringify(submissionBody(description)),
      });
      const message = textOf(answer.body["message"]) ?? "";
      if (answer.status === 503) return { success: false, driverId: undefined, message };
      const driverId = textOf(answer.body["id"]);
      if (answer.status !== 201 || driverId === undefined) throw refusal(client, answer);
      return { success: true, driverId, message };
    },
    async kill(driverId) {
      const path = `/v1/submissions/kill/${encodeURIComponent(driverId)}`;
      const answer = await client.request({ method: "POST", path });
      if (answer.status !== 200) throw refusal(client, answer);
      return { success: answer.body["success"] === true, message: textOf(answer.body["message"]) ?? "" };
    },
    async status(driverId) {
      const path = `/v1/submissions/status/${encodeURIComponent(driverId)}`;
      const { status, body } = await client.request({ method: "GET", path });
      if (status !== 200) throw refusal(client, { status, body });
      if (body["success"] !== true) return undefined;
      return {
        state: textOf(body["driverState"]) ?? "UNKNOWN",
        workerId: textOf(body["workerId"]),
        workerHostPort: textOf(body["workerHostPort"]),
        error: textOf(body["message"]),
      };
    },
  };
}

function submissionBody({ job, name, args, conf, environment, files, cores, memoryMb, supervise }: DriverDescription) {
  return {
    job: job.kind === "blob" ? { hash: job.hash, fileName: job.fileName } : { url: job.path },
    ...{ name, args, conf, environment, files, cores, supervise },
    memory: `${memoryMb}m`,
  };
}

function refusal(client: RestClient, { status, body }: RestAnswer): FiresteelError {
  const message = textOf(body["message"]) ?? `it answered ${status}`;
  const hint = textOf(body["hint"]);
  const full = `the master at ${client.address} refuses: ${message}`;
  if (status >= 500) return new FiresteelError(status === 507 ? "resource" : "lost", full, { hint });
  return new UsageError(full, { hint });
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

export function rpcLink(env: RpcEnv, master: HostPort, timeoutMs: number): MasterLink {
  const ref = env.ref<MasterProtocol>(master, masterEndpoint);
  return {
    description: `RPC at ${ref.description}`,
    async submit({ description, sources }) {
      // before bytes are sent, whether anyone is there
      await ref.ask({ type: "masterState" }, { timeoutMs });
      for (const [hash, source] of sources) {
        const bytes = "path" in source ? await readFile(source.path) : source.bytes;
        await sendBlob(env.bulk, master, hash, bytes);
      }
      return ref.ask({ type: "submitDriver", description }, { timeoutMs });
    },
    kill: driverId => ref.ask({ type: "killDriver", driverId }, { timeoutMs }),
    status: driverId => ref.ask({ type: "driverStatus", driverId }, { timeoutMs }),
  };
}

export function hashOfBytes(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
