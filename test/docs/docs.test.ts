/** The pages of docs/: up to date with the sources, whole, and with links that lead somewhere. */
import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { filesBelow, root, textOf } from "../source-tree.ts";
import { pages, undocumented } from "./areas.ts";
import { publicDeclarations } from "./declarations.ts";
import { promisedValues } from "./examples.ts";
import { generatedDocs } from "./generated-docs.ts";
import { anchorOf } from "./markdown.ts";
import { operationsOf } from "./reference-pages.ts";

const written = filesBelow("docs", ".md");
const operations = pages.flatMap(operationsOf);

test("generated pages are what the sources say: `npm run docs` writes them", () => {
  const generated = generatedDocs();
  const stale = [...generated].filter(([path, text]) => !written.includes(path) || textOf(path) !== text);
  expect(stale.map(([path]) => path)).toEqual([]);
  expect(written.filter(path => !generated.has(path))).toEqual(["docs/coming-from-spark.md"]);
});

test("every page opens with a sentence on how to read it", () => {
  const openings = /^# .+\n\n(Read |Each entry gives |This page )/;
  expect(written.filter(path => !openings.test(textOf(path)))).toEqual([]);
});

describe("docstrings", () => {
  test("every operation says what it does", () => {
    expect(operations.filter(each => each.docs.summary === "").map(each => `${each.heading} at ${each.at}`)).toEqual(
      [],
    );
  });

  test("what reads rows says what it costs and holds, and has an example with a value", () => {
    const working = operations.filter(each => ["source", "transformation", "action"].includes(each.entry.shape));
    const wrong = working.filter(
      ({ docs, entry }) =>
        !/^(narrow|shuffle|job)/.test(docs.cost ?? "") ||
        docs.memory === undefined ||
        !docs.examples.some(code => promisedValues({ name: entry.name, code }) > 0),
    );
    expect(wrong.map(each => `${each.heading} at ${each.at}`)).toEqual([]);
  });

  test("everything else has an example, but for the storage levels", () => {
    const others = operations.filter(each => each.entry.shape !== "constant");
    const wrong = others.filter(each => each.docs.examples.length === 0);
    expect(wrong.map(each => `${each.heading} at ${each.at}`)).toEqual([]);
  });

  test("every exported name has a place", () => {
    const described = new Set([
      ...undocumented,
      ...pages.flatMap(page => page.types),
      ...operations.filter(each => each.entry.on === "exports").map(each => each.entry.name),
      ...operations.map(each => each.entry.on),
    ]);
    expect(
      publicDeclarations()
        .filter(each => !described.has(each.name))
        .map(each => each.name),
    ).toEqual([]);
  });
});

describe("links", () => {
  for (const path of [...written, "README.md"]) {
    test(path, () => {
      const broken = [...textOf(path).matchAll(/\]\(([^)\s]+)\)/g)]
        .map(([, target]) => target!)
        .filter(target => !/^https?:/.test(target))
        .filter(target => !leadsSomewhere(path, target));
      expect(broken).toEqual([]);
    });
  }
});

function leadsSomewhere(from: string, target: string): boolean {
  const [file, anchor] = target.split("#") as [string, string | undefined];
  const path = file === "" ? from : normalize(join(dirname(from), file));
  if (!existsSync(join(root, path))) return false;
  if (anchor === undefined) return true;
  return [...textOf(path).matchAll(/^#+ (.*)$/gm)].some(([, heading]) => anchorOf(heading!) === anchor);
}

test("what the README links to is in the package", () => {
  const { files } = JSON.parse(textOf("package.json")) as { readonly files: readonly string[] };
  const links = [...textOf("README.md").matchAll(/\]\((?![a-z]+:)([^)#]+)/g)].map(match => normalize(match[1]!));
  const isPacked = (path: string) => files.some(each => path === each || path.startsWith(`${each}/`));
  expect(links.length).toBeGreaterThan(10);
  expect(links.filter(path => !isPacked(path))).toEqual([]);
});
