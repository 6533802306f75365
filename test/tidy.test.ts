/**
 * The repository checks itself: order of layers, cycles, sizes, names, constructs that do not belong, and that what belongs together
 * is there. An exception is a line in a table here, with its reason.
 */
import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { countLines, filesBelow, parseSource, root, textOf, type SourceFile } from "./source-tree.ts";

/** A file imports from its own folder or from folders before it. */
const layers = [
  ...[
    "base",
    "platform",
    "kernel",
    "data",
    "codegen",
    "expr",
    "plan",
    "closure",
    "rpc",
    "storage",
    "sources",
    "shuffle",
  ],
  ...["operators", "planner", "schedule", "exec", "deploy", "api", "sql", "ui", "cli"],
];
/** Entry points, which tie everything together. */
const entryFiles = ["src/main.ts", "src/index.ts", "src/register.ts"];

/** Dispatchers over plan nodes: each node's file opens its inputs through the dispatcher that imports it. */
const recursiveDispatchers = ["src/operators/open.ts"];

const fileLinesMax = 400;
const functionLinesMax = 70;

const seesPointers = ["kernel", "codegen", "data", "storage", "shuffle", "sources", "operators", "exec"];
const importsOnlyIn: Readonly<Record<string, readonly string[]>> = {
  "node:http2": ["rpc"],
  // its main entry loads a native addon where there is one
  "cbor-x": [],
  "cbor-x/encode": ["rpc"],
  hono: ["ui", "deploy"],
};
/** The schedulers are deterministic machines. */
const scheduleMayNotUse = [
  "Date",
  "performance",
  "setTimeout",
  "setInterval",
  "queueMicrotask",
  "crypto",
  "process",
  "Bun",
];

/** Families whose host, test or benchmark is another family's, which uses them for nothing else. */
const pairedWith: Readonly<Record<string, string>> = {};

/** Folders of test/ that mirror no folder of src/. */
const otherTestFolders = [
  "bench",
  "chaos",
  "closures",
  "deno",
  "docs",
  "examples",
  "golden",
  "package",
  "process",
  "simulation",
  "surface",
  "types",
];

const sources = filesBelow("src")
  .filter(path => path !== "src/kernel/generated.ts")
  .map(parseSource);
const scripts = [...filesBelow("bench"), "build.ts"].map(parseSource);
const tests = filesBelow("test");
const kernels = filesBelow("kernels");

