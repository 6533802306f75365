import type { FormContext } from "../form-context.ts";

export default async function main(ctx: FormContext): Promise<unknown> {
  let last = 0;
  return ctx.ship((rows: number[]) => {
    for (last of rows) if (last < 0) break;
    return rows.length;
  });
}
