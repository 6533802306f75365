/** One operation of the surface: where it is, what Spark calls it, its shape, and what tests it. */

/** The classes, interfaces and constants whose members are listed. */
export const owners = [
  ...(["Rdd", "RddBarrier", "Context", "StatusTracker", "Broadcast", "Accumulator"] as const),
  ...(["TaskContext", "StorageLevel", "FiresteelFiles"] as const),
] as const;

export interface SurfaceEntry {
  /** The class, interface or constant that has it; `exports` is the package itself. */
  readonly on: (typeof owners)[number] | "exports";
  readonly name: string;
  /** In Scala: `RDD.map`, `PairRDDFunctions.join`; absent where Spark has none. */
  readonly spark?: string;
  readonly shape:
    | "source"
    | "transformation"
    | "action"
    | "method"
    | "property"
    | "static"
    | "constant"
    | "class"
    | "interface"
    | "function";
  /** The suite in test/api/suites, or the test file, that covers it. Absent: a case of that name in a conformance suite. */
  readonly tested?: string;
}

/** "Rdd.map"; what the package exports by itself has its name alone. */
export function labelOf({ on, name }: Pick<SurfaceEntry, "on" | "name">): string {
  return on === "exports" ? name : `${on}.${name}`;
}
