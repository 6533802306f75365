/** Calls that are made wrongly are refused on the driver, at their line, before anything runs. */
import { RangePartitioner, type Rdd } from "firesteel";
import { refusing } from "../refusing.ts";
import type { SuiteTools } from "../suite.ts";

class Scaling {
  readonly factor = 2;
  constructor(readonly rows: Rdd<number>) {}

  all(): Promise<number[]> {
    return this.rows.map(x => x * this.factor).collect(); // in a method
  }

  most(): Promise<number> {
    const { factor } = this;
    return this.rows.map(x => x * factor).max();
  }
}

export default function misuse(tools: SuiteTools): void {
  const { ctx, test, expect, failure, file, lineOf } = tools;
  const five = ctx.range(0, 5, 1, 2);
  const notPairs = five as unknown as Rdd<[number, number]>;

  const refuses = refusing(tools);
  refuses("sorting by a comparator", () => five.sortBy(((a: number, b: number) => a - b) as never), {
    operator: "sortBy",
    says: "sortBy needs a function of one row, but got one of 2",
    hint: "give the key to sort by: row => row.age, or row => [row.name, -row.age]; takeOrdered takes a comparator",
  });
  refuses("a direction in words", () => five.sortBy(x => x, "desc" as never), {
    operator: "sortBy",
    says: 'sortBy needs true or false for ascending, but got "desc"',
    hint: "false sorts from the greatest down",
  });
  refuses("sorting keys by a comparator", () => notPairs.sortByKey(((a: number, b: number) => b - a) as never), {
    operator: "sortByKey",
    says: "sortByKey needs true or false for ascending, but got a function",
    hint: "it sorts by the order of values: give sortBy a function that makes a key of a row",
  });
  const downwards = () => new RangePartitioner(2, { ascending: "no" as never }); // downwards
  refuses("a partitioner's direction in words", downwards, {
    operator: "downwards",
    says: 'RangePartitioner needs true or false for ascending, but got "no"',
  });
  refuses("a first value for reduce", () => five.reduce((a, b) => a + b, 0 as never), {
    operator: "reduce",
    says: "reduce needs { signal } as its last argument, but got 0",
    hint: "fold(zero, f) takes a value to begin with",
  });
  refuses("an action's option misspelt", () => five.count({ singal: 1 } as never), {
    operator: "count",
    says: 'count has no option "singal"',
    hint: "did you mean signal?",
  });
  refuses("an option of no action", () => five.top(1, undefined, { timeout: 5 } as never), {
    operator: "top",
    says: 'top has no option "timeout"',
    hint: "its only option is signal",
  });
  refuses("a number of partitions for runJob", () => ctx.runJob(five, rows => [...rows].length, 1 as never), {
    operator: "runJob",
    says: "runJob needs an array of partitions, but got 1",
    hint: "give [0, 2], or leave it out for all",
  });
  refuses("an Rdd in a broadcast", () => ctx.broadcast({ five }), {
    operator: "broadcast",
    says: "value.five is an instance of the class Rdd, in the broadcast value",
    hint: "it lives on the driver: send rows or values that it gave instead",
  });
  const readAtOnce = () => [...(five as unknown as Iterable<number>)]; // at once
  refuses("rows without await", readAtOnce, {
    operator: "at once",
    says: " holds no rows that could be read at once",
    hint: "for await (const row of rdd), or await rdd.collect()",
  });
  refuses("a promise of rows", () => ctx.parallelize(Promise.resolve([1]) as never), {
    operator: "parallelize",
    says: "parallelize needs an array or another iterable, but got Promise {}",
    hint: "await it first",
  });
  refuses("a range to a text", () => ctx.range("10" as never), {
    operator: "range",
    says: `range's end must be a finite number, but is "10"`,
  });
  refuses("no path", () => ctx.textFile("").count(), {
    operator: "textFile",
    says: "an input path is empty",
    hint: "name a file, a folder, or a pattern such as logs/*.gz",
  });
  refuses("a method's object with an Rdd in it", () => new Scaling(five).all(), {
    operator: "in a method",
    says: "got a function that uses `this`, which cannot be sent to tasks: `this.rows`: an Rdd cannot be used inside",
    hint: "take what it uses out of `this` before: const { name } = this",
  });
  test("a method takes what it uses out of its object", async () => {
    expect(await new Scaling(five).most()).toBe(8);
  });
  refuses("an asynchronous filter", () => five.filter((async (x: number) => x > 1) as never), {
    operator: "filter",
    says: " got an async function",
    hint: "use mapAsync for what it awaits, and filter after that",
  });
  refuses("a local property without a name", () => ctx.setLocalProperty(undefined as never, "x"), {
    operator: "setLocalProperty",
    says: "a local property needs a name, but got undefined",
    hint: "give a string, then its value",
  });
}
