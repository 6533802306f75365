import type { FormContext } from "../form-context.ts";

export default async function main(ctx: FormContext): Promise<unknown> {
  return ctx.ship(async (url: string) => (await fetch(url)).status);
}
