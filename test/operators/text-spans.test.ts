/** Lines and words read where they lie give the rows of JavaScript, whatever becomes of them and whatever memory there is. */
import { afterAll, expect, test } from "bun:test";
import type { RddId } from "../../src/base/ids.ts";
import type { Plan } from "../../src/plan/nodes.ts";
import { planText } from "../../src/sources/byte-splits.ts";
import { resolvePaths } from "../../src/sources/input-files.ts";
import { temporaryFolder } from "../sources/fixture.ts";
import { expectSame, planned, plans, runPlan } from "./task-fixture.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());
const node = { id: 0 as RddId, at: undefined };
const step = (op: "map" | "filter" | "flatMap") => (parent: Plan, fn: (row: never) => unknown): Plan => ({ ...node, operator: op, op, parent, fn: planned(fn) }) as Plan; // prettier-ignore
const [map, filter, flatMap] = [step("map"), step("filter"), step("flatMap")];

function textFile(path: string): Plan {
  const scan = planText(resolvePaths(path), 1);
  const source = { op: "files", format: "text", paths: path, minPartitions: 1, options: {} } as const;
  return { ...node, operator: "textFile", ...source, scan };
}

const word = (i: number) =>
  i % 11 === 0 ? `${i}`.padStart(40, "ж") : i % 3 === 0 ? "the" : `word${(i * 7919) % 30_011}`;
const lines = Array.from({ length: 14_000 }, (_, i) =>
  Array.from({ length: i % 9 }, (_, k) => word(i * 9 + k)).join(" "),
);
const text = textFile(folder.file("in.txt", `\ufeff${lines.join("\r\n")}`));
const words = flatMap(text, (line: string) => line.split(" "));
const ones = (rows: Plan) => map(rows, (each: string) => [each, 1]);
const sum = (pairs: Plan) => plans.reduceByKey(pairs, { merge: (a: number, b: number) => a + b });

const cases: Readonly<Record<string, Plan>> = {
  words,
  "words counted": sum(ones(words)),
  "words, each once": plans.distinct(words),
  "words that are chosen": plans.distinct(filter(words, (each: string) => each.length > 4)),
  "parts of words": sum(map(words, (each: string) => [each.slice(0, 4), each.length])),
  "lines counted": sum(ones(text)),
  "lines, each once": plans.distinct(text),
  "lines that are chosen": filter(text, (line: string) => line.includes("the")),
  "lines with their lengths": map(text, (line: string) => [line, line.length]),
  "words of trimmed lines": sum(ones(flatMap(text, (line: string) => line.trim().split(" ")))),
  "characters that end no line": sum(ones(flatMap(text, (line: string) => line.split("w")))),
  "words, then JavaScript": map(words, (each: string) => JSON.stringify([each])),
  "words that throw late": map(words, (each: string) => (each === "no such word" ? null : each.length)),
  "groups of lines": plans.groupByKey(map(text, (line: string) => [line.slice(0, 6), line])),
};

for (const [name, plan] of Object.entries(cases)) {
  test(name, async () => {
    const expected = await runPlan(plan, { inJavaScript: true });
    const ample = await runPlan(plan);
    expectSame(ample, expected);
    expect(ample.kernelRows).toBeGreaterThan(0);
    for (let at = 3; at < Math.min(ample.requests, 40); at += 3) {
      // what a source needs it must have; operators go on without
      const refused = await runPlan(plan, { refuses: n => n === at }).catch((thrown: Error) => thrown);
      if (refused instanceof Error) expect(String(refused)).toContain("memory");
      else expectSame(refused, expected);
    }
  });
}

test("tables that read keys in place spill", async () => {
  for (const name of ["words counted", "words, each once", "lines counted", "lines, each once", "parts of words"]) {
    const plan = cases[name]!;
    const expected = await runPlan(plan, { inJavaScript: true });
    const little = await runPlan(plan, { memoryBytes: 3 * 2 ** 20 });
    expectSame(little, expected);
    expect([name, little.spilledBytes > 0, little.refusals]).toEqual([name, name !== "parts of words", 0]);
    for (const asked of [40, 41, 60]) expectSame(await runPlan(plan, { asks: n => n === asked }), expected);
  }
});

test("a job without generated code yet reads words as well", async () => {
  const plan = map(flatMap(textFile(folder.file("few.txt", "a b\nc")), (line: string) => line.split(" ")), (each: string) => [each]); // prettier-ignore
  const { rows, kernelRows } = await runPlan(plan);
  expect(rows).toEqual([["a"], ["b"], ["c"]]);
  expect(kernelRows).toBe(2 + 3);
});

test("one line of many words is worth generated code", async () => {
  const path = folder.file("line.txt", lines.join(" "));
  const plan = map(
    flatMap(textFile(path), (line: string) => line.split(" ")),
    (each: string) => each.length,
  );
  const { rows, jsRows } = await runPlan(plan, { nativeRowsMin: 1000 });
  expect(rows).toEqual(
    lines
      .join(" ")
      .split(" ")
      .map(each => each.length),
  );
  expect(jsRows).toBe(0);
});
