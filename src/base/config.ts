/**
 * Configuration of one application: typed values of the keys in config-keys.ts, each with where it was set. Layers are in
 * order of strength: what the code sets wins over the command line, over the environment, over a file, over the default.
 * A wrong key or value is a UsageError that names its origin and the nearest key. Immutable; crosses threads as its layers.
 */
import { configKeys, environmentName, isConfigKey, type ConfigKey, type ConfigValue } from "./config-keys.ts";
import type { KeySpec, Machine, Surroundings } from "./config-keys.ts";
import { parseMasterUrl, type MasterUrl } from "./master-url.ts";
import { nearest } from "./nearest.ts";
import { parseBytes, parseDurationMs, printBytes, printDuration } from "./quantity.ts";
import { UsageError } from "./usage-error.ts";

/** Settings from one place; plain data. `origins` tells a setting's own place where it is finer: "firesteel.conf:3". */
export interface ConfigLayer {
  readonly origin: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly origins?: Readonly<Record<string, string>>;
}

export interface ConfigEntry {
  readonly key: ConfigKey;
  readonly value: unknown;
  /** The value as a setting would spell it. */
  readonly text: string;
  readonly origin: string;
}

/** Environment variables with these beginnings are not settings; the secret least of all, which no page may show. */
const foreignVariables = ["FIRESTEEL_TEST_", "FIRESTEEL_INTERNAL_", "FIRESTEEL_SECRET"];

export class Config {
  readonly master: MasterUrl;
  private readonly values: ReadonlyMap<ConfigKey, { readonly value: unknown; readonly origin: string }>;

  private constructor(
    /** Strongest first. */
    readonly layers: readonly ConfigLayer[],
    readonly machine: Machine,
  ) {
    const values = new Map<ConfigKey, { value: unknown; origin: string }>();
    for (const layer of layers.toReversed()) {
      for (const [key, text] of Object.entries(layer.settings)) {
        const origin = layer.origins?.[key] ?? layer.origin;
        if (!isConfigKey(key)) throw unknownKey(key, origin);
        values.set(key, { value: parseValue(key, text, origin), origin });
      }
    }
    this.values = values;
    this.master = parseMasterUrl(
      (values.get("firesteel.master")?.value ?? configKeys["firesteel.master"].default) as string,
    );
  }

  /** `layers` strongest first. Throws UsageError for an unknown key or a value that is not of the key's type. */
  static from(layers: readonly ConfigLayer[], machine: Machine): Config {
    return new Config(layers, machine);
  }

  /** The same with a layer that wins over all of this one's. */
  with(layer: ConfigLayer): Config {
    return new Config([layer, ...this.layers], this.machine);
  }

  get<K extends ConfigKey>(key: K): ConfigValue<K> {
    const set = this.values.get(key);
    return (set === undefined ? this.defaultOf(key) : set.value) as ConfigValue<K>;
  }

  /** Whether anyone set the key, as opposed to its default. */
  isSet(key: ConfigKey): boolean {
    return this.values.has(key);
  }

  /** All keys, in registry order. */
  entries(): ConfigEntry[] {
    return (Object.keys(configKeys) as ConfigKey[]).map(key => {
      const value = this.get(key);
      return {
        key,
        value,
        text: printValue(configKeys[key], value),
        origin: this.values.get(key)?.origin ?? "default",
      };
    });
  }

  private defaultOf(key: ConfigKey): unknown {
    if (!isConfigKey(key)) throw unknownKey(key, "config.get");
    const spec: KeySpec = configKeys[key];
    const around: Surroundings = {
      ...{ machine: this.machine, master: this.master },
      get: other => (isConfigKey(other) ? this.get(other) : undefined),
      isSet: other => isConfigKey(other) && this.isSet(other),
    };
    return typeof spec.default === "function" ? spec.default(around) : spec.default;
  }
}

/** The layer of `--conf key=value` and code: settings of one origin. */
export function settingsLayer(
  origin: string,
  settings: Readonly<Record<string, string | number | boolean>>,
): ConfigLayer {
  return { origin, settings: Object.fromEntries(Object.entries(settings).map(([key, value]) => [key, String(value)])) };
}

