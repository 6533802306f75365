/**
 * The job as one text: its files, transformed, and its packages, bundled into a module that needs nothing but the engine, which it
 * finds on `globalThis`. The driver and the tasks import the same text; `runEntry` runs the job's own statements.
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { FiresteelError } from "../base/errors.ts";
import {
  bundle as buildBundle,
  canBundle,
  moduleText,
  type BundleProblem,
  type RewrittenFile,
} from "../platform/bundler.ts";
import { repairIteration } from "../expr/intrinsics.ts";
import { bundleError } from "./bundle-errors.ts";
import { bundleMapText } from "./bundle-map.ts";
import { addBundle } from "./bundles.ts";
import type { JobBundle } from "./contracts.ts";
import { addSource, type FileSources, keepSources, sourcesOf } from "./function-sources.ts";
import { helperNames } from "./helper-names.ts";
import { ClosureScope, helpersSymbol } from "./runtime.ts";
import { displayName, type TransformedFiles } from "./source-files.ts";
import { addBundleMap } from "./stack.ts";
import { prepareTexts } from "./text-home.ts";

/** The first line of every bundle. Its beginning tells Bun to run the text as it is. */
export const bundleMarker = "// @bun firesteel bundle 1";
const inlineMapPrefix = "//# sourceMappingURL=data:application/json;base64,";
export const engineModuleSymbol: unique symbol = Symbol.for("firesteel.module");

export async function bundleJob(entryPath: string): Promise<JobBundle> {
  const entry = resolve(entryPath);
  const text = await readFile(entry, "utf8");
  if (text.startsWith(bundleMarker)) return openBundle(text, entry);
  // the bundler would take it for data, and make a module without a job
  if (!/\.[cm]?[jt]sx?$/.test(entry)) {
    throw new FiresteelError("user", `${displayName(entry)} is not a job: its name ends otherwise than a module's`, {
      hint: "name a .ts, .tsx, .js or .mjs file, or a bundle that `firesteel bundle` wrote",
    });
  }
  if (!canBundle()) {
    throw new FiresteelError("user", `${displayName(entry)} is not a bundle, and this runtime cannot make one`, {
      hint: `make one with: firesteel bundle ${displayName(entry)} -o out.js`,
    });
  }
  const first = await build(entry, true);
  if (first.ok) return first.bundle;
  // modules with a top-level await cannot be loaded on demand
  const second = first.problems.some(each => /top-level await/i.test(each.message)) ? await build(entry, false) : first;
  if (second.ok) return second.bundle;
  throw bundleError(second.problems, second.files, entry);
}

type Built =
  | { readonly ok: true; readonly bundle: JobBundle }
  | { readonly ok: false; readonly problems: readonly BundleProblem[]; readonly files: TransformedFiles };

