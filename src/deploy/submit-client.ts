/**
 * The submission client behind `firesteel submit --deploy-mode cluster`, `--kill` and `--status`: tries the masters in turn, each by
 * REST and, where that is not available, over RPC, as Spark does. A job is bundled here and goes with its files by hash.
 * After a submission it waits for the driver's end and prints each state, unless told not to; what it waits for it says now and then.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { basename } from "node:path";
import { type Clock, systemClock } from "../base/clock.ts";
import type { ConfigKey } from "../base/config-keys.ts";
import { FiresteelError } from "../base/errors.ts";
import { formatMasterUrl, type HostPort } from "../base/master-url.ts";
import { formatBytes } from "../base/quantity.ts";
import { asUsageError, exitCodes } from "../base/usage-error.ts";
import { bundleJob, bundleText } from "../closure/bundle.ts";
import type { RpcEnv } from "../rpc/contracts.ts";
import { jobNamePattern } from "./job-check.ts";
import { hashOfBytes, type MasterLink, type PreparedJob, restLink, rpcLink, type SeenDriver } from "./master-link.ts";
import { driverEnded } from "./messages.ts";
import { NoRest } from "./rest-client.ts";
import type { SubmitOptions, SubmitRequest } from "./submit-options.ts";

/** For tests, which bring their own. */
export interface SubmitParts {
  /** Connects to masters without REST. Called once, when needed. */
  readonly openEnv?: () => Promise<RpcEnv>;
  readonly clock?: Clock;
  readonly pollMs?: number;
}

type Submission = Extract<SubmitRequest, { kind: "submit" }>;

/** Of all masters together, before any has answered. */
const reachMs = 8_000;
const pollMsDefault = 500;
const waitKey = "firesteel.submit.waitAppCompletion" satisfies ConfigKey;
/** How long a master may be away while a driver is waited for: it may be starting again. */
const awayMaxMs = 60_000;

/** The exit code: 0 when what was asked for happened, 1 when the driver is not known or did not end well. */
export async function submit(options: SubmitOptions, parts: SubmitParts = {}): Promise<number> {
  const masters = new Masters(options, parts);
  try {
    switch (options.request.kind) {
      case "kill":
        return await kill(masters, options, options.request.driverId);
      case "status":
        return await status(masters, options, options.request.driverId);
      case "submit":
        return await submitJob(masters, options, parts, options.request);
    }
  } finally {
    await masters.close();
  }
}

async function kill(masters: Masters, { print }: SubmitOptions, driverId: string): Promise<number> {
  const { success, message } = await masters.first(async link => {
    const done = await link.kill(driverId);
    return { value: done, enough: done.success };
  });
  print(message);
  return success ? exitCodes.done : exitCodes.jobFailed;
}

async function status(masters: Masters, { print }: SubmitOptions, driverId: string): Promise<number> {
  const seen = await masters.first(async link => {
    const found = await link.status(driverId);
    return { value: found, enough: found !== undefined };
  });
  print(seen === undefined ? `${driverId} is not known to the master` : stateLine(driverId, seen));
  return seen === undefined ? exitCodes.jobFailed : exitCodes.done;
}

async function submitJob(
  masters: Masters,
  { print, tell, warn, starvedEveryMs }: SubmitOptions,
  { clock = systemClock, pollMs = pollMsDefault }: SubmitParts,
  request: Submission,
): Promise<number> {
  const job = await prepare(request);
  const { success, driverId, message } = await masters.first(async link => {
    const done = await link.submit(job);
    return { value: done, enough: done.success };
  });
  if (!success || driverId === undefined) throw new FiresteelError("lost", `the job was not taken: ${message}`);
  tell(message);
  print(driverId);
  const wait = request.conf[waitKey] !== "false";
  const { driverCores: cores, driverMemoryMb: memoryMb } = request;
  const needs = `${cores === 1 ? "a core" : `${cores} cores`} (--driver-cores) and ${formatBytes(memoryMb * 2 ** 20)} (--driver-memory)`;
  const starved = () =>
    warn(`${driverId} waits for a worker with ${needs} to give; check on the master's page that there is one`);
  const end = await follow(masters, driverId, { clock, pollMs, wait, print, starved, starvedEveryMs });
  if (end.state === "FINISHED" || !driverEnded.some(state => state === end.state)) return exitCodes.done;
  throw new FiresteelError("user", `${driverId} ended ${end.state}${end.error === undefined ? "" : `: ${end.error}`}`, {
    hint: "its output is on the pages of its worker, and at /v1/applications of the master",
  });
}

interface Following {
  readonly clock: Clock;
  readonly pollMs: number;
  readonly wait: boolean;
  readonly print: (line: string) => void;
  /** Called when no worker has had room for it all that time, and each time again. */
  readonly starved: () => void;
  readonly starvedEveryMs: number;
}

/** Prints each state that it sees; gives the last. Without `wait` that is the first. */
async function follow(
  masters: Masters,
  driverId: string,
  { clock, pollMs, wait, print, starved, starvedEveryMs }: Following,
): Promise<SeenDriver> {
  let printed = "";
  let heardMs = clock.nowMs();
  let waitsFromMs = heardMs;
  for (;;) {
    const seen = await masters.current(link => link.status(driverId));
    if (seen !== undefined) {
      heardMs = clock.nowMs();
      const line = stateLine(driverId, seen);
      if (line !== printed) print(line);
      printed = line;
      if (!wait || driverEnded.some(state => state === seen.state)) return seen;
      const waits = seen.state === "SUBMITTED" || (seen.state === "RELAUNCHING" && seen.workerId === undefined);
      const isStarved = waits && heardMs - waitsFromMs >= starvedEveryMs;
      if (isStarved) starved();
      if (isStarved || !waits) waitsFromMs = heardMs;
    }
    if (clock.nowMs() - heardMs > awayMaxMs)
      throw new FiresteelError("lost", `no master has told of ${driverId} for ${awayMaxMs / 1000} s`);
    await new Promise<void>(resolve => setTimeout(resolve, pollMs));
  }
}

