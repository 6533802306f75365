/** Generated operators over a range: same rows as in JavaScript, whatever is refused or does not fit, and nothing is kept. */
import { expect, test } from "bun:test";
import type { Plan } from "../../src/plan/nodes.ts";
import type { RddId } from "../../src/base/ids.ts";
import { expectSame, planned, runPlan } from "./task-fixture.ts";

const node = { id: 0 as RddId, at: undefined };
const rows = 9000;
const range: Plan = { ...node, operator: "range", op: "range", start: 0, step: 1, rows, partitions: 1 };
const chunks: Plan = { ...node, operator: "coalesce", op: "coalesce", parent: { ...range, rows: 400, partitions: 4 }, groups: [[0, 1, 2, 3]] }; // prettier-ignore
const map = (parent: Plan, fn: (row: never) => unknown): Plan => ({ ...node, operator: "map", op: "map", parent, fn: planned(fn) }); // prettier-ignore
const filter = (parent: Plan, fn: (row: never) => unknown): Plan => ({ ...node, operator: "filter", op: "filter", parent, fn: planned(fn) }); // prettier-ignore
const flatMap = (parent: Plan, fn: (row: never) => Iterable<unknown>): Plan => ({ ...node, operator: "flatMap", op: "flatMap", parent, fn: planned(fn) }); // prettier-ignore

/** As columns. */
const texts = map(range, (x: number) => `${x} `.repeat(x % 20));

const cases: Readonly<Record<string, Plan>> = {
  "a filter": filter(range, (x: number) => x % 7 < 3),
  "a flatMap": flatMap(range, (x: number) => [x, x + 1, x + 2, x / 4]),
  "texts that outgrow their room": map(range, (x: number) => `${x} `.repeat(x % 90)),
  "a row that alone does not fit": flatMap(range, (x: number) => {
    const text = "long ".repeat(x === 77 ? 8000 : 1);
    return [text, text, text, text];
  }),
  "a row that alone does not fit, and more chunks behind": flatMap(chunks, (x: number) => {
    const text = "long ".repeat(x === 77 ? 8000 : 1);
    return [text, text, text, text];
  }),
  "texts of the rows that are kept": filter(texts, (text: string) => text.length % 3 > 0),
  "a row that is given up after many were given": filter(
    flatMap(range, (x: number) => {
      const text = "long text, ".repeat(x === 4000 ? 300_000 : 20);
      return [text, text, text, text];
    }),
    (text: string) => text.length > 50,
  ),
  "JavaScript behind": map(
    filter(range, (x: number) => x % 2 === 0),
    (x: number) => JSON.stringify([x]),
  ),
  nothing: flatMap(range, () => []),
  "tuples of texts": map(range, (x: number) => [x, `row ${x}`, x > 100]),
};

for (const [name, plan] of Object.entries(cases)) {
  test(name, async () => {
    const expected = await runPlan(plan, { inJavaScript: true });
    const ample = await runPlan(plan);
    expectSame(ample, expected);
    // code that was run has had memory
    expect(ample.requests).toBeGreaterThan(expected.requests);
    expect(ample.kernelRows > 0).toBe(!name.includes("given up"));
    for (let at = 0; at < Math.min(ample.requests, 16); at++) {
      expectSame(await runPlan(plan, { refuses: n => n === at }), expected);
      expectSame(await runPlan(plan, { refuses: n => n >= at }), expected);
    }
    expectSame(await runPlan(plan, { refuses: () => true }), expected);
    expectSame(await runPlan(plan, { refuses: (_, bytes) => bytes > 20_000 }), expected);
  });
}
