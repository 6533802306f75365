import { Context } from "firesteel";

await using ctx = await Context.create({ master: "locl[2]" });
console.log(await ctx.range(4).count());
