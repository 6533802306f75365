/**
 * `firesteel submit`: in client mode the same as `firesteel run`; in cluster mode, and to look after a driver, what the submission
 * client does. Options that a mode would ignore are refused.
 */
import { statSync } from "node:fs";
import { basename, resolve } from "node:path";
import type { ConfigKey } from "../base/config-keys.ts";
import type { Config } from "../base/config.ts";
import type { HostPort } from "../base/master-url.ts";
import { UsageError } from "../base/usage-error.ts";
import { takeSecret } from "../deploy/secret.ts";
import type { SubmitOptions, SubmitRequest } from "../deploy/submit-options.ts";
import { detectMachine } from "../platform/resources.ts";
import type { Invocation } from "./command-line.ts";
import { findJobFile } from "./job-file.ts";
import { loadConfig, readIfThere } from "./load-config.ts";
import { memoryOption, numberOption, textOption } from "./option-values.ts";
import { tellPassedOn } from "./passed-on.ts";

const clusterOnly = ["driver-memory", "driver-cores", "supervise", "no-wait"] as const;
const driverMemoryMbDefault = 1024;
const filesKey = "firesteel.files";
const waitKey = "firesteel.submit.waitAppCompletion" satisfies ConfigKey;

export async function submit(invocation: Invocation): Promise<number> {
  const { options } = invocation;
  if (options.has("version")) {
    console.log((await import("./version.ts")).versionText());
    return 0;
  }
  refuseContradictions(invocation);
  process.stdout.on("error", (await import("./run.ts")).endAtBrokenPipe);
  const looksAfter = options.has("kill") || options.has("status");
  if (!looksAfter && deployMode(options) === "client") return (await import("./run.ts")).run("run", invocation);
  const secret = takeSecret(textOption(options, "secret-file"));
  const [job, ...args] = invocation.operands;
  const conf = loadConfig(options, job === undefined ? undefined : resolve(job), {
    environment: process.env,
    machine: detectMachine(),
    readFile: readIfThere,
  });
  tellPassedOn(invocation, conf);
  const request: SubmitRequest = options.has("kill")
    ? { kind: "kill", driverId: textOption(options, "kill")! }
    : options.has("status")
      ? { kind: "status", driverId: textOption(options, "status")! }
      : submission(options, conf, job!, args);
  const tell = (line: string) => {
    if (options.has("verbose")) process.stderr.write(`${line}\n`);
  };
  for (const line of described(request, conf)) tell(line);
  const print = (line: string) => void process.stdout.write(`${line}\n`);
  const client = await import("../deploy/submit-client.ts");
  const said = {
    print,
    tell,
    warn: (line: string) => void process.stderr.write(`warning: ${line}\n`),
    starvedEveryMs: conf.get("firesteel.starvation.timeout"),
  };
  return client.submit({ masters: mastersOf(conf, options), secret, request, ...said } satisfies SubmitOptions);
}

function refuseContradictions({ options, operands }: Invocation): void {
  const asks = ["kill", "status"].filter(name => options.has(name));
  if (asks.length === 2) throw new UsageError("--kill and --status are two commands", { hint: "give one of them" });
  if (asks.length === 1 && operands.length > 0)
    throw new UsageError(`--${asks[0]} takes no job file`, { hint: `leave ${operands[0]} out` });
  if (asks.length === 0 && operands.length === 0)
    throw new UsageError("submit needs job.ts [args…]", { hint: "see `firesteel help submit`" });
  if (options.has("class") && options.has("entry"))
    throw new UsageError("--class and --entry mean the same", { hint: "give one of them" });
  if (options.has("queue"))
    throw new UsageError("--queue is of YARN clusters: firesteel masters have no queues", {
      hint: "leave --queue out",
    });
  const unused = clusterOnly.find(name => options.has(name));
  if (unused !== undefined && deployMode(options) === "client")
    throw new UsageError(`--${unused} means nothing in client mode, where the driver runs here`, {
      hint: `leave it out, or add --deploy-mode cluster`,
    });
}

function deployMode(options: Invocation["options"]): "client" | "cluster" {
  const mode = textOption(options, "deploy-mode") ?? "client";
  if (mode === "client" || mode === "cluster") return mode;
  throw new UsageError(`--deploy-mode is "${mode}"`, { hint: "write client or cluster" });
}

function mastersOf(conf: Config, options: Invocation["options"]): readonly HostPort[] {
  if (conf.master.kind === "cluster") return conf.master.masters;
  const other = options.has("deploy-mode") ? ", or leave out --deploy-mode cluster" : "";
  throw new UsageError(`${conf.get("firesteel.master")} is no cluster's master`, {
    hint: `add --master firesteel://host:port${other}`,
  });
}

function submission(
  options: Invocation["options"],
  conf: Config,
  job: string,
  args: readonly string[],
): Extract<SubmitRequest, { kind: "submit" }> {
  mastersOf(conf, options);
  const settings = conf
    .entries()
    .filter(({ key }) => conf.isSet(key) && key !== "firesteel.master" && key !== filesKey);
  return {
    ...{ kind: "submit", args, supervise: options.has("supervise") },
    job: /^https?:\/\//.test(job) ? job : findJobFile(job),
    name: conf.get("firesteel.app.name"),
    conf: {
      ...Object.fromEntries(settings.map(({ key, text }) => [key, text])),
      ...(options.has("no-wait") && { [waitKey]: "false" }),
    },
    files: filesOf(conf.get(filesKey)),
    driverCores: numberOption(options, "driver-cores", 1, 1024) ?? 1,
    driverMemoryMb: memoryOption(options, "driver-memory") ?? driverMemoryMbDefault,
  };
}

function filesOf(list: readonly string[]): string[] {
  const paths = list.map(path => resolve(path));
  for (const path of paths) {
    if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true)
      throw new UsageError(`the file ${path} of --files does not exist`, { hint: "check the path" });
    if (paths.filter(other => basename(other) === basename(path)).length > 1)
      throw new UsageError(`two of --files are called ${basename(path)}`, { hint: "rename one of them" });
  }
  return paths;
}

/** For --verbose: values of settings may be secrets of the job, so they are not shown. */
function described(request: SubmitRequest, conf: Config): string[] {
  const master = `master: ${conf.get("firesteel.master")}`;
  if (request.kind !== "submit") return [master, `${request.kind}: ${request.driverId}`];
  return [
    master,
    `job: ${[request.job, ...request.args].join(" ")}`,
    `driver: ${request.driverCores} cores, ${request.driverMemoryMb} MB${request.supervise ? ", supervised" : ""}`,
    `settings: ${Object.keys(request.conf).join(", ") || "none"}`,
    `files: ${request.files.join(", ") || "none"}`,
  ];
}
