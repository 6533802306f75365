/** A user's own tests; they run as `job.test.ts` in a project whose bunfig.toml preloads firesteel/register. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { Context } from "firesteel";
import { words } from "./words.ts";

let ctx: Context;

beforeAll(async () => {
  ctx = await Context.create({ master: "local[2]" });
});

afterAll(() => ctx.stop());

test("an imported function", async () => {
  expect(await ctx.parallelize(["One two", "TWO"]).flatMap(words).countByValue()).toEqual(
    new Map([
      ["one", 1],
      ["two", 2],
    ]),
  );
});

test("a captured variable", async () => {
  const factor = 3;
  expect(
    await ctx
      .range(4)
      .map(n => n * factor)
      .sum(),
  ).toBe(18);
});
