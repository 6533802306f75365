import { Context } from "firesteel";

const ctx = await Context.create({ appName: "script" });
console.log(await ctx.range(4).count());
throw new Error("after the count");
