/**
 * Jobs whose modules the runtime imports itself (register.ts). The driver runs the real modules with their functions tagged;
 * the bundle for tasks is made from the entry when a job first needs it. Each test file is an entry of its own.
 */
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { mainFile, type RewrittenFile, rewriteImports } from "../platform/bundler.ts";
import { bundleJob, hashOf } from "./bundle.ts";
import { addBundle } from "./bundles.ts";
import { addSource, type FileSources } from "./function-sources.ts";
import { ClosureScope } from "./runtime.ts";
import { registeredHelpers } from "./registered-helpers.ts";
import { displayName } from "./source-files.ts";
import { addFileMap } from "./stack.ts";

const engineFolder = fileURLToPath(new URL("../", import.meta.url));
/** Keys of bundles that do not exist yet cannot be hashes of their text. */
const session = randomUUID();
const keys = new Map<string, string>();
let latestKey = "";

export function registerImports(): void {
  registeredHelpers(scope);
  rewriteImports(engineFolder, rewrite);
}

/** The bundle of a function: that of its file when the file is an entry, otherwise that of the entry imported last. */
const sources: FileSources = new Map();
const scope = new ClosureScope(id => keys.get(id.slice(0, id.lastIndexOf(":"))) ?? latestKey, true, sources);

async function rewrite(path: string): Promise<RewrittenFile> {
  const { transformFile } = await import("./transform-file.ts");
  const text = await readFile(path, "utf8");
  // under `bun test` each test file in turn is the main file
  const isEntry = path === mainFile();
  const name = displayName(path);
  const runtime = fileURLToPath(new URL("./registered-helpers.ts", import.meta.url));
  const file = await transformFile({
    path,
    name,
    role: isEntry ? "entry" : "module",
    mode: "register",
    runtime,
    lazy: false,
  });
  if (file.transformed !== undefined) {
    addFileMap(path, file.transformed.lines);
    addSource(sources, file.transformed.source);
  }
  if (isEntry) addEntry(path, name, text);
  return file;
}

function addEntry(path: string, name: string, text: string): void {
  latestKey = hashOf(`${session}\n${path}\n${text}`);
  keys.set(name, latestKey);
  addBundle(latestKey, () => bundleJob(path));
}