describe("src", () => {
  test("files import from their own layer or from layers before it", () => {
    const wrong = sources.flatMap(file => {
      if (entryFiles.includes(file.path)) return [];
      const own = layers.indexOf(folderOf(file.path));
      return file.imports
        .filter(each => each.target.startsWith("src/") && layers.indexOf(folderOf(each.target)) > own)
        .map(each => `${file.path} imports ${each.target}`);
    });
    expect(wrong).toEqual([]);
  });

  test("every file lies in a layer's folder", () => {
    const wrong = sources
      .map(file => file.path)
      .filter(path => !entryFiles.includes(path) && !layers.includes(folderOf(path)));
    expect(wrong).toEqual([]);
  });

  test("one file imports what lies outside: the benchmarks, which measure from above", () => {
    const wrong = sources.flatMap(file =>
      file.imports
        .filter(each => /^(bench|test|examples)\//.test(each.target))
        .map(each => `${file.path} imports ${each.target}${each.dynamic ? " when needed" : ""}`),
    );
    expect(wrong).toEqual(["src/cli/bench.ts imports bench/main.ts when needed"]);
  });

  test("no file reaches itself through imports", () => {
    expect(findCycle(sources)).toBeUndefined();
  });

  test("Bun's own API stays in platform/", () => {
    const wrong = sources.filter(file => folderOf(file.path) !== "platform" && usesBun(file));
    expect(wrong.map(file => file.path)).toEqual([]);
  });

  test("pointers are seen only where kernel memory is handled", () => {
    const wrong = sources.filter(
      file =>
        !seesPointers.includes(folderOf(file.path)) && file.imports.some(each => each.target === "src/kernel/ptr.ts"),
    );
    expect(wrong.map(file => file.path)).toEqual([]);
  });

  test("some packages are for some folders", () => {
    const wrong = sources.flatMap(file =>
      file.imports
        .filter(each => !(importsOnlyIn[each.target] ?? [folderOf(file.path)]).includes(folderOf(file.path)))
        .map(each => `${file.path} imports ${each.target}`),
    );
    expect(wrong).toEqual([]);
  });

  test("schedule/ has no clock, randomness or I/O", () => {
    const wrong = sources
      .filter(file => folderOf(file.path) === "schedule")
      .flatMap(file => [
        ...scheduleMayNotUse.filter(name => file.identifiers.has(name)).map(name => `${file.path} uses ${name}`),
        ...file.imports
          .filter(each => each.target.startsWith("node:"))
          .map(each => `${file.path} imports ${each.target}`),
        ...(file.text.includes("Math.random") ? [`${file.path} uses Math.random`] : []),
      ]);
    expect(wrong).toEqual([]);
  });

  test("every file begins with a comment that says what it is", () => {
    expect(sources.filter(file => !file.text.startsWith("/**")).map(file => file.path)).toEqual([]);
  });

  test("nothing but jobs is exported as default", () => {
    const paths = scripts.map(file => file.path);
    const jobs = paths.filter(
      path =>
        path === "bench/cluster/jobs.ts" ||
        path.startsWith("bench/lifecycle/") ||
        /^bench\/memory\/[a-z]+-jobs\.ts$/.test(path) ||
        (path.startsWith("bench/jobs/") && paths.includes(path.replace(/\.ts$/, "-script.ts"))),
    );
    const found = [...sources, ...scripts].filter(file => file.defaultExport).map(file => file.path);
    expect(found.sort()).toEqual(jobs);
  });

  test("nothing is typed any, and no type error is silenced", () => {
    const wrong = [...sources, ...scripts].flatMap(file => [
      ...file.anyLines.map(line => `${file.path}:${line} any`),
      ...(/@ts-(?:ignore|expect-error|nocheck)/.test(file.text) ? [`${file.path} silences the type checker`] : []),
    ]);
    expect(wrong).toEqual([]);
  });
});

describe("sizes and names", () => {
  test(`files have at most ${fileLinesMax} lines`, () => {
    const texts = [...tests, ...kernels].map(path => ({ path, lines: countLines(textOf(path)) }));
    const wrong = [...sources, ...scripts, ...texts].filter(file => file.lines > fileLinesMax);
    expect(wrong.map(file => `${file.path} has ${file.lines}`)).toEqual([]);
  });

  test(`functions have at most ${functionLinesMax} lines`, () => {
    const wrong = [...sources, ...scripts].flatMap(file =>
      file.functions
        .filter(each => each.lines > functionLinesMax)
        .map(each => `${file.path}:${each.line} ${each.name} has ${each.lines}`),
    );
    expect([...wrong, ...kernels.flatMap(longKernelFunctions)]).toEqual([]);
  });

  test("files are named in kebab-case, for what they hold", () => {
    const all = [...sources.map(file => file.path), ...scripts.map(file => file.path), ...tests, ...kernels];
    const wrong = all.filter(path => {
      const name = basename(path).replace(/(\.test|\.bench)?\.ts$/, "");
      return !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name) || /^(utils?|common|helpers?|types|misc)$/.test(name);
    });
    expect(wrong).toEqual([]);
  });

  test("nothing is left to do in comments", () => {
    // spelled apart, so that this file is clean too
    const left = new RegExp(`\\b(?:${["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"].join("|")})\\b`);
    const all = [...sources.map(file => file.path), ...scripts.map(file => file.path), ...tests, ...kernels];
    expect(all.filter(path => left.test(textOf(path)))).toEqual([]);
  });
});

