import type { FormContext } from "../form-context.ts";

export default async function main(ctx: FormContext): Promise<unknown> {
  const key = Symbol("key");
  return ctx.ship((row: Record<symbol, unknown>) => row[key]);
}
