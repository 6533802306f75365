/**
 * Command lines, environments and settings of the processes that a worker starts. What came over the network is checked here: an
 * argument stays an argument, a setting stays one line.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { FiresteelError } from "../base/errors.ts";
import { formatHostPort, formatMasterUrl } from "../base/master-url.ts";
import type { DriverLaunch, ExecutorLaunch } from "./contracts.ts";
import type { DriverDescription } from "./messages.ts";
import { secretVariable } from "./secret.ts";

export function executorArguments(
  launch: ExecutorLaunch,
  machine: { readonly listenHost: string; readonly localDirs: readonly string[] },
): string[] {
  return [
    "executor",
    ...["--driver", formatHostPort(launch.description.driver)],
    ...["--app-id", launch.appId],
    ...["--executor-id", String(launch.executorId)],
    ...["--worker-id", launch.workerId],
    ...["--listen-host", machine.listenHost],
    ...["--host", launch.host],
    ...["--cores", String(launch.cores)],
    ...["--memory", `${launch.memoryMb}m`],
    ...(machine.localDirs.length === 0 ? [] : ["--local-dirs", machine.localDirs.join(",")]),
  ];
}

export function driverArguments(launch: DriverLaunch, job: string, settingsFile: string): string[] {
  return [
    "run",
    ...["--master", formatMasterUrl(launch.masters)],
    ...["--properties-file", settingsFile],
    "--",
    job,
    ...launch.description.args,
  ];
}

/**
 * Settings go by file, since others can read command lines. Where the driver listens is for its worker to say; its files, in
 * `filesFolder`, are its executors' too.
 */
export function writeDriverSettings(
  folder: string,
  description: DriverDescription,
  driverHost: string | undefined,
  filesFolder: string,
): string {
  const settings: Record<string, string> = { "firesteel.app.name": description.name, ...description.conf };
  const files = [settings["firesteel.files"] ?? "", ...description.files.map(file => join(filesFolder, file.name))];
  if (description.files.length > 0) settings["firesteel.files"] = files.filter(path => path !== "").join(",");
  if (driverHost !== undefined) settings["firesteel.driver.host"] = driverHost;
  const lines = Object.entries(settings)
    .filter(([key]) => key !== "firesteel.master")
    .map(([key, value]) => {
      if (!/^[^\s=#]+$/.test(key)) throw new FiresteelError("user", `${JSON.stringify(key)} is no configuration key`);
      if (/[\r\n\0]/.test(value)) throw new FiresteelError("user", `the value of ${key} holds a line break`);
      return `${key} = ${value}\n`;
    });
  const path = join(folder, "driver.conf");
  writeFileSync(path, lines.join(""), { mode: 0o600 });
  return path;
}

/** The application's variables, less those that are between a worker and its processes. */
export function jobEnvironment(variables: Readonly<Record<string, string>>): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(variables)) {
    if (name.startsWith("FIRESTEEL_INTERNAL_") || name === secretVariable) continue;
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) || value.includes("\0"))
      throw new FiresteelError("user", `${JSON.stringify(name)} cannot be an environment variable`);
    kept[name] = value;
  }
  return kept;
}