describe("what belongs together", () => {
  test("every kernel family has its host, its test with the plain twin and its benchmark", () => {
    const wrong = kernelFamilies().flatMap(family =>
      [
        ["host", "src/kernel", ".ts"],
        ["test", "test/kernel", ".test.ts"],
        ["benchmark", "bench/kernels", ".bench.ts"],
      ]
        .filter(([, folder, ending]) => !hasFile(folder!, pairedWith[family] ?? family, ending!))
        .map(([what]) => `kernels/${family}.ts has no ${what}`),
    );
    expect(wrong).toEqual([]);
  });

  test("every other file of kernels/ is part of a family", () => {
    const imported = kernels.flatMap(path =>
      [...textOf(path).matchAll(/from "\.\/([\w-]+)"/g)].map(match => match[1]!),
    );
    const parts = kernels.map(path => basename(path, ".ts")).filter(name => name !== "index");
    expect(parts.filter(name => !imported.includes(name))).toEqual([]);
  });

  test("every exception in this file is still one", () => {
    const files = [...Object.keys(pairedWith).map(name => `kernels/${name}.ts`), ...recursiveDispatchers];
    expect(files.filter(path => !existsSync(join(root, path)))).toEqual([]);
  });

  test("test folders mirror src", () => {
    const folders = readdirSync(join(root, "test")).filter(name => statSync(join(root, "test", name)).isDirectory());
    expect(folders.filter(name => !layers.includes(name) && !otherTestFolders.includes(name))).toEqual([]);
  });
});

function folderOf(path: string): string {
  return dirname(path).split("/")[1] ?? "";
}

function usesBun(file: SourceFile): boolean {
  return (
    file.identifiers.has("Bun") || file.imports.some(each => each.target === "bun" || each.target.startsWith("bun:"))
  );
}

/** One cycle of imports that exist at run time, as a chain of paths. */
function findCycle(files: readonly SourceFile[]): string[] | undefined {
  const next = new Map(files.map(file => [file.path, file.imports.filter(staticAndReal).map(each => each.target)]));
  const done = new Set<string>();
  const visit = (path: string, chain: string[]): string[] | undefined => {
    if (chain.includes(path)) return [...chain.slice(chain.indexOf(path)), path];
    if (done.has(path)) return undefined;
    for (const target of next.get(path) ?? []) {
      const cycle = visit(target, [...chain, path]);
      if (cycle !== undefined) return cycle;
    }
    done.add(path);
    return undefined;
  };
  for (const path of next.keys()) {
    const cycle = visit(path, []);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}

function staticAndReal(each: SourceFile["imports"][number]): boolean {
  return !each.typeOnly && !each.dynamic && !recursiveDispatchers.includes(each.target);
}

/** Top-level functions end at the first line that is a closing brace. */
function longKernelFunctions(path: string): string[] {
  const lines = textOf(path).split("\n");
  const long: string[] = [];
  for (const [start, line] of lines.entries()) {
    const name = /^(?:export )?function (\w+)/.exec(line)?.[1];
    if (name === undefined) continue;
    const count = lines.slice(start).findIndex(each => each.startsWith("}")) + 1;
    if (count > functionLinesMax) long.push(`${path}:${start + 1} ${name} has ${count}`);
  }
  return long;
}

/** The files whose functions the module exports. */
function kernelFamilies(): string[] {
  return [...textOf("kernels/index.ts").matchAll(/\} from "\.\/([\w-]+)"/g)].map(match => match[1]!);
}

/** `<folder>/<family><ending>`, or a file of that ending whose name goes on after a dash. */
function hasFile(folder: string, family: string, ending: string): boolean {
  if (!existsSync(join(root, folder))) return false;
  return readdirSync(join(root, folder)).some(
    name => name === family + ending || (name.startsWith(`${family}-`) && name.endsWith(ending)),
  );
}
