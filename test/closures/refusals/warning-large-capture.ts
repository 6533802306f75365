import type { FormContext } from "../form-context.ts";

const table = new Float64Array(300_000);
const small = [1, 2, 3];

export default async function main(ctx: FormContext): Promise<unknown> {
  return ctx.ship((x: number) => table[x]! + small[0]!, 1);
}
