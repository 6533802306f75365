import type { FormContext } from "../form-context.ts";

export default async function main(ctx: FormContext): Promise<unknown> {
  let count = 0;
  return ctx.ship((row: number) => {
    if (row > 0) count++;
    return row;
  });
}
