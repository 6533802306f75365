/**
 * A temporary folder with the sources of what is measured: jobs and scripts as files, C programs once they are asked for. It is
 * removed when the process ends, however it ends.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { readSources } from "./sources.ts" with { type: "macro" };

const sources: Readonly<Record<string, string>> = readSources();

/** Without contraction to fused multiply-adds, and without -ffast-math, C rounds as WASM and JavaScript do. */
export const exactFlags = ["-O3", "-march=native", "-ffp-contract=off"] as const;

export interface Scratch {
  readonly folder: string;
  /** A path below the folder; its own folder exists. */
  path(name: string): string;
  /** The path of a file of bench/, by its path there. */
  source(name: string): string;
  /** The compiled program of a C file of bench/; undefined where there is no compiler. */
  program(source: string, flags?: readonly string[]): string | undefined;
  remove(): void;
}

export function openScratch(parent: string = tmpdir()): Scratch {
  const folder = mkdtempSync(join(parent, "firesteel-bench-"));
  for (const [name, text] of Object.entries(sources)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const remove = () => rmSync(folder, { recursive: true, force: true });
  const interrupted = () => process.exit(130);
  process.on("exit", remove);
  process.on("SIGINT", interrupted);
  process.on("SIGTERM", interrupted);
  const path = (name: string) => {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    return join(folder, name);
  };
  return {
    folder,
    path,
    source: name => join(folder, name),
    program: (source, flags = exactFlags) => compile(join(folder, source), path(programName(source, flags)), flags),
    remove() {
      remove();
      process.off("exit", remove);
      process.off("SIGINT", interrupted);
      process.off("SIGTERM", interrupted);
    },
  };
}

function programName(source: string, flags: readonly string[]): string {
  const variant = flags === exactFlags ? "" : flags.join("");
  return `programs/${source.replace(/\.c$/, "").replaceAll("/", "-")}${variant}`;
}

function compile(source: string, program: string, flags: readonly string[]): string | undefined {
  const found = findCompiler();
  if (found === undefined) return undefined;
  if (existsSync(program)) return program;
  const built = spawnSync(found.name, [...flags, "-o", program, source, "-lm"], { encoding: "utf8" });
  if (built.status !== 0) throw new Error(`${found.name} could not compile ${source}:\n${built.stderr}`);
  return program;
}

interface Compiler {
  readonly name: string;
  /** The first line of what it says of itself. */
  readonly version: string;
}

let compiler: Compiler | undefined | null = null;

export function findCompiler(): Compiler | undefined {
  if (compiler === null) {
    compiler = undefined;
    for (const name of ["gcc", "clang", "cc"]) {
      const { status, stdout } = spawnSync(name, ["--version"], { encoding: "utf8" });
      if (status !== 0) continue;
      compiler = { name, version: stdout.split("\n")[0]! };
      break;
    }
  }
  return compiler;
}
