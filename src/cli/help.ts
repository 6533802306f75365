/** Help texts, generated from the tables of commands and of configuration keys. */
import { configKeys, environmentName, type KeySpec } from "../base/config-keys.ts";
import { printValue } from "../base/config.ts";
import { nearest } from "../base/nearest.ts";
import { UsageError } from "../base/usage-error.ts";
import { commands, isCommand, type CommandName, type CommandSpec, type OptionSpec } from "./commands.ts";

const width = 100;

/** The text for `firesteel help [topic]`. */
export function helpText(topic: string | undefined): string {
  if (topic === undefined) return overview();
  if (topic === "config") return configHelp();
  if (isCommand(topic)) return commandHelp(topic);
  const best = nearest(topic, [...Object.keys(commands), "config"]);
  throw new UsageError(`there is no help on "${topic}"`, {
    hint: best === undefined ? "`firesteel help` lists the commands" : `did you mean ${best}?`,
  });
}

function overview(): string {
  const rows = Object.entries<CommandSpec>(commands)
    .filter(([, spec]) => spec.internal !== true)
    .map(([name, spec]): [string, string] => [usage(name, spec), spec.summary]);
  return [
    "Firesteel runs data jobs written in TypeScript.",
    "",
    "Usage: firesteel <command>",
    "",
    columns(rows),
    "",
    "`firesteel help <command>` tells more; `firesteel help config` lists the configuration keys.",
    "",
  ].join("\n");
}

function commandHelp(name: CommandName): string {
  const spec: CommandSpec = commands[name];
  const rows = spec.options.map((option): [string, string] => [optionUsage(option), optionMeaning(option)]);
  return [
    `Usage: firesteel ${spec.options.length > 1 ? usage(`${name} [options]`, spec) : usage(name, spec)}`,
    "",
    capital(spec.summary) + ".",
    "",
    columns(rows),
    ...(spec.notes === undefined ? [] : ["", spec.notes]),
    "",
  ].join("\n");
}

function configHelp(): string {
  const lines = [
    "Configuration keys. Set one with `--conf key=value`, with the environment variable named beside it, in a",
    "properties file (`key = value` a line), or in code (`conf` of Context.create).",
  ];
  for (const [key, spec] of Object.entries<KeySpec>(configKeys)) {
    const form = `${capital(typeText(spec))}; default: ${defaultText(spec)}. Variable ${environmentName(key)}.`;
    lines.push("", key, ...[spec.meaning, form].flatMap(text => wrap(text, width - 2)).map(line => `  ${line}`));
  }
  return lines.join("\n") + "\n";
}

export function typeText(spec: KeySpec): string {
  switch (spec.type) {
    case "choice":
      return spec.choices.join(" | ");
    case "boolean":
      return "true | false";
    case "bytes":
      return 'bytes such as "512m"';
    case "duration":
      return 'duration such as "10s"';
    case "int":
      return "whole number";
    case "list":
      return "comma-separated list";
    case "number":
      return `number from ${spec.min} to ${spec.max}`;
    case "string":
      return "text";
  }
}

export function defaultText(spec: KeySpec): string {
  if (spec.defaultText !== undefined) return spec.defaultText;
  return typeof spec.default === "function" ? "depends on the machine" : printValue(spec, spec.default);
}

function usage(name: string, spec: CommandSpec): string {
  return spec.operands === "" ? name : `${name} ${spec.operands}`;
}

function optionUsage(option: OptionSpec): string {
  const name = option.short === undefined ? `    --${option.name}` : `-${option.short}, --${option.name}`;
  if (option.value === undefined) return name;
  return option.valueOptional === true ? `${name} [${option.value}]` : `${name} ${option.value}`;
}

function optionMeaning(option: OptionSpec): string {
  return option.repeated === true ? `${option.meaning}; may be repeated` : option.meaning;
}

/** Two columns; the second wraps under itself. */
function columns(rows: readonly (readonly [string, string])[]): string {
  const left = Math.max(...rows.map(([name]) => name.length));
  const lines = rows.flatMap(([name, text]) =>
    wrap(text, width - left - 4).map((line, i) => `  ${(i === 0 ? name : "").padEnd(left)}  ${line}`),
  );
  return lines.join("\n");
}

function wrap(text: string, lineWidth: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > lineWidth) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
