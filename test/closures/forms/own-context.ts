// a script: it has no main, and makes its own Context
import { Context } from "firesteel";
import type { FormContext, Found } from "../form-context.ts";

const ctx = (await Context.create({ master: "local[2]" } as never)) as unknown as FormContext;
const n = 3;
const answer = await ctx.ship((x: number) => x * n, 2);

export default [[answer, 6]] satisfies Found;
