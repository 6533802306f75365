import { describe, expect, test } from "bun:test";
import { UsageError } from "../../src/base/usage-error.ts";
import { parseCommandLine } from "../../src/cli/command-line.ts";
import { commands, type CommandSpec } from "../../src/cli/commands.ts";
import { helpText } from "../../src/cli/help.ts";
import { passedOn } from "../../src/cli/passed-on.ts";
import { configKeys, environmentName } from "../../src/base/config-keys.ts";

const parse = (line: string) => parseCommandLine(line.split(" ").filter(word => word !== ""));

describe("parsing", () => {
  test("what follows the job file is the job's", () => {
    const { command, options, operands } = parse(
      "run --master local[2] --conf a=1 --conf=b=2=3 -q job.ts --conf c=4 -q --",
    );
    expect(command).toBe("run");
    expect(Object.fromEntries(options)).toEqual({ master: ["local[2]"], conf: ["a=1", "b=2=3"], quiet: [""] });
    expect(operands).toEqual(["job.ts", "--conf", "c=4", "-q", "--"]);
  });

  test("-- ends the options", () => {
    expect(parse("run -q -- -job.ts -q").operands).toEqual(["-job.ts", "-q"]);
  });

  test("bundle takes options on both sides", () => {
    for (const line of ["bundle job.ts -o out.js", "bundle --output=out.js job.ts"]) {
      const { options, operands } = parse(line);
      expect([Object.fromEntries(options), operands]).toEqual([{ output: ["out.js"] }, ["job.ts"]]);
    }
  });

  test.each([
    ["--version", "version", []],
    ["-h", "help", []],
    ["--help run", "help", ["run"]],
    ["run --help", "help", ["run"]],
    ["explain -h whatever", "help", ["explain"]],
  ])("%s", (line, command, operands) => {
    expect(parse(line)).toMatchObject({ command, operands });
  });
});

describe("refusals", () => {
  test.each([
    ["", "no command was given", "`firesteel help` lists the commands"],
    ["rnu job.ts", '"rnu" is not a command', "did you mean run?"],
    ["frobnicate", '"frobnicate" is not a command', "`firesteel help` lists the commands"],
    ["job.ts 1 2", '"job.ts" is not a command', "run a job file with: firesteel run job.ts"],
    [
      "--master local run job.ts",
      "--master stands before a command",
      "write the command first: firesteel run [options] job.ts",
    ],
    ["run", "run needs job.ts [args…]", "see `firesteel help run`"],
    ["run --quite job.ts", "run has no option --quite", "did you mean --quiet?"],
    ["run --output=x job.ts", "run has no option --output", "see `firesteel help run`"],
    ["run job.ts --conf", undefined, undefined],
    ["run --conf", "--conf needs a value: --conf KEY=VALUE", "see `firesteel help run`"],
    ["run --quiet=yes job.ts", "--quiet takes no value", "see `firesteel help run`"],
    ["run --name a --name b job.ts", "--name was given twice", "give it once"],
    ["bundle a.ts b.ts -o c", '"b.ts" is one argument too many for bundle', "see `firesteel help bundle`"],
    ["version now", '"now" is one argument too many for version', "see `firesteel help version`"],
  ])("%s", (line, message, hint) => {
    if (message === undefined) return void expect(parse(line).command).toBe("run");
    let refused: unknown;
    try {
      parse(line);
    } catch (error) {
      refused = error;
    }
    expect(refused).toBeInstanceOf(UsageError);
    expect([(refused as UsageError).message, (refused as UsageError).hint]).toEqual([message, hint]);
  });
});

describe("help", () => {
  test("names every command, option and key, in at most 120 columns", () => {
    const overview = helpText(undefined);
    for (const [name, spec] of Object.entries<CommandSpec>(commands)) {
      expect(overview.includes(`\n  ${name}`)).toBe(spec.internal !== true);
      for (const option of spec.options) expect(helpText(name)).toContain(`--${option.name}`);
    }
    const keys = helpText("config");
    for (const key of Object.keys(configKeys)) {
      expect(keys).toContain(`\n${key}\n`);
      expect(keys).toContain(environmentName(key));
    }
    const texts = [overview, keys, ...Object.keys(commands).map(helpText)];
    for (const line of texts.join("\n").split("\n")) expect(line.length).toBeLessThanOrEqual(120);
  });

  test("of an unknown topic names the nearest", () => {
    expect(() => helpText("conifg")).toThrow('there is no help on "conifg"');
  });
});

test.each([
  ["run job.ts --input a.csv -q -c x=1 --help", undefined],
  ["run job.ts -- --master local", undefined],
  [
    "run job.ts a --master local[2]",
    "--master stands behind job.ts and went to the job's arguments: write firesteel's own options before it, firesteel run --master … job.ts",
  ],
  [
    "submit job.ts --deploy-mode=cluster --conf a=1 --conf b=2",
    "--deploy-mode, --conf stand behind job.ts and went to the job's arguments: write firesteel's own options before it, firesteel submit --deploy-mode … job.ts",
  ],
])("what is said of options behind the job file: %s", (line, said) => {
  expect(passedOn(parse(line))).toBe(said);
});