/** The layer of FIRESTEEL_… variables. One that belongs to no key is refused, since it would silently do nothing. */
export function environmentLayer(environment: Readonly<Record<string, string | undefined>>): ConfigLayer {
  const keyOf = new Map((Object.keys(configKeys) as ConfigKey[]).map(key => [environmentName(key), key]));
  const settings: Record<string, string> = {};
  const origins: Record<string, string> = {};
  for (const [name, text] of Object.entries(environment)) {
    if (!name.startsWith("FIRESTEEL_") || text === undefined) continue;
    if (foreignVariables.some(beginning => name.startsWith(beginning))) continue;
    const key = keyOf.get(name);
    if (key === undefined) {
      throw new UsageError(`the environment variable ${name} belongs to no configuration key`, {
        hint: didYouMean(nearest(name, keyOf.keys())),
      });
    }
    settings[key] = text;
    origins[key] = `environment variable ${name}`;
  }
  return { origin: "environment", settings, origins };
}

/** The layer of a properties file: `key value` or `key = value` a line, `#` comments. */
export function propertiesLayer(file: string, text: string): ConfigLayer {
  const settings: Record<string, string> = {};
  const origins: Record<string, string> = {};
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (/^\s*(#.*)?$/.test(line)) continue;
    const origin = `${file}:${index + 1}`;
    const match = /^\s*([^\s=]+)(?:\s*=\s*|\s+)(.*?)\s*$/.exec(line);
    if (match === null) {
      throw new UsageError(`${origin} is not a setting: ${line.trim()}`, {
        hint: "write key = value, or # before a comment",
      });
    }
    settings[match[1]!] = match[2]!;
    origins[match[1]!] = origin;
  }
  return { origin: file, settings, origins };
}

function unknownKey(key: string, origin: string): UsageError {
  // Spark's spelling of one of ours, first of all
  const best = nearest(key.replace(/^spark\./, "firesteel."), Object.keys(configKeys));
  return new UsageError(`"${key}" (${origin}) is not a configuration key`, { hint: didYouMean(best) });
}

function didYouMean(best: string | undefined): string {
  return best === undefined ? "`firesteel help config` lists the keys" : `did you mean ${best}?`;
}

function parseValue(key: ConfigKey, text: string, origin: string): unknown {
  const spec: KeySpec = configKeys[key];
  const refuse = (wanted: string) => {
    throw new UsageError(`${key} is "${text}" (${origin}), which is not ${wanted}`, {
      hint: `choose another value; the key says: ${spec.meaning.replace(/\.$/, "")}`,
    });
  };
  switch (spec.type) {
    case "string":
      if (key === "firesteel.master") parseMasterUrl(text);
      return text;
    case "list":
      return text
        .split(",")
        .map(part => part.trim())
        .filter(part => part !== "");
    case "boolean":
      return text === "true" ? true : text === "false" ? false : refuse("true or false");
    case "choice":
      return spec.choices.includes(text) ? text : refuse(`one of ${spec.choices.join(", ")}`);
    case "bytes":
    case "duration":
    case "int":
    case "number": {
      const amount = parseNumber(spec.type, text);
      if (amount === undefined) return refuse(numberForms[spec.type]);
      const [min, max] = [printValue(spec, spec.min), printValue(spec, spec.max)];
      return amount >= spec.min && amount <= spec.max ? amount : refuse(`between ${min} and ${max}`);
    }
  }
}

const numberForms = {
  bytes: 'an amount of bytes such as "512m", "1g" or "64k"',
  duration: 'a duration such as "10s", "5min" or "250ms"',
  int: "a whole number",
  number: "a number",
} as const;

function parseNumber(type: keyof typeof numberForms, text: string): number | undefined {
  switch (type) {
    case "bytes":
      return parseBytes(text);
    case "duration":
      return parseDurationMs(text);
    case "int":
      return /^\s*[+-]?\d+\s*$/.test(text) ? Number(text) : undefined;
    case "number":
      return text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : undefined;
  }
}

/** A value as a setting spells it. */
export function printValue(spec: KeySpec, value: unknown): string {
  switch (spec.type) {
    case "bytes":
      return printBytes(value as number);
    case "duration":
      return printDuration(value as number);
    case "list":
      return (value as readonly string[]).join(",");
    default:
      return String(value);
  }
}
