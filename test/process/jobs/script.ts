import { Context } from "firesteel";

await using ctx = await Context.create({ master: "local[1]", appName: "script" });
console.log(
  await ctx
    .range(4)
    .map(x => x * 2)
    .collect(),
);
