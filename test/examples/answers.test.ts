/** The examples print, to the byte, what DuckDB, NumPy, scikit-learn and NLTK compute from the same data (answers.py). */
import { expect, test } from "bun:test";
import { answer, runExample, runExampleOn } from "./run-example.ts";

test.each<[string, ...string[]]>([
  ["flights"],
  ["log-query"],
  ["page-rank"],
  ["k-means"],
  ["logistic-regression"],
  ["pi", "1000000"],
  ["inverted-index", "test/examples/texts"],
])(
  "%s",
  (name, ...args) => {
    expect(runExample(name, ...args)).toEqual({ code: 0, out: answer(name), err: "" });
  },
  120_000,
);

test("page-rank is the same where its routes are cached by processes", () => {
  const local = runExample("page-rank");
  expect(runExampleOn("local-cluster[2,1,512m]", "page-rank")).toEqual(local);
  expect(local.out).toBe(answer("page-rank"));
}, 120_000);

test("inverted-index looks up words by their stems", () => {
  const { out } = runExample("inverted-index", "test/examples/texts", "dedicating", "shades");
  expect(out).toBe(
    "dedic: gettysburg.txt:2 gettysburg.txt:4 gettysburg.txt:5 gettysburg.txt:9 gettysburg.txt:12\nshade: sonnet-18.txt:11\n",
  );
}, 120_000);
