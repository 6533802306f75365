/**
 * The syntax trees of the user's functions, kept by the driver from when it transformed their files, so that a function that
 * reaches an operator can be read as well as run. Only there: tasks, and programs that run a bundle made elsewhere, have none.
 */
import type { Analysis } from "./analyse.ts";
import { type Node, part } from "./ast.ts";
import type { Positions } from "./edits.ts";
import type { Unit } from "./scopes.ts";

/** A transformed file. */
export class FileSource {
  private units: Map<number, Unit> | undefined;

  constructor(
    /** As in ids and messages. */
    readonly name: string,
    /** Absolute. */
    readonly path: string,
    readonly role: "entry" | "module",
    readonly analysis: Analysis,
    readonly positions: Positions,
  ) {}

  /** The function or class that begins at an offset. */
  unitAt(start: number): Unit | undefined {
    this.units ??= new Map(this.analysis.units.map(each => [each.node.start, each]));
    return this.units.get(start);
  }
}

/** Files by name. */
export type FileSources = Map<string, FileSource>;

/** A tree takes some 90 times the memory of its text. */
const keptCharactersMax = 512 * 1024;

export function addSource(sources: FileSources, source: FileSource): void {
  if (source.analysis.program.end <= keptCharactersMax) sources.set(source.name, source);
}

const sourcesOfBundles = new WeakMap<object, FileSources>();

/** The files that a bundle was made from, in the process that made it. */
export function keepSources(bundle: object, sources: FileSources): void {
  sourcesOfBundles.set(bundle, sources);
}

export function sourcesOf(bundle: object): FileSources | undefined {
  return sourcesOfBundles.get(bundle);
}

/** The unit of an id, `job.ts:57`. */
export function unitOf(
  sources: FileSources,
  id: string,
): { readonly file: FileSource; readonly unit: Unit } | undefined {
  const colon = id.lastIndexOf(":");
  const file = sources.get(id.slice(0, colon));
  const unit = file?.unitAt(Number(id.slice(colon + 1)));
  return file === undefined || unit === undefined ? undefined : { file, unit };
}

/** Parameters and body of a unit that is a function. */
export function functionNode({ node }: Unit): Node {
  return node.type === "Property" || node.type === "MethodDefinition" ? part(node, "value") : node;
}
