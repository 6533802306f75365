/**
 * The configuration of a job before its own code has its say, and of a cluster's roles: command line over environment over file.
 */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import type { Machine } from "../base/config-keys.ts";
import { Config, environmentLayer, propertiesLayer, type ConfigLayer } from "../base/config.ts";
import { UsageError } from "../base/usage-error.ts";
import { readHint, systemReason } from "../base/system-errors.ts";
import type { Invocation } from "./command-line.ts";
import { settingOptions } from "./commands.ts";

const defaultPropertiesFile = "firesteel.conf";

export interface ConfigSources {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly machine: Machine;
  /** The file's text; undefined when there is none. */
  readonly readFile: (path: string) => string | undefined;
}

/** `jobFile` undefined: of a master or worker. */
export function loadConfig(options: Invocation["options"], jobFile: string | undefined, from: ConfigSources): Config {
  const layers = [optionsLayer(options), confLayer(options.get("conf") ?? []), environmentLayer(from.environment)];
  const file = fileLayer(options.get("properties-file")?.[0], from.readFile);
  const settings: Record<string, string> = jobFile === undefined ? {} : { "firesteel.app.name": jobName(jobFile) };
  const lowest: ConfigLayer = { origin: "default", settings };
  return Config.from([...layers, ...(file === undefined ? [] : [file]), lowest], from.machine);
}

/** Reads text, or gives undefined when there is no such file; other failures are usage errors. */
export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return undefined;
    throw new UsageError(`${path} cannot be read: ${systemReason(error)}`, { hint: readHint(error) });
  }
}

function optionsLayer(options: Invocation["options"]): ConfigLayer {
  const settings: Record<string, string> = {};
  const origins: Record<string, string> = {};
  for (const [option, key] of Object.entries(settingOptions)) {
    const value = options.get(option)?.[0];
    if (value === undefined) continue;
    settings[key] = value;
    origins[key] = `--${option}`;
  }
  return { origin: "command line", settings, origins };
}

function confLayer(pairs: readonly string[]): ConfigLayer {
  const settings: Record<string, string> = {};
  for (const pair of pairs) {
    const equals = pair.indexOf("=");
    if (equals === 0) throw new UsageError(`--conf ${pair} has no key`, { hint: "write --conf KEY=VALUE" });
    if (equals < 0)
      throw new UsageError(`--conf ${pair} has no value`, { hint: `write --conf ${pair.trim() || "KEY"}=VALUE` });
    settings[pair.slice(0, equals).trim()] = pair.slice(equals + 1).trim();
  }
  return { origin: "--conf", settings };
}

function fileLayer(named: string | undefined, readFile: ConfigSources["readFile"]): ConfigLayer | undefined {
  const path = named ?? defaultPropertiesFile;
  const text = readFile(path);
  if (text !== undefined) return propertiesLayer(path, text);
  if (named === undefined) return undefined;
  throw new UsageError(`the properties file ${named} does not exist`, {
    hint: "check the path after --properties-file",
  });
}

function jobName(jobFile: string): string {
  return basename(jobFile).replace(/\.[cm]?[jt]sx?$/, "");
}
