/** What a command is, for the tables in commands.ts and cluster-commands.ts. */

export interface OptionSpec {
  /** Without the dashes. */
  readonly name: string;
  /** One letter, without the dash. */
  readonly short?: string;
  /** What its value is called; absent for a flag. */
  readonly value?: string;
  /** The value may be left out, and is then empty. */
  readonly valueOptional?: boolean;
  readonly repeated?: boolean;
  readonly meaning: string;
}

export interface CommandSpec {
  readonly summary: string;
  /** As the usage line shows them. */
  readonly operands: string;
  /** What its operands may be, where those are few: never taken for an option's optional value. */
  readonly operandChoices?: readonly string[];
  readonly operandsMin: number;
  readonly operandsMax: number;
  /** The first operand ends the command's options; what follows it is the job's. */
  readonly jobFirst: boolean;
  readonly options: readonly OptionSpec[];
  /** Paragraphs below the options. */
  readonly notes?: string;
  /** Started by the program itself: not in the overview. */
  readonly internal?: boolean;
}

export const help: OptionSpec = { name: "help", short: "h", meaning: "print this" };

export const conf: OptionSpec = {
  name: "conf",
  short: "c",
  value: "KEY=VALUE",
  repeated: true,
  meaning: "set a configuration key (`firesteel help config` lists them)",
};

export const propertiesFile: OptionSpec = {
  name: "properties-file",
  value: "FILE",
  meaning: "settings, one `key = value` a line (default: firesteel.conf, if it exists)",
};

export const secretFile: OptionSpec = {
  name: "secret-file",
  value: "FILE",
  meaning: "the cluster's shared secret, one line that only you can read (default: FIRESTEEL_SECRET)",
};
