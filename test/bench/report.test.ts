/** The report: one page that is well-formed and loads nothing; the tables. */
import { describe, expect, test } from "bun:test";
import { markdownOf } from "../../bench/report/markdown.ts";
import { reportPage } from "../../bench/report/page.ts";
import type { BenchResults } from "../../bench/results.ts";
import { sampleResults } from "./sample-results.ts";

const empty: BenchResults = {
  ...sampleResults,
  ...{ startup: [], jobs: [], kernels: [], generated: [], compiling: [], scaling: [] },
};
const single: BenchResults = {
  ...sampleResults,
  jobs: [{ ...sampleResults.jobs[0]!, contenders: sampleResults.jobs[0]!.contenders.slice(0, 1) }],
};

const withoutEnd = new Set(["meta", "br"]);

/** What is wrong with the nesting of elements; undefined when nothing is. */
function malformed(page: string): string | undefined {
  const open: string[] = [];
  for (const [tag, slash, name, , end] of page.matchAll(/<(\/?)([a-z][a-z0-9]*)((?:\s[^<>]*?)?)(\/?)>/g)) {
    if (slash === "/") {
      const expected = open.pop();
      if (expected !== name) return `${tag} ends ${expected}`;
    } else if (end !== "/" && !withoutEnd.has(name!)) open.push(name!);
  }
  const strayed = page.replace(/<!doctype html>|<\/?[a-z][a-z0-9]*(?:\s[^<>]*)?>/g, "").match(/[<>]/);
  return open.length > 0 ? `${open.join(" ")} not ended` : (strayed?.[0] ?? undefined);
}

describe("the page", () => {
  test.each([
    ["of everything", sampleResults],
    ["of nothing", empty],
    ["of a job alone", single],
  ])("%s is well-formed, finite and loads nothing", (_, results) => {
    const page = reportPage(results);
    expect(malformed(page)).toBeUndefined();
    expect(page).not.toMatch(/https?:|\bsrc=|\bhref=|url\(|@import|<script/);
    expect(page).not.toMatch(/NaN|Infinity|undefined/);
  });

  test("is checked by something that finds mistakes", () => {
    expect(malformed("<p><b>x</p></b>")).toBe("</p> ends b");
    expect(malformed("<p>1 < 2</p>")).toBe("<");
    expect(malformed("<p>")).toBe("p not ended");
  });

  test("escapes what machines are called", () => {
    expect(reportPage(sampleResults)).toContain("Abacus &lt;9000&gt; &amp; son");
  });

  test("has a bar a contender, and a line a scaled job", () => {
    const page = reportPage(sampleResults);
    for (const label of ["firesteel", "script", "c", "spark", "sort"])
      expect(page).toContain(`<rect class="series-${label}"`);
    expect(page.match(/<polyline/g)).toHaveLength(2);
  });
});

test("the tables name everything, with factors of our own time", () => {
  const lines = markdownOf(sampleResults).split("\n");
  expect(lines).toContain("|  | Firesteel | script, 1 thread | C, 1 thread | Spark | peak memory |");
  expect(lines).toContain(
    "| join, 1 M × 1 M rows | **0.20 s** | 0.50 s, 2.5 × | 0.10 s, 0.50 × | 2.00 s, 10 × | 300 MB |",
  );
  expect(lines).toContain("| tera-sort, 1 GB | **9.00 s** | – | 18.0 s (GNU sort), 2.0 × | – | 500 MB |");
  expect(lines).toContain("| hash f64 1M | 2.00 ms | 0.10 s | 2.00 ms |");
});
