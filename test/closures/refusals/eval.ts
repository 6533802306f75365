import type { FormContext } from "../form-context.ts";

const made = new Function("x", "return x * 2") as (x: number) => number;

export default async function main(ctx: FormContext): Promise<unknown> {
  return ctx.ship(made);
}
