/**
 * Reads the command line by the table in commands.ts. Everything wrong is a UsageError with the nearest right spelling.
 */
import { nearest } from "../base/nearest.ts";
import { UsageError } from "../base/usage-error.ts";
import {
  commands,
  isCommand,
  type CommandName,
  type CommandSpec,
  type OptionSpec,
  settingOptions,
} from "./commands.ts";

export interface Invocation {
  readonly command: CommandName;
  /** Values by option name, in order; a flag that was given has one empty value. */
  readonly options: ReadonlyMap<string, readonly string[]>;
  readonly operands: readonly string[];
}

/** `argv` without the program itself. `--version`, `--help` and `-h` stand for their commands. */
export function parseCommandLine(argv: readonly string[]): Invocation {
  const [first, ...rest] = argv;
  if (first === undefined)
    throw new UsageError("no command was given", { hint: "`firesteel help` lists the commands" });
  if (first === "--help" || first === "-h") return { command: "help", options: new Map(), operands: rest };
  if (first === "--version" || first === "-v") return { command: "version", options: new Map(), operands: [] };
  if (!isCommand(first)) throw unknownCommand(first);
  const spec: CommandSpec = commands[first];
  const { options, operands } = readArguments(first, spec, rest);
  if (options.has("help")) return { command: "help", options: new Map(), operands: [first] };
  if (operands.length < spec.operandsMin)
    throw new UsageError(`${first} needs ${spec.operands}`, { hint: seeHelp(first) });
  if (operands.length > spec.operandsMax) {
    throw new UsageError(`"${operands[spec.operandsMax]}" is one argument too many for ${first}`, {
      hint: seeHelp(first),
    });
  }
  return { command: first, options, operands };
}

function readArguments(command: CommandName, spec: CommandSpec, argv: readonly string[]) {
  const options = new Map<string, string[]>();
  const operands: string[] = [];
  let at = 0;
  for (; at < argv.length; at++) {
    const word = argv[at]!;
    if (word === "--") {
      at++;
      break;
    }
    if (!word.startsWith("-") || word === "-") {
      operands.push(word);
      if (!spec.jobFirst) continue;
      at++;
      break;
    }
    const { option, attached } = findOption(command, spec, word);
    if (option.value === undefined && attached !== undefined) {
      throw new UsageError(`--${option.name} takes no value`, { hint: seeHelp(command) });
    }
    const takesNext =
      option.value !== undefined &&
      attached === undefined &&
      !(option.valueOptional && standsAlone(spec, argv[at + 1]));
    if (takesNext) at++;
    const value = takesNext ? argv[at] : (attached ?? "");
    if (value === undefined)
      throw new UsageError(`${word} needs a value: ${word} ${option.value}`, { hint: seeHelp(command) });
    const values = options.get(option.name) ?? [];
    if (values.length > 0 && option.repeated !== true && option.value !== undefined) {
      throw new UsageError(`--${option.name} was given twice`, { hint: "give it once" });
    }
    options.set(option.name, [...values, value]);
  }
  return { options, operands: [...operands, ...argv.slice(at)] };
}

/** The word after an option whose value is optional is not that value. */
function standsAlone(spec: CommandSpec, next: string | undefined): boolean {
  return next === undefined || next.startsWith("-") || spec.operandChoices?.includes(next) === true;
}

/** `--name`, `--name=value`, `-n`. */
function findOption(
  command: CommandName,
  spec: CommandSpec,
  word: string,
): { option: OptionSpec; attached: string | undefined } {
  const equals = word.indexOf("=");
  const name = equals < 0 ? word : word.slice(0, equals);
  const attached = equals < 0 ? undefined : word.slice(equals + 1);
  const option = spec.options.find(
    each => name === `--${each.name}` || (each.short !== undefined && name === `-${each.short}`),
  );
  if (option !== undefined) return { option, attached };
  const best = nearest(
    name,
    spec.options.map(each => `--${each.name}`),
  );
  throw new UsageError(`${command} has no option ${name}`, {
    hint: best === undefined ? (asSetting(name) ?? seeHelp(command)) : `did you mean ${best}?`,
  });
}

/** What other commands have as an option, this one takes as a setting. */
function asSetting(name: string): string | undefined {
  const key = new Map<string, string>(Object.entries(settingOptions)).get(name.slice(2));
  return key && `write --conf ${key}=VALUE`;
}

function unknownCommand(word: string): UsageError {
  if (/\.[cm]?[jt]sx?$/.test(word)) {
    return new UsageError(`"${word}" is not a command`, { hint: `run a job file with: firesteel run ${word}` });
  }
  if (word.startsWith("-")) {
    return new UsageError(`${word} stands before a command`, {
      hint: "write the command first: firesteel run [options] job.ts",
    });
  }
  const best = nearest(word, Object.keys(commands));
  return new UsageError(`"${word}" is not a command`, {
    hint: best === undefined ? "`firesteel help` lists the commands" : `did you mean ${best}?`,
  });
}

function seeHelp(command: CommandName): string {
  return `see \`firesteel help ${command}\``;
}
