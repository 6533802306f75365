/**
 * `spark.*` settings of a submission as ours: keys that we have under the same name, a few that are called otherwise, and those of the
 * driver itself. Keys that mean nothing here are ignored, as Spark does; values that cannot be right are refused by name.
 */
import { Config } from "../base/config.ts";
import { isConfigKey } from "../base/config-keys.ts";
import { FiresteelError } from "../base/errors.ts";
import { parseBytes } from "../base/quantity.ts";
import { RestError } from "./rest-bodies.ts";

export interface DriverSettings {
  readonly name: string | undefined;
  readonly cores: number;
  readonly memoryMb: number;
  readonly supervise: boolean;
  /** firesteel.* settings of the job. */
  readonly conf: Readonly<Record<string, string>>;
}

export type Settings = readonly (readonly [key: string, value: string])[];

const driverMemoryMbDefault = 1024;
const driverMemoryMbMax = 1 << 24;
const driverCoresMax = 1024;
/** Bounds of values do not depend on the machine; defaults, which do, are not asked for. */
const anyMachine = { cores: 1, memoryBytes: 2 ** 30 };

/** What says how to start the driver, and is no setting of the job. */
const driverKeys = ["app.name", "driver.cores", "driver.memory", "driver.supervise", "master"];

const otherNames: Readonly<Record<string, string>> = {
  "spark.local.dir": "firesteel.local.dirs",
  "spark.io.encryption.enabled": "firesteel.io.encryption",
};

/** Values that Spark spells in another way; others stay as they are. */
const spellings: Readonly<Record<string, (value: string) => string>> = {
  "spark.executor.memory": withUnit,
  "spark.log.level": value => logLevels[value.toUpperCase()] ?? value.toLowerCase(),
};

const logLevels: Readonly<Record<string, string>> = { ALL: "debug", TRACE: "debug", FATAL: "error", OFF: "error" };

/** Throws a RestError 400 with the key as its field. */
export function driverSettings(settings: Settings): DriverSettings {
  const given = new Map(settings);
  const one = (name: string) => given.get(`firesteel.${name}`) ?? given.get(`spark.${name}`);
  const keyOf = (name: string) => (given.has(`firesteel.${name}`) ? `firesteel.${name}` : `spark.${name}`);
  const read = <T>(name: string, kind: string, parse: (text: string) => T | undefined, otherwise: T): T => {
    const text = one(name);
    const value = text === undefined ? otherwise : parse(text);
    if (value === undefined) throw badProperty(keyOf(name), kind, text!);
    return value;
  };
  for (const [name, kind, parse] of checked) read<unknown>(name, kind, parse, true);
  return {
    name: one("app.name"),
    cores: read("driver.cores", `whole number from 1 to ${driverCoresMax}`, parseCores, 1),
    memoryMb: read("driver.memory", "memory", parseMemoryMb, driverMemoryMbDefault),
    supervise: read("driver.supervise", "boolean", parseBoolean, false),
    conf: jobSettings(given),
  };
}

/** What Spark checks, with its words. */
const checked: readonly (readonly [name: string, kind: string, parse: (text: string) => unknown])[] = [
  ["driver.supervise", "boolean", parseBoolean],
  ["driver.cores", "numeric", parseNumber],
  ["cores.max", "numeric", parseNumber],
  ["driver.memory", "memory", parseMemoryMb],
  ["executor.memory", "memory", parseMemoryMb],
];

function badProperty(key: string, kind: string, text: string): RestError {
  return new RestError(400, `Property '${key}' expected ${kind} value: actual was '${text.slice(0, 200)}'.`, {
    field: key,
  });
}

function jobSettings(given: ReadonlyMap<string, string>): Record<string, string> {
  const settings: [string, string][] = [];
  const origins: [string, string][] = [];
  for (const [key, value] of given) {
    const mapped = otherNames[key] ?? key.replace(/^spark\./, "firesteel.");
    const isOurs = key.startsWith("firesteel.");
    if (driverKeys.some(name => mapped === `firesteel.${name}`)) continue;
    if (!isOurs && (!isConfigKey(mapped) || given.has(mapped))) continue;
    settings.push([mapped, isOurs ? value : (spellings[key] ?? lowerBoolean)(value)]);
    origins.push([mapped, key]);
  }
  const conf = Object.fromEntries(settings);
  checkSettings(conf, Object.fromEntries(origins));
  return conf;
}

function checkSettings(conf: Readonly<Record<string, string>>, origins: Readonly<Record<string, string>>): void {
  for (const [key, value] of Object.entries(conf)) {
    const field = origins[key] ?? key;
    if (/[\r\n\0]/.test(value)) throw new RestError(400, `the value of ${field} holds a line break`, { field });
    try {
      Config.from([{ origin: field, settings: { [key]: value } }], anyMachine);
    } catch (error) {
      if (!(error instanceof FiresteelError)) throw error;
      throw new RestError(400, error.message, { field, ...(error.hint !== undefined && { hint: error.hint }) });
    }
  }
}

function parseBoolean(text: string): boolean | undefined {
  const lower = text.toLowerCase();
  return lower === "true" ? true : lower === "false" ? false : undefined;
}

function lowerBoolean(text: string): string {
  return parseBoolean(text) === undefined ? text : text.toLowerCase();
}

function parseNumber(text: string): number | undefined {
  return /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(text) ? Number(text) : undefined;
}

function parseCores(text: string): number | undefined {
  const cores = /^\s*\d+\s*$/.test(text) ? Number(text) : 0;
  return cores >= 1 && cores <= driverCoresMax ? cores : undefined;
}

/** MiB of "512m", "1g", "524288k"; a number without unit is MiB. At least one. */
export function parseMemoryMb(text: string): number | undefined {
  if (!/^\s*\d+[a-z]*\s*$/i.test(text)) return undefined;
  const bytes = parseBytes(withUnit(text));
  const memoryMb = bytes === undefined ? undefined : Math.floor(bytes / 2 ** 20);
  return memoryMb !== undefined && memoryMb >= 1 && memoryMb <= driverMemoryMbMax ? memoryMb : undefined;
}

function withUnit(text: string): string {
  return /^\s*\d+\s*$/.test(text) ? `${text.trim()}m` : text;
}
