/** Values of options as numbers, sizes and addresses; what they are not is a UsageError that names the option. */
import { type HostPort, parseHostPort, parseMemoryMb } from "../base/master-url.ts";
import { UsageError } from "../base/usage-error.ts";
import type { Invocation } from "./command-line.ts";

type Options = Invocation["options"];

export function textOption(options: Options, name: string): string | undefined {
  return options.get(name)?.[0];
}

export function required(options: Options, name: string, command: string): string {
  const text = textOption(options, name);
  if (text === undefined || text === "")
    throw new UsageError(`${command} needs --${name}`, { hint: `see \`firesteel help ${command}\`` });
  return text;
}

export function numberOption(options: Options, name: string, min: number, max: number): number | undefined {
  const text = textOption(options, name);
  return text === undefined ? undefined : wholeNumber(text, `--${name}`, min, max);
}

export function wholeNumber(text: string, what: string, min: number, max: number): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
  if (value >= min && value <= max) return value;
  throw new UsageError(`${what} is "${text}", which is not a whole number from ${min} to ${max}`, {
    hint: "choose another value",
  });
}

export function portOption(options: Options, name: string, portDefault: number): number {
  return numberOption(options, name, 0, 65_535) ?? portDefault;
}

/** Digits alone are MB, as Spark has it. */
export function memoryOption(options: Options, name: string): number | undefined {
  const text = textOption(options, name);
  return text === undefined ? undefined : memoryMb(text, `--${name}`);
}

export function memoryMb(text: string, what: string): number {
  const value = parseMemoryMb(text);
  if (value !== undefined && value >= 1) return value;
  throw new UsageError(`${what} is "${text}", which is not an amount of memory`, { hint: "write it as 8g or 512m" });
}

export function address(text: string, what: string): HostPort {
  const value = parseHostPort(text);
  if (value === undefined) throw new UsageError(`${what} is "${text}", which is not HOST:PORT`);
  return value;
}
