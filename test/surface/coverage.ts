/**
 * Which suites test what, and on which masters, as their files say: a suite's cases are the calls with a name and a function, and its
 * masters those that test files declare it with. Where a suite runs, it fails unless every case of its file has passed.
 */
import { basename } from "node:path";
import { filesBelow, listOf, parseProgram, textOf, walk, type Tree } from "../source-tree.ts";
import type { SurfaceEntry } from "./entry.ts";

export interface Case {
  readonly title: string;
  /** Names of members that its functions use: `rdd.map(…)` uses map and rdd.map, `const { id } = rdd` id. */
  readonly uses: ReadonlySet<string>;
}

export const masters = ["local[1]", "local[2]", "local[3]", "local[4]", "local-cluster"] as const;
export type Master = (typeof masters)[number];

/** What declares a case: the suite's own `test`, and what conformance-cases.ts gives. */
const declaring = ["test", "over", "exact", "grouped", "gives"];

const suiteFolder = "test/api/suites";
const casesBySuite = new Map<string, readonly Case[]>();

/** Suites that compare with plain arrays: their cases are named for the operation that they are about. */
export function conformanceSuites(): string[] {
  return filesBelow(suiteFolder)
    .filter(path => textOf(path).includes("conformanceCases(") && !path.endsWith("/conformance-cases.ts"))
    .map(path => basename(path, ".ts"));
}

export function casesOf(suite: string): readonly Case[] {
  let cases = casesBySuite.get(suite);
  if (cases === undefined) casesBySuite.set(suite, (cases = casesIn(`${suiteFolder}/${suite}.ts`)));
  return cases;
}

function casesIn(path: string): Case[] {
  const cases: Case[] = [];
  walk(parseProgram(path).program, undefined, node => {
    if (node.type !== "CallExpression") return;
    if (!declaring.includes((node.callee as Tree).name as string)) return;
    const [title, ...rest] = listOf(node.arguments);
    if (typeof title?.value !== "string" || !rest.some(each => /Function/.test(each.type))) return;
    cases.push({ title: title.value, uses: usesIn(rest) });
  });
  return cases;
}

function usesIn(nodes: readonly Tree[]): Set<string> {
  const uses = new Set<string>();
  for (const node of nodes) {
    walk(node, undefined, each => {
      if (each.type === "MemberExpression" && each.computed !== true) {
        const name = (each.property as Tree).name as string;
        uses.add(name).add(`${String((each.object as Tree).name)}.${name}`);
      }
      if (each.type === "ObjectPattern")
        for (const { key } of listOf(each.properties)) uses.add((key as Tree | undefined)?.name as string);
      if (each.type === "ForOfStatement" && each.await === true) uses.add("[Symbol.asyncIterator]");
    });
  }
  return uses;
}

/**
 * "map", "map of tuples" and "map and filter" are cases of map, if they use it: the Context's union on `ctx`, and mapPartitions of
 * barriers behind `barrier()`.
 */
export function isCaseOf({ title, uses }: Case, { on, name }: Pick<SurfaceEntry, "on" | "name">): boolean {
  const [, first, second] = /^(\S+)(?: and (\S+))?/.exec(title) ?? [];
  if (first !== name && second !== name) return false;
  if (on === "Context") return uses.has(`ctx.${name}`);
  return uses.has(name) && (on !== "RddBarrier" || uses.has("barrier"));
}

/** The masters of test/api's test files that declare the suite. */
export function mastersOf(suite: string): Master[] {
  const found = filesBelow("test/api", ".test.ts").flatMap(path => {
    const call = new RegExp(`declareSuite\\("${suite}"(?:, \\{([^;]*?)\\})?\\);`, "s").exec(textOf(path));
    return call === null ? [] : [masterIn(call[1] ?? "")];
  });
  return inOrder(found);
}

/** Where an entry is tested; nowhere when its case or file is not there. */
export function testedOn(entry: SurfaceEntry): Master[] {
  if (entry.tested === undefined) {
    const suites = conformanceSuites().filter(suite => casesOf(suite).some(each => isCaseOf(each, entry)));
    return inOrder(suites.flatMap(mastersOf));
  }
  if (!mentions(pathOf(entry.tested), entry)) return [];
  if (!entry.tested.includes("/")) return mastersOf(entry.tested);
  const named = [...textOf(entry.tested).matchAll(/"(local[^"]*)"/g)].map(([, master]) => kindOf(master!));
  return inOrder(named.filter(master => master !== undefined));
}

/** Whether the file uses it as what it is: a member, or a name that it imports. */
function mentions(path: string, { on, name }: SurfaceEntry): boolean {
  if (name === "[Symbol.asyncDispose]") return textOf(path).includes("await using ");
  const { program } = parseProgram(path);
  if (on !== "exports") return usesIn([program]).has(name);
  return listOf(program.body).some(statement =>
    listOf(statement.specifiers).some(each => (each.imported as Tree | undefined)?.name === name),
  );
}

export function pathOf(tested: string): string {
  return tested.includes("/") ? tested : `${suiteFolder}/${tested}.ts`;
}

function masterIn(options: string): Master {
  const given = /master: "([^"]*)"/.exec(options)?.[1] ?? "local[2]";
  const found = kindOf(given);
  if (found === undefined) throw new Error(`${given} is none of ${masters.join(", ")}`);
  return found;
}

/** local[2,3] has two threads. */
function kindOf(master: string): Master | undefined {
  return masters.find(each => master.startsWith(each.replace("]", "")));
}

function inOrder(found: readonly Master[]): Master[] {
  return masters.filter(each => found.includes(each));
}
