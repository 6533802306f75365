import type { FormContext } from "../form-context.ts";

export default async function main(ctx: FormContext): Promise<unknown> {
  const shipped = ctx.ship((x: number) => x + later);
  const later = 3;
  return shipped;
}
