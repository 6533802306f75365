/** One file on its way through the transform: what the transform's parts share. */
import type { Analysis } from "./analyse.ts";
import type { Edits, Positions, Segment } from "./edits.ts";
import type { FileSource } from "./function-sources.ts";
import type { Unit } from "./scopes.ts";

export interface TransformOptions {
  /** The file's absolute path. */
  readonly path: string;
  /** How it is named in ids and messages. */
  readonly name: string;
  readonly role: "entry" | "module";
  /** `bundle` prints factories, `register` tags alone. */
  readonly mode: "bundle" | "register";
  /** What the helpers of `runtime.ts` are imported from. */
  readonly runtime: string;
  /** Whether modules that are imported dynamically can be loaded on demand in tasks. */
  readonly lazy: boolean;
}

export interface Transformed {
  readonly text: string;
  readonly lines: readonly (readonly Segment[])[];
  /** What it was made from, for whoever reads its functions. */
  readonly source: FileSource;
}

/** What the parts of the transform share about one file. */
export interface FileWork {
  readonly text: string;
  readonly options: TransformOptions;
  readonly analysis: Analysis;
  readonly lines: Positions;
  readonly edits: Edits;
}

export function idOf({ options }: FileWork, unit: Unit): string {
  return `${options.name}:${unit.node.start}`;
}
