import { Context } from "firesteel";

await using ctx = await Context.create({ conf: { "firesteel.executor.memmory": "1g" } });
console.log(await ctx.range(4).count());
