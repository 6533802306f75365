/**
 * The list of the surface against the sources and the tests: what it lists is there, what is there is listed, and every operation has
 * a case on every kind of master.
 */
import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import * as publicModule from "../../src/index.ts";
import { publicDeclarations } from "../docs/declarations.ts";
import { root } from "../source-tree.ts";
import { casesOf, conformanceSuites, isCaseOf, mastersOf, pathOf, testedOn } from "./coverage.ts";
import { labelOf, owners, type SurfaceEntry } from "./entry.ts";
import { missing, surface } from "./surface.ts";

const entries: readonly SurfaceEntry[] = Object.values(surface).flat();
const declarations = publicDeclarations();

/** Exported for their types, or described where they are used. */
const notOperations = [
  "FiresteelError",
  "Rdd",
  "Context",
  "Broadcast",
  "Accumulator",
  "StorageLevel",
  "FiresteelFiles",
  "version",
];

function membersOf(owner: string): string[] {
  return declarations.filter(each => each.name === owner).flatMap(each => each.members.map(member => member.name));
}

function isThere({ on, name }: SurfaceEntry): boolean {
  return on === "exports" ? declarations.some(each => each.name === name) : membersOf(on).includes(name);
}

describe("the list and the sources", () => {
  test("what is listed is there, and only what is not is marked missing", () => {
    const notThere = entries.filter(each => !isThere(each)).map(labelOf);
    expect(notThere.sort()).toEqual([...missing].sort());
  });

  test("what is there is listed", () => {
    const listed = new Set(entries.map(labelOf));
    // of StorageLevel the constant's members are operations, not the interface's fields
    const found = declarations
      .filter(
        each => owners.some(name => name === each.name) && !(each.name === "StorageLevel" && each.kind === "interface"),
      )
      .flatMap(each => each.members.map(member => `${each.name}.${member.name}`));
    const values = Object.keys(publicModule).filter(name => !notOperations.includes(name));
    expect([...found, ...values].filter(name => !listed.has(name))).toEqual([]);
  });

  test("what is listed exists when the package is loaded", () => {
    const prototypes: Readonly<Record<string, object>> = {
      Rdd: publicModule.Rdd.prototype,
      Context: publicModule.Context.prototype,
      Broadcast: publicModule.Broadcast.prototype,
      Accumulator: publicModule.Accumulator.prototype,
      StorageLevel: publicModule.StorageLevel,
      FiresteelFiles: publicModule.FiresteelFiles,
      exports: publicModule,
    };
    const called = entries.filter(
      each =>
        !missing.includes(labelOf(each)) &&
        !["property", "interface"].includes(each.shape) &&
        !["TaskContext", "StatusTracker", "RddBarrier"].includes(each.on) &&
        !(each.on === "Context" && each.shape === "static"
          ? each.name in publicModule.Context
          : keyOf(each.name) in prototypes[each.on]!),
    );
    expect(called.map(labelOf)).toEqual([]);
  });

  test("nothing is listed twice", () => {
    const labels = entries.map(labelOf);
    expect(labels.filter((name, i) => labels.indexOf(name) < i)).toEqual([]);
  });
});

describe("the list and the tests", () => {
  const built = entries.filter(each => !missing.includes(labelOf(each)));

  test("what reads rows has a plain twin, but for files that nothing here writes", () => {
    const reading = built.filter(each => ["source", "transformation", "action"].includes(each.shape));
    expect(reading.filter(each => each.tested !== undefined).map(labelOf)).toEqual(["Context.parquetFile"]);
  });

  test("every operation with a plain twin has a case in a conformance suite", () => {
    const cases = conformanceSuites().flatMap(casesOf);
    const twins = built.filter(each => each.tested === undefined);
    expect(twins.filter(each => !cases.some(one => isCaseOf(one, each))).map(labelOf)).toEqual([]);
  });

  test("conformance suites run with one thread, with four and on executors that are processes", () => {
    for (const suite of conformanceSuites())
      expect([suite, ...mastersOf(suite)]).toEqual([suite, "local[1]", "local[4]", "local-cluster"]);
  });

  test("the tests that others name exist and use them", () => {
    const named = built.filter(each => each.tested !== undefined);
    const wrong = named.filter(each => !existsSync(join(root, pathOf(each.tested!))) || testedOn(each).length === 0);
    expect(wrong.map(each => `${labelOf(each)} in ${each.tested}`)).toEqual([]);
  });
});

function keyOf(name: string): PropertyKey {
  return name === "[Symbol.asyncIterator]"
    ? Symbol.asyncIterator
    : name === "[Symbol.asyncDispose]"
      ? Symbol.asyncDispose
      : name;
}