async function build(entry: string, lazy: boolean): Promise<Built> {
  const files: TransformedFiles = new Map();
  const sources: FileSources = new Map();
  let refused: unknown;
  const transformed = async (path: string): Promise<RewrittenFile> => {
    const { transformFile } = await import("./transform-file.ts");
    const role = path === entry ? "entry" : "module";
    try {
      const file = await transformFile({
        path,
        name: displayName(path),
        role,
        mode: "bundle",
        runtime: "firesteel:closures",
        lazy,
      });
      if (file.transformed !== undefined) {
        files.set(path, file.transformed.lines);
        addSource(sources, file.transformed.source);
      }
      return file;
    } catch (thrown) {
      refused ??= thrown;
      return { contents: "", loader: "js" };
    }
  };
  let early: Promise<RewrittenFile> | undefined;
  const rewrite = (path: string) => (path === entry ? (early ??= transformed(path)) : transformed(path));
  const building = buildBundle({
    entry,
    root: dirname(entry),
    rewrite,
    virtual: virtualModules,
    exceptFolder: engineFolder,
    replaced,
  });
  // while the bundler starts its threads
  void rewrite(entry);
  const result = await building;
  if (refused !== undefined) throw refused;
  if (!result.ok) return { ok: false, problems: result.problems, files };
  const code =
    result.code
      .replace(/^\/\/ @bun[^\n]*/, bundleMarker)
      .replace(/\n\/\/# debugId=.*\s*$/, "")
      .trimEnd() + "\n";
  const bundle = { hash: hashOf(code), code, map: bundleMapText(result.map, files), entry };
  keepSources(bundle, sources);
  return { ok: true, bundle };
}

const engineFolder = fileURLToPath(new URL("../", import.meta.url));
/** The engine's own tests import it by path. */
const replaced = { [`${engineFolder}index.ts`]: "firesteel" };

const virtualModules = {
  firesteel: `module.exports = globalThis[Symbol.for(${JSON.stringify(engineModuleSymbol.description)})];`,
  "firesteel/register": "export {};",
  "firesteel:closures": `const $ = globalThis[Symbol.for(${JSON.stringify(helpersSymbol.description)})];
export const {${helperNames.map(name => `${name}: $fs${name}`).join(", ")}} = $;`,
  // test files are entries, whose statements do not run in tasks; what their helpers declare there is of no use
  "firesteel:test": `const nothing = new Proxy(() => nothing, { get: (_, name) => (name === "__esModule" ? undefined : nothing) });
const missing = new Proxy(() => {}, { apply() { throw new Error("expect of bun:test is not available inside tasks"); } });
module.exports = new Proxy({}, { get: (_, name) => (name === "expect" ? missing : name === "__esModule" ? undefined : nothing), ownKeys: () =>
  ["expect", "test", "it", "describe", "beforeAll", "beforeEach", "afterAll", "afterEach", "mock", "spyOn", "jest", "vi", "setDefaultTimeout", "setSystemTime", "xit", "xtest", "xdescribe", "expectTypeOf", "onTestFinished"] });`,
};

export function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** The bundle as the text of a file that `bundleJob` takes as it is. */
export function bundleText(bundle: JobBundle): string {
  return `${bundle.code}${inlineMapPrefix}${Buffer.from(bundle.map).toString("base64")}\n`;
}

function openBundle(text: string, path: string): JobBundle {
  const at = text.lastIndexOf(`\n${inlineMapPrefix}`);
  if (at < 0)
    throw new FiresteelError("user", `${displayName(path)} is a bundle without its end`, {
      hint: "make it again with firesteel bundle",
    });
  const code = text.slice(0, at + 1);
  const encoded = text.slice(at + 1 + inlineMapPrefix.length).trim();
  const map = Buffer.from(encoded, "base64").toString("utf8");
  return { hash: hashOf(code), code, map, entry: path };
}

export interface BundleModule {
  readonly bundle: JobBundle;
  readonly scope: ClosureScope;
  readonly exports: Readonly<Record<string, unknown>>;
}

let lastLoad: Promise<unknown> = Promise.resolve();

/** Imports a bundle on the driver: its modules and packages run, the entry's own statements do not. */
export function loadBundle(bundle: JobBundle): Promise<BundleModule> {
  addBundle(bundle.hash, async () => bundle);
  return loadScope(bundle, true);
}

/** One load at a time: while a bundle runs its modules, it finds its scope on `globalThis`. */
export function loadScope(bundle: JobBundle, isDriver: boolean): Promise<BundleModule> {
  const load = lastLoad.then(() => importBundle(bundle, isDriver));
  lastLoad = load.catch(() => undefined);
  return load;
}

async function importBundle(bundle: JobBundle, isDriver: boolean): Promise<BundleModule> {
  const sources = isDriver ? sourcesOf(bundle) : undefined;
  if (isDriver && sources === undefined) await prepareTexts();
  const scope = new ClosureScope(() => bundle.hash, isDriver, sources);
  const place = globalThis as { [helpersSymbol]?: ClosureScope["helpers"] };
  const outer = place[helpersSymbol];
  place[helpersSymbol] = scope.helpers;
  const url = URL.createObjectURL(new Blob([moduleText(bundle.code)], { type: "text/javascript" }));
  addBundleMap(url, bundle);
  try {
    const exports = (await import(url)) as Record<string, unknown>;
    refuseBrokenIteration();
    return { bundle, scope, exports };
  } finally {
    if (outer === undefined) delete place[helpersSymbol];
    else place[helpersSymbol] = outer;
    URL.revokeObjectURL(url);
  }
}

function refuseBrokenIteration(): void {
  const broken = repairIteration();
  if (broken === undefined) return;
  throw new FiresteelError("user", `a module of the job replaces ${broken} with one that gives something else`, {
    hint: "leave it as it is: the language's own functions and Firesteel work with it",
  });
}

/** Runs the entry's own statements, on the driver, once; returns what it exports. */
export async function runEntry(
  module: BundleModule,
): Promise<{ readonly default?: unknown } & Record<string, unknown>> {
  const run = module.exports["$fsrun"];
  if (typeof run !== "function") throw new FiresteelError("internal", "a bundle without its entry");
  const exports = await (run as () => Promise<Record<string, unknown>>)();
  refuseBrokenIteration();
  return exports;
}
