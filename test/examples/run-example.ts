/** Runs an example as a user would, from source and in the project's folder; `answer` is what it must print. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");

export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export function runExample(name: string, ...args: string[]): Ended {
  return runJob(`examples/${name}.ts`, ...args);
}

export function runExampleOn(master: string, name: string, ...args: string[]): Ended {
  return run(master, `examples/${name}.ts`, ...args);
}

export function runJob(file: string, ...args: string[]): Ended {
  return run("local[2]", file, ...args);
}

function run(master: string, file: string, ...args: string[]): Ended {
  return runCommand(process.execPath, "src/main.ts", "run", "--quiet", "--master", master, file, ...args);
}

export function runCommand(...command: string[]): Ended {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("FIRESTEEL_")));
  const child = Bun.spawnSync(command, { cwd: root, env, timeout: 110_000 });
  return { code: child.exitCode, out: child.stdout.toString(), err: child.stderr.toString() };
}

/** Computed by other tools, which answers.py names. */
export function answer(name: string): string {
  return readFileSync(join(import.meta.dirname, "answers", `${name}.txt`), "utf8");
}
