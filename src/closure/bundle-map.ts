/** The source map of a bundle, which leads in two steps from the bundle to the user's own text. */
import { resolve } from "node:path";
import type { TransformedFiles } from "./source-files.ts";
import { encodeMappings } from "./source-map.ts";

/** A source map with, for each transformed file, the mappings from the text that the bundler read to the user's own. */
export interface BundleMap {
  readonly version: 3;
  /** Absolute paths. */
  readonly sources: readonly string[];
  readonly mappings: string;
  readonly names: readonly [];
  readonly transformed: Readonly<Record<string, string>>;
}

/** Bun's map without the sources' texts, which are not the user's, and with what leads on to those. */
export function bundleMapText(map: string, files: TransformedFiles): string {
  const sourcesAt = map.indexOf('"sources": ') + '"sources": '.length;
  const sources = JSON.parse(map.slice(sourcesAt, map.indexOf(',\n  "sourcesContent": ', sourcesAt))) as string[];
  const from = map.lastIndexOf('"mappings": "') + '"mappings": "'.length;
  const full: BundleMap = {
    version: 3,
    // Bun writes them relative to the working directory; virtual modules begin with their namespace
    sources: sources.map(each => (each.startsWith("firesteel:") ? each : resolve(each))),
    mappings: map.slice(from, map.indexOf('"', from)),
    names: [],
    transformed: Object.fromEntries([...files].map(([path, lines]) => [path, encodeMappings(lines)])),
  };
  return JSON.stringify(full);
}