function stateLine(driverId: string, { state, workerId, workerHostPort, error }: SeenDriver): string {
  const where =
    workerId === undefined ? "" : ` on ${workerId}${workerHostPort === undefined ? "" : ` at ${workerHostPort}`}`;
  return `${driverId} is ${state}${where}${error === undefined ? "" : `: ${error}`}`;
}

/** A job on this machine becomes one file: what it imports may not be there on a worker. */
async function prepare(request: Submission): Promise<PreparedJob> {
  const { job, args, name, driverCores: cores, driverMemoryMb: memoryMb, supervise } = request;
  const sources = new Map<string, { readonly path: string } | { readonly bytes: Uint8Array<ArrayBuffer> }>();
  const files: { name: string; hash: string }[] = [];
  for (const path of request.files) {
    const hash = await hashOfFile(path);
    sources.set(hash, { path });
    files.push({ name: basename(path), hash });
  }
  // the driver has nothing to wait for
  const { [waitKey]: _, ...conf } = request.conf;
  const rest = { name, args, cores, memoryMb, supervise, conf, environment: {}, files };
  if (/^https?:\/\//.test(job)) return { description: { ...rest, job: { kind: "path", path: job } }, sources };
  const bundle = await bundleJob(job).catch((error: unknown) => {
    throw asUsageError(error);
  });
  const bytes = new TextEncoder().encode(bundleText(bundle));
  const hash = hashOfBytes(bytes);
  sources.set(hash, { bytes });
  // of characters that every part of a cluster takes for a file's name
  const stem = basename(job)
    .replace(jobNamePattern, "")
    .replace(/[^A-Za-z0-9_-]/g, "-")
    .replace(/^[^A-Za-z0-9]+/, "");
  const fileName = `${stem.slice(0, 100) || "job"}.js`;
  return { description: { ...rest, job: { kind: "blob", hash, fileName } }, sources };
}

async function hashOfFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
  return hash.digest("hex");
}

async function openEnv(secret: string | undefined): Promise<RpcEnv> {
  const [{ createRpcEnv }, { createHttp2Transport }] = await Promise.all([
    import("../rpc/rpc-env.ts"),
    import("../rpc/http2-transport.ts"),
  ]);
  // what goes wrong is said by the question that fails
  return createRpcEnv({ role: "submit", transport: createHttp2Transport({ listens: false, secret }), warn: () => {} });
}

/** The masters of a cluster, and the way to each. */
class Masters {
  private readonly links = new Map<HostPort, MasterLink>();
  private env: Promise<RpcEnv> | undefined;
  private last: MasterLink | undefined;

  constructor(
    private readonly options: SubmitOptions,
    private readonly parts: SubmitParts,
  ) {}

  /** Asks one after the other until an answer is enough; else gives the last one. Rejects when none can be reached. */
  async first<T>(ask: (link: MasterLink) => Promise<{ readonly value: T; readonly enough: boolean }>): Promise<T> {
    const { masters, tell } = this.options;
    const reasons: string[] = [];
    let hint = "check the address, and that the master is running: firesteel master";
    let answer: { readonly value: T } | undefined;
    for (const master of masters) {
      try {
        const link = await this.link(master);
        const { value, enough } = await ask(link);
        answer = { value };
        this.last = link;
        if (enough) return value;
      } catch (error) {
        if (!(error instanceof FiresteelError) || error.kind !== "lost") throw error;
        this.links.delete(master);
        reasons.push(error.message);
        hint = error.hint ?? hint;
        tell(error.message);
      }
    }
    if (answer !== undefined) return answer.value;
    throw new FiresteelError("lost", `no master of ${formatMasterUrl(masters)} can be reached: ${reasons.join("; ")}`, {
      hint,
    });
  }

  /** Of the master that answered last, or of any; undefined while none does. */
  async current<T>(ask: (link: MasterLink) => Promise<T | undefined>): Promise<T | undefined> {
    try {
      const found = this.last === undefined ? undefined : await ask(this.last);
      if (found !== undefined) return found;
      return await this.first(async link => {
        const value = await ask(link);
        return { value, enough: value !== undefined };
      });
    } catch (error) {
      if (!(error instanceof FiresteelError) || error.kind !== "lost") throw error;
      this.last = undefined;
      return undefined;
    }
  }

  async close(): Promise<void> {
    const env = await this.env?.catch(() => undefined);
    await env?.shutdown();
  }

  private async link(master: HostPort): Promise<MasterLink> {
    const known = this.links.get(master);
    if (known !== undefined) return known;
    // a half for each of two ways
    const shareMs = reachMs / this.options.masters.length / 2;
    const link = await this.connect(master, shareMs);
    this.options.tell(`asking the master by ${link.description}`);
    this.links.set(master, link);
    return link;
  }

  private async connect(master: HostPort, shareMs: number): Promise<MasterLink> {
    try {
      return await restLink(master, this.options.secret, shareMs);
    } catch (error) {
      if (!(error instanceof NoRest)) throw error;
      this.options.tell(`${error.message}; trying RPC`);
      this.env ??= (this.parts.openEnv ?? (() => openEnv(this.options.secret)))();
      return rpcLink(await this.env, master, shareMs);
    }
  }
}
